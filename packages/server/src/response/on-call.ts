import { DAY_MS } from "@bellwether/model";
import { Temporal } from "temporal-polyfill";
import type { Catalogue, Person, Schedule } from "#catalogue";
import type { OnCall, OnCallView } from "./types.ts";

/**
 * Who is on call at an instant: exactly one person, before the schedule's start as well as after it.
 *
 * Shifts of whole days hand over at the same local time all year ("09:00 stays 09:00"), so that one of them is an hour
 * longer or shorter where the clocks change; a local time that is skipped hands over when the clocks change, one that
 * happens twice at the first. Other shifts are as long as they say. Undefined: the schedule has no people.
 */
export function onCallAt(schedule: Schedule, at: number): OnCall | undefined {
	if (schedule.people.length === 0) return undefined;
	const shift = shiftAt(schedule, at);
	return {
		person: personOfShift(schedule, shift),
		until: handOverAt(schedule, shift + 1),
		next: personOfShift(schedule, shift + 1),
	};
}

/** Every schedule with its person, hand-over and next person; schedules without people are left out. */
export function onCallView(catalogue: Catalogue, at: number): OnCallView {
	return {
		at,
		schedules: catalogue.schedules.flatMap((schedule) => {
			const onCall = onCallAt(schedule, at);
			if (!onCall) return [];
			return {
				name: schedule.name,
				displayName: schedule.displayName,
				timeZone: schedule.timeZone,
				person: onCall.person,
				personDisplayName: personName(catalogue.people, onCall.person),
				until: onCall.until,
				next: onCall.next,
				nextDisplayName: personName(catalogue.people, onCall.next),
			};
		}),
	};
}

export function personName(people: readonly Person[], name: string): string {
	return people.find((person) => person.name === name)?.displayName ?? name;
}

/** The last shift that began at or before the instant; where zones skipped whole days, shifts can be empty. */
function shiftAt(schedule: Schedule, at: number): number {
	let shift = Math.floor((at - schedule.startsAt) / schedule.shiftMs);
	while (handOverAt(schedule, shift + 1) <= at) shift++;
	while (handOverAt(schedule, shift) > at) shift--;
	return shift;
}

function handOverAt(schedule: Schedule, shift: number): number {
	if (schedule.shiftMs % DAY_MS !== 0) return schedule.startsAt + shift * schedule.shiftMs;
	const days = shift * (schedule.shiftMs / DAY_MS);
	const start = Temporal.Instant.fromEpochMilliseconds(schedule.startsAt).toZonedDateTimeISO(schedule.timeZone);
	const handOver = start.add({ days });
	if (handOver.toPlainTime().equals(start.toPlainTime())) return handOver.epochMilliseconds;
	// Temporal moves a skipped 02:30 to 03:30; the first valid time is when the clocks changed, 03:00.
	return (handOver.getTimeZoneTransition("previous") ?? handOver).epochMilliseconds;
}

function personOfShift(schedule: Schedule, shift: number): string {
	const count = schedule.people.length;
	return schedule.people[((shift % count) + count) % count] as string;
}
