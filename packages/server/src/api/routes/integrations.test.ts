import { createHmac } from "node:crypto";
import { DAY_MS, MINUTE_MS } from "@bellwether/model";
import { Registry } from "prom-client";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { ApiContext } from "#api";
import type { Integration } from "#catalogue";
import {
	createTicketCarrier,
	integrationStates,
	listenForTickets,
	type TicketCarrier,
	ticketsLeftBehind,
} from "#incidents";
import { createEgressReader } from "#platform";
import { breachOpened } from "../../../testing/catalogue.ts";
import { ALL } from "../../../testing/rooms.ts";
import { type ServedRooms, serveRooms } from "../../../testing/served-rooms.ts";
import { integrationTo, SECRET_ENV } from "../../../testing/tickets/integration.ts";
import { openTicketReceiver, type TicketReceiver } from "../../../testing/tickets/receiver.ts";
import { SECRETS } from "../../../testing/tickets/secrets.ts";
import { ticketGauges } from "../../app/ticket-metrics.ts";
import { ticketSystemOf } from "../../app/ticket-systems.ts";

const SIGNING_KEY = "signing-key-of-pagerduty";
const BASIC = "azure:password-of-azure-hook";
const ENV = { ...SECRET_ENV, TICKETS_SIGNING_KEY: SIGNING_KEY, TICKETS_BASIC: BASIC };
const ref = (name: keyof typeof ENV) => `\${env:${name}}`;

beforeAll(() => void Object.assign(process.env, ENV));
afterAll(() => {
	for (const name of Object.keys(ENV)) delete process.env[name];
});

let rooms: ServedRooms;
let pager: TicketReceiver;
let boards: TicketReceiver;
let carrier: TicketCarrier;

beforeEach(async () => {
	pager = await openTicketReceiver("pagerduty");
	boards = await openTicketReceiver("azure-devops");
	onTestFinished(async () => {
		await pager.close();
		await boards.close();
	});
	const integrations: Integration[] = [
		integrationTo(pager, {
			displayName: "PagerDuty",
			inbound: { auth: "pagerduty", secretRef: ref("TICKETS_SIGNING_KEY") },
		}),
		integrationTo(boards, { displayName: "Azure DevOps", inbound: { auth: "basic", secretRef: ref("TICKETS_BASIC") } }),
	];
	const allow = [pager.host, boards.host];
	rooms = await serveRooms({ allow, catalogue: { integrations } });
	listenForTickets(rooms.deps.bus, rooms.deps);
	const reader = createEgressReader({ allow });
	const systems = new Map(integrations.map((each) => [each.name, ticketSystemOf(each, reader)]));
	const system = (name: string) => systems.get(name);
	(rooms.context as { ticketSystem?: ApiContext["ticketSystem"] }).ticketSystem = system;
	const { store, clock, deps, errors } = rooms;
	carrier = createTicketCarrier({ store, clock, deps, systems: system, onError: (error) => errors.push(error) });
});

const carry = () => carrier.runDue(rooms.clock.now());

interface Answer {
	readonly status: string;
	readonly outcomes: readonly string[];
	readonly error: { readonly message: string };
}

async function send(name: string, body: object, headers: Record<string, string>) {
	const answer = await fetch(`${rooms.url}/api/v1/integrations/${name}/events`, {
		method: "POST",
		headers: { "content-type": "application/json", ...headers },
		body: JSON.stringify(body),
	});
	return { status: answer.status, body: (await answer.json()) as Answer };
}

let events = 0;
function fromPager(
	type: string,
	key: string,
	more: { id?: string; at?: number; secret?: string; data?: object; agent?: object } = {},
) {
	const body = {
		event: {
			id: more.id ?? `event-${++events}`,
			event_type: type,
			occurred_at: new Date(more.at ?? rooms.clock.now()).toISOString(),
			agent: more.agent ?? { type: "user_reference", summary: "Tenex Engineer" },
			data: more.data ?? { id: "PD1", number: 1, incident_key: key, type: "incident" },
		},
	};
	const signature = createHmac("sha256", more.secret ?? SIGNING_KEY)
		.update(JSON.stringify(body))
		.digest("hex");
	return send("pagerduty", body, { "x-pagerduty-signature": `v1=${"0".repeat(64)},v1=${signature}` });
}

