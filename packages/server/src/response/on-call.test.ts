import { DAY_MS, HOUR_MS, MINUTE_MS } from "@bellwether/model";
import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, test, vi } from "vitest";
import type { Schedule } from "#catalogue";
import { exampleCatalogue } from "../../testing/catalogue.ts";
import { onCallAt, onCallView } from "./index.ts";

// A minute-by-minute walk takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const ZONES = [
	"UTC",
	"Europe/London",
	"America/New_York",
	"America/St_Johns",
	"Australia/Lord_Howe",
	"Asia/Kathmandu",
	"America/Santiago",
	"Pacific/Chatham",
	"Africa/Casablanca",
	"Asia/Tehran",
];

function local(zone: string, text: string): number {
	return Temporal.PlainDateTime.from(text).toZonedDateTime(zone).epochMilliseconds;
}

function weekly(overrides: Partial<Schedule> = {}): Schedule {
	const timeZone = overrides.timeZone ?? "Europe/Berlin";
	return {
		name: "s",
		displayName: "S",
		timeZone,
		startsAt: local(timeZone, "2026-01-05T09:00"),
		shiftMs: 7 * DAY_MS,
		people: ["ana", "ben", "cho"],
		...overrides,
	};
}

describe("a hand-over at 09:00 stays at 09:00", () => {
	const schedule = weekly({ shiftMs: DAY_MS });
	const cases = [
		{ name: "on an ordinary day", at: "2026-02-03T08:59", until: "2026-02-03T09:00" },
		{ name: "the day the clocks go forward", at: "2026-03-29T08:59", until: "2026-03-29T09:00" },
		{ name: "the day the clocks go back", at: "2026-10-25T08:59", until: "2026-10-25T09:00" },
		{ name: "in summer", at: "2026-07-01T09:00", until: "2026-07-02T09:00" },
	];
	test.each(cases)("$name", ({ at, until }) => {
		expect(onCallAt(schedule, local("Europe/Berlin", at))?.until).toBe(local("Europe/Berlin", until));
	});
});

test("a shift that is no whole number of days is exactly as long as it says", () => {
	const schedule = weekly({ shiftMs: 12 * HOUR_MS });
	const at = local("Europe/Berlin", "2026-03-29T00:00");
	const until = onCallAt(schedule, at)?.until ?? 0;
	expect((until - schedule.startsAt) % (12 * HOUR_MS)).toBe(0);
});

test("a hand-over at a local time that is skipped happens when the clocks change", () => {
	const schedule = weekly({ shiftMs: DAY_MS, startsAt: local("Europe/Berlin", "2026-03-01T02:30") });
	const before = local("Europe/Berlin", "2026-03-29T01:59");
	expect(onCallAt(schedule, before)?.until).toBe(local("Europe/Berlin", "2026-03-29T03:00"));
});

test("people take turns before the start as well", () => {
	const schedule = weekly();
	const names = [-2, -1, 0, 1, 2, 3].map(
		(k) => onCallAt(schedule, schedule.startsAt + k * schedule.shiftMs + 1)?.person,
	);
	expect(names).toEqual(["ben", "cho", "ana", "ben", "cho", "ana"]);
});

test("a schedule without people has nobody, and the view says so", () => {
	expect(onCallAt(weekly({ people: [] }), 0)).toBeUndefined();
	const catalogue = exampleCatalogue({ schedules: [weekly({ people: [] })] });
	const [schedule] = onCallView(catalogue, 0).schedules;
	expect(schedule).toMatchObject({ name: "s", person: undefined });
	expect(schedule?.roles).toEqual([{ role: "primary", people: [], by: [], until: undefined, next: [] }]);
});

