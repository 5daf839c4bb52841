import { DAY_MS, HOUR_MS, MINUTE_MS } from "@bellwether/model";
import { Temporal } from "temporal-polyfill";
import { describe, expect, test } from "vitest";
import type { DutyTime, Rotation, Schedule, ScheduleLayer } from "#catalogue";
import {
	finalShifts,
	gapsOf,
	NO_ON_CALL_STATE,
	type OnCallState,
	type Override,
	rolesNow,
	whoIsOnCall,
} from "./index.ts";

const NOTHING = { schedules: [] };

function local(zone: string, text: string): number {
	return Temporal.PlainDateTime.from(text).toZonedDateTime(zone).epochMilliseconds;
}

function layer(rotation: Partial<Rotation>, more: Partial<ScheduleLayer> = {}): ScheduleLayer {
	return {
		name: more.name ?? "base",
		role: "primary",
		priority: 0,
		timeZone: "Europe/Berlin",
		times: [],
		turns: {
			kind: "rotation",
			every: "week",
			interval: 1,
			startsAt: "2026-01-05T09:00",
			days: [],
			monthDays: [],
			people: [["ana"], ["ben"], ["cho"]],
			...rotation,
		},
		...more,
	};
}

function schedule(...layers: ScheduleLayer[]): Schedule {
	return { name: "s", displayName: "S", timeZone: "UTC", startsAt: 0, shiftMs: DAY_MS, people: [], layers };
}

const primary = (from: Schedule, at: number, state: OnCallState = NO_ON_CALL_STATE) =>
	whoIsOnCall(NOTHING, state, from, at).find(({ role }) => role === "primary")?.people ?? [];

/** Local times in the zone at which turns begin. */
function handOvers(rotation: Partial<Rotation>, zone: string, from: string, to: string): string[] {
	const one = schedule(layer(rotation, { timeZone: zone }));
	return finalShifts(NOTHING, NO_ON_CALL_STATE, one, local(zone, from), local(zone, to))
		.slice(1)
		.map((shift) =>
			Temporal.Instant.fromEpochMilliseconds(shift.from)
				.toZonedDateTimeISO(zone)
				.toPlainDateTime()
				.toString({ smallestUnit: "minute" }),
		);
}

describe("turns of a rotation", () => {
	test("every second week begin on its days, and each goes to the next", () => {
		const rotation = { interval: 2, days: ["mon", "thu"] as const };
		expect(handOvers(rotation, "Europe/Berlin", "2026-01-05T09:00", "2026-02-01T00:00")).toEqual([
			"2026-01-08T09:00",
			"2026-01-19T09:00",
			"2026-01-22T09:00",
		]);
	});

	test("every weekday: Friday's turn lasts over the weekend, which uses up nobody's turn", () => {
		const days = ["mon", "tue", "wed", "thu", "fri"] as const;
		const one = schedule(layer({ every: "day", days }));
		const at = (text: string) => primary(one, local("Europe/Berlin", text))[0];
		expect(["2026-01-09T12:00", "2026-01-11T12:00", "2026-01-12T12:00"].map(at)).toEqual(["ben", "ben", "cho"]);
	});

	test("a day that a month does not have is its last, leap years heeded; −1 and 31 are one hand-over", () => {
		const rotation = { every: "month", startsAt: "2027-10-31T09:00", monthDays: [31, -1] } as const;
		expect(handOvers(rotation, "Europe/Berlin", "2027-10-31T09:00", "2028-05-01T00:00")).toEqual([
			"2027-11-30T09:00",
			"2027-12-31T09:00",
			"2028-01-31T09:00",
			"2028-02-29T09:00",
			"2028-03-31T09:00",
			"2028-04-30T09:00",
		]);
	});

	test("at a local time that is skipped begin when the clocks change; where it comes twice, once, the first time", () => {
		const rotation = { every: "day", startsAt: "2026-01-05T02:30" } as const;
		expect(handOvers(rotation, "Europe/Berlin", "2026-03-28T12:00", "2026-03-30T12:00")).toEqual([
			"2026-03-29T03:00",
			"2026-03-30T02:30",
		]);
		const shifts = finalShifts(
			NOTHING,
			NO_ON_CALL_STATE,
			schedule(layer(rotation)),
			local("Europe/Berlin", "2026-10-24T12:00"),
			local("Europe/Berlin", "2026-10-26T12:00"),
		);
		expect(shifts.map(({ from }) => new Date(from).toISOString().slice(5, 16))).toEqual([
			"10-24T10:00",
			"10-25T00:30",
			"10-26T01:30",
		]);
	});

	test("by the hour are as long as they say over a clock change", () => {
		const one = schedule(layer({ every: "hour", interval: 12 }));
		const from = local("Europe/Berlin", "2026-03-28T21:00");
		const shifts = finalShifts(NOTHING, NO_ON_CALL_STATE, one, from, from + 2 * DAY_MS);
		expect(new Set(shifts.map((shift) => shift.to - shift.from))).toEqual(new Set([12 * HOUR_MS]));
	});

	test("a zone that skips a whole day skips that day's turn", () => {
		const rotation = { every: "day", startsAt: "2011-12-01T09:00" } as const;
		const zone = "Pacific/Apia";
		const one = schedule(layer(rotation, { timeZone: zone }));
		const at = (text: string) => primary(one, local(zone, text))[0];
		// There was no 30 December 2011; its turn, Cho's, had no time.
		expect(["2011-12-29T12:00", "2011-12-31T08:00", "2011-12-31T12:00"].map(at)).toEqual(["ben", "cho", "ana"]);
	});

	test("begin with the start and end with until", () => {
		const one = schedule(layer({ every: "day", until: "2026-01-07T12:00" }));
		const at = (text: string) => primary(one, local("Europe/Berlin", text));
		expect(["2026-01-05T08:59", "2026-01-05T09:00", "2026-01-07T11:59", "2026-01-07T12:00"].map(at)).toEqual([
			[],
			["ana"],
			["cho"],
			[],
		]);
	});
});