function fromBoards(key: string, oldValue: string, newValue: string) {
	const body = {
		id: `hook-${++events}`,
		eventType: "workitem.updated",
		createdDate: new Date(rooms.clock.now()).toISOString(),
		resource: {
			workItemId: 1,
			revisedBy: { displayName: "Ana Ruiz" },
			fields: { "System.State": { oldValue, newValue } },
			revision: { fields: { "System.Tags": `bellwether; ${key}` } },
		},
	};
	return send("azure-devops", body, { authorization: `Basic ${Buffer.from(BASIC).toString("base64")}` });
}

/** An incident with its tickets there; answers our key in each system. */
async function opened(
	tenant = "woodgrove",
): Promise<{ readonly id: string; readonly pd: string; readonly ado: string }> {
	const outcome = await rooms.open(breachOpened(tenant));
	if (outcome.status === "shadow" || outcome.incidentId === undefined) throw new Error("no incident");
	const id = outcome.incidentId;
	await carry();
	const rows = await rooms.db.selectFrom("tickets").selectAll().where("incident_id", "=", id).execute();
	const keyIn = (name: string) => rows.find(({ integration }) => integration === name)?.external_key ?? "";
	return { id, pd: keyIn("pagerduty"), ado: keyIn("azure-devops") };
}

describe("a message of a system", () => {
	test("acknowledges the incident by the person there, and goes on to the other systems, not back", async () => {
		const { id, pd } = await opened();
		expect(await fromPager("incident.acknowledged", pd)).toEqual({
			status: 200,
			body: { status: "taken", outcomes: ["taken"] },
		});
		expect(await rooms.incident(id)).toMatchObject({
			state: "acknowledged",
			acknowledgedBy: "PagerDuty: Tenex Engineer",
		});
		const before = pager.requests.length;
		await carry();
		expect(pager.requests).toHaveLength(before);
		expect(boards.tickets[0]?.state).toBe("Active");
		const audit = await rooms.db.selectFrom("audit").selectAll().where("action", "=", "incident.acknowledge").execute();
		expect(audit).toMatchObject([{ actor: "PagerDuty: Tenex Engineer", tenant: "woodgrove", subject: id }]);
	});

	test("is acted on once, however often it comes", async () => {
		const { id, pd } = await opened();
		const data = { type: "incident_note", content: "Rolled back.", incident: { id: "PD1" } };
		await fromPager("incident.triggered", pd);
		const answers = [];
		for (let k = 0; k < 3; k++) answers.push(await fromPager("incident.annotated", pd, { id: "same", data }));
		expect(answers.map(({ body }) => body.status)).toEqual(["taken", "duplicate", "duplicate"]);
		const notes = (await rooms.timeline(id)).filter((text) => text.includes("Rolled back."));
		expect(notes).toEqual(["PagerDuty: Tenex Engineer: Rolled back."]);
		await carry();
		expect(pager.tickets[0]?.notes).toEqual([]);
		expect(boards.tickets[0]?.notes).toHaveLength(1);
	});

	test("without the right proof is refused, and nothing tells why", async () => {
		const answers = [
			await fromPager("incident.acknowledged", "key", { secret: "another-key-of-somebody" }),
			await send("pagerduty", { event: {} }, {}),
			await send("pagerduty", {}, { authorization: `Bearer ${SIGNING_KEY}` }),
			await send("opsgenie", {}, {}),
			await send("azure-devops", {}, { authorization: "Basic YTpi" }),
		];
		const said = "There is no such integration, or the message does not prove that it comes from it.";
		expect(answers.map(({ status, body }) => [status, body.error.message])).toEqual(answers.map(() => [401, said]));
	});

	test("from long ago is not acted on, though it is signed", async () => {
		const { id, pd } = await opened();
		const answer = await fromPager("incident.acknowledged", pd, { at: rooms.clock.now() - DAY_MS - 1 });
		expect(answer.body.outcomes).toEqual(["too-old"]);
		expect((await rooms.incident(id))?.state).toBe("detected");
	});

	test("reaches no ticket of another integration, of another tenant, or of nobody", async () => {
		const woodgrove = await opened("woodgrove");
		const cityPower = await opened("city-power");
		expect((await fromPager("incident.acknowledged", woodgrove.ado)).body.outcomes).toEqual(["unknown-ticket"]);
		expect((await fromPager("incident.acknowledged", "bellwether-inc-1001-000000")).body.outcomes).toEqual([
			"unknown-ticket",
		]);
		expect((await fromPager("incident.acknowledged", cityPower.id)).body.outcomes).toEqual(["unknown-ticket"]);
		expect((await fromPager("incident.acknowledged", cityPower.pd)).body.outcomes).toEqual(["taken"]);
		expect((await rooms.incident(woodgrove.id))?.state).toBe("detected");
		expect((await rooms.incident(cityPower.id))?.state).toBe("acknowledged");
	});

	test("says nothing of a private incident, and does nothing to it", async () => {
		const { id, pd } = await opened();
		await rooms.store.transaction((tx) =>
			tx.updateTable("incidents").set({ readers: '["ana"]' }).where("id", "=", id).execute(),
		);
		expect((await fromPager("incident.acknowledged", pd)).body.outcomes).toEqual(["unknown-ticket"]);
		expect((await rooms.incident(id))?.state).toBe("detected");
	});

	test("that overtakes the answer to our own create finds its ticket by our key", async () => {
		const { id, pd } = await opened();
		await rooms.store.transaction((tx) =>
			tx
				.updateTable("tickets")
				.set({ external_id: null, phase: "creating", sync: "pending", create_sent_at: rooms.clock.now() })
				.where("external_key", "=", pd)
				.execute(),
		);
		expect((await fromPager("incident.acknowledged", pd)).body.outcomes).toEqual(["taken"]);
		expect((await rooms.incident(id))?.state).toBe("acknowledged");
		await carry();
		expect(pager.withKey(pd)).toHaveLength(1);
	});
});

