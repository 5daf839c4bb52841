import { HOUR_MS, MINUTE_MS, SECOND_MS } from "@bellwether/model";
import { expect, onTestFinished, test, vi } from "vitest";
import { addNote, setReaders, timelineOf } from "#incidents";
import { type Principal, scopeOf } from "#platform";
import { breachOpened } from "../../../testing/catalogue.ts";
import { ALL, OPERATOR, openRooms } from "../../../testing/rooms.ts";
import { route, routedCatalogue } from "../../../testing/routing.ts";
import { makeMute, routingView } from "../index.ts";

// A real store syncs each commit; on a busy machine many of them take their time.
vi.setConfig({ testTimeout: 60_000 });

const GROUPED = { root: route("default", "", { groupWaitMs: 10 * SECOND_MS }) };

async function rooms(catalogue: ReturnType<typeof routedCatalogue>) {
	const opened = await openRooms(catalogue);
	onTestFinished(() => opened.remove());
	const { store, deps, clock } = opened;
	return {
		...opened,
		breach: (tenant: string, slo: string) => opened.open(breachOpened(tenant, { slo, detectedAt: clock.now() })),
		readers: (id: string, names: string[] | undefined) =>
			store.transaction((tx) => setReaders(tx, deps, { ...opened.request(id), readers: names })),
	};
}

test("an incident that became private is not told by routes, and is told again when it no longer is", async () => {
	const tell = [{ channel: "hook", address: "https://chat.example/mail" }];
	const root = route("default", "", { groupWaitMs: 0, pages: false, tell, repeatIntervalMs: HOUR_MS });
	const { breach, pass, sent, readers, resolve } = await rooms(routedCatalogue({ root }));
	const told = () => sent.filter((message) => message.address === "https://chat.example/mail").length;
	await breach("woodgrove", "mail-read");
	await pass(MINUTE_MS, SECOND_MS);
	expect(told()).toBe(1);
	await readers("INC-1001", ["lead"]);
	await pass(2 * HOUR_MS, 10 * MINUTE_MS);
	expect(told()).toBe(1);
	await readers("INC-1001", undefined);
	await pass(HOUR_MS, 10 * MINUTE_MS);
	expect(told()).toBe(2);
	await readers("INC-1001", ["lead"]);
	await resolve("INC-1001", "noise", "a test");
	await pass(MINUTE_MS, SECOND_MS);
	expect(told()).toBe(2);
});

test("what holds a page back is told in words only to whoever may see all tenants: a reason may name another one", async () => {
	const { breach, store, deps, clock, timeline, db } = await rooms(routedCatalogue(GROUPED));
	const now = clock.now();
	const wanted = { matchers: ['slo="policy-create"'], owner: "n.patel", reason: "City Power migrates" };
	const asked = { scope: ALL, principal: OPERATOR, requestId: "r1", now };
	await store.transaction((tx) => makeMute(tx, deps, asked, { ...wanted, endsAt: now + HOUR_MS }));
	await breach("woodgrove", "policy-create");
	expect((await timeline("INC-1001")).join("\n")).toContain("City Power migrates");
	const limited = scopeOf({ name: "ana", role: "responder", tenants: ["woodgrove"] });
	const seen = (await timelineOf(db, limited, "INC-1001")).map(({ text }) => text);
	expect(seen).toContain("No page: held back by a mute.");
	expect(seen.join("\n")).not.toContain("City Power");
});

test("a private incident that shares a page is not named to others who ask about its routing", async () => {
	const { breach, pass, readers, db } = await rooms(routedCatalogue(GROUPED));
	await breach("woodgrove", "policy-create");
	await breach("woodgrove", "policy-read");
	await pass(30 * SECOND_MS, SECOND_MS);
	const namesFor = async (name: string) =>
		(await routingView(db, scopeOf({ name, role: "viewer" }), "INC-1001"))?.names;
	expect(await namesFor("leo")).toEqual(["INC-1002"]);
	await readers("INC-1002", ["lead"]);
	expect(await namesFor("leo")).toEqual([]);
	expect(await namesFor("lead")).toEqual(["INC-1002"]);
});

test("a timeline names an incident that its reader may not know of to nobody but whoever may, however it is named", async () => {
	const { breach, pass, readers, db, store, deps, request } = await rooms(routedCatalogue(GROUPED));
	await breach("woodgrove", "policy-create");
	await breach("woodgrove", "policy-read");
	await pass(30 * SECOND_MS, SECOND_MS);
	await store.transaction((tx) =>
		addNote(tx, deps, { ...request("INC-1001"), text: "Like INC-1002, and like INC-9999." }),
	);
	const namesFor = async (reader: Principal) =>
		(await timelineOf(db, scopeOf(reader), "INC-1001"))
			.map(({ text }) => text)
			.filter((text) => /INC-|withheld/.test(text));
	const leo: Principal = { name: "leo", role: "viewer" };
	expect(await namesFor(leo)).toEqual([
		"The page also names INC-1002.",
		"n.patel: Like INC-1002, and like (withheld).",
	]);
	await readers("INC-1002", ["lead"]);
	expect(await namesFor(leo)).toEqual([
		"The page also names (withheld).",
		"n.patel: Like (withheld), and like (withheld).",
	]);
	expect(await namesFor({ name: "lead", role: "viewer" })).toContain("The page also names INC-1002.");
	expect(await namesFor({ name: "root", role: "admin" })).toContain("n.patel: Like INC-1002, and like INC-9999.");
});

test("what a route tells stays here when an incident in it becomes private before it leaves; the others are told without it, and pages go on", async () => {
	const tell = [{ channel: "hook", address: "https://chat.example/mail" }];
	const root = route("default", "", { groupWaitMs: 10 * SECOND_MS, tell, repeatIntervalMs: HOUR_MS });
	const { breach, pass, sent, readers, setAnswer, timeline } = await rooms(routedCatalogue({ root }));
	setAnswer(() => ({ status: "retry", detail: "HTTP 503" }));
	await breach("woodgrove", "policy-create");
	await breach("woodgrove", "policy-read");
	await pass(15 * SECOND_MS, SECOND_MS);
	await readers("INC-1002", ["lead"]);
	setAnswer(() => ({ status: "sent", detail: "taken" }));
	await pass(2 * MINUTE_MS, SECOND_MS);
	const told = sent.filter(({ address }) => address === "https://chat.example/mail");
	expect(told.map(({ payload }) => payload.data.incidents)).toEqual([["INC-1001"]]);
	expect(JSON.stringify(told)).not.toContain("INC-1002");
	expect(sent.filter(({ payload }) => payload.data.type !== "incident.told").length).toBeGreaterThan(0);
	expect(await timeline("INC-1002")).toContain("Not told by hook: it became private before the message left.");
	expect((await timeline("INC-1001")).filter((text) => text === "Told by hook.")).toHaveLength(2);
});
