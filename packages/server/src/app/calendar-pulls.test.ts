import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { HOUR_MS, ManualClock, MINUTE_MS } from "@bellwether/model";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Catalogue, ScheduleLayer } from "#catalogue";
import { calendarStatuses, loadOnCallState, whoIsOnCall } from "#response";
import { CATALOGUE } from "../../testing/api-server.ts";
import { temporaryControlStore } from "../adapters/sqlite/control-store-temporary.ts";
import { startCalendarPulls } from "./calendar-pulls.ts";

const NOW = Date.UTC(2026, 10, 23, 12);
const EVENT = (summary: string, uid = "u") =>
	`BEGIN:VEVENT\r\nUID:${uid}\r\nDTSTAMP:20261101T000000Z\r\nSUMMARY:${summary}\r\nDTSTART:20261123T090000Z\r\nDTEND:20261123T170000Z\r\nEND:VEVENT\r\n`;
const calendar = (...events: string[]) => `BEGIN:VCALENDAR\r\nVERSION:2.0\r\n${events.join("")}END:VCALENDAR\r\n`;

let temporary: Awaited<ReturnType<typeof temporaryControlStore>>;
let receiver: Server;
let answer: { status: number; body: string };
let asked: number;
let pulls: ReturnType<typeof startCalendarPulls>;
let clock: ManualClock;
let catalogue: Catalogue;
const errors: unknown[] = [];

const layer = (more: Partial<ScheduleLayer>): ScheduleLayer => ({
	name: "team",
	role: "primary",
	priority: 5,
	timeZone: "UTC",
	times: [],
	// biome-ignore lint/suspicious/noTemplateCurlyInString: the catalogue's own way to name a secret
	turns: { kind: "calendar", urlRef: "${env:CALENDAR}", everyMs: 15 * MINUTE_MS },
	...more,
});
const withLayers = (layers: ScheduleLayer[], port: number): Catalogue => ({
	...CATALOGUE,
	settings: { ...CATALOGUE.settings, egress: { allow: [`127.0.0.1:${port}`] } },
	people: ["ana", "ben"].map((name) => ({ name, displayName: name, timeZone: "UTC", contacts: [] })),
	schedules: [{ name: "cre", displayName: "CRE", timeZone: "UTC", startsAt: 0, shiftMs: 1, people: ["ben"], layers }],
});
let port: number;

beforeEach(async () => {
	clock = new ManualClock(NOW);
	temporary = await temporaryControlStore(clock);
	asked = 0;
	errors.length = 0;
	answer = { status: 200, body: calendar(EVENT("ana")) };
	receiver = createServer((_request, response) => {
		asked++;
		response.writeHead(answer.status, { "content-type": "text/calendar" }).end(answer.body);
	});
	await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
	port = (receiver.address() as AddressInfo).port;
	catalogue = withLayers([layer({})], port);
	pulls = startCalendarPulls({
		store: temporary.store,
		clock,
		catalogue: () => catalogue,
		env: { CALENDAR: `http://127.0.0.1:${port}/private-a1b2.ics` },
		onError: (error) => errors.push(error),
	});
});

afterEach(async () => {
	await pulls.stop();
	receiver.close();
	await temporary.remove();
	expect(errors).toEqual([]);
});

async function onCall(at = NOW) {
	const state = await loadOnCallState(temporary.store.db, at, at + 1);
	return whoIsOnCall(catalogue, state, "cre", at)[0]?.people;
}
const status = async () => (await calendarStatuses(temporary.store.db))[0];

describe("a layer's calendar", () => {
	test("says who is on call; a title with [L9] wins over the layers", async () => {
		await pulls.look();
		expect([await onCall(), await onCall(NOW + 6 * HOUR_MS)]).toEqual([["ana"], undefined]);
		answer.body = calendar(EVENT("ana"), EVENT("[L9] ben", "v"));
		clock.advance(15 * MINUTE_MS);
		await pulls.look();
		expect(await onCall()).toEqual(["ben"]);
	});

	test("is asked by its rhythm only", async () => {
		await pulls.look();
		clock.advance(14 * MINUTE_MS);
		await pulls.look();
		expect(asked).toBe(1);
		clock.advance(MINUTE_MS);
		await pulls.look();
		expect(asked).toBe(2);
	});

	test.each([
		["an answer that is no calendar", { status: 200, body: "<html>Sign in</html>" }, "it is no iCalendar file"],
		["a refusal", { status: 403, body: "" }, "it answered 403"],
		["a redirect", { status: 302, body: "" }, "it answered 302"],
		["more than a mebibyte", { status: 200, body: "x".repeat(1_100_000) }, "is larger than"],
	])("that fails with %s keeps what it said before, and says why without its address", async (_name, failing, why) => {
		await pulls.look();
		answer = failing;
		clock.advance(15 * MINUTE_MS);
		await pulls.look();
		expect(await onCall()).toEqual(["ana"]);
		const told = await status();
		expect(told).toMatchObject({ readAt: NOW, fault: expect.stringContaining(why) });
		expect(JSON.stringify(told)).not.toContain("private-a1b2");
	});

	test("whose titles name nobody is told, and leaves a gap", async () => {
		answer.body = calendar(EVENT("Team lunch"));
		await pulls.look();
		expect(await onCall()).toBeUndefined();
		expect(await status()).toMatchObject({ events: 1, unknown: ["Team lunch"] });
	});

	test("is forgotten with its layer", async () => {
		await pulls.look();
		catalogue = withLayers([], port);
		await pulls.look();
		const events = await temporary.store.db.selectFrom("oncall_calendar_events").selectAll().execute();
		expect([events, await status()]).toEqual([[], undefined]);
	});

	test("on an address of this network that is not allowed is not asked", async () => {
		catalogue = { ...catalogue, settings: CATALOGUE.settings };
		await pulls.look();
		expect(asked).toBe(0);
		expect((await status())?.fault).toBeTruthy();
	});
});
