import { HOUR_MS } from "@bellwether/model";
import { beforeEach, describe, expect, it } from "vitest";
import { openForBreach } from "#incidents";
import { listenToIncidents } from "#response";
import { bearer, NOW, useApiServer } from "../../../testing/api-server.ts";
import { breachOpened } from "../../../testing/catalogue.ts";
import { maintenance, route, routedCatalogue } from "../../../testing/routing.ts";
import { createFleetSource } from "../fleet-source.ts";

const server = useApiServer();
const catalogue = routedCatalogue({
	root: route("default", "", { groupWaitMs: 10_000 }),
	maintenance: [maintenance({ workloads: ["mail"], windows: [{ from: NOW + HOUR_MS, until: NOW + 2 * HOUR_MS }] })],
	ownership: [
		{
			name: "policy",
			place: "ownership/policy.yaml:1",
			workload: "policy",
			team: "Policy team",
			parties: [{ name: "Engineering", team: "Policy team", escalation: "default", takeWithinMs: HOUR_MS }],
			steps: [{ step: "respond", parts: [{ party: "Engineering", part: "RA" }] }],
		},
	],
});

beforeEach(() => {
	const { clock, store } = server;
	const telemetry = { ...server.context.telemetry, hourStrips: async () => [] };
	const fleet = createFleetSource({
		clock,
		store,
		catalogue: () => catalogue,
		telemetry,
		demo: false,
		onChange: () => {},
	});
	Object.assign(server.context, { telemetry, catalogue: () => catalogue, fleet });
});

/** One more of the product's own steps, as the app takes it. */
async function open(tenant: string): Promise<string> {
	const { store, ids, bus, baseUrl } = server.context;
	const deps = { ids, bus, catalogue: () => catalogue, publicUrl: baseUrl };
	const breach = breachOpened(tenant, { detectedAt: NOW });
	const outcome = await store.transaction((tx) => openForBreach(tx, deps, breach, catalogue));
	return "incidentId" in outcome ? (outcome.incidentId ?? "") : "";
}

const wanted = { matchers: ['tenant="woodgrove"'], reason: "fail-over test", endsAt: NOW + HOUR_MS };

describe("mutes", () => {
	it("are made by responders, read by viewers, changed with the version that was seen, and audited", async () => {
		const responder = bearer(await server.tokenFor("responder"));
		const viewer = bearer(await server.tokenFor("viewer"));
		const post = (headers: Record<string, string>, payload: object) =>
			server.ask("/api/v1/mutes", { method: "POST", headers, payload });
		expect((await post(viewer, wanted)).statusCode).toBe(403);
		const made = await post(responder, wanted);
		expect(made.statusCode).toBe(201);
		expect(made.json()).toMatchObject({ state: "active", heldCount: 0, version: 1, startsAt: NOW });
		const { id } = made.json();
		const list = await server.ask("/api/v1/mutes", { headers: viewer });
		expect(list.json()).toMatchObject({ items: [{ id }], maintenance: [{ name: "upgrade", isOn: false }], held: [] });
		const end = (version: string) =>
			server.ask(`/api/v1/mutes/${id}/end`, {
				method: "POST",
				headers: { ...responder, "if-match": version },
				payload: {},
			});
		expect((await end('"7"')).statusCode).toBe(412);
		expect((await end('"1"')).json()).toMatchObject({ state: "over", endedAt: NOW, version: 2 });
		const acts = await server.context.store.db.selectFrom("audit").select("action").where("subject", "=", id).execute();
		expect(acts.map((each) => each.action)).toEqual(["mute.make", "mute.end"]);
	});

	it.each([
		[{ ...wanted, reason: "" }, "reason"],
		[{ ...wanted, matchers: ["tenant"] }, "matchers"],
		[{ ...wanted, matchers: ['tenant="nobody"'] }, "matchers"],
		[{ ...wanted, endsAt: NOW + 31 * 24 * HOUR_MS }, "endsAt"],
	])("that cannot be are refused with the field that is wrong", async (payload, place) => {
		const headers = bearer(await server.tokenFor("responder"));
		const answer = await server.ask("/api/v1/mutes", { method: "POST", headers, payload });
		expect(answer.statusCode).toBe(422);
		expect(answer.json().error.details).toMatchObject([{ place }]);
	});

	it("need an end", async () => {
		const headers = bearer(await server.tokenFor("responder"));
		const { endsAt: _, ...endless } = wanted;
		const answer = await server.ask("/api/v1/mutes", { method: "POST", headers, payload: endless });
		expect(answer.statusCode).toBe(400);
	});
});

describe("an incident's routing", () => {
	it("tells why it does not page, and to whom it can be handed; foreign ids answer as unknown ones", async () => {
		const { bus, ids, baseUrl } = server.context;
		listenToIncidents(bus, { ids, bus, catalogue: () => catalogue, publicUrl: baseUrl });
		const headers = bearer(await server.tokenFor("responder"));
		await server.ask("/api/v1/mutes", { method: "POST", headers, payload: wanted });
		const id = await open("woodgrove");
		const routing = (await server.ask(`/api/v1/incidents/${id}/routing`, { headers })).json();
		expect(routing).toMatchObject({
			state: "held",
			routes: ["default"],
			holds: [{ kind: "mute", until: NOW + HOUR_MS, endedAt: null }],
			matchers: 'tenant="woodgrove", slo="policy-create"',
			receivers: [{ party: "Engineering", accountableFor: ["respond"] }],
		});
		const listed = (await server.ask("/api/v1/mutes", { headers })).json();
		expect(listed).toMatchObject({ items: [{ heldCount: 1, holding: [id] }], held: [{ incident: id, kind: "mute" }] });
		const held = { kind: "mute", until: NOW + HOUR_MS };
		expect((await server.ask(`/api/v1/incidents/${id}`, { headers })).json()).toMatchObject({ held });
		const preview = await server.ask(`/api/v1/mutes/preview?matchers=${encodeURIComponent('tenant=~".+"')}`, {
			headers,
		});
		expect(preview.json()).toMatchObject({ tenants: 2, slos: 4, open: [{ id }] });
		const hand = (incident: string) =>
			server.ask(`/api/v1/incidents/${incident}/hand-offs`, {
				method: "POST",
				headers,
				payload: { party: "Engineering", reason: "build" },
			});
		expect((await hand(id)).json()).toMatchObject({ handOffs: [{ state: "waiting", takeBy: NOW + HOUR_MS }] });
		expect((await hand("INC-9999")).statusCode).toBe(404);
	});
});

describe("a workload", () => {
	it("is told with its tenants, owners, gaps and planned maintenance", async () => {
		const headers = bearer(await server.tokenFor("viewer"));
		const one = (await server.ask("/api/v1/workloads/policy", { headers })).json();
		expect(one).toMatchObject({
			owner: "Policy team",
			tenants: 2,
			raci: [{ step: "respond", parts: { Engineering: "RA" }, accountable: "Engineering" }],
			noise: { incidents: 0 },
		});
		expect(one.gapsInDetail).toContain("Nobody is accountable for step learn.");
		const mail = (await server.ask("/api/v1/workloads/mail", { headers })).json();
		expect(mail).toMatchObject({ maintenance: [{ name: "upgrade", nextAt: NOW + HOUR_MS }], gaps: 1 });
		expect((await server.ask("/api/v1/workloads/nothing", { headers })).statusCode).toBe(404);
	});
});
