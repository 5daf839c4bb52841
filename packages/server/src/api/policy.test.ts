import fastify from "fastify";
import { describe, expect, it } from "vitest";
import type { Role } from "#platform";
import { bearer, useApiServer } from "../../testing/api-server.ts";
import { registerPolicy } from "./policy.ts";
import { TELEMETRY_PATHS } from "./telemetry-routes.ts";

const server = useApiServer();
const { ask, tokenFor } = server;

describe("the policy beside the route", () => {
	it("keeps a server from starting that has a route without one", () => {
		const bare = fastify();
		registerPolicy(bare as never, {
			authenticate: async () => undefined,
			isOwnHost: () => true,
			isOwnOrigin: () => true,
			onDenied: () => {},
		});
		expect(() => bare.get("/leak", async () => "all tenants")).toThrow("Route GET /leak declares no policy");
	});

	it("stands in the OpenAPI document for every route", async () => {
		const document = (await ask("/openapi.json")).json();
		const operations = Object.entries<Record<string, { "x-authz"?: { roles: string[] } }>>(document.paths).flatMap(
			([path, methods]) =>
				Object.entries(methods).map(([method, operation]) => ({
					name: `${method} ${path}`,
					authz: operation["x-authz"],
				})),
		);
		expect(document.openapi).toBe("3.1.0");
		expect(operations.length).toBeGreaterThan(30);
		expect(operations.filter(({ authz }) => !authz || authz.roles.length === 0)).toEqual([]);
		expect(operations.map(({ name }) => name)).toEqual(
			expect.arrayContaining([
				...TELEMETRY_PATHS.map((path) => `post ${path}`),
				"post /api/v1/config:apply",
				"post /api/v1/incidents/{id}/acknowledge",
				"get /api/v1/tenants/{tenant}/slis/{slo}/windows",
			]),
		);
	});

	it("lets nobody read or change anything who is not known, whatever the route", async () => {
		const document = (await ask("/openapi.json")).json();
		const open = new Set<string>();
		for (const [path, methods] of Object.entries<Record<string, { "x-authz": { roles: string[] } }>>(document.paths)) {
			if (TELEMETRY_PATHS.includes(path)) continue;
			for (const [method, operation] of Object.entries(methods)) {
				const response = await ask(path.replace("{*}", "x").replaceAll(/\{\w+\}/g, "x"), {
					method: method.toUpperCase() as "GET",
					headers: bearer("bw_unknown"),
				});
				if (operation["x-authz"].roles.includes("anyone")) open.add(`${method} ${path}`);
				else expect([path, method, response.statusCode]).toEqual([path, method, path.startsWith("/p/") ? 303 : 401]);
			}
		}
		expect([...open].sort()).toEqual([
			"get /-/ready",
			"get /a/{token}",
			"get /api",
			"get /api/v1/heartbeat",
			"get /healthz",
			"get /metrics",
			"get /openapi.json",
			"get /readyz",
			"get /sign-in",
			"post /a/{token}",
			"post /api/v1/actions/acknowledge",
			"post /api/v1/channels/{channel}/actions",
			"post /api/v1/channels/{channel}/keys",
			"post /api/v1/channels/{channel}/messages",
			"post /api/v1/channels/{channel}/receipts",
			"post /api/v1/feeds/{feed}",
			"post /api/v1/integrations/{name}/events",
			"post /api/v1/session",
			"post /sign-in",
		]);
	});

	const matrix: [Role, string, "GET" | "POST", number][] = [
		["viewer", "/api/v1/fleet", "GET", 200],
		["ingest", "/api/v1/fleet", "GET", 403],
		["viewer", "/api/v1/incidents/INC-1/acknowledge", "POST", 403],
		["responder", "/api/v1/incidents/INC-1/acknowledge", "POST", 404],
		["responder", "/api/v1/config:apply", "POST", 403],
		["admin", "/api/v1/config:apply", "POST", 422],
		["responder", "/api/v1/audit", "GET", 403],
		["admin", "/api/v1/audit", "GET", 200],
		["viewer", "/api/v1/config/active?files=true", "GET", 403],
		["admin", "/api/v1/config/active?files=true", "GET", 200],
	];
	it.each(matrix)("for the role %s on %s %s is %s", async (role, url, method, status) => {
		const token = await tokenFor(role);
		expect((await ask(url, { method, headers: bearer(token) })).statusCode).toBe(status);
	});

	it("tells a Prometheus without a token no names, one with a reader's token all, and one with a bad token why not", async () => {
		const scrape = async (token?: string) => ask("/metrics", token === undefined ? {} : { headers: bearer(token) });
		expect((await scrape()).body).toBe("up 1\n");
		expect((await scrape(await tokenFor("viewer"))).body).toContain("channel_up");
		for (const token of [await tokenFor("ingest"), await tokenFor("viewer", { tenants: ["woodgrove"] })])
			expect((await scrape(token)).body).toBe("up 1\n");
		const refused = await scrape("bw_unknown");
		expect([refused.statusCode, refused.body]).toEqual([401, expect.stringContaining("not accepted")]);
	});

	it("knows no expired or revoked token", async () => {
		const token = await tokenFor("admin", { ttlMs: 1000 });
		expect((await ask("/api/v1/fleet", { headers: bearer(token) })).statusCode).toBe(200);
		server.clock.advance(1000);
		expect((await ask("/api/v1/fleet", { headers: bearer(token) })).statusCode).toBe(401);
		const admin = await tokenFor("admin");
		const made = await ask("/api/v1/tokens", {
			method: "POST",
			headers: bearer(admin),
			payload: { name: "grafana", role: "viewer" },
		});
		expect((await ask("/api/v1/fleet", { headers: bearer(made.json().token) })).statusCode).toBe(200);
		expect(
			(await ask(`/api/v1/tokens/${made.json().id}`, { method: "DELETE", headers: bearer(admin) })).statusCode,
		).toBe(204);
		expect((await ask("/api/v1/fleet", { headers: bearer(made.json().token) })).statusCode).toBe(401);
	});
});
