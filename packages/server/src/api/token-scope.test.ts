import { beforeAll, describe, expect, it, vi } from "vitest";
import { breachOpened, exampleEvidence, exampleTenant } from "../../testing/catalogue.ts";
import { type ServedRooms, serveRooms } from "../../testing/served-rooms.ts";
import { openApiDocument } from "./openapi-document.ts";

// Sockets and a store on disk set the pace: on a busy machine everything takes longer.
vi.setConfig({ testTimeout: 60_000 });

interface Route {
	readonly path: string;
	readonly method: string;
	readonly authz: { readonly roles: readonly string[]; readonly tenant: string };
}

let routes: Route[];

beforeAll(async () => {
	const { paths } = (await openApiDocument("0")) as {
		paths: Record<string, Record<string, { "x-authz": Route["authz"] }>>;
	};
	routes = Object.entries(paths).flatMap(([path, methods]) =>
		Object.entries(methods).map(([method, operation]) => ({ path, method, authz: operation["x-authz"] })),
	);
});

/** Of every tenant's rows there is one of the other tenant, which carries words that stand nowhere else. */
async function twoTenants() {
	const served = await serveRooms({
		catalogue: {
			tenants: [
				exampleTenant("canary-one", "Canary Bank", {
					contacts: { csam: "csam-canary@v.example", customer: ["ops@canary.example"] },
				}),
				exampleTenant("city-power", "City Power"),
			],
		},
	});
	await served.claim(breachOpened("canary-one", { evidence: exampleEvidence({ alsoBurning: ["city-power"] }) }));
	await served.claim(breachOpened("city-power", { evidence: exampleEvidence({ alsoBurning: ["canary-one"] }) }));
	const person = await served.token("responder", { name: "n.patel" });
	await served.ask("/api/v1/incidents/INC-1001/notes", person.token, { method: "POST", body: { text: "canary note" } });
	const agent = await served.token("agent", { name: "canary-bot" });
	const call = { name: "propose_note", arguments: { incident: "INC-1001", reason: "canary", text: "canary" } };
	await fetch(`${served.url}/mcp`, {
		method: "POST",
		headers: {
			authorization: `Bearer ${agent.token}`,
			accept: "application/json, text/event-stream",
			"content-type": "application/json",
		},
		body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: call }),
	});
	await served.deliver();
	const limited = await served.token("responder", { name: "city", tenants: ["city-power"] });
	return { served, limited };
}

/** Ids of the other tenant, by what a route's address calls them; an id of the same shape that nobody has. */
async function foreignIds(served: ServedRooms): Promise<(path: string, name: string) => readonly [string, string]> {
	const idOf = async (table: "notices" | "proposals" | "outbox") =>
		(await served.db.selectFrom(table).select("id").where("tenant", "=", "canary-one").executeTakeFirst())?.id ??
		"none";
	const [notice, proposal] = [await idOf("notices"), await idOf("proposals")];
	return (path, name) => {
		if (name === "tenant") return ["canary-one", "canary-two"];
		if (name === "slo") return ["policy-create", "policy-create"];
		if (path.includes("/notices/")) return [notice, "ntc_00000000000000000000000000"];
		if (path.includes("/proposals/")) return [proposal, "prp_00000000000000000000000000"];
		if (path.includes("/incidents/") || path.startsWith("/p/")) return ["INC-1001", "INC-9999"];
		return ["canary-one", "canary-two"];
	};
}

