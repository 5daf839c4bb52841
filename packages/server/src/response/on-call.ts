import type { Catalogue, Person, Schedule } from "#catalogue";
import { rolesNow } from "./schedule/now.ts";
import { NO_ON_CALL_STATE, type OnCallState } from "./schedule/types.ts";
import type { OnCall, OnCallView } from "./types.ts";

/**
 * The first primary at an instant, until when, and who follows. Undefined: nobody is primary then.
 *
 * A schedule without layers always has exactly one person, before its start as well as after it. Its shifts of whole
 * days hand over at the same local time all year ("09:00 stays 09:00"), so that one of them is an hour longer or
 * shorter where the clocks change; other shifts are as long as they say.
 */
export function onCallAt(schedule: Schedule, at: number, state: OnCallState = NO_ON_CALL_STATE): OnCall | undefined {
	const primary = rolesNow({ schedules: [] }, state, schedule, at)[0];
	const person = primary?.people[0];
	return person === undefined ? undefined : { person, until: primary?.until, next: primary?.next[0] };
}

/** Every schedule with who has each role, until when, and who follows; people by name and display name. */
export function onCallView(catalogue: Catalogue, at: number, state: OnCallState = NO_ON_CALL_STATE): OnCallView {
	const named = (name: string) => ({ name, displayName: personName(catalogue.people, name) });
	return {
		at,
		schedules: catalogue.schedules.map((schedule) => {
			const roles = rolesNow(catalogue, state, schedule, at);
			const [primary] = roles;
			const person = primary?.people[0];
			const next = primary?.next[0];
			return {
				name: schedule.name,
				displayName: schedule.displayName,
				timeZone: schedule.timeZone,
				person,
				personDisplayName: person === undefined ? undefined : named(person).displayName,
				until: primary?.until,
				next,
				nextDisplayName: next === undefined ? undefined : named(next).displayName,
				roles: roles.map((each) => ({
					role: each.role,
					people: each.people.map(named),
					by: each.by,
					until: each.until,
					next: each.next.map(named),
				})),
			};
		}),
	};
}

export function personName(people: readonly Person[], name: string): string {
	return people.find((person) => person.name === name)?.displayName ?? name;
}
