import { HOUR_MS, MINUTE_MS } from "@bellwether/model";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { IntegrationKind } from "#catalogue";
import { breachOpened, exampleEvidence } from "../../../testing/catalogue.ts";
import { SECRET_ENV } from "../../../testing/tickets/integration.ts";
import { type Behaviour, openTicketReceiver } from "../../../testing/tickets/receiver.ts";
import { openTicketing } from "../../../testing/tickets/ticketing.ts";
import { addNote } from "../index.ts";
import { askForTicket } from "./queries.ts";
import { SYNC_POLICY } from "./sync.ts";

/** Rooms, store, adapters and HTTP are real; only the clock is ours. */

beforeAll(() => void Object.assign(process.env, SECRET_ENV));
afterAll(() => {
	for (const name of Object.keys(SECRET_ENV)) delete process.env[name];
});

async function open(
	kinds: readonly IntegrationKind[] = ["servicenow"],
	more: Parameters<typeof openTicketing>[1] = {},
) {
	const opened = await openTicketing(kinds, more);
	onTestFinished(() => opened.remove());
	return opened;
}

const note = (rooms: Awaited<ReturnType<typeof open>>, text: string) =>
	rooms.store.transaction((tx) => addNote(tx, rooms.deps, { ...rooms.request("INC-1001"), text }));

test("an incident has a ticket in each system, which follows it to its end and names no other tenant", async () => {
	const rooms = await open(["pagerduty", "servicenow", "jira", "azure-devops", "icm"]);
	await rooms.open(breachOpened("woodgrove", { evidence: exampleEvidence({ alsoBurning: ["city-power"] }) }));
	await rooms.settle();
	const tickets = await rooms.tickets("INC-1001");
	expect(tickets.map(({ integration, phase, sync }) => [integration, phase, sync])).toEqual(
		["azure-devops", "icm", "jira", "pagerduty", "servicenow"].map((name) => [name, "linked", "synced"]),
	);
	await rooms.acknowledge("INC-1001");
	await note(rooms, "We look at the policy service.");
	await rooms.close("woodgrove");
	await rooms.resolve("INC-1001");
	await rooms.settle();
	for (const ticket of tickets) {
		const [kept, ...double] = rooms.receiver(ticket.integration as IntegrationKind).withKey(ticket.key);
		expect(double).toEqual([]);
		expect(kept?.title).toBe("[INC-1001] Woodgrove Bank: policy creation fails");
		expect(kept?.notes).toHaveLength(1);
		expect(kept?.notes[0]).toContain("n.patel: We look at the policy service.");
		expect(["resolved", "6", "Done", "Closed", "Resolved"]).toContain(kept?.state);
	}
	for (const { integration } of tickets) {
		const bodies = rooms.receiver(integration as IntegrationKind).requests.map(({ body }) => body);
		expect(JSON.stringify(bodies)).not.toMatch(/city.power/i);
	}
	expect(await rooms.timeline("INC-1001")).toContain("servicenow ticket INC001 was created.");
	expect(rooms.errors).toEqual([]);
});

