import { DAY_MS, HOUR_MS, MINUTE_MS } from "@bellwether/model";
import { expect, test } from "vitest";
import type { Range, TimeInterval, TimeIntervalPart } from "./routing-types.ts";
import { alwaysHolds, intervalHolds, neverHolds, whenIntervals } from "./time-interval.ts";

const interval = (...parts: Partial<TimeIntervalPart>[]): TimeInterval => ({
	name: "it",
	parts: parts.map((part) => ({ timeZone: "UTC", ...part })),
});
const at = (text: string) => Date.parse(text);

test.each([
	["09:00 belongs to 9 to 17", { times: [{ from: 540, to: 1020 }] }, "2026-03-04T09:00Z", true],
	["17:00 no longer does", { times: [{ from: 540, to: 1020 }] }, "2026-03-04T17:00Z", false],
	[
		"24:00 is the end of the day, so 23:59 belongs to it",
		{ times: [{ from: 1320, to: 1440 }] },
		"2026-03-04T23:59Z",
		true,
	],
	["and midnight does not", { times: [{ from: 1320, to: 1440 }] }, "2026-03-05T00:00Z", false],
	["both ends of monday:friday belong to it", { weekdays: [{ from: 1, to: 5 }] }, "2026-03-06T12:00Z", true],
	["sunday is 0", { weekdays: [{ from: 0, to: 0 }] }, "2026-03-08T12:00Z", true],
	["-1 is the last day of February", { daysOfMonth: [{ from: -1, to: -1 }] }, "2026-02-28T12:00Z", true],
	["and of a February in a leap year", { daysOfMonth: [{ from: -1, to: -1 }] }, "2028-02-29T12:00Z", true],
	[
		"-1 is 31 March where clocks change in March",
		{ daysOfMonth: [{ from: -1, to: -1 }], timeZone: "Europe/Berlin" },
		"2026-03-31T12:00Z",
		true,
	],
	["and not the 30th", { daysOfMonth: [{ from: -1, to: -1 }], timeZone: "Europe/Berlin" }, "2026-03-30T12:00Z", false],
	["29:31 is cut off at the end of the month", { daysOfMonth: [{ from: 29, to: 31 }] }, "2026-02-28T12:00Z", false],
	["-31 reaches the first of a short month", { daysOfMonth: [{ from: -31, to: -20 }] }, "2026-02-01T12:00Z", true],
	["months include both ends", { months: [{ from: 1, to: 3 }] }, "2026-03-31T23:59Z", true],
	["years too", { years: [{ from: 2026, to: 2027 }] }, "2027-12-31T23:59Z", true],
	[
		"the zone decides which day it is",
		{ weekdays: [{ from: 1, to: 1 }], timeZone: "Asia/Tokyo" },
		"2026-03-08T15:00Z",
		true,
	],
	[
		"all that is written must hold",
		{ months: [{ from: 3, to: 3 }], weekdays: [{ from: 1, to: 1 }] },
		"2026-03-03T12:00Z",
		false,
	],
] as const)("%s", (_, part, instant, holds) => {
	expect(intervalHolds(interval(part as Partial<TimeIntervalPart>), at(instant))).toBe(holds);
});

test("one part suffices", () => {
	const either = interval({ months: [{ from: 1, to: 1 }] }, { months: [{ from: 3, to: 3 }] });
	expect(["2026-01-05", "2026-02-05", "2026-03-05"].map((day) => intervalHolds(either, at(`${day}T12:00Z`)))).toEqual([
		true,
		false,
		true,
	]);
});

test.each([
	["31 April", { daysOfMonth: [{ from: 31, to: 31 }], months: [{ from: 4, to: 4 }] }, true],
	["29 February", { daysOfMonth: [{ from: 29, to: 29 }], months: [{ from: 2, to: 2 }] }, false],
	[
		"29 February of 2027",
		{ daysOfMonth: [{ from: 29, to: 29 }], months: [{ from: 2, to: 2 }], years: [{ from: 2027, to: 2027 }] },
		true,
	],
	["a Friday the 13th", { daysOfMonth: [{ from: 13, to: 13 }], weekdays: [{ from: 5, to: 5 }] }, false],
	[
		"a Friday, 13 March 2027",
		{
			daysOfMonth: [{ from: 13, to: 13 }],
			weekdays: [{ from: 5, to: 5 }],
			months: [{ from: 3, to: 3 }],
			years: [{ from: 2027, to: 2027 }],
		},
		true,
	],
] as const)("%s: never is %s", (_, part, never) => {
	expect(neverHolds({ timeZone: "UTC", ...part } as TimeIntervalPart)).toBe(never);
});

test("what leaves nothing out always holds", () => {
	const times = [
		{ from: 0, to: 720 },
		{ from: 720, to: 1440 },
	];
	expect(alwaysHolds({ timeZone: "UTC", times, daysOfMonth: [{ from: 1, to: -1 }] })).toBe(true);
	expect(alwaysHolds({ timeZone: "UTC", times: [{ from: 0, to: 1439 }] })).toBe(false);
	expect(alwaysHolds({ timeZone: "UTC", weekdays: [{ from: 1, to: 6 }] })).toBe(false);
});

