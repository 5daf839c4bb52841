import { createRequire } from "node:module";
import { DAY_MS, HOUR_MS } from "@bellwether/model";
import { beforeEach, describe, expect, test } from "vitest";
import type { Catalogue, Person, Schedule } from "#catalogue";
import { createTimerRunner, issueToken } from "#platform";
import { swapTimers } from "#response";
import { bearer, CATALOGUE, NOW, useApiServer } from "../../../testing/api-server.ts";

const server = useApiServer();
const { ask } = server;
const ical = createRequire(import.meta.url)("node-ical") as typeof import("node-ical");

const person = (name: string, displayName: string, timeZone: string): Person => ({
	name,
	displayName,
	timeZone,
	contacts: [{ channel: "phone-panel", address: name }],
});
const SCHEDULE: Schedule = {
	name: "cre",
	displayName: "CRE on call",
	timeZone: "Europe/London",
	startsAt: Date.UTC(2026, 10, 16, 9),
	shiftMs: 7 * DAY_MS,
	people: ["ana", "ben"],
};
/** Ana's week: 16 Nov 09:00 to 23 Nov 09:00 in London, then Ben's. */
const HAND_OVER = Date.UTC(2026, 10, 23, 9);
const ON_CALL: Catalogue = {
	...CATALOGUE,
	people: [person("ana", "Ana Silva", "Europe/London"), person("ben", "Ben Ode", "Asia/Tokyo")],
	schedules: [SCHEDULE],
	channels: [{ name: "phone-panel", kind: "phone-panel" }],
};

let responder: { authorization: string };
let viewer: { authorization: string };
beforeEach(async () => {
	Object.assign(server.context, { catalogue: () => ON_CALL });
	responder = bearer(await server.tokenFor("responder"));
	viewer = bearer(await server.tokenFor("viewer"));
});

const post = (url: string, payload: object, headers: Record<string, string> = {}) =>
	ask(`/api/v1/oncall/${url}`, { method: "POST", headers: { ...responder, ...headers }, payload });
const get = async (url: string) => (await ask(`/api/v1/oncall${url}`, { headers: viewer })).json();
const audited = async () =>
	(await server.store.db.selectFrom("audit").select(["actor", "action", "subject"]).orderBy("seq").execute()).filter(
		({ action }) => action.startsWith("oncall."),
	);

describe("who is on call", () => {
	test("is told per role with who follows, and where nobody will be in the next 14 days", async () => {
		const until: Schedule = {
			...SCHEDULE,
			name: "gap",
			displayName: "With a gap",
			coverage: "24x7",
			layers: [
				{
					name: "only",
					role: "primary",
					priority: 0,
					timeZone: "UTC",
					times: [],
					turns: {
						kind: "rotation",
						every: "day",
						interval: 1,
						startsAt: "2026-11-01T00:00",
						until: "2026-11-30T00:00",
						days: [],
						monthDays: [],
						people: [["ana"]],
					},
				},
			],
		};
		Object.assign(server.context, { catalogue: () => ({ ...ON_CALL, schedules: [SCHEDULE, until] }) });
		const view = await get("");
		expect(view.schedules[0]).toMatchObject({
			name: "cre",
			person: "ana",
			until: HAND_OVER,
			next: "ben",
			roles: [{ role: "primary", people: [{ name: "ana", displayName: "Ana Silva" }], until: HAND_OVER }],
		});
		expect(view.uncovered).toEqual([
			{
				schedule: "gap",
				scheduleDisplayName: "With a gap",
				isPromised: true,
				from: Date.UTC(2026, 10, 30),
				to: NOW + 14 * DAY_MS,
			},
		]);
	});

	test("cannot be read without a sign-in, and not for a range that is endless", async () => {
		expect((await ask("/api/v1/oncall")).statusCode).toBe(401);
		expect((await ask("/api/v1/oncall/schedules/nope", { headers: viewer })).statusCode).toBe(404);
		const far = await ask("/api/v1/oncall/schedules/cre?from=0&to=8000000000000000", { headers: viewer });
		expect([far.statusCode, far.json().error.code]).toEqual([400, "invalid_request"]);
	});
});