describe("where both sides act", () => {
	test("a resolution there marks the incident mitigated and asks for a verdict; the ticket stays resolved", async () => {
		const { id, ado } = await opened();
		const [item] = boards.tickets;
		if (item) item.state = "Closed";
		expect((await fromBoards(ado, "Active", "Closed")).body.outcomes).toEqual(["taken"]);
		expect(await rooms.incident(id)).toMatchObject({ state: "mitigated", acknowledgedBy: "Azure DevOps: Ana Ruiz" });
		expect(await rooms.timeline(id)).toContain(
			"Azure DevOps: Ana Ruiz resolved #1. Marked mitigated here; a verdict is still needed to resolve the incident.",
		);
		await carry();
		expect(item?.state).toBe("Closed");
		await rooms.resolve(id);
		await carry();
		expect(item?.state).toBe("Closed");
		expect(pager.tickets[0]?.state).toBe("resolved");
	});

	test("whoever resolves first wins: what comes later from there changes nothing", async () => {
		const { id, pd } = await opened();
		await rooms.close("woodgrove");
		await rooms.resolve(id);
		await carry();
		rooms.clock.advance(11 * MINUTE_MS);
		expect((await fromPager("incident.resolved", pd)).body.outcomes).toEqual(["unchanged"]);
		expect(await rooms.incident(id)).toMatchObject({ state: "resolved", verdictBy: "n.patel" });
	});

	test("what we told comes back as an echo, also after the incident has moved on", async () => {
		const { id, pd } = await opened();
		await rooms.close("woodgrove");
		await rooms.resolve(id, "noise", "a test of ours");
		await carry();
		await rooms.store.transaction((tx) =>
			tx
				.updateTable("incidents")
				.set({ state: "investigating", resolved_at: null, verdict: null })
				.where("id", "=", id)
				.execute(),
		);
		const integration = { type: "events_api_v2_inbound_integration_reference", summary: "Bellwether" };
		expect((await fromPager("incident.resolved", pd)).body.outcomes).toEqual(["echo"]);
		expect((await fromPager("incident.resolved", pd, { agent: integration })).body.outcomes).toEqual(["echo"]);
		expect((await rooms.incident(id))?.state).toBe("investigating");
		// An echo is used up: the next one is somebody's own doing.
		expect((await fromPager("incident.resolved", pd)).body.outcomes).toEqual(["taken"]);
		expect((await rooms.incident(id))?.state).toBe("mitigated");
	});

	test("our own note that comes back is no note", async () => {
		const { id } = await opened();
		const token = await rooms.token("responder");
		await rooms.ask(`/api/v1/incidents/${id}/notes`, token.token, { method: "POST", body: { text: "We roll back." } });
		await carry();
		const html = boards.tickets[0]?.notes[0] ?? "";
		const body = {
			id: "hook-note",
			eventType: "workitem.commented",
			createdDate: new Date(rooms.clock.now()).toISOString(),
			resource: { id: 1, fields: { "System.History": `<div>${html}</div>` } },
		};
		const answer = await send("azure-devops", body, {
			authorization: `Basic ${Buffer.from(BASIC).toString("base64")}`,
		});
		expect(answer.body.outcomes).toEqual(["echo"]);
		expect((await rooms.timeline(id)).filter((text) => text.includes("We roll back."))).toHaveLength(1);
		// An answer below which ours is quoted is somebody's words.
		const quoted = { ...body.resource.fields, "System.History": `<div>Which one?<br>${html}</div>` };
		const reply = { ...body, id: "hook-reply", resource: { id: 1, fields: quoted } };
		const second = await send("azure-devops", reply, {
			authorization: `Basic ${Buffer.from(BASIC).toString("base64")}`,
		});
		expect(second.body.outcomes).toEqual(["taken"]);
	});

	test("reopening there is told and reopens nothing here; the ticket is not closed again", async () => {
		const { id, ado } = await opened();
		await rooms.resolve(id, "noise", "a test of ours");
		await carry();
		const [item] = boards.tickets;
		if (item) item.state = "Active";
		expect((await fromBoards(ado, "Closed", "Active")).body.outcomes).toEqual(["taken"]);
		expect(await rooms.timeline(id)).toContain(
			"Azure DevOps: Ana Ruiz reopened #1. The incident stays as it is: reopen it here if the impact is back.",
		);
		await carry();
		expect(item?.state).toBe("Active");
		expect((await rooms.incident(id))?.state).toBe("resolved");
	});
});

