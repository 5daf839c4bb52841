import { DAY_MS, HOUR_MS } from "@bellwether/model";
import { describe, expect, test } from "vitest";
import type { Person } from "#catalogue";
import { peopleIn, readCalendar } from "./read-calendar.ts";

const PEOPLE: Person[] = [
	{
		name: "ana",
		displayName: "Ana Silva",
		timeZone: "UTC",
		contacts: [{ channel: "mail", address: "ana@example.com" }],
	},
	{ name: "ben", displayName: "Ben Ode", timeZone: "UTC", contacts: [] },
];
const FROM = Date.UTC(2026, 2, 1);
const RANGE = { from: FROM, to: FROM + 60 * DAY_MS, timeZone: "Europe/Berlin" };

const BERLIN = `BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:STANDARD
DTSTART:19701025T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
END:VTIMEZONE`;

const calendar = (...events: string[]) =>
	`BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//t//t//EN\n${BERLIN}\n${events.join("\n")}\nEND:VCALENDAR\n`.replaceAll(
		"\n",
		"\r\n",
	);
const event = (summary: string, lines: string, uid = summary) =>
	`BEGIN:VEVENT\nUID:${uid}\nDTSTAMP:20260101T000000Z\nSUMMARY:${summary}\n${lines}\nEND:VEVENT`;

async function events(...written: string[]) {
	const reading = await readCalendar(calendar(...written), PEOPLE, RANGE);
	if (reading.status !== "read") throw new Error(reading.reason);
	return reading;
}

describe("who a title means", () => {
	test.each([
		["ana", ["ana"], undefined],
		["Ana Silva", ["ana"], undefined],
		["[L2] ben ode", ["ben"], 2],
		["On call [L0] ANA@example.com, Ben Ode", ["ben"], 0],
		["Ana Silva & Ben Ode", ["ana", "ben"], undefined],
		["Team lunch", [], undefined],
	])("%s", (title, people, priority) => {
		expect(peopleIn(title, PEOPLE)).toEqual({ people, priority });
	});
});

test("a weekly event stays at 09:00 local over the clock change, and its EXDATE is left out", async () => {
	const lines = `DTSTART;TZID=Europe/Berlin:20260316T090000
DTEND;TZID=Europe/Berlin:20260316T170000
RRULE:FREQ=WEEKLY;COUNT=4
EXDATE;TZID=Europe/Berlin:20260323T090000`;
	const read = await events(event("ana", lines));
	expect(read.events.map(({ from }) => new Date(from).toISOString())).toEqual([
		"2026-03-16T08:00:00.000Z",
		"2026-03-30T07:00:00.000Z",
		"2026-04-06T07:00:00.000Z",
	]);
	expect(read.events.every(({ from, to }) => to - from === 8 * HOUR_MS)).toBe(true);
});

test("an instance that was moved, and given to somebody else, is where it was moved to", async () => {
	const lines = "DTSTART:20260302T090000Z\nDTEND:20260302T170000Z\nRRULE:FREQ=DAILY;COUNT=3";
	const moved = "RECURRENCE-ID:20260303T090000Z\nDTSTART:20260303T120000Z\nDTEND:20260303T130000Z";
	const read = await events(event("ana", lines, "u1"), event("ben", moved, "u1"));
	expect(read.events.map(({ people, from }) => [people[0], new Date(from).toISOString().slice(0, 13)])).toEqual([
		["ana", "2026-03-02T09"],
		["ben", "2026-03-03T12"],
		["ana", "2026-03-04T09"],
	]);
});

test("a whole day is midnight to midnight in the layer's zone, whatever zone this computer is in", async () => {
	const read = await events(event("ana", "DTSTART;VALUE=DATE:20260329\nDTEND;VALUE=DATE:20260330"));
	expect(read.events).toMatchObject([{ from: Date.UTC(2026, 2, 28, 23), to: Date.UTC(2026, 2, 29, 22) }]);
});

test("cancelled and transparent events are no duty; an unknown title is told and has nobody", async () => {
	const at = "DTSTART:20260310T090000Z\nDTEND:20260310T170000Z";
	const read = await events(
		event("ana", `${at}\nSTATUS:CANCELLED`, "a"),
		event("ben", `${at}\nTRANSP:TRANSPARENT`, "b"),
		event("Team lunch", at, "c"),
	);
	expect(read.events.map(({ people }) => people)).toEqual([[]]);
	expect(read.unknown).toEqual(["Team lunch"]);
});

test("an event that began before the range and goes on is in it", async () => {
	const read = await events(event("ana", "DTSTART:20260225T000000Z\nDTEND:20260303T000000Z"));
	expect(read.events).toHaveLength(1);
});

describe("what cannot be read is told, and is never an exception", () => {
	test.each([
		["a page of a sign-in", "<!doctype html><title>Sign in</title>"],
		["nothing", ""],
		["more than a mebibyte", `BEGIN:VCALENDAR\r\n${"X-A:b\r\n".repeat(200_000)}END:VCALENDAR\r\n`],
		[
			"an event every second",
			calendar(event("ana", "DTSTART:20260301T000000Z\nDTEND:20260301T000001Z\nRRULE:FREQ=SECONDLY")),
		],
	])("%s", async (_name, text) => {
		expect((await readCalendar(text, PEOPLE, RANGE)).status).toBe("unreadable");
	});

	test("a rule that makes no sense", async () => {
		const lines = "DTSTART:20260301T000000Z\nDTEND:20260301T010000Z\nRRULE:FREQ=SOMETIMES;INTERVAL=0";
		expect(["read", "unreadable"]).toContain((await readCalendar(calendar(event("ana", lines)), PEOPLE, RANGE)).status);
	});
});
