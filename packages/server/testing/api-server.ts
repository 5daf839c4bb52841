import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "@bellwether/model";
import pino from "pino";
import { afterEach, beforeEach } from "vitest";
import { type ApiContext, buildHttpServer, createFleetSource, StreamHub } from "#api";
import type { Catalogue } from "#catalogue";
import { type ControlStore, EventBus, issueToken, type Role, systemIds } from "#platform";
import type { TenantValuesQuery } from "#telemetry";
import { openControlStore } from "../src/adapters/sqlite/control-store.ts";
import { bareCatalogue } from "./bare-catalogue.ts";

export const NOW = Date.UTC(2026, 10, 22, 3, 7);
export const CATALOGUE: Catalogue = bareCatalogue({
	hash: "c0ffee",
	settings: {
		organisation: "Contoso",
		egress: { allow: [] },
		telemetry: { latenessMs: 10_800_000, futureMs: 300_000, maxStreams: 1000, maxBodyBytes: 1000 },
		baselines: { autoDetectedShare: 0.08, ttdManualMs: 1, ttdAutoMs: 1 },
	},
	tiers: [{ name: "mcs", displayName: "Mission critical", rank: 1, objectives: {} }],
});

export interface Ask {
	readonly method?: "GET" | "POST" | "PUT" | "DELETE";
	readonly headers?: Record<string, string>;
	readonly payload?: string | object;
}

type Api = Awaited<ReturnType<typeof buildHttpServer>>["api"];

interface Running {
	readonly dir: string;
	readonly store: ControlStore;
	readonly api: Api;
	readonly context: ApiContext;
	readonly clock: ManualClock;
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** The API over a real store, anew for each test of the file, with a telemetry thread that knows little. */
export function useApiServer() {
	let running: Running;
	beforeEach(async () => {
		running = await start();
	});
	afterEach(async () => {
		await running.api.close();
		await running.store.close();
		rmSync(running.dir, { recursive: true });
	});
	const ask = (url: string, { method = "GET", headers = {}, payload }: Ask = {}) =>
		running.api.inject({
			method,
			url,
			headers: { host: "127.0.0.1:8080", ...headers },
			...(payload === undefined ? {} : { payload }),
		});
	return {
		get dir() {
			return running.dir;
		},
		get store() {
			return running.store;
		},
		get api() {
			return running.api;
		},
		get context() {
			return running.context;
		},
		get clock() {
			return running.clock;
		},
		ask,
		tokenFor(
			role: Role,
			more: { oneTime?: boolean; ttlMs?: number; tenants?: readonly string[] } = {},
		): Promise<string> {
			const { store, context, clock } = running;
			return store.transaction(
				async (tx) =>
					(await issueToken(tx, context.ids, clock.now(), { name: role, role, oneTime: false, ...more })).token,
			);
		},
		async signIn(token: string): Promise<{ cookie: string; csrfToken: string }> {
			const response = await ask("/api/v1/session", { method: "POST", payload: { token } });
			const [cookie] = [response.headers["set-cookie"]].flat();
			return { cookie: String(cookie).split(";")[0] as string, csrfToken: response.json().csrfToken };
		},
	};
}

async function start(): Promise<Running> {
	const dir = mkdtempSync(join(tmpdir(), "bellwether-api-"));
	const clock = new ManualClock(NOW);
	const store = await openControlStore({ path: join(dir, "control.db"), clock });
	const telemetry = {
		ingest: async () => ({ status: "accepted" as const, points: 0, rejected: 0, message: "" }),
		importEvents: async () => ({ status: "malformed" as const, message: "line 1: not an object" }),
		windows: async () => undefined,
		latencies: async () => undefined,
		attributes: async () => [],
		columns: async () => new Float64Array(0),
		drill: async () => false,
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
	const context: ApiContext = {
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
		metrics: { contentType: "text/plain", text: async (isNamed) => (isNamed ? "up 1\nchannel_up 1\n" : "up 1\n") },
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
	return { dir, store, api: built.api, context, clock };
}