describe("an override", () => {
	const asked = { from: NOW + HOUR_MS, to: NOW + 3 * HOUR_MS, people: ["ben"], reason: "dentist" };

	test("is on call for its stretch, and in the audit log with who made it", async () => {
		const made = await post("schedules/cre/overrides", asked);
		expect([made.statusCode, made.json().madeBy]).toEqual([201, "responder"]);
		expect((await get(`?at=${NOW + 2 * HOUR_MS}`)).schedules[0].person).toBe("ben");
		expect((await get(`?at=${NOW + 3 * HOUR_MS}`)).schedules[0].person).toBe("ana");
		const { id } = made.json();
		expect(await audited()).toEqual([
			{ actor: "responder", action: "oncall.override_made", subject: `override:${id}` },
		]);
		const ended = await ask(`/api/v1/oncall/overrides/${id}`, { method: "DELETE", headers: responder });
		expect([ended.statusCode, ended.json().cancelledBy]).toEqual([200, "responder"]);
		expect((await get(`?at=${NOW + 2 * HOUR_MS}`)).schedules[0].person).toBe("ana");
	});

	test("sent again with the same Idempotency-Key is the same one", async () => {
		const key = { "idempotency-key": "k-1" };
		const first = await post("schedules/cre/overrides", asked, key);
		const again = await post("schedules/cre/overrides", asked, key);
		expect([first.statusCode, again.statusCode]).toEqual([201, 200]);
		expect(again.json().id).toBe(first.json().id);
		const other = await post("schedules/cre/overrides", { ...asked, people: ["ana"] }, key);
		expect([other.statusCode, other.json().error.message]).toEqual([
			409,
			"This Idempotency-Key was sent before, with another request.",
		]);
		expect(await audited()).toHaveLength(1);
	});

	test("that has begun keeps its past when it is ended", async () => {
		const { id } = (await post("schedules/cre/overrides", { ...asked, from: NOW })).json();
		server.clock.advance(HOUR_MS);
		await ask(`/api/v1/oncall/overrides/${id}`, { method: "DELETE", headers: responder });
		expect((await get(`?at=${NOW + 30 * 60_000}`)).schedules[0].person).toBe("ben");
		expect((await get("")).schedules[0].person).toBe("ana");
	});

	test.each([
		["that ends before it begins", { to: NOW }, "It ends before it begins."],
		["that is over", { from: NOW - DAY_MS, to: NOW - HOUR_MS }, "It is over already."],
		["that begins in the past", { from: NOW - HOUR_MS }, "It begins in the past."],
		["of somebody unknown", { people: ["eve"] }, 'There is no person "eve".'],
		["of a role that no layer has", { role: "secondary" }, "CRE on call has no layer with the role secondary."],
		["for oneself", { people: ["ana"], replaces: "ana" }, "Somebody would stand in for themselves."],
	])("%s is refused", async (_name, change, message) => {
		const answer = await post("schedules/cre/overrides", { ...asked, ...change });
		expect([answer.statusCode, answer.json().error.message]).toEqual([409, message]);
		expect(await audited()).toEqual([]);
	});

	test("is not made by a viewer", async () => {
		const url = "/api/v1/oncall/schedules/cre/overrides";
		expect((await ask(url, { method: "POST", headers: viewer, payload: asked })).statusCode).toBe(403);
	});
});

test("whoever may see some tenants only changes nothing that serves all of them", async () => {
	const { store, context, clock } = server;
	const limited = await store.transaction((tx) =>
		issueToken(tx, context.ids, clock.now(), { name: "one", role: "responder", tenants: ["contoso"], oneTime: false }),
	);
	const headers = bearer(limited.token);
	const absence = { person: "ana", from: NOW, to: NOW + HOUR_MS };
	for (const [url, payload] of [
		["absences", absence],
		["calendar-links", { schedule: "cre" }],
		["schedules/cre/notes", { text: "x" }],
	] as const) {
		const answer = await ask(`/api/v1/oncall/${url}`, { method: "POST", headers, payload });
		expect([url, answer.statusCode]).toEqual([url, 403]);
	}
	expect((await ask("/api/v1/oncall", { headers })).statusCode).toBe(200);
	await post("schedules/cre/notes", { text: "Contoso Bank is slow." });
	expect((await ask("/api/v1/oncall/schedules/cre/hand-over", { headers })).json().notes).toEqual([]);
});