describe("the API", () => {
	test("shows each integration with its last delivery and its proof, and no secret anywhere", async () => {
		const { id } = await opened();
		const { token } = await rooms.token("viewer");
		const { body, text } = await rooms.ask("/api/v1/integrations", token);
		expect(body.items).toMatchObject([
			{
				name: "pagerduty",
				state: "ok",
				inbound: `${rooms.url}/api/v1/integrations/pagerduty/events`,
				tickets: { open: 1, waiting: 0, failed: 0 },
				lastDelivery: { outcome: "done", incident: id, detail: expect.stringContaining("HTTP 202 from 127.0.0.1") },
			},
			{ name: "azure-devops", state: "ok", lastFailure: null, lastTest: null },
		]);
		const exchanges = await rooms.ask("/api/v1/integrations/pagerduty/exchanges", token);
		const tickets = await rooms.ask(`/api/v1/incidents/${id}/tickets`, token);
		expect(tickets.body.items).toMatchObject([
			{ system: "Azure DevOps", state: "synced", name: "#1", theirState: "open" },
			{ system: "PagerDuty", state: "synced" },
		]);
		for (const said of [text, exchanges.text, tickets.text]) {
			for (const secret of [...Object.values(SECRETS), SIGNING_KEY, BASIC]) expect(said).not.toContain(secret);
		}
	});

	test("shows a caller the exchanges of its own tenants alone", async () => {
		const { id } = await opened("woodgrove");
		const [integration, ...others] = rooms.deps.catalogue().integrations ?? [];
		if (!integration) throw new Error("there is one");
		const limited = { ...integration, when: { ...integration.when, tenants: ["city-power", "woodgrove"] } };
		rooms.setCatalogue({ ...rooms.deps.catalogue(), integrations: [limited, ...others] });
		const { token } = await rooms.token("responder", { tenants: ["city-power"] });
		const { body } = await rooms.ask("/api/v1/integrations", token);
		expect(body.items[0]).toMatchObject({
			state: "idle",
			tickets: { open: 0 },
			lastDelivery: null,
			when: { tenants: ["city-power"] },
		});
		expect((await rooms.ask("/api/v1/integrations/pagerduty/exchanges", token)).body.items).toEqual([]);
		expect((await rooms.ask(`/api/v1/incidents/${id}/tickets`, token)).status).toBe(404);
		const asked = { method: "POST", body: { integration: "pagerduty" } };
		expect((await rooms.ask(`/api/v1/incidents/${id}/tickets`, token, asked)).status).toBe(404);
		expect((await rooms.ask("/api/v1/integrations/pagerduty/test", token, { method: "POST", body: {} })).status).toBe(
			403,
		);
	});

	test("tests an integration now: a marked ticket is made and closed, and the proof is kept", async () => {
		const { token } = await rooms.token("admin");
		const test = { method: "POST", body: {} };
		const { body } = await rooms.ask("/api/v1/integrations/azure-devops/test", token, test);
		expect(body).toMatchObject({
			status: "done",
			steps: [{ ok: true }, { ok: true }, { ok: true }],
			ticket: { name: "#1" },
		});
		expect(boards.tickets).toMatchObject([
			{ title: "[Test] Bellwether can create tickets here", severity: "4", state: "Closed" },
		]);
		const check = await rooms.ask("/api/v1/integrations/pagerduty/test", token, {
			method: "POST",
			body: { mode: "check" },
		});
		expect(check.body).toMatchObject({ status: "done", ticket: null });
		expect(pager.tickets).toEqual([]);
		pager.behave(() => "refused");
		const failed = await rooms.ask("/api/v1/integrations/pagerduty/test", token, test);
		expect(failed.body).toMatchObject({ status: "failed" });
		const list = await rooms.ask("/api/v1/integrations", token);
		expect(list.body.items[0]).toMatchObject({ state: "failing", lastTest: { what: "test", outcome: "refused" } });
	});

	test("a person asks for a ticket that the rules did not make", async () => {
		const [integration] = rooms.deps.catalogue().integrations ?? [];
		if (!integration) throw new Error("there is one");
		const strict: Integration = { ...integration, when: { ...integration.when, severity: "1" } };
		rooms.setCatalogue({ ...rooms.deps.catalogue(), integrations: [strict] });
		await rooms.open(breachOpened("woodgrove"));
		const { token } = await rooms.token("responder", { name: "n.patel" });
		const asked = { method: "POST", body: { integration: "pagerduty" } };
		const answer = await rooms.ask("/api/v1/incidents/INC-1001/tickets", token, asked);
		expect(answer.body).toMatchObject({ system: "PagerDuty", state: "waiting" });
		await carry();
		expect(pager.tickets).toHaveLength(1);
		expect(await rooms.timeline("INC-1001")).toContain("n.patel asked for a ticket in PagerDuty.");
	});
});

