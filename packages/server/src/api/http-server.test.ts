import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "@bellwether/model";
import fastify from "fastify";
import pino from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Catalogue } from "#catalogue";
import { type ControlStore, EventBus, issueToken, type Role, scopeOf, systemIds } from "#platform";
import type { TenantValuesQuery } from "#telemetry";
import { exampleFeed } from "../../testing/feed-messages.ts";
import { openControlStore } from "../adapters/sqlite/control-store.ts";
import type { Api, ApiContext } from "./context.ts";
import { createFleetSource } from "./fleet-source.ts";
import { gatherHealth } from "./health-facts.ts";
import { buildHttpServer } from "./http-server.ts";
import { registerPolicy } from "./policy.ts";
import { StreamHub } from "./stream-hub.ts";
import { TELEMETRY_PATHS } from "./telemetry-routes.ts";

const NOW = Date.UTC(2026, 10, 22, 3, 7);
const CATALOGUE: Catalogue = {
	hash: "c0ffee",
	settings: {
		organisation: "Contoso",
		egress: { allow: [] },
		telemetry: { latenessMs: 10_800_000, futureMs: 300_000, maxStreams: 1000, maxBodyBytes: 1000 },
		baselines: { autoDetectedShare: 0.08, ttdManualMs: 1, ttdAutoMs: 1 },
	},
	tiers: [{ name: "mcs", displayName: "Mission critical", rank: 1, objectives: {} }],
	tenants: [],
	workloads: [],
	slos: [],
	monitors: [],
	people: [],
	schedules: [],
	escalations: [],
	channels: [],
	templates: [],
	sources: [],
	feeds: [],
};

let dir: string;
let store: ControlStore;
let api: Api;
let context: ApiContext;
let clock: ManualClock;

beforeEach(async () => {
	dir = mkdtempSync(join(tmpdir(), "bellwether-api-"));
	clock = new ManualClock(NOW);
	store = await openControlStore({ path: join(dir, "control.db"), clock });
	const telemetry = {
		ingest: async () => ({ status: "accepted" as const, points: 0, rejected: 0, message: "" }),
		importEvents: async () => ({ status: "malformed" as const, message: "line 1: not an object" }),
		windows: async () => undefined,
		attributes: async () => [],
		columns: async () => new Float64Array(0),
		// One field more than the wire schema knows: it must not leave.
		accounting: async () => [
			{
				tenant: "",
				source: "otlp",
				protocol: "otlp-json" as const,
				received: 2,
				counted: 1,
				duplicate: 0,
				rejected: { too_old: 1 },
				internal: "secret",
			},
		],
		tenantValues: async ({ offset, limit }: TenantValuesQuery) => ({
			total: 3,
			unmatched: 2,
			items: ["a", "b", "c"].slice(offset, offset + limit).map((value) => ({
				attribute: "tenant.id",
				value,
				source: "shop",
				tenant: value === "c" ? "contoso" : "",
				streams: 1,
				points: 5,
				isEstimate: false,
				lastSampleAt: NOW - 14_000,
			})),
			rest: { values: 0, streams: 0, points: 0 },
		}),
		statuses: () => [],
		health: async () => {
			throw new Error("the telemetry thread does not answer");
		},
		hourStrips: async () => [],
	};
	const hub = new StreamHub(clock);
	context = {
		clock,
		ids: systemIds(clock),
		bus: new EventBus(),
		store,
		telemetry,
		sources: {
			statuses: () => [],
			feeds: () => [],
			test: async () => undefined,
			senders: async () => [],
			startedAt: NOW,
		},
		hub,
		catalogue: () => CATALOGUE,
		config: {
			active: () => ({
				hash: "c0ffee",
				appliedAt: NOW,
				appliedBy: "bellwether",
				source: "folder",
				isReloadOk: true,
				findings: [],
				files: [{ path: "bellwether.yaml", text: "secret: no" }],
			}),
			validate: () => ({ hash: undefined, findings: [] }),
			addKeyTenant: async ({ name }) => ({
				status: "unwritable",
				file: { path: `tenants/${name}.yaml`, text: "kind: KeyTenant" },
				message: "EROFS: read-only file system",
			}),
			apply: async () => ({
				status: "refused",
				findings: [
					{
						level: "error",
						file: "slos/a.yaml",
						line: 3,
						column: 7,
						message: "spec.target 99.9 is not below 1.",
						remedy: "Write 0.999.",
					},
				],
			}),
		},
		fleet: createFleetSource({ clock, store, catalogue: () => CATALOGUE, telemetry, demo: false, onChange: () => {} }),
		readiness: async () => [{ name: "telemetry", ok: false, level: "error", reason: "rebuilding: disk full" }],
		metrics: { contentType: "text/plain", text: async () => "up 1\n" },
		baseUrl: () => "http://127.0.0.1:8080",
		demo: false,
		consoleDir: join(dir, "no-console"),
		version: "0.0.0",
	};
	const built = await buildHttpServer({
		context,
		host: "127.0.0.1",
		tokenDigest: undefined,
		logger: pino({ level: "silent" }) as never,
		telemetry: {
			ingest: telemetry.ingest,
			maxBodyBytes: () => 1000,
			bodyTimeoutMs: 1000,
			maxBytesInMemory: 1_000_000,
			takeMemory: (bytes) => new Uint8Array(bytes),
			giveMemory: () => {},
			observe: () => {},
		},
	});
	api = built.api;
});
afterEach(async () => {
	await api.close();
	await store.close();
	rmSync(dir, { recursive: true });
});