test("the view names who is on call, until when, and who is next", () => {
	const at = Date.UTC(2026, 10, 22, 2);
	expect(onCallView(exampleCatalogue(), at)).toEqual({
		at,
		schedules: [
			{
				name: "primary",
				displayName: "Primary",
				timeZone: "Europe/London",
				person: "m-ito",
				personDisplayName: "M. Ito",
				until: Date.UTC(2026, 10, 23, 9),
				next: "s-haas",
				nextDisplayName: "S. Haas",
				roles: [
					{
						role: "primary",
						people: [{ name: "m-ito", displayName: "M. Ito" }],
						by: ["rotation"],
						until: Date.UTC(2026, 10, 23, 9),
						next: [{ name: "s-haas", displayName: "S. Haas" }],
					},
				],
			},
		],
	});
});

/**
 * The slow way: walks the wall clock minute by minute from a known hand-over, and counts a new shift whenever the local
 * date has moved on by the shift's days and the local time has reached the start's.
 */
function bruteForce(schedule: Schedule, from: number, minutes: number, firstShift: number): number[] {
	const days = schedule.shiftMs / DAY_MS;
	const start = Temporal.Instant.fromEpochMilliseconds(schedule.startsAt).toZonedDateTimeISO(schedule.timeZone);
	const shifts: number[] = [];
	let shift = firstShift;
	for (let minute = 0; minute < minutes; minute++) {
		const at = Temporal.Instant.fromEpochMilliseconds(from + minute * MINUTE_MS);
		const now = at.toZonedDateTimeISO(schedule.timeZone).toPlainDateTime();
		const nextLocal = start.toPlainDateTime().add({ days: (shift + 1) * days });
		if (Temporal.PlainDateTime.compare(now, nextLocal) >= 0) shift++;
		shifts.push(shift);
	}
	return shifts;
}

test("around clock changes the fast way agrees with walking minute by minute, in ten zones", () => {
	const days = fc.constantFrom("2026-03-08", "2026-03-29", "2026-04-05", "2026-09-06", "2026-10-25", "2026-11-01");
	const property = fc.property(
		fc.constantFrom(...ZONES),
		days,
		fc.constantFrom(1, 2, 7),
		fc.integer({ min: 0, max: 95 }),
		(timeZone, day, shiftDays, quarter) => {
			const clock = Temporal.PlainTime.from("00:00").add({ minutes: 15 * quarter });
			// A skipped start would move every later hand-over with it; the rule begins from a local time that exists.
			const startsAt = Temporal.PlainDate.from("2026-01-12").toZonedDateTime({ timeZone, plainTime: clock });
			const schedule = weekly({ timeZone, startsAt: startsAt.epochMilliseconds, shiftMs: shiftDays * DAY_MS });
			const from = Temporal.PlainDate.from(day).toZonedDateTime(timeZone).subtract({ hours: 2 });
			const elapsed = from.toPlainDate().since(startsAt.toPlainDate()).days;
			const isBefore = Temporal.PlainTime.compare(from.toPlainTime(), clock) < 0;
			const firstShift = Math.floor((elapsed - (isBefore ? 1 : 0)) / shiftDays);
			const minutes = 28 * 60;
			const slow = bruteForce(schedule, from.epochMilliseconds, minutes, firstShift);
			for (let minute = 0; minute < minutes; minute++) {
				const at = from.epochMilliseconds + minute * MINUTE_MS;
				const expected = schedule.people[(slow[minute] as number) % 3];
				const actual = onCallAt(schedule, at);
				if (actual?.person !== expected || !((actual?.until ?? 0) > at)) {
					throw new Error(`${timeZone} ${new Date(at).toISOString()}: ${actual?.person}, not ${expected}`);
				}
			}
		},
	);
	const examples: [string, string, 1 | 2 | 7, number][] = [
		["Europe/London", "2026-03-29", 1, 6],
		["America/New_York", "2026-03-08", 1, 10],
		["America/New_York", "2026-11-01", 2, 6],
		["Australia/Lord_Howe", "2026-04-05", 1, 7],
	];
	fc.assert(property, { numRuns: 12, seed: 20261122, examples });
});
