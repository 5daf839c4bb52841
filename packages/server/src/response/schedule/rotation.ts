import { DAY_MS, HOUR_MS } from "@bellwether/model";
import { type Rotation, type Schedule, WEEKDAYS } from "#catalogue";
import { dayOfDate, localOf, monthOf, weekdayOf } from "./local-time.ts";
import { type ZoneClock, zoneClock } from "./zone-clock.ts";

/** Turns of a rotation, counted from 0; each lasts until the next begins. */
export interface Turns {
	/** Turn k begins, ms epoch; not before turn k − 1. */
	beginsAt(turn: number): number;
	/** Any turn near the instant; the right one is found from there. */
	near(instant: number): number;
	/** First turn there is; −∞ when turns go back for ever. */
	readonly first: number;
	/** Nobody from then on. */
	readonly untilAt: number;
	readonly people: readonly (readonly string[])[];
}

/** The turn at an instant: the last that began. Undefined: before the first, or at `untilAt` and later. */
export function turnAt(turns: Turns, instant: number): number | undefined {
	if (instant >= turns.untilAt) return undefined;
	let turn = Math.max(
		turns.near(instant),
		turns.first === Number.NEGATIVE_INFINITY ? turns.near(instant) : turns.first,
	);
	while (turns.beginsAt(turn + 1) <= instant) turn++;
	while (turn >= turns.first && turns.beginsAt(turn) > instant) turn--;
	return turn < turns.first ? undefined : turn;
}

/** The next instant after this one at which a turn begins or the rotation ends; +∞ when there is none. */
export function nextTurnAt(turns: Turns, instant: number): number {
	if (instant >= turns.untilAt) return Number.POSITIVE_INFINITY;
	const now = turnAt(turns, instant);
	let next = now === undefined ? turns.first : now + 1;
	// Where clocks skip a day, a turn may be empty.
	while (turns.beginsAt(next) <= instant) next++;
	return Math.min(turns.beginsAt(next), turns.untilAt);
}

/** The rotation of a layer in its zone. */
export function rotationTurns(rotation: Rotation, timeZone: string): Turns {
	const clock = zoneClock(timeZone);
	const start = localOf(rotation.startsAt);
	const common = {
		first: rotation.isEndless ? Number.NEGATIVE_INFINITY : 0,
		untilAt: rotation.until === undefined ? Number.POSITIVE_INFINITY : clock.instantOf(localOf(rotation.until)),
		people: rotation.people,
	};
	const { every, interval, days } = rotation;
	if (every === "hour") return { ...common, ...evenTurns(clock.instantOf(start), interval * HOUR_MS) };
	if (every === "day" && days.length === 0) return { ...common, ...dayTurns(clock, start, interval) };
	if (every === "month") return { ...common, ...monthTurns(clock, start, interval, rotation.monthDays) };
	const weekdays = days.length > 0 ? days.map((day) => WEEKDAYS.indexOf(day)) : [weekdayOf(dayOfDate(start))];
	return { ...common, ...weekTurns(clock, start, every === "day" ? 1 : interval, weekdays) };
}

/** A schedule without layers: whole days by the wall clock, other shifts as long as they say. */
export function shortFormTurns(schedule: Schedule): Turns {
	const clock = zoneClock(schedule.timeZone);
	const { startsAt, shiftMs } = schedule;
	const common = {
		first: Number.NEGATIVE_INFINITY,
		untilAt: Number.POSITIVE_INFINITY,
		people: schedule.people.map((person) => [person]),
	};
	if (shiftMs % DAY_MS !== 0) return { ...common, ...evenTurns(startsAt, shiftMs) };
	return { ...common, ...dayTurns(clock, clock.localAt(startsAt), shiftMs / DAY_MS) };
}

type Rule = Pick<Turns, "beginsAt" | "near">;

function evenTurns(start: number, lengthMs: number): Rule {
	return {
		beginsAt: (turn) => start + turn * lengthMs,
		near: (instant) => Math.floor((instant - start) / lengthMs),
	};
}

function dayTurns(clock: ZoneClock, start: number, interval: number): Rule {
	const lengthMs = interval * DAY_MS;
	return {
		beginsAt: (turn) => clock.instantOf(start + turn * lengthMs),
		near: (instant) => Math.floor((clock.localAt(instant) - start) / lengthMs),
	};
}

/** Weeks begin on Monday, as in ISO 8601; of every `interval`-th one, these days. */
function weekTurns(clock: ZoneClock, start: number, interval: number, weekdays: readonly number[]): Rule {
	const days = [...new Set(weekdays)].toSorted((a, b) => a - b);
	const startDay = dayOfDate(start);
	const monday = startDay - weekdayOf(startDay);
	const timeOfDay = start - startDay * DAY_MS;
	/** Of the first week, those before the start. */
	const before = days.filter((day) => monday + day < startDay).length;
	const weekMs = interval * 7 * DAY_MS;
	return {
		beginsAt(turn) {
			const nth = turn + before;
			const week = Math.floor(nth / days.length);
			const day = days[nth - week * days.length] as number;
			return clock.instantOf((monday + day) * DAY_MS + week * weekMs + timeOfDay);
		},
		near: (instant) => Math.floor((clock.localAt(instant) - monday * DAY_MS) / weekMs) * days.length - before,
	};
}

/** Days of every `interval`-th month; kept in a table, for months have 1 to 31 of them. */
function monthTurns(clock: ZoneClock, start: number, interval: number, monthDays: readonly number[]): Rule {
	const startDay = dayOfDate(start);
	const timeOfDay = start - startDay * DAY_MS;
	const first = monthOf(startDay);
	const wanted = monthDays.length > 0 ? monthDays : [first.day];
	const begins: number[] = [];
	let months = 0;

	function addMonth(): void {
		const monthStart = dayOfDate(Date.UTC(first.year, first.month + months * interval, 1));
		const length = dayOfDate(Date.UTC(first.year, first.month + months * interval + 1, 1)) - monthStart;
		months++;
		const days = wanted.map((day) => Math.min(Math.max(day < 0 ? length + day : day - 1, 0), length - 1));
		for (const day of [...new Set(days)].toSorted((a, b) => a - b)) {
			if (monthStart + day >= startDay) begins.push(clock.instantOf((monthStart + day) * DAY_MS + timeOfDay));
		}
	}

	return {
		beginsAt(turn) {
			while (begins.length <= turn) addMonth();
			return begins[turn] as number;
		},
		near(instant) {
			while ((begins.at(-1) ?? Number.NEGATIVE_INFINITY) <= instant) addMonth();
			let low = 0;
			let high = begins.length - 1;
			while (low < high) {
				const middle = (low + high + 1) >> 1;
				if ((begins[middle] as number) <= instant) low = middle;
				else high = middle - 1;
			}
			return low;
		},
	};
}
