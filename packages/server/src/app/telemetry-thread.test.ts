import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, onTestFinished, test, vi } from "vitest";
import type { BreachClosed, BreachOpened } from "#detection";
import { bareCatalogue, MAIL, mailSlo } from "../../testing/bare-catalogue.ts";
import { openTelemetryStore } from "../adapters/sqlite/telemetry-store.ts";
import { startTelemetryThread, type TelemetryThread, type TelemetryThreadOptions } from "./telemetry-thread.ts";

// Each test starts threads, which load the whole of telemetry: slow on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const LIVE = bareCatalogue({
	tenants: ["contoso", "fabrikam"].map((name) => ({
		name,
		displayName: name,
		tier: "",
		match: { "tenant.id": [`${name}-id`] },
		workloads: ["mail"],
		timeZone: "UTC",
		language: "en",
		objectives: {},
		contacts: { customer: [] },
	})),
	workloads: [MAIL],
	slos: [mailSlo("requests", "request.count", "request.errors"), mailSlo("sends", "mail.sent", "mail.failed")],
	monitors: [{ name: "fast-burn", detector: "burn-rate", mode: "live", severity: "2.5", evidenceP: 1e-4 }],
});

function dataDir(): string {
	const folder = mkdtempSync(join(tmpdir(), "bellwether-"));
	onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
	return folder;
}

async function start(dir: string, more: Partial<TelemetryThreadOptions> = {}): Promise<TelemetryThread> {
	const thread = await startTelemetryThread({ dataDir: dir, catalogue: LIVE, openBreaches: [], ...more });
	onTestFinished(() => thread.close());
	return thread;
}

/** The next breach event of a tenant. */
function breach(thread: TelemetryThread, tenant: string): Promise<BreachOpened | BreachClosed> {
	return new Promise((resolve) => {
		thread.on({ breach: (event) => event.tenant === tenant && resolve(event) });
	});
}

/** OTLP in its JSON form: one counter of contoso per entry. */
function counters(
	temporality: 1 | 2,
	startAt: number,
	at: number,
	values: Readonly<Record<string, number>>,
): Uint8Array {
	const metrics = Object.entries(values).map(([name, value]) => ({
		name,
		sum: {
			aggregationTemporality: temporality,
			isMonotonic: true,
			dataPoints: [{ startTimeUnixNano: `${startAt}000000`, timeUnixNano: `${at}000000`, asInt: String(value) }],
		},
	}));
	const resource = { attributes: [{ key: "tenant.id", value: { stringValue: "contoso-id" } }] };
	return new TextEncoder().encode(JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] }));
}

const sums = (now: number, total: number, bad: number): Uint8Array =>
	counters(1, now - 30_000, now - 1_000, { "request.count": total, "request.errors": bad });

test("what was ingested is in the windows, also after a restart", async () => {
	const dir = dataDir();
	const now = Date.now();
	const query = { tenant: "contoso", slo: "requests", from: now - 120_000, to: now + 60_000, resolutionMs: 10_000 };
	const first = await start(dir);
	const body = gzipSync(sums(now, 100, 1));
	expect(await first.ingest("otlp-json", "gzip", body)).toEqual({
		status: "accepted",
		points: 2,
		rejected: 0,
		message: "",
	});
	const windows = await first.windows(query);
	expect(windows).toMatchObject([{ good: 99, bad: 1, total: 100 }]);
	expect(await first.windows({ ...query, slo: "none" })).toBeUndefined();
	expect(await first.accounting("contoso")).toMatchObject([{ received: 2, counted: 2 }]);
	expect(await first.health()).toMatchObject({
		state: "ready",
		samplesTotal: 2,
		streams: 2,
		pairs: 6,
		journalRows: 1,
	});
	await first.close();
	await expect(first.health()).rejects.toThrow(/closed/);

	const second = await start(dir);
	expect(await second.windows(query)).toEqual(windows);
	expect(await second.health()).toMatchObject({ samplesTotal: 2, streams: 2 });
	expect(second.statuses().find((each) => each.tenant === "contoso" && each.slo === "requests")).toMatchObject({
		total1h: 100,
	});
	// The same points again: the thread knows them.
	expect(await second.ingest("otlp-json", undefined, sums(now, 100, 1))).toMatchObject({ points: 2, rejected: 0 });
	expect(await second.accounting("contoso")).toMatchObject([{ received: 4, counted: 2, duplicate: 2 }]);
});