describe("times of a layer", () => {
	const night: DutyTime = { days: ["fri"], fromMinute: 22 * 60, toMinute: 6 * 60 };

	test("that cross midnight belong to the day on which they begin", () => {
		const one = schedule(layer({}, { times: [night] }));
		const at = (text: string) => primary(one, local("Europe/Berlin", text)).length;
		expect(
			["2026-01-09T21:59", "2026-01-09T22:00", "2026-01-10T05:59", "2026-01-10T06:00", "2026-01-09T03:00"].map(at),
		).toEqual([0, 1, 1, 0, 0]);
	});

	test("that divide the day between two layers leave no gap when clocks change", () => {
		const split = 2 * 60 + 30;
		const day = layer({}, { name: "a", times: [{ days: [], fromMinute: split, toMinute: 14 * 60 }] });
		const rest = layer({}, { name: "b", times: [{ days: [], fromMinute: 14 * 60, toMinute: split }] });
		const from = local("Europe/Berlin", "2026-02-01T00:00");
		const shifts = finalShifts(NOTHING, NO_ON_CALL_STATE, schedule(day, rest), from, from + 300 * DAY_MS);
		expect(gapsOf(shifts, "primary", from, from + 300 * DAY_MS)).toEqual([]);
	});
});

describe("several layers", () => {
	const base = layer({ people: [["ana"]] }, { name: "base" });
	const high = layer(
		{ people: [["ben"]] },
		{ name: "high", priority: 9, times: [{ days: [], fromMinute: 0, toMinute: 60 }] },
	);
	const noon = local("Europe/Berlin", "2026-06-01T12:00");
	const midnight = local("Europe/Berlin", "2026-06-01T00:30");

	test("the highest that has somebody is on call, equal ones together", () => {
		const equal = layer({ people: [["cho"]] }, { name: "equal" });
		const all = schedule(base, equal, high);
		expect([primary(all, midnight), primary(all, noon)]).toEqual([["ben"], ["ana", "cho"]]);
	});

	test("of different roles do not take from each other", () => {
		const second = layer({ people: [["cho"]] }, { name: "second", role: "secondary" });
		expect(whoIsOnCall(NOTHING, NO_ON_CALL_STATE, schedule(base, second), noon)).toEqual([
			{ role: "primary", people: ["ana"], by: ["base"] },
			{ role: "secondary", people: ["cho"], by: ["second"] },
		]);
	});

	test("who follows is told beyond hand-overs to the same person", () => {
		const [role] = rolesNow(NOTHING, NO_ON_CALL_STATE, schedule(base, high), noon);
		expect(role).toMatchObject({ people: ["ana"], until: local("Europe/Berlin", "2026-06-02T00:00"), next: ["ben"] });
	});
});