describe("a token of some tenants", () => {
	it("is answered for a foreign id by every route as for one that does not exist, and never reads its words", async () => {
		const { served, limited } = await twoTenants();
		const idsOf = await foreignIds(served);
		let compared = 0;
		for (const { path, method, authz } of routes) {
			// Live streams do not end by themselves; agents' messages have a test of their own.
			if (authz.roles[0] === "anyone" || path === "/api/v1/stream" || path === "/mcp") continue;
			if (!authz.roles.includes("responder")) continue;
			const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] as string);
			const filled = (which: 0 | 1) =>
				names.reduce((text, name) => text.replace(`{${name}}`, encodeURIComponent(idsOf(path, name)[which])), path);
			const body = method === "get" || method === "delete" ? undefined : (BODIES[path] ?? {});
			const ask = (which: 0 | 1) => served.ask(filled(which), limited.token, { method: method.toUpperCase(), body });
			const foreign = await ask(0);
			expect(foreign.text, `${method} ${path}`).not.toMatch(
				/canary bank|canary note|csam-canary|ops@canary|canary-bot/i,
			);
			if (names.length === 0 || authz.tenant === "none") continue;
			const missing = await ask(1);
			const plain = ({ text }: { readonly text: string }) =>
				names
					.reduce(
						(all, name) => all.replaceAll(idsOf(path, name)[0], "ID").replaceAll(idsOf(path, name)[1], "ID"),
						text,
					)
					.replaceAll(/req_\w+/g, "req");
			expect([foreign.status, plain(foreign)], `${method} ${path}`).toEqual([missing.status, plain(missing)]);
			const isOfTenant = authz.tenant === "path" || authz.tenant === "object";
			if (isOfTenant) expect(foreign.status, `${method} ${path}`).toBeGreaterThanOrEqual(400);
			compared++;
		}
		expect(compared).toBeGreaterThan(20);
		expect((await served.incident("INC-1001"))?.state).toBe("detected");
	});

	it("reads its own tenant by the same routes", async () => {
		const { served, limited } = await twoTenants();
		expect((await served.ask("/api/v1/incidents/INC-1002", limited.token)).status).toBe(200);
		const { items } = (await served.ask("/api/v1/incidents", limited.token)).body;
		expect(items.map(({ id }: { id: string }) => id)).toEqual(["INC-1002"]);
		expect((await served.ask("/api/v1/session", limited.token)).body).toMatchObject({ allTenants: false });
	});

	it("may not do what concerns the whole server, whatever its role", async () => {
		const { served, limited } = await twoTenants();
		for (const { path, method, authz } of routes) {
			if (authz.tenant !== "none" || authz.roles[0] === "anyone" || !authz.roles.includes("responder")) continue;
			if (OPEN_TO_ALL.includes(path)) continue;
			const answer = await served.ask(path.replaceAll(/\{\w+\}/g, "x"), limited.token, {
				method: method.toUpperCase(),
				body: method === "get" || method === "delete" ? undefined : {},
			});
			expect([403, 404, 400], `${method} ${path}`).toContain(answer.status);
			expect(answer.text, `${method} ${path}`).not.toMatch(/canary/i);
		}
		expect((await served.ask("/api/v1/health/details", limited.token)).status).toBe(403);
	});

	it("gives its limits to the session that it opens", async () => {
		const { served, limited } = await twoTenants();
		const signedIn = await fetch(`${served.url}/api/v1/session`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify({ token: limited.token }),
		});
		const cookie = String(signedIn.headers.get("set-cookie")).split(";")[0] as string;
		const read = async (path: string) => (await fetch(served.url + path, { headers: { cookie } })).status;
		expect(await read("/api/v1/incidents/INC-1002")).toBe(200);
		expect(await read("/api/v1/incidents/INC-1001")).toBe(404);
	});

	it("is made for key tenants that there are, and for roles that a list can limit", async () => {
		const served = await serveRooms();
		const { token } = await served.token("admin");
		const make = (body: object) =>
			served.ask("/api/v1/tokens", token, { method: "POST", body: { name: "x", ...body } });
		expect((await make({ role: "agent", tenants: ["woodgrove", "woodgrove"] })).body.tenants).toEqual(["woodgrove"]);
		expect((await make({ role: "viewer", tenants: ["nobody"] })).status).toBe(400);
		expect((await make({ role: "viewer", tenants: [] })).status).toBe(400);
		expect((await make({ role: "admin", tenants: ["woodgrove"] })).status).toBe(400);
		expect((await make({ role: "ingest", tenants: ["woodgrove"] })).status).toBe(400);
		const listed = (await served.ask("/api/v1/tokens", token)).body.items;
		expect(listed[0]).toMatchObject({ role: "agent", tenants: ["woodgrove"], state: "good" });
		expect(JSON.stringify(listed)).not.toContain("bw_");
		const used = listed.find(({ name }: { name: string }) => name === "admin");
		await expect
			.poll(async () => (await served.ask("/api/v1/tokens", token)).body.items)
			.toContainEqual({
				...used,
				lastUsedAt: served.clock.now(),
			});
	});
});

/** What these say is of nobody's tenant: who the caller is, the version, who is on call. */
const OPEN_TO_ALL = [
	"/api/v1/session",
	"/api/v1/version",
	"/api/v1/oncall",
	"/api/v1/sources",
	"/api/v1/feeds",
	"/api/v1/me",
	"/api/v1/me/contacts/{contact}/test",
];

/** Bodies that are right, so that a refusal is for the id. */
const BODIES: Readonly<Record<string, object>> = {
	"/api/v1/incidents/{id}/notes": { text: "x" },
	"/api/v1/incidents/{id}/resolve": { verdict: "noise", reason: "x" },
	"/api/v1/incidents/{id}/runbook": { runbook: "x", item: "y", done: true },
	"/api/v1/incidents/{id}/severity": { severity: "1" },
	"/api/v1/incidents/{id}/merge": { into: "INC-1002" },
	"/api/v1/incidents/{id}/link": { other: "INC-1002" },
	"/api/v1/incidents/{id}/unlink": { other: "INC-1002" },
	"/api/v1/incidents/{id}/parent": { parent: null },
	"/api/v1/incidents/{id}/role": { role: "scribe", person: "m-ito" },
	"/api/v1/incidents/{id}/readers": { readers: null },
	"/api/v1/incidents/{id}/tasks": { text: "x" },
};