describe("no ticket", () => {
	test("for an incident that is milder, of another workload, or of another tenant than the integration wants", async () => {
		const rooms = await open();
		const [integration] = rooms.integrations;
		if (!integration) throw new Error("there is one");
		const all = { severity: "2.5", workloads: [], tenants: [] } as const;
		const filters = [
			{ ...all, severity: "2" as const },
			{ ...all, workloads: ["mail"] },
			{ ...all, tenants: ["city-power"] },
		];
		const integrations = filters.map((when, k) => ({ ...integration, name: `filter-${k}`, when }));
		rooms.setCatalogue({ ...rooms.deps.catalogue(), integrations: [...integrations, integration] });
		await rooms.open(breachOpened("woodgrove"));
		expect((await rooms.tickets("INC-1001")).map((ticket) => ticket.integration)).toEqual(["servicenow"]);
	});

	test("for a test of a monitor, and none in a system that others read for a private incident", async () => {
		const rooms = await open();
		await rooms.open(breachOpened("woodgrove", { evidence: exampleEvidence({ drill: { by: "n.patel" } as never }) }));
		expect(await rooms.tickets("INC-1001")).toEqual([]);
		await rooms.open(breachOpened("city-power"));
		await rooms.store.transaction((tx) =>
			tx.updateTable("incidents").set({ readers: '["ana"]' }).where("id", "=", "INC-1002").execute(),
		);
		await rooms.settle();
		expect(rooms.receiver("servicenow").requests).toEqual([]);
		expect((await rooms.tickets("INC-1002")).map(({ phase }) => phase)).toEqual(["absent"]);
	});

	test("is made anew for an incident that was over before the system could be reached", async () => {
		const rooms = await open();
		rooms.receiver("servicenow").behave(() => "too-many");
		await rooms.open(breachOpened("woodgrove"));
		await rooms.carry();
		await rooms.resolve("INC-1001", "noise", "a test of ours");
		rooms.receiver("servicenow").behave(() => "ok");
		await rooms.settle();
		expect(rooms.receiver("servicenow").tickets).toEqual([]);
		expect((await rooms.tickets("INC-1001")).map(({ phase, sync }) => [phase, sync])).toEqual([["dropped", "synced"]]);
	});
});

/** What happens to creates, again and again, until the system is well again. */
const TROUBLES: readonly Behaviour[] = [
	"error-500",
	"done-500",
	"unavailable",
	"too-many",
	"reset",
	"garbage",
	"lost",
	"late",
	"huge",
	"sign-in-page",
];