test("bodies that share a pooled buffer are copied, whole ones are moved", async () => {
	const thread = await start(dataDir());
	const now = Date.now();
	const plain = sums(now, 10, 0);
	const pooled = Buffer.from(plain);
	const whole = plain.slice();
	const outcomes = await Promise.all([
		thread.ingest("otlp-json", undefined, pooled),
		thread.ingest("otlp-json", undefined, whole),
	]);
	expect(outcomes.map((each) => each.status)).toEqual(["accepted", "accepted"]);
	expect(whole.byteLength).toBe(0);
	expect(pooled.byteLength).toBe(plain.length);
});

test("a total outage is told as a breach; after a restart again, unless it is known to be open", async () => {
	const dir = dataDir();
	const now = Date.now();
	const first = await start(dir);
	const opened = breach(first, "contoso");
	await first.ingest("otlp-json", undefined, sums(now, 1_000, 1_000));
	const event = await opened;
	expect(event).toMatchObject({ type: "breach.opened", tenant: "contoso", slo: "requests", monitor: "fast-burn" });
	expect(first.statuses().find((each) => each.tenant === "contoso" && each.slo === "requests")?.state).toBe("breach");
	const strips = await first.hourStrips();
	expect(strips.find((each) => each.tenant === "contoso" && each.slo === "requests")?.hours).toHaveLength(24);
	await first.close();

	const second = await start(dir);
	expect(await breach(second, "contoso")).toMatchObject({ type: "breach.opened", tenant: "contoso", slo: "requests" });
	await second.close();

	const openBreaches = LIVE.slos.flatMap(({ name }) =>
		["", "contoso"].map((tenant) => ({ tenant, slo: name, detector: "burn-rate", openedAt: now })),
	);
	const third = await start(dir, { openBreaches });
	const told: unknown[] = [];
	third.on({ breach: (each) => told.push(each) });
	// Each health answer comes after the evaluations before it.
	while ((await third.health()).evaluations < 3) await new Promise((resolve) => setTimeout(resolve, 50));
	expect(told).toEqual([]);
});

test("a changed catalogue is taken over while running, and the history stays", async () => {
	const thread = await start(dataDir());
	const now = Date.now();
	const shot = (at: number, value: number): Uint8Array => counters(2, now - 60_000, at, { "request.count": value });
	await thread.ingest("otlp-json", undefined, shot(now - 2_000, 5));
	await thread.configure({ ...LIVE, hash: "two", slos: LIVE.slos.slice(0, 1) }, []);
	expect(thread.statuses().map(({ tenant, slo }) => `${tenant} ${slo}`)).toEqual([
		" requests",
		"contoso requests",
		"fabrikam requests",
	]);
	await thread.ingest("otlp-json", undefined, shot(now - 1_000, 8));
	expect(thread.statuses().length).toBe(3);
	const total = (
		await thread.windows({
			tenant: "contoso",
			slo: "requests",
			from: now - 60_000,
			to: now + 60_000,
			resolutionMs: 60_000,
		})
	)
		?.map((each) => each.total)
		.reduce((a, b) => a + b, 0);
	expect(total).toBe(8);
});

test("an import comes back the same for the same key", async () => {
	const thread = await start(dataDir());
	const line = `${JSON.stringify({ tenant: "contoso", slo: "requests", at: Date.now() - 86_400_000, good: 9, total: 10 })}\n`;
	const send = () => thread.importEvents("history-1", new TextEncoder().encode(line.repeat(3)));
	expect(await send()).toMatchObject({ status: "accepted", lines: 3, counted: 3 });
	expect(await send()).toMatchObject({ status: "accepted", lines: 3, counted: 3 });
	expect(await thread.accounting("contoso")).toMatchObject([{ protocol: "import", received: 3, counted: 3 }]);
});

test("a store that another version wrote keeps the thread from starting, with the reason", async () => {
	const dir = dataDir();
	const path = join(dir, "telemetry.db");
	openTelemetryStore(path).close();
	const { DatabaseSync } = await import("node:sqlite");
	const db = new DatabaseSync(path);
	db.exec("PRAGMA user_version = 99");
	db.close();
	await expect(start(dir)).rejects.toThrow(/schema 99/);
});