describe("what people change", () => {
	const one = schedule(layer({}, {}));
	const monday = local("Europe/Berlin", "2026-01-05T12:00");
	const override = (more: Partial<Override>): Override => ({
		id: "o",
		schedule: "s",
		role: "primary",
		from: monday,
		to: monday + HOUR_MS,
		people: ["eva"],
		madeAt: 1,
		...more,
	});

	test("an override wins over all layers, the one made last over the others, and only while it lasts", () => {
		const state = { ...NO_ON_CALL_STATE, overrides: [override({ id: "b", people: ["fay"], madeAt: 2 }), override({})] };
		expect([primary(one, monday, state), primary(one, monday + HOUR_MS, state)]).toEqual([["fay"], ["ana"]]);
		expect(primary(one, monday - MINUTE_MS, state)).toEqual(["ana"]);
	});

	test("somebody who stands in for a person does so only where that person is on call", () => {
		const state = { ...NO_ON_CALL_STATE, overrides: [override({ replaces: "ana", to: monday + 30 * DAY_MS })] };
		const at = [0, 7, 14, 21].map((days) => primary(one, monday + days * DAY_MS, state)[0]);
		expect(at).toEqual(["eva", "ben", "cho", "eva"]);
	});

	test("whoever is away is passed over; of several who take a turn together the others stay", () => {
		const pair = schedule(layer({ people: [["ana", "ben"], ["cho"]] }));
		const away = (person: string) => ({ person, from: monday, to: monday + DAY_MS });
		const state = (...people: string[]) => ({ ...NO_ON_CALL_STATE, unavailable: people.map(away) });
		expect(primary(pair, monday, state("ana"))).toEqual(["ben"]);
		expect(primary(pair, monday, state("ana", "ben"))).toEqual(["cho"]);
		expect(primary(pair, monday, state("ana", "ben", "cho"))).toEqual([]);
	});

	test.each([
		["said after the override passes over whom it put on call", 2, ["ana"]],
		["said at the same instant does as well", 1, ["ana"]],
		["said before it does not: the override is a later word", 0, ["eva"]],
		["of which nobody knows when it was said does", undefined, ["ana"]],
	])("an absence %s", (_, madeAt, people) => {
		const unavailable = [{ person: "eva", from: monday, to: monday + MINUTE_MS, madeAt }];
		const state = { ...NO_ON_CALL_STATE, overrides: [override({})], unavailable };
		expect(primary(one, monday, state)).toEqual(people);
		expect(primary(one, monday + MINUTE_MS, state)).toEqual(["eva"]);
	});

	test("an absence of one of two who stand in leaves the other", () => {
		const unavailable = [{ person: "eva", from: monday, to: monday + HOUR_MS }];
		const both = override({ people: ["eva", "fay"], replaces: "ana" });
		expect(primary(one, monday, { ...NO_ON_CALL_STATE, overrides: [both], unavailable })).toEqual(["fay"]);
	});

	test("of another schedule changes nothing here", () => {
		const state = { ...NO_ON_CALL_STATE, overrides: [override({ schedule: "t" })] };
		expect(primary(one, monday, state)).toEqual(["ana"]);
	});
});

describe("somebody who left", () => {
	const monday = local("Europe/Berlin", "2026-01-05T12:00");
	const people = [{ name: "ana", displayName: "Ana", timeZone: "UTC", contacts: [] }];
	const team = layer({}, { name: "team", priority: 9, turns: { kind: "calendar", urlRef: "", everyMs: 1 } });
	const catalogue = { schedules: [schedule(layer({ people: [["ana"]] }), team)], people };
	const stretch = { schedule: "s", from: monday, to: monday + HOUR_MS };

	test("is put on call by no override and no calendar: the layers go on", () => {
		const state: OnCallState = {
			...NO_ON_CALL_STATE,
			overrides: [{ ...stretch, id: "o", role: "primary", people: ["gone"], madeAt: 1 }],
			events: [{ ...stretch, layer: "team", person: "gone" }],
		};
		expect(whoIsOnCall(catalogue, state, "s", monday)).toEqual([{ role: "primary", people: ["ana"], by: ["base"] }]);
	});

	test("leaves whoever shares the override", () => {
		const overrides: Override[] = [{ ...stretch, id: "o", role: "primary", people: ["gone", "ana"], madeAt: 1 }];
		const [primaries] = whoIsOnCall(catalogue, { ...NO_ON_CALL_STATE, overrides }, "s", monday);
		expect(primaries).toEqual({ role: "primary", people: ["ana"], by: ["o"] });
	});
});

test("a calendar's event has its own priority, and those that overlap are on call together", () => {
	const team = layer({}, { name: "team", priority: 3, turns: { kind: "calendar", urlRef: "", everyMs: 1 } });
	const one = schedule(layer({ people: [["ana"]] }, { priority: 5 }), team);
	const event = (person: string, from: number, to: number, priority?: number) => ({
		schedule: "s",
		layer: "team",
		person,
		from: from * HOUR_MS,
		to: to * HOUR_MS,
		...(priority === undefined ? {} : { priority }),
	});
	const start = local("UTC", "2026-06-01T00:00") / HOUR_MS;
	const events = [
		event("ben", start, start + 10),
		event("cho", start + 1, start + 2, 7),
		event("dan", start + 1, start + 3, 7),
	];
	const state = { ...NO_ON_CALL_STATE, events };
	const at = [0.5, 1.5, 2.5, 3.5].map((hour) => primary(one, (start + hour) * HOUR_MS, state));
	expect(at).toEqual([["ana"], ["cho", "dan"], ["dan"], ["ana"]]);
});
