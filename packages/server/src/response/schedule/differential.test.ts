import { DAY_MS, MINUTE_MS, seededRandom } from "@bellwether/model";
import { expect, test } from "vitest";
import { randomSchedule } from "../../../testing/random-schedules.ts";
import { MinuteByMinute, whoByMinutes } from "../../../testing/schedule-minutes.ts";
import { finalShifts, gapsOf, whoIsOnCall } from "./index.ts";

/** Rotations begin in its first 400 days; asked is after that. */
const RANGE = { from: Date.UTC(2025, 0, 1), to: Date.UTC(2026, 11, 1) };
const ASKED_FROM = Date.UTC(2026, 1, 10);
const ZONES = ["Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca", "America/St_Johns"];
/** The longer run is `npm run bench -- schedules`. */
const SCHEDULES = 12;
const INSTANTS = 3_000;

test("who is on call is who an expansion minute by minute says, and a promise of 24x7 has no gap", () => {
	const random = seededRandom(20261123);
	const slow = new MinuteByMinute(RANGE.from, RANGE.to);
	const changes = [
		"2026-03-29T01:00Z",
		"2026-04-04T15:00Z",
		"2026-02-15T02:00Z",
		"2026-10-25T01:00Z",
		"2026-03-08T05:30Z",
	];
	let promised = 0;
	let answered = 0;
	for (let k = 0; k < SCHEDULES; k++) {
		const { schedule, state, coveredFrom } = randomSchedule(random, ZONES, RANGE);
		const expanded = slow.expand(schedule);
		for (let n = 0; n < INSTANTS; n++) {
			const near = Date.parse(changes[n % changes.length] as string) + Math.round((random() - 0.5) * 360) * MINUTE_MS;
			const any = ASKED_FROM + Math.floor((random() * (RANGE.to - ASKED_FROM)) / MINUTE_MS) * MINUTE_MS;
			const at = n % 2 === 0 ? near : any;
			const fast = whoIsOnCall({ schedules: [] }, state, schedule, at);
			const expected = [...whoByMinutes(expanded, state, at)].map(([role, people]) => [role, people.toSorted()]);
			const told = fast.map(({ role, people }) => [role, people.toSorted()]);
			if (JSON.stringify(told) !== JSON.stringify(expected))
				throw new Error(`${new Date(at).toISOString()}: ${JSON.stringify({ told, expected, schedule, state })}`);
			if (expected.length > 0) answered++;
		}
		if (coveredFrom === undefined || coveredFrom > RANGE.to - DAY_MS) continue;
		promised++;
		const shifts = finalShifts({ schedules: [] }, state, schedule, coveredFrom, RANGE.to);
		expect(gapsOf(shifts, "primary", coveredFrom, RANGE.to)).toEqual([]);
	}
	// The comparison means something: there were people, and promises.
	expect([answered > SCHEDULES * INSTANTS * 0.5, promised > 2]).toEqual([true, true]);
});