test("tickets of an integration that is taken out of the catalogue are named with what to do, and figure in the metrics", async () => {
	const { token } = await rooms.token("viewer");
	await rooms.claim(breachOpened("woodgrove"));
	const listed = async () => (await rooms.ask("/api/v1/integrations", token)).body.leftBehind;
	expect(await listed()).toEqual([]);
	const [gone, ...left] = rooms.deps.catalogue().integrations ?? [];
	rooms.setCatalogue({ ...rooms.deps.catalogue(), integrations: left });
	expect(await listed()).toEqual([
		{
			integration: gone?.name,
			tickets: 1,
			since: expect.any(Number),
			remedy: expect.stringContaining("Put the integration back"),
		},
	]);
	const { token: limited } = await rooms.token("viewer", { name: "city", tenants: ["city-power"] });
	expect((await rooms.ask("/api/v1/integrations", limited)).body.leftBehind).toEqual([]);
	const registry = new Registry();
	const leftBehind = await ticketsLeftBehind(rooms.db, ALL, rooms.deps.catalogue());
	const integrations = await integrationStates(rooms.db, ALL, rooms.deps.catalogue());
	ticketGauges(registry, "bellwether_")({ integrations, leftBehind }, rooms.clock.now());
	const text = await registry.metrics();
	expect(text).toContain(`bellwether_tickets_left_behind{integration="${gone?.name}"} 1`);
	expect(text).toContain(`bellwether_tickets{integration="${left[0]?.name}",state="waiting"} 1`);
});

