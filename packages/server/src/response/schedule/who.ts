import { ON_CALL_ROLES, type OnCallRoleName, type Schedule } from "#catalogue";
import { layersOf } from "./compiled.ts";
import { ofKnownPeople } from "./known-people.ts";
import type { OnCallCatalogue, OnCallRole, OnCallState } from "./types.ts";

/**
 * Who is on call at an instant, per role: primary, then secondary, then shadow, those that somebody has. The schedule is
 * a name of the catalogue's (unknown: nobody) or the schedule itself. A snapshot with `schedules` does for a catalogue;
 * with `people`, those whom it does not have are nobody.
 *
 * Of the layers of a role that have somebody, those with the highest priority; then overrides in the order in which
 * they were made, so that the last one wins. Absences are acts in that order as well: whom an override puts on call and
 * who was said to be away later is passed over, and an override that is left without anybody is as none.
 */
export function whoIsOnCall(
	catalogue: OnCallCatalogue,
	given: OnCallState,
	schedule: string | Schedule,
	at: number,
): OnCallRole[] {
	const found = typeof schedule === "string" ? catalogue.schedules.find((each) => each.name === schedule) : schedule;
	if (!found) return [];
	const state = ofKnownPeople(catalogue.people, given);
	const roles: OnCallRole[] = [];
	for (const role of ON_CALL_ROLES) {
		const who = overridden(found, state, role, at, byLayers(found, state, role, at));
		if (who.people.length > 0) roles.push(who);
	}
	return roles;
}

function byLayers(schedule: Schedule, state: OnCallState, role: OnCallRoleName, at: number): OnCallRole {
	let highest = Number.NEGATIVE_INFINITY;
	let people: readonly string[] = [];
	let by: readonly string[] = [];
	for (const layer of layersOf(schedule)) {
		if (layer.role !== role) continue;
		for (const claim of layer.claims(at, state)) {
			if (claim.priority < highest) continue;
			const isShared = claim.priority === highest;
			people = isShared ? [...new Set([...people, ...claim.people])] : claim.people;
			by = isShared && !by.includes(layer.name) ? [...by, layer.name] : isShared ? by : [layer.name];
			highest = claim.priority;
		}
	}
	return { role, people, by };
}

function overridden(
	schedule: Schedule,
	state: OnCallState,
	role: OnCallRoleName,
	at: number,
	base: OnCallRole,
): OnCallRole {
	if (state.overrides.length === 0) return base;
	const inForce = state.overrides
		.filter((each) => each.schedule === schedule.name && each.role === role && each.from <= at && at < each.to)
		.toSorted((a, b) => a.madeAt - b.madeAt || (a.id < b.id ? -1 : 1));
	let { people, by } = base;
	for (const { id, replaces, people: asked, madeAt } of inForce) {
		const instead = stillThere(asked, state, at, madeAt);
		if (instead.length === 0) continue;
		if (replaces === undefined) {
			people = instead;
			by = [id];
		} else if (people.includes(replaces)) {
			people = [...new Set(people.flatMap((person) => (person === replaces ? instead : person)))];
			by = [...by, id];
		}
	}
	return { role, people, by };
}

function stillThere(
	people: readonly string[],
	{ unavailable }: OnCallState,
	at: number,
	overriddenAt: number,
): readonly string[] {
	const isAway = (person: string) =>
		unavailable.some(
			({ person: who, from, to, madeAt = overriddenAt }) =>
				who === person && from <= at && at < to && madeAt >= overriddenAt,
		);
	return unavailable.length === 0 ? people : people.filter((person) => !isAway(person));
}