test("one ticket in the end, in every system, whatever its creates meet", async () => {
	const kinds = ["pagerduty", "servicenow", "jira", "azure-devops", "icm"] as const;
	const tenants = TROUBLES.map((trouble) => `meets-${trouble}`);
	const rooms = await open(kinds, { tenants });
	const met = new Set<string>();
	for (const kind of kinds) {
		const receiver = rooms.receiver(kind);
		const creates = new Map<string, number>();
		receiver.behave((request, isCreate) => {
			// What came late is done before anybody can see it.
			if (!isCreate) receiver.catchUp();
			if (!isCreate) return "ok";
			const trouble = /meets-([a-z0-9-]+?)[:<"\\]/.exec(JSON.stringify(request.body))?.[1] as Behaviour;
			const seen = creates.get(trouble) ?? 0;
			creates.set(trouble, seen + 1);
			met.add(`${kind} ${trouble}`);
			return seen < 2 ? trouble : "ok";
		});
	}
	for (const tenant of tenants) await rooms.open(breachOpened(tenant));
	await rooms.settle();
	for (const [k] of tenants.entries()) {
		const tickets = await rooms.tickets(`INC-${1001 + k}`);
		expect(tickets.map(({ phase, sync }) => [phase, sync])).toEqual(kinds.map(() => ["linked", "synced"]));
		for (const { key, integration } of tickets) {
			expect(rooms.receiver(integration as IntegrationKind).withKey(key)).toHaveLength(1);
		}
	}
	for (const kind of kinds) expect(rooms.receiver(kind).tickets).toHaveLength(TROUBLES.length);
	expect(met.size).toBe(kinds.length * TROUBLES.length);
});

test("a system that asks for peace is left in peace, but no longer than the cap", async () => {
	const rooms = await open();
	let asked = 0;
	rooms.receiver("servicenow").behave(() => (asked++ === 0 ? "too-many" : "ok"));
	await rooms.open(breachOpened("woodgrove"));
	expect(await rooms.settle()).toBe(5 * MINUTE_MS);
	expect(rooms.receiver("servicenow").tickets).toHaveLength(1);
});

test("changes go in order, notes before the state that closes", async () => {
	const rooms = await open(["jira"]);
	await rooms.open(breachOpened("woodgrove"));
	await rooms.settle();
	const receiver = rooms.receiver("jira");
	receiver.behave(() => "too-many");
	await rooms.acknowledge("INC-1001");
	await note(rooms, "First.");
	await note(rooms, "Second.");
	await rooms.close("woodgrove");
	await rooms.resolve("INC-1001");
	await rooms.carry();
	receiver.behave(() => "ok");
	await rooms.settle();
	const [kept] = receiver.tickets;
	expect(kept?.notes.map((text) => text.split("\n")[0])).toEqual(["n.patel: First.", "n.patel: Second."]);
	expect(kept?.state).toBe("Done");
	const paths = receiver.requests.filter(({ method }) => method === "POST").map(({ path }) => path.split("/").at(-1));
	expect(paths.lastIndexOf("comment")).toBeLessThan(paths.lastIndexOf("transitions"));
});

test("one system that hangs holds up no other", async () => {
	const rooms = await open(["icm", "servicenow"], { timeoutMs: 1_500 });
	rooms.receiver("icm").behave(() => "hang");
	for (const tenant of ["woodgrove", "city-power"]) await rooms.open(breachOpened(tenant));
	const hung = rooms.carry();
	await expect.poll(() => rooms.receiver("servicenow").tickets.length, { interval: 5, timeout: 20_000 }).toBe(2);
	await hung;
	expect(rooms.receiver("icm").tickets).toEqual([]);
});

test("what is refused waits for a person, is told once, and goes on when asked", async () => {
	const rooms = await open();
	const receiver = rooms.receiver("servicenow");
	receiver.behave((_request, isCreate) => (isCreate ? "refused" : "ok"));
	await rooms.open(breachOpened("woodgrove"));
	expect(await rooms.settle()).toBe(0);
	expect((await rooms.tickets("INC-1001"))[0]).toMatchObject({ phase: "absent", sync: "failed" });
	await rooms.acknowledge("INC-1001");
	await rooms.settle();
	const told = (await rooms.timeline("INC-1001")).filter((text) => text.includes("needs a person"));
	expect(told).toHaveLength(1);
	receiver.behave(() => "ok");
	const [integration] = rooms.integrations;
	if (!integration) throw new Error("there is one");
	const outcome = await rooms.store.transaction((tx) =>
		askForTicket(tx, rooms.deps, { ...rooms.request("INC-1001"), integration, requestId: "req-1" }),
	);
	expect(outcome.status).toBe("asked");
	await rooms.settle();
	expect(receiver.tickets).toMatchObject([{ state: "2" }]);
});

test("a ticket that was deleted there is told of and not made anew by itself", async () => {
	const rooms = await open();
	await rooms.open(breachOpened("woodgrove"));
	await rooms.settle();
	for (const ticket of rooms.receiver("servicenow").tickets) ticket.deleted = true;
	await rooms.acknowledge("INC-1001");
	await rooms.settle();
	expect((await rooms.tickets("INC-1001"))[0]).toMatchObject({ phase: "gone", sync: "failed" });
	expect(await rooms.timeline("INC-1001")).toContain(
		"servicenow ticket INC001 was deleted there. No new one is made by itself.",
	);
	await note(rooms, "Still at it.");
	await rooms.settle();
	expect(rooms.receiver("servicenow").tickets).toHaveLength(1);
});

test("two tickets with one key, made by somebody else: the older is adopted and the other told of", async () => {
	const rooms = await open();
	await rooms.open(breachOpened("woodgrove"));
	const [{ key } = { key: "" }] = await rooms.tickets("INC-1001");
	const receiver = rooms.receiver("servicenow");
	const made = { key, title: "made by hand", text: "", severity: "3/3", state: "1", resolution: "", notes: [] };
	receiver.tickets.push({ ...made, id: "s1", notes: [] }, { ...made, id: "s2", notes: [] });
	await rooms.settle();
	expect(receiver.tickets).toHaveLength(2);
	expect(receiver.tickets[0]?.title).toBe("[INC-1001] Woodgrove Bank: policy creation fails");
	expect(await rooms.timeline("INC-1001")).toContain(
		"servicenow ticket INC001 was there already, and 1 more with the same key: close what is double.",
	);
});

test("a ticket that people there closed before it was adopted is not opened again", async () => {
	const rooms = await open(["pagerduty"]);
	const receiver = rooms.receiver("pagerduty");
	receiver.behave((_request, isCreate) => (isCreate ? "lost" : "ok"));
	await rooms.open(breachOpened("woodgrove"));
	await rooms.carry();
	const [made] = receiver.tickets;
	if (made) made.state = "resolved";
	receiver.behave(() => "ok");
	await rooms.settle();
	await rooms.acknowledge("INC-1001");
	await rooms.settle();
	expect(receiver.tickets.map(({ state }) => state)).toEqual(["resolved"]);
	expect((await rooms.tickets("INC-1001"))[0]).toMatchObject({ phase: "linked", sync: "synced", theirs: "resolved" });
});

test("a system that stays away is given up after a day, and taken up again when its settings change", async () => {
	const policy = { ...SYNC_POLICY, retryDelaysMs: [8 * HOUR_MS] };
	const rooms = await open(["servicenow"], { policy });
	const receiver = rooms.receiver("servicenow");
	receiver.behave(() => "too-many");
	await rooms.open(breachOpened("woodgrove"));
	expect(await rooms.settle(30 * HOUR_MS)).toBe(24 * HOUR_MS);
	expect((await rooms.tickets("INC-1001"))[0]).toMatchObject({ sync: "failed" });
	expect((await rooms.timeline("INC-1001")).at(-1)).toMatch(/needs a person: given up after 4 attempts/);
	receiver.behave(() => "ok");
	await rooms.carrierWith().reconsider();
	await rooms.settle();
	expect(receiver.tickets).toHaveLength(1);
});

test("where a create was cut off, the ticket is looked up only when the system is sure to show it", async () => {
	const rooms = await open(["jira"]);
	const receiver = rooms.receiver("jira");
	receiver.behave((_request, isCreate) => (isCreate ? "lost" : "ok"));
	await rooms.open(breachOpened("woodgrove"));
	await rooms.carry();
	const before = receiver.requests.length;
	rooms.clock.advance(119_000);
	await rooms.carry();
	expect(receiver.requests).toHaveLength(before);
	rooms.clock.advance(1_000);
	await rooms.carry();
	expect(receiver.tickets).toHaveLength(1);
	expect((await rooms.tickets("INC-1001"))[0]).toMatchObject({ phase: "linked" });
});

test.each([
	["forwards", HOUR_MS],
	["back", -2 * HOUR_MS],
])("a wall clock that steps %s loses no ticket, holds none up, and cuts no doubt short", async (_name, stepMs) => {
	const rooms = await open(["jira"]);
	const receiver = rooms.receiver("jira");
	receiver.behave((_request, isCreate) => (isCreate ? "late" : "ok"));
	await rooms.open(breachOpened("woodgrove"));
	await rooms.carry();
	await rooms.followClock();
	rooms.clock.step(stepMs);
	await rooms.followClock();
	await rooms.carry();
	expect((await rooms.tickets("INC-1001"))[0]?.phase).toBe("creating");
	receiver.catchUp();
	expect(await rooms.settle()).toBeLessThanOrEqual(2 * MINUTE_MS);
	expect(receiver.tickets).toHaveLength(1);
});

test("a receiver of the suite speaks what it claims to: an unknown key is refused", async () => {
	const receiver = await openTicketReceiver("pagerduty");
	onTestFinished(() => receiver.close());
	const answer = await fetch(`${receiver.url}/v2/enqueue`, {
		method: "POST",
		body: JSON.stringify({ routing_key: "another", event_action: "trigger", dedup_key: "k" }),
	});
	expect(answer.status).toBe(400);
	expect(receiver.tickets).toEqual([]);
});
