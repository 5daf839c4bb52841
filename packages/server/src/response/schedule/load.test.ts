import { DAY_MS, HOUR_MS } from "@bellwether/model";
import { describe, expect, test } from "vitest";
import type { Catalogue, Schedule } from "#catalogue";
import { exampleCatalogue } from "../../../testing/catalogue.ts";
import { loadOf, NO_ON_CALL_STATE, type Shift, scheduleQuality } from "./index.ts";

/** Monday. */
const START = Date.UTC(2026, 5, 1);
const person = (name: string, timeZone: string) => ({ name, displayName: name, timeZone, contacts: [] });
const CATALOGUE: Catalogue = exampleCatalogue({ people: [person("ana", "UTC"), person("ben", "Asia/Tokyo")] });
const shift = (who: string, from: number, hours: number): Shift => ({
	role: "primary",
	people: [who],
	by: ["l"],
	from,
	to: from + hours * HOUR_MS,
});

describe("a person's load", () => {
	test("counts nights and weekends on the person's own clock", () => {
		// 13:00 to 22:00 UTC is 22:00 to 07:00 in Tokyo; Friday's reaches into Tokyo's Saturday.
		const friday = START + 4 * DAY_MS + 13 * HOUR_MS;
		const [ben] = loadOf(CATALOGUE, [shift("ben", friday, 9)]);
		expect(ben).toEqual({ person: "ben", hours: 9, nightHours: 9, weekendHours: 7, nights: 1, shifts: 1 });
		const [ana] = loadOf(CATALOGUE, [shift("ana", friday, 9)]);
		expect(ana).toMatchObject({ nightHours: 0, weekendHours: 0, nights: 0 });
	});

	test("counts one shift where one follows the other, and no other role", () => {
		const next = shift("ana", START + 3 * HOUR_MS, 2);
		const loads = loadOf(CATALOGUE, [shift("ana", START, 3), next, { ...next, role: "shadow", people: ["ben"] }]);
		expect(loads).toMatchObject([{ person: "ana", hours: 5, shifts: 1 }]);
	});
});

describe("a schedule's quality", () => {
	const weekly = (people: string[]): Schedule => ({
		name: "s",
		displayName: "S",
		timeZone: "UTC",
		startsAt: START,
		shiftMs: 7 * DAY_MS,
		people,
	});
	const quality = (schedule: Schedule) =>
		scheduleQuality(CATALOGUE, NO_ON_CALL_STATE, schedule, START, START + 52 * 7 * DAY_MS);

	test("is 100 where nothing is uncovered and all have the same", () => {
		expect(quality(weekly(["ana", "ben"]))).toMatchObject({ score: 100, uncoveredMs: 0, overload: 0, gaps: [] });
	});

	test("falls with what somebody has beyond an even share", () => {
		// 39 of 52 weeks are Ana's, 13 more than half.
		expect(quality(weekly(["ana", "ana", "ana", "ben"]))).toMatchObject({ score: 75, overload: 0.25 });
	});

	test("is never 100 with a gap, however short", () => {
		const turns = { kind: "shifts" as const, shifts: [{ from: START, to: START + 363.999 * DAY_MS, people: ["ana"] }] };
		const layers = [{ name: "l", role: "primary" as const, priority: 0, timeZone: "UTC", times: [], turns }];
		expect(quality({ ...weekly(["ana"]), layers })).toMatchObject({ score: 99 });
	});
});