describe("tickets that a removed integration left behind", () => {
	const letGo = async (token: string, name = "pagerduty") =>
		rooms.ask(`/api/v1/integrations/${name}/let-go`, token, { method: "POST" });
	/** PagerDuty is taken out of the catalogue while its ticket is open there. */
	async function left() {
		const { id } = await opened();
		const all = rooms.deps.catalogue();
		rooms.setCatalogue({ ...all, integrations: (all.integrations ?? []).filter(({ name }) => name !== "pagerduty") });
		await rooms.acknowledge(id);
		return { id, all };
	}

	test("an administrator lets go of: nothing more is told to them, also when it is back, and who did it stands on record", async () => {
		const { id, all } = await left();
		const { token } = await rooms.token("admin");
		const listed = async () => (await rooms.ask("/api/v1/integrations", token)).body.leftBehind;
		expect(await listed()).toMatchObject([{ integration: "pagerduty", tickets: 1 }]);
		expect(await letGo(token)).toMatchObject({ status: 200, body: { tickets: 1 } });
		expect(await listed()).toEqual([]);
		expect((await rooms.timeline(id)).join("\n")).toMatch(/let go of ticket .+ in pagerduty/);
		const record = await rooms.db.selectFrom("audit").selectAll().where("action", "=", "ticket.let_go").execute();
		expect(record).toMatchObject([{ subject: "integration:pagerduty", detail: '{"tickets":1}' }]);
		expect((await letGo(token)).status).toBe(404);
		rooms.setCatalogue(all);
		const before = pager.requests.length;
		await rooms.mitigate(id);
		await carry();
		expect(pager.requests.length).toBe(before);
	});

	test("nobody else does, and of one that the catalogue has nobody can", async () => {
		const { token: responder } = await rooms.token("responder");
		const { token: limited } = await rooms.token("admin", { name: "city", tenants: ["city-power"] });
		const { token } = await rooms.token("admin", { name: "root" });
		expect([(await letGo(token)).status, (await letGo(token, "nothing")).status]).toEqual([409, 404]);
		const { id } = await left();
		expect([(await letGo(responder)).status, (await letGo(limited)).status]).toEqual([403, 403]);
		expect((await rooms.timeline(id)).join("\n")).not.toContain("let go");
	});
});