/** What the wall clock shows, by another road than the code under test: the platform's own formatter. */
function wallClock(zone: string) {
	const format = new Intl.DateTimeFormat("en-GB", {
		timeZone: zone,
		hourCycle: "h23",
		weekday: "short",
		year: "numeric",
		month: "numeric",
		day: "numeric",
		hour: "numeric",
		minute: "numeric",
	});
	const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
	return (instant: number) => {
		const parts = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]));
		return {
			minute: Number(parts.hour) * 60 + Number(parts.minute),
			weekday: days.indexOf(parts.weekday ?? ""),
			day: Number(parts.day),
			month: Number(parts.month),
			year: Number(parts.year),
		};
	};
}

/** The rule, written down a second time over plain numbers. */
function expanded(part: TimeIntervalPart, clock: ReturnType<ReturnType<typeof wallClock>>): boolean {
	const inside = (ranges: readonly Range[] | undefined, value: number) =>
		ranges === undefined || ranges.some((range) => range.from <= value && value <= range.to);
	const length = new Date(Date.UTC(clock.year, clock.month, 0)).getUTCDate();
	const days = part.daysOfMonth?.flatMap(({ from, to }) => {
		const all: number[] = [];
		for (let day = 1; day <= length; day++) {
			const back = day - length - 1;
			if ((from > 0 ? day >= from : back >= from) && (to > 0 ? day <= to : back <= to)) all.push(day);
		}
		return all;
	});
	return (
		(part.times === undefined || part.times.some(({ from, to }) => from <= clock.minute && clock.minute < to)) &&
		inside(part.weekdays, clock.weekday) &&
		inside(part.months, clock.month) &&
		inside(part.years, clock.year) &&
		(days === undefined || days.includes(clock.day))
	);
}

/** A small generator of numbers that are the same each time (xorshift). */
function numbers(seed: number) {
	let state = seed;
	return (below: number): number => {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		return (state >>> 0) % below;
	};
}

function randomPart(next: (below: number) => number, timeZone: string): TimeIntervalPart {
	const range = (low: number, high: number): Range => {
		const from = low + next(high - low);
		return { from, to: from + next(high - from + 1) };
	};
	const maybe = <T>(of: () => T) => (next(2) === 0 ? [of()] : undefined);
	const start = next(1_440);
	const part = {
		times: maybe(() => ({ from: start, to: start + 1 + next(1_440 - start) })),
		weekdays: maybe(() => range(0, 6)),
		daysOfMonth: maybe(() => (next(2) === 0 ? range(1, 31) : { from: -1 - next(28), to: -1 })),
		months: maybe(() => range(1, 12)),
		timeZone,
	};
	return Object.fromEntries(
		Object.entries(part).filter(([, value]) => value !== undefined),
	) as unknown as TimeIntervalPart;
}

/** Zones with changes of half an hour, at midnight, by a whole day, and without any. */
const ZONES = [
	"UTC",
	"Europe/Berlin",
	"America/New_York",
	"Australia/Lord_Howe",
	"Asia/Kathmandu",
	"America/Santiago",
	"Africa/Cairo",
	"Pacific/Apia",
	"Asia/Tehran",
] as const;
/** Around changes of the clocks, and around the turn of months and years. */
const DAYS = ["2026-03-08", "2026-03-29", "2026-10-25", "2026-11-01", "2026-12-31", "2028-02-29", "2011-12-30"].map(
	(day) => at(`${day}T00:00Z`),
);

test("agrees with a minute-by-minute expansion over zones and changes of the clocks, and finds every change", () => {
	const next = numbers(20261123);
	let minutes = 0;
	let changes = 0;
	for (const zone of ZONES) {
		const clock = wallClock(zone);
		for (const day of DAYS) {
			const parts = [randomPart(next, zone), randomPart(next, zone)];
			const one = interval(...parts);
			const from = day - 13 * HOUR_MS + next(5) * MINUTE_MS;
			const until = day + 37 * HOUR_MS;
			let before = intervalHolds(one, from);
			let changeAt = whenIntervals([one], !before, from);
			for (let instant = from; instant < until; instant += 5 * MINUTE_MS) {
				const wall = clock(instant);
				const expected = parts.some((part) => expanded(part, wall));
				if (intervalHolds(one, instant) !== expected)
					expect.fail(`${zone} ${new Date(instant).toISOString()} ${JSON.stringify(parts)} is not ${expected}`);
				minutes++;
				if (changeAt !== undefined && changeAt <= instant && changeAt > instant - 5 * MINUTE_MS) {
					expect(intervalHolds(one, changeAt)).toBe(!before);
					expect(intervalHolds(one, changeAt - 1)).toBe(before);
					before = !before;
					changes++;
					changeAt = whenIntervals([one], !before, changeAt);
				}
				// Between two looks it cannot have changed unless the change was told.
				if (expected !== before && (changeAt === undefined || changeAt > instant))
					expect.fail(`${zone} ${new Date(instant).toISOString()} changed without being told`);
			}
		}
	}
	expect(minutes).toBeGreaterThan(30_000);
	expect(changes).toBeGreaterThan(20);
});

test("what does not change within two years has no next change", () => {
	expect(
		whenIntervals([interval({ years: [{ from: 2020, to: 2020 }] })], true, at("2026-01-01T00:00Z")),
	).toBeUndefined();
	const far = whenIntervals([interval({ years: [{ from: 2027, to: 2027 }] })], true, at("2026-01-01T00:00Z"));
	expect(far).toBe(at("2027-01-01T00:00Z"));
	expect(DAY_MS).toBe(24 * HOUR_MS);
});
