import { DAY_MS, HOUR_MS, MINUTE_MS } from "@bellwether/model";
import type { Catalogue, Schedule } from "#catalogue";
import { dayOfDate, weekdayOf } from "./local-time.ts";
import { finalShifts, type Gap, gapsOf, type Shift } from "./shifts.ts";
import type { OnCallState } from "./types.ts";
import { type ZoneClock, zoneClock } from "./zone-clock.ts";

/** 22:00 to 07:00 on the person's own clock. */
const NIGHT_FROM_MS = 22 * HOUR_MS;
const NIGHT_TO_MS = 7 * HOUR_MS;
export const QUALITY_RANGE_MS = 364 * DAY_MS;
export const NEAR_RANGE_MS = 14 * DAY_MS;

/** A person's duty as primary within a range, in counts; nights and weekends on their own clock. */
export interface PersonLoad {
	readonly person: string;
	readonly hours: number;
	readonly nightHours: number;
	readonly weekendHours: number;
	/** Nights of which at least an hour was duty. */
	readonly nights: number;
	readonly shifts: number;
}

/** How good a schedule is over a range. */
export interface ScheduleQuality {
	/** 0 to 100, rounded down: covered share × share of the duty that lies not beyond an even division. */
	readonly score: number;
	readonly uncoveredMs: number;
	readonly gaps: readonly Gap[];
	/** Share of all hours that people have beyond an even share, 0 to 1. */
	readonly overload: number;
	readonly people: readonly PersonLoad[];
}

/** Quality of a schedule's primary duty, from ≤ time < to. */
export function scheduleQuality(
	catalogue: Catalogue,
	state: OnCallState,
	schedule: Schedule,
	from: number,
	to: number,
): ScheduleQuality {
	const shifts = finalShifts(catalogue, state, schedule, from, to);
	const gaps = gapsOf(shifts, "primary", from, to);
	const uncoveredMs = gaps.reduce((sum, gap) => sum + gap.to - gap.from, 0);
	const people = loadOf(catalogue, shifts);
	const hours = people.map((person) => person.hours);
	const total = hours.reduce((sum, each) => sum + each, 0);
	const even = total / Math.max(1, hours.length);
	const beyond = hours.reduce((sum, each) => sum + Math.max(0, each - even), 0);
	const overload = total === 0 ? 0 : beyond / total;
	const covered = to > from ? 1 - uncoveredMs / (to - from) : 1;
	// A gap of a second in a year is still a gap: rounding must not hide it.
	const score = Math.floor(100 * covered * (1 - overload));
	return { score: uncoveredMs > 0 ? Math.min(score, 99) : score, uncoveredMs, gaps, overload, people };
}

/** Per person who has primary duty in the shifts, the most hours first. */
export function loadOf(catalogue: Pick<Catalogue, "people">, shifts: readonly Shift[]): PersonLoad[] {
	const byPerson = new Map<string, Shift[]>();
	for (const shift of shifts) {
		if (shift.role !== "primary") continue;
		for (const person of shift.people) byPerson.set(person, [...(byPerson.get(person) ?? []), shift]);
	}
	return [...byPerson]
		.map(([person, duty]) => {
			const timeZone = catalogue.people.find((each) => each.name === person)?.timeZone ?? "UTC";
			return { person, ...countDuty(duty, zoneClock(timeZone)) };
		})
		.toSorted((a, b) => b.hours - a.hours || (a.person < b.person ? -1 : 1));
}

function countDuty(duty: readonly Shift[], clock: ZoneClock): Omit<PersonLoad, "person"> {
	let hours = 0;
	let nightMs = 0;
	let weekendMs = 0;
	let shifts = 0;
	let endedAt = Number.NaN;
	const nights = new Map<number, number>();
	for (const { from, to } of duty) {
		if (from !== endedAt) shifts++;
		endedAt = to;
		hours += (to - from) / HOUR_MS;
		for (let day = dayOfDate(clock.localAt(from)) - 1; clock.instantOf(day * DAY_MS) < to; day++) {
			const within = (begin: number, end: number) =>
				Math.max(0, Math.min(to, clock.instantOf(end)) - Math.max(from, clock.instantOf(begin)));
			const night = within(day * DAY_MS + NIGHT_FROM_MS, (day + 1) * DAY_MS + NIGHT_TO_MS);
			nightMs += night;
			nights.set(day, (nights.get(day) ?? 0) + night);
			if (weekdayOf(day) >= 5) weekendMs += within(day * DAY_MS, (day + 1) * DAY_MS);
		}
	}
	return {
		hours: rounded(hours),
		nightHours: rounded(nightMs / HOUR_MS),
		weekendHours: rounded(weekendMs / HOUR_MS),
		nights: [...nights.values()].filter((ms) => ms >= 60 * MINUTE_MS).length,
		shifts,
	};
}

function rounded(hours: number): number {
	return Math.round(hours * 10) / 10;
}
