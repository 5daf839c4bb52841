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
 * they were made, so that the last one wins.
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
	for (const { id, replaces, people: instead } of inForce) {
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