function tokenFor(role: Role, more: { oneTime?: boolean; ttlMs?: number } = {}): Promise<string> {
	return store.transaction(
		async (tx) => (await issueToken(tx, context.ids, clock.now(), { name: role, role, oneTime: false, ...more })).token,
	);
}

interface Ask {
	readonly method?: "GET" | "POST" | "PUT" | "DELETE";
	readonly headers?: Record<string, string>;
	readonly payload?: string | object;
}

function ask(url: string, { method = "GET", headers = {}, payload }: Ask = {}) {
	return api.inject({
		method,
		url,
		headers: { host: "127.0.0.1:8080", ...headers },
		...(payload === undefined ? {} : { payload }),
	});
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

async function signIn(token: string): Promise<{ cookie: string; csrfToken: string }> {
	const response = await ask("/api/v1/session", { method: "POST", payload: { token } });
	const [cookie] = [response.headers["set-cookie"]].flat();
	return { cookie: String(cookie).split(";")[0] as string, csrfToken: response.json().csrfToken };
}

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
			"get /api",
			"get /healthz",
			"get /metrics",
			"get /openapi.json",
			"get /readyz",
			"get /sign-in",
			"post /api/v1/feeds/{feed}",
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

	it("knows no expired or revoked token", async () => {
		const token = await tokenFor("admin", { ttlMs: 1000 });
		expect((await ask("/api/v1/fleet", { headers: bearer(token) })).statusCode).toBe(200);
		clock.advance(1000);
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

describe("requests of other sites", () => {
	it.each(["evil.example", "evil.example:8080", "127.0.0.1.evil.example:8080", "user@127.0.0.1:8080"])(
		"are refused under the host name %j",
		async (host) => {
			expect((await ask("/api/v1/fleet", { headers: { host } })).statusCode).toBe(421);
		},
	);

	const foreign: [string, Record<string, string>][] = [
		["another origin", { origin: "https://evil.example" }],
		["another program of this machine", { origin: "http://127.0.0.1:3000" }],
		["no origin that can be named", { origin: "null" }],
		["another site by the browser's word", { "sec-fetch-site": "cross-site" }],
		["a neighbour by the browser's word", { "sec-fetch-site": "same-site" }],
	];
	it.each(foreign)("cannot change anything: %s", async (_name, headers) => {
		const { cookie, csrfToken } = await signIn(await tokenFor("admin"));
		const response = await ask("/api/v1/config:apply", {
			method: "POST",
			headers: { cookie, "x-csrf-token": csrfToken, ...headers },
		});
		expect([response.statusCode, response.json().error.code]).toEqual([403, "cross_site"]);
	});

	it("cannot use a cookie without the session's own proof; a token needs none", async () => {
		const token = await tokenFor("admin");
		const { cookie, csrfToken } = await signIn(token);
		const other = await signIn(token);
		const status = async (headers: Record<string, string>) =>
			(await ask("/api/v1/config:apply", { method: "POST", headers })).statusCode;
		expect(await status({ cookie })).toBe(403);
		expect(await status({ cookie, "x-csrf-token": other.csrfToken })).toBe(403);
		expect(await status({ cookie, "x-csrf-token": csrfToken })).toBe(422);
		expect(await status(bearer(token))).toBe(422);
	});
});

describe("sign-in", () => {
	it("by a one-time link works once, and reading the page uses nothing up", async () => {
		const token = await tokenFor("admin", { oneTime: true });
		for (const _ of [1, 2]) {
			const page = await ask(`/sign-in?token=${token}&next=%2Ffleet`);
			expect([page.statusCode, page.body.includes(`value="${token}"`), page.body.includes("<script")]).toEqual([
				200,
				true,
				false,
			]);
			expect(page.body).toContain(
				"This link works once. The button signs this browser in as <strong>administrator</strong>",
			);
		}
		const form = {
			method: "POST" as const,
			headers: { "content-type": "application/x-www-form-urlencoded" },
			payload: `token=${token}&next=%2Ffleet`,
		};
		const first = await ask("/sign-in", form);
		expect([first.statusCode, first.headers.location]).toEqual([303, "/fleet"]);
		expect(first.headers["set-cookie"]).toMatch(
			/^bellwether_session=[0-9a-f]{64}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict$/,
		);
		const second = await ask("/sign-in", form);
		expect([second.statusCode, second.headers["set-cookie"]]).toEqual([401, undefined]);
	});

	it("by a link that is used up offers no button that cannot work, but says what to do", async () => {
		const token = await tokenFor("viewer", { oneTime: true });
		const headers = { "content-type": "application/x-www-form-urlencoded" };
		await ask("/sign-in", { method: "POST", headers, payload: `token=${token}` });
		const page = await ask(`/sign-in?token=${token}`);
		expect(page.body).toContain("already used");
		expect(page.body).toContain("restart the server for a new one-time link");
		expect(page.body).not.toContain(token);
		expect(page.body).toContain('<input id="token"');
	});

	it("does not lend a cookie to a sender of telemetry", async () => {
		expect(
			(await ask("/api/v1/session", { method: "POST", payload: { token: await tokenFor("ingest") } })).statusCode,
		).toBe(401);
	});

	it.each([
		"https://evil.example/",
		"//evil.example/",
		"/\\evil.example",
		"/.//evil.example",
		"/a/..//evil.example",
		"javascript:alert(1)",
		"evil",
	])("never leads on to %s", async (next) => {
		const payload = new URLSearchParams({ token: await tokenFor("admin"), next }).toString();
		const response = await ask("/sign-in", {
			method: "POST",
			headers: { "content-type": "application/x-www-form-urlencoded" },
			payload,
		});
		expect(response.headers.location).toMatch(/^\/(?![/\\])/);
	});

	it("ends on the server when one signs out", async () => {
		const { cookie, csrfToken } = await signIn(await tokenFor("viewer"));
		expect((await ask("/api/v1/session", { headers: { cookie } })).json()).toMatchObject({
			name: "viewer",
			role: "viewer",
			csrfToken,
		});
		expect(
			(await ask("/api/v1/session", { method: "DELETE", headers: { cookie, "x-csrf-token": csrfToken } })).statusCode,
		).toBe(204);
		expect((await ask("/api/v1/session", { headers: { cookie } })).statusCode).toBe(401);
	});

	it("ends on the server when the token that it was made with is revoked", async () => {
		const admin = await tokenFor("admin");
		const made = await ask("/api/v1/tokens", {
			method: "POST",
			headers: bearer(admin),
			payload: { name: "leaked", role: "responder" },
		});
		const { cookie } = await signIn(made.json().token);
		expect((await ask("/api/v1/fleet", { headers: { cookie } })).statusCode).toBe(200);
		await ask(`/api/v1/tokens/${made.json().id}`, { method: "DELETE", headers: bearer(admin) });
		expect((await ask("/api/v1/fleet", { headers: { cookie } })).statusCode).toBe(401);
	});

	it("takes the reader of a page's link back there", async () => {
		const response = await ask("/p/INC-1001");
		expect([response.statusCode, response.headers.location]).toEqual([303, "/sign-in?next=%2Fp%2FINC-1001"]);
	});

	it("stands in the audit log, without the token", async () => {
		const token = await tokenFor("admin");
		await signIn(token);
		const log = await ask("/api/v1/audit", { headers: bearer(token) });
		expect(log.json().items.map((entry: { action: string }) => entry.action)).toEqual(["session.opened"]);
		expect(log.body).not.toContain(token);
	});
});

describe("answers", () => {
	it("hold nothing that their schema does not list", async () => {
		const response = await ask("/api/v1/ingest/accounting", { headers: bearer(await tokenFor("viewer")) });
		expect(response.json()).toEqual({
			items: [
				{
					tenant: "",
					source: "otlp",
					protocol: "otlp-json",
					received: 2,
					counted: 1,
					duplicate: 0,
					rejected: { too_old: 1 },
				},
			],
		});
	});

	const faults: [string, string, Ask, number, string][] = [
		["no such route", "/api/v1/nothing", {}, 404, "not_found"],
		["another method", "/api/v1/fleet", { method: "POST" }, 405, "method_not_allowed"],
		[
			"another method on a route with an id",
			"/api/v1/incidents/INC-1",
			{ method: "DELETE" },
			405,
			"method_not_allowed",
		],
		[
			"JSON that is none",
			"/api/v1/config:validate",
			{ method: "POST", headers: { "content-type": "application/json" }, payload: "{" },
			400,
			"invalid_request",
		],
		[
			"a prototype in JSON",
			"/api/v1/config:validate",
			{ method: "POST", headers: { "content-type": "application/json" }, payload: '{"__proto__":{"a":1}}' },
			400,
			"invalid_request",
		],
		[
			"an empty body that says it is JSON",
			"/api/v1/config:validate",
			{ method: "POST", headers: { "content-type": "application/json" } },
			400,
			"invalid_request",
		],
		[
			"XML",
			"/api/v1/config:validate",
			{ method: "POST", headers: { "content-type": "text/xml" }, payload: "<a/>" },
			415,
			"unsupported_media_type",
		],
		[
			"a wrong field",
			"/api/v1/config:validate",
			{ method: "POST", payload: { files: [{ path: 1, text: "" }] } },
			400,
			"invalid_request",
		],
		["a faulty catalogue", "/api/v1/config:apply", { method: "POST" }, 422, "invalid_catalogue"],
		["a limit that is none", "/api/v1/incidents?limit=many", {}, 400, "invalid_request"],
		["a limit out of range", "/api/v1/incidents?limit=501", {}, 400, "invalid_request"],
		["a cursor that is none", "/api/v1/incidents?after=abc", {}, 400, "invalid_request"],
		["a state that is none", "/api/v1/incidents?state=red", {}, 400, "invalid_request"],
		["a range turned round", "/api/v1/tenants/~fleet/slis/x/windows?from=2000&to=1000", {}, 400, "invalid_request"],
		[
			"a range of too many windows",
			"/api/v1/tenants/~fleet/slis/x/windows?from=0&to=1000000000000",
			{},
			400,
			"invalid_request",
		],
		[
			"a resolution that is no multiple of 10 s",
			"/api/v1/tenants/~fleet/slis/x/windows?resolutionMs=15000",
			{},
			400,
			"invalid_request",
		],
		["an SLI that does not exist", "/api/v1/tenants/~fleet/slis/x/windows", {}, 404, "not_found"],
		["an incident that does not exist", "/api/v1/incidents/INC-1", {}, 404, "not_found"],
		["a notice that does not exist", "/api/v1/notices/ntc_1", {}, 404, "not_found"],
		[
			"a version that is none",
			"/api/v1/incidents/INC-1/acknowledge",
			{ method: "POST", headers: { "if-match": "seven" } },
			400,
			"invalid_request",
		],
		[
			"an import without its key",
			"/api/v1/import",
			{ method: "POST", headers: { "content-type": "application/x-ndjson" }, payload: "{}" },
			400,
			"invalid_request",
		],
		[
			"an import that is malformed",
			"/api/v1/import",
			{ method: "POST", headers: { "content-type": "application/x-ndjson", "idempotency-key": "k" }, payload: "[]" },
			400,
			"invalid_request",
		],
		[
			"a token with a control character in its name",
			"/api/v1/tokens",
			{ method: "POST", payload: { name: "a\u0000b", role: "viewer" } },
			400,
			"invalid_request",
		],
		[
			"a token with a role that is none",
			"/api/v1/tokens",
			{ method: "POST", payload: { name: "a", role: "system" } },
			400,
			"invalid_request",
		],
		[
			"a body over the limit",
			"/api/v1/incidents/INC-1/notes",
			{ method: "POST", payload: { text: "x".repeat(1_100_000) } },
			413,
			"too_large",
		],
		["an instant out of range", "/api/v1/oncall?at=-1", {}, 400, "invalid_request"],
	];
	it.each(faults)("to %s say what, why and what to do", async (_name, url, request, status, code) => {
		const token = await tokenFor("admin");
		const response = await ask(url, { ...request, headers: { ...bearer(token), ...request.headers } });
		const { error } = response.json();
		expect([response.statusCode, error.code]).toEqual([status, code]);
		expect(error.requestId).toBe(response.headers["x-request-id"]);
		expect([error.message.length > 10, error.remedy.length > 10]).toEqual([true, true]);
	});

	it("refuse a resolution longer than anything is kept, even where floating point calls it a multiple", async () => {
		const path = "/api/v1/tenants/~fleet/slis/send/windows?resolutionMs=8640000000000001";
		const answer = await ask(path, { headers: bearer(await tokenFor("viewer")) });
		expect([answer.statusCode, answer.json().error.code]).toEqual([400, "invalid_request"]);
	});

	it.each([
		["no HTTP", "hello\r\n\r\n", 400],
		["headers without end", `GET / HTTP/1.1\r\nhost: x\r\na: ${"x".repeat(40_000)}\r\n\r\n`, 431],
	])("to %s are problems like all others", async (_name, bytes, status) => {
		await api.listen({ host: "127.0.0.1", port: 0 });
		const text = await new Promise<string>((resolve, reject) => {
			let received = "";
			const socket = connect((api.server.address() as AddressInfo).port, "127.0.0.1", () => socket.write(bytes));
			socket.on("data", (chunk) => {
				received += chunk;
			});
			socket.on("close", () => resolve(received));
			socket.on("error", reject);
		});
		const [head, body] = text.split("\r\n\r\n") as [string, string];
		expect(head).toContain(`HTTP/1.1 ${status} `);
		const { error } = JSON.parse(body);
		expect([error.message.length > 5, error.remedy.length > 5, error.requestId.length > 5]).toEqual([true, true, true]);
	});

	it("carry headers that keep pages from running foreign or inline code", async () => {
		const response = await ask("/sign-in");
		const csp = String(response.headers["content-security-policy"]);
		const nonce = /style-src 'self' 'nonce-([^']+)'/.exec(csp)?.[1];
		expect(response.body).toContain(`<style nonce="${nonce}">`);
		expect(csp).toContain("default-src 'none'");
		expect(csp).toContain("frame-ancestors 'none'");
		expect(csp).not.toContain("unsafe");
		expect(response.headers).toMatchObject({
			"x-content-type-options": "nosniff",
			"cache-control": "no-store",
			"referrer-policy": "same-origin",
		});
	});

	it("tell readiness with reasons", async () => {
		const response = await ask("/readyz");
		expect([response.statusCode, response.json()]).toEqual([
			503,
			{ ready: false, checks: [{ name: "telemetry", ok: false, level: "error", reason: "rebuilding: disk full" }] },
		]);
		expect((await ask("/healthz")).json()).toEqual({ status: "ok" });
	});

	it("say how to build the console when it is not built", async () => {
		const response = await ask("/fleet");
		expect([response.statusCode, response.body.includes("npm start")]).toEqual([503, true]);
	});

	it("render the API as a page that loads nothing from elsewhere", async () => {
		const response = await ask("/api");
		expect(response.body).toContain("/api/v1/incidents/{id}/acknowledge");
		expect(response.body).not.toMatch(/<script|src=|href="(?:https?:)?\/\//);
	});
});

describe("matching telemetry to key tenants", () => {
	it("lists values in pages", async () => {
		const headers = bearer(await tokenFor("viewer"));
		const first = (await ask("/api/v1/match?limit=2", { headers })).json();
		expect(first).toMatchObject({ total: 3, unmatched: 2, nextCursor: "2" });
		expect(first.items[0]).toMatchObject({ value: "a", tenant: null, lastSampleAt: NOW - 14_000 });
		const second = (await ask("/api/v1/match?limit=2&cursor=2", { headers })).json();
		expect(second).toMatchObject({ nextCursor: null, items: [{ value: "c", tenant: "contoso" }] });
	});

	it("makes a key tenant only for administrators, and says what to do where the folder cannot be written", async () => {
		const payload = { attribute: "tenant.id", value: "a", name: "fabrikam" };
		const as = async (role: Role) =>
			ask("/api/v1/match/key-tenants", { method: "POST", headers: bearer(await tokenFor(role)), payload });
		expect((await as("responder")).statusCode).toBe(403);
		const answer = await as("admin");
		expect([answer.statusCode, answer.json().error.message]).toEqual([
			409,
			"The catalogue's folder cannot be written (EROFS: read-only file system), so nothing changed.",
		]);
	});

	it("tells which ids a tenant had at a time", async () => {
		const row = (since_at: number, until_at: number | null, ids: object) => ({
			tenant: "contoso",
			since_at,
			until_at,
			applied_by: "ana",
			config: "c0ffee",
			ids: JSON.stringify(ids),
		});
		const alias = { attribute: "org", values: [], patterns: ["c-.*"], from: NOW - 500 };
		const rows = [
			row(NOW - 2_000, NOW - 1_000, { match: { "tenant.id": ["a"] }, aliases: [] }),
			row(NOW - 1_000, null, { match: {}, aliases: [alias] }),
		];
		await store.transaction((tx) => tx.insertInto("register_versions").values(rows).execute());
		const headers = bearer(await tokenFor("viewer"));
		const at = async (time: number) => (await ask(`/api/v1/tenants/contoso/register?at=${time}`, { headers })).json();
		expect(await at(NOW - 3_000)).toMatchObject({
			version: null,
			ids: [],
			versions: [{ until: null }, { until: NOW - 1_000 }],
		});
		expect(await at(NOW - 1_500)).toMatchObject({
			version: { since: NOW - 2_000, appliedBy: "ana" },
			ids: [{ attribute: "tenant.id", values: ["a"], isEffective: true }],
		});
		expect((await at(NOW - 1_000)).ids).toMatchObject([{ patterns: ["c-.*"], from: NOW - 500, isEffective: false }]);
		expect((await at(NOW)).ids).toMatchObject([{ isEffective: true }]);
		expect((await ask("/api/v1/tenants/nobody/register", { headers })).statusCode).toBe(404);
	});
});

describe("how this system fares", () => {
	it("is told as far as it is known while the telemetry thread does not answer, and to responders", async () => {
		expect((await ask("/api/v1/health/details", { headers: bearer(await tokenFor("viewer")) })).statusCode).toBe(403);
		const answer = await ask("/api/v1/health/details", { headers: bearer(await tokenFor("responder")) });
		expect([answer.statusCode, answer.json().telemetry, answer.json().storage]).toEqual([200, null, null]);
		const states = new Map(answer.json().parts.map((part: { key: string; state: string }) => [part.key, part.state]));
		expect([states.get("telemetry"), states.get("disk"), states.get("lag")]).toEqual(["failing", "unknown", "unknown"]);
		expect([...states.values()]).not.toContain(undefined);
	});

	it("names only tenants that the reader may see", async () => {
		const tenant = (name: string) => ({ name, displayName: name, contacts: { customer: [] } });
		const catalogue = { ...CATALOGUE, tenants: ["adatum", "contoso"].map(tenant) } as unknown as Catalogue;
		const scoped = scopeOf({ name: "r", role: "responder", tenants: ["adatum"] });
		const { facts } = await gatherHealth({ ...context, catalogue: () => catalogue }, scoped, undefined);
		expect(facts.tenants).toMatchObject({ key: 1, withoutData: ["adatum"] });
	});
});

describe("a message of a feed", () => {
	it("is not taken while the disk is nearly full: what is left is for pages", async () => {
		const secret = join(dir, "feed-token");
		writeFileSync(secret, "t-1\n");
		const feed = exampleFeed({ auth: "bearer", secretRef: `\${file:${secret}}` });
		let freeBytes = 16 * 1_048_576;
		Object.assign(context, {
			catalogue: () => ({ ...CATALOGUE, feeds: [feed] }),
			diskFreeBytes: async () => freeBytes,
		});
		const send = () =>
			ask("/api/v1/feeds/status", {
				method: "POST",
				headers: bearer("t-1"),
				payload: { components: [{ name: "mail", status: "operational" }] },
			});
		expect((await send()).statusCode).toBe(200);
		freeBytes -= 1;
		const full = await send();
		expect([full.statusCode, full.headers["retry-after"], full.json().error.code]).toEqual([503, "60", "unavailable"]);
		expect(await store.db.selectFrom("feeds").select("messages").execute()).toEqual([{ messages: 1 }]);
	});
});