describe("a swap", () => {
	const asked = { person: "ben", from: HAND_OVER, to: HAND_OVER + DAY_MS, reason: "wedding" };

	test("is taken once, and whoever took it is on call", async () => {
		const { id, version } = (await post("schedules/cre/swaps", asked)).json();
		const stale = await post(`swaps/${id}/take`, { person: "ana" }, { "if-match": `"${version + 1}"` });
		expect(stale.statusCode).toBe(412);
		const taken = await post(`swaps/${id}/take`, { person: "ana" });
		expect(taken.json()).toMatchObject({ state: "taken", takenBy: { name: "ana" } });
		expect((await get(`?at=${HAND_OVER + HOUR_MS}`)).schedules[0].person).toBe("ana");
		expect((await post(`swaps/${id}/take`, { person: "ana" })).statusCode).toBe(200);
		expect((await audited()).map(({ action }) => action)).toEqual([
			"oncall.swap_requested",
			"oncall.override_made",
			"oncall.swap_taken",
		]);
		expect((await post(`swaps/${id}/cancel`, {})).json().state).toBe("cancelled");
		expect((await get(`?at=${HAND_OVER + HOUR_MS}`)).schedules[0].person).toBe("ben");
	});

	test("taken late holds from then on, not for what was", async () => {
		const { id } = (await post("schedules/cre/swaps", asked)).json();
		server.clock.advance(HAND_OVER + 2 * HOUR_MS - NOW);
		expect((await post(`swaps/${id}/take`, { person: "ana" })).json().state).toBe("taken");
		expect((await get(`?at=${HAND_OVER + HOUR_MS}`)).schedules[0].person).toBe("ben");
		expect((await get("")).schedules[0].person).toBe("ana");
	});

	test("cannot be taken by whoever asks, nor after it was cancelled", async () => {
		const { id } = (await post("schedules/cre/swaps", asked)).json();
		expect((await post(`swaps/${id}/take`, { person: "ben" })).json().error.message).toBe(
			"Nobody can relieve themselves.",
		);
		await post(`swaps/${id}/cancel`, {});
		expect((await post(`swaps/${id}/take`, { person: "ana" })).statusCode).toBe(409);
	});

	test("reminds the others until it begins, and is past due then", async () => {
		const timers = createTimerRunner({
			store: server.store,
			clock: server.clock,
			handlers: swapTimers({ ...server.context, publicUrl: () => "https://b.example" }),
			onError: (error) => {
				throw error;
			},
		});
		const from = NOW + 8 * DAY_MS;
		await post("schedules/cre/swaps", { ...asked, from, to: from + DAY_MS });
		for (let hour = 0; hour < 9 * 24; hour++) {
			server.clock.advance(HOUR_MS);
			await timers.runDue(server.clock.now());
		}
		const messages = await server.store.db.selectFrom("outbox").select(["address", "payload", "created_at"]).execute();
		// At once, then 7, 3, 2, 1 days and 12 hours before.
		expect(messages.map(({ created_at }) => (from - created_at) / DAY_MS)).toEqual([8, 7, 3, 2, 1, 0.5]);
		expect(messages.every(({ address }) => address === "ana")).toBe(true);
		expect(messages[0]?.payload).toContain("Take it: http://127.0.0.1:8080/oncall/schedules/cre");
		const rows = await server.store.db.selectFrom("oncall_swaps").select(["state", "changed_by"]).execute();
		expect(rows).toEqual([{ state: "past-due", changed_by: "bellwether" }]);
	});
});

test("somebody who is away is passed over, and is there again when that is taken back", async () => {
	const away = await post("absences", { person: "ana", from: NOW, to: HAND_OVER, reason: "ill" });
	expect(away.statusCode).toBe(201);
	expect((await get("")).schedules[0].person).toBe("ben");
	expect((await get("/absences")).items).toHaveLength(1);
	await ask(`/api/v1/oncall/absences/${away.json().id}`, { method: "DELETE", headers: responder });
	expect((await get("")).schedules[0].person).toBe("ana");
});

test("a schedule's detail tells shifts, gaps, layers in words, and how evenly a year is divided", async () => {
	const detail = await get(`/schedules/cre?from=${HAND_OVER - DAY_MS}&to=${HAND_OVER + DAY_MS}`);
	expect(detail.shifts).toEqual([
		{
			role: "primary",
			people: [{ name: "ana", displayName: "Ana Silva" }],
			by: ["rotation"],
			from: HAND_OVER - DAY_MS,
			to: HAND_OVER,
		},
		{
			role: "primary",
			people: [{ name: "ben", displayName: "Ben Ode" }],
			by: ["rotation"],
			from: HAND_OVER,
			to: HAND_OVER + DAY_MS,
		},
	]);
	expect(detail.layers[0].says).toBe("Ana Silva, Ben Ode take turns every 7 days.");
	expect(detail.quality).toMatchObject({ score: 99, uncoveredMs: 0 });
	expect(detail.gaps).toEqual([]);
});

test("the hand-over names who is away, also whom an override would put on call, and the override is passed over", async () => {
	const stretch = { from: NOW, to: NOW + 2 * HOUR_MS };
	await post("schedules/cre/overrides", { ...stretch, role: "primary", people: ["ben"], reason: "covers" });
	const before = await get("/schedules/cre/hand-over");
	expect(before.now[0].people.map((each: { name: string }) => each.name)).toEqual(["ben"]);
	await post("absences", { ...stretch, person: "ben", reason: "ill" });
	const view = await get("/schedules/cre/hand-over");
	expect(view.absences).toMatchObject([{ person: { name: "ben" }, ...stretch, reason: "ill" }]);
	expect(view.now[0].people.map((each: { name: string }) => each.name)).toEqual(["ana"]);
});

test("the hand-over holds the notes, for those who may see all", async () => {
	const note = { text: "  Purview is slow since noon. " };
	const key = { "idempotency-key": "n" };
	expect((await post("schedules/cre/notes", note, key)).statusCode).toBe(201);
	expect((await post("schedules/cre/notes", note, key)).statusCode).toBe(200);
	const view = await get("/schedules/cre/hand-over");
	expect(view.notes).toEqual([{ seq: 1, at: NOW, by: "responder", text: "Purview is slow since noon." }]);
	expect(view).toMatchObject({ displayName: "CRE on call", incidents: [], mutes: [], tenants: [] });
});

describe("a private calendar link", () => {
	const link = async (payload: object) => (await post("calendar-links", payload)).json();
	const path = (url: string) => new URL(url).pathname;

	test("opens the shifts as iCalendar in UTC without a sign-in, with UIDs that stay", async () => {
		const { url } = await link({ schedule: "cre" });
		const first = await ask(path(url));
		expect([first.statusCode, first.headers["content-type"]]).toEqual([200, "text/calendar; charset=utf-8"]);
		const events = Object.values(ical.sync.parseICS(first.body)).filter((each) => each?.type === "VEVENT");
		const now = events.find((each) => each.start.getTime() === HAND_OVER - 7 * DAY_MS);
		expect(now).toMatchObject({ summary: "Ana Silva (CRE on call)", end: new Date(HAND_OVER) });
		expect(first.body).not.toMatch(/TZID|RRULE/);
		server.clock.advance(3 * DAY_MS);
		const uids = (text: string) => new Set([...text.matchAll(/^UID:(.+)$/gm)].map((match) => match[1]));
		const later = uids((await ask(path(url))).body);
		expect([...uids(first.body)].every((uid) => later.has(uid))).toBe(true);
	});

	test("of a person holds that person's shifts alone", async () => {
		const { url } = await link({ person: "ben" });
		const { body } = await ask(path(url));
		expect(body).toContain("Ben Ode");
		expect(body).not.toContain("Ana Silva");
	});

	test("is revoked at once, and its secret is in no table", async () => {
		const { id, url } = await link({ schedule: "cre" });
		const secret = /([0-9a-f]{48})\.ics$/.exec(url)?.[1] as string;
		for (const table of ["oncall_feeds", "events", "audit"] as const) {
			const rows = await server.store.db.selectFrom(table).selectAll().execute();
			expect(JSON.stringify(rows)).not.toContain(secret);
		}
		expect(JSON.stringify(await get("/calendar-links"))).not.toContain(secret);
		await ask(`/api/v1/oncall/calendar-links/${id}`, { method: "DELETE", headers: responder });
		const gone = await ask(path(url));
		expect(gone.statusCode).toBe(404);
		expect(gone.body).not.toContain(secret);
	});
});
