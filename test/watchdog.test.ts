import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, expect, test, vi } from "vitest";
import { FAULTS } from "../bench/chaos-watchdog/faults.ts";
import { World } from "../bench/chaos-watchdog/world.ts";
import { cleanUp, onCleanUp, temporaryFolder } from "./support/server.ts";

/** The long form, with all fifteen faults and a quiet hour: npm run chaos -- watchdog. */
afterEach(cleanUp);

/** On a busy machine a start takes long; how fast the watch is, is measured by the long form. */
const PATIENCE_MS = 40_000;

/** What people and programs read of the system's work. */
const VIEWS = [
	...["incidents?limit=100", "fleet", "timers", "deliveries?limit=1000", "ingest/accounting", "sources", "match"],
	...["tokens", "audit?limit=1000", "channels", "oncall", "monitors", "slos", "config/active"],
];

/** Checks have been made, and whoever does not ask for them sees nothing of them. */
async function expectHidden(world: World): Promise<void> {
	for (const view of VIEWS) {
		const text = await world.read(`/api/v1/${view}`);
		expect(text, view).not.toMatch(/"(error|status)":\{?"?(404|not_found)/);
		expect(text, view).not.toContain("self-check");
	}
	const { items } = JSON.parse(await world.read("/api/v1/self-checks")) as {
		items: { state: string; stages: object[] }[];
	};
	expect(items.find(({ state }) => state === "resolved")?.stages).toHaveLength(8);
	expect(await world.read("/api/v1/ingest/accounting?tenant=!self-check-0")).toMatch(
		/"counted":\d+,"duplicate":0,"rejected":\{\}/,
	);
	expect(await world.read("/metrics")).toContain("bellwether_watchdog_ok 1");
	const database = new DatabaseSync(join(world.data, "control.db"), { readOnly: true });
	const rows = (table: string) =>
		database.prepare(`select count(*) as n from ${table} where tenant like '!%'`).get()?.n;
	// Of the check that is under way at most.
	for (const table of ["timers", "outbox", "deliveries"]) expect(rows(table), table).toBeLessThanOrEqual(1);
	for (const table of ["incidents", "breaches", "escalations", "events", "audit"]) expect(rows(table), table).toBe(0);
	database.close();
}

vi.setConfig({ testTimeout: 120_000 });

test("the system's checks of itself are hidden; the watch outside pages when the configuration fails, tells that all is well again, and pages when the server is killed", async () => {
	const world = new World({ dir: join(temporaryFolder(), "world"), every: "1s", within: "3s" });
	onCleanUp(() => world.stop());
	await world.start();
	const heard = async (type: string, since: number) => {
		expect(await world.hears(type, since, PATIENCE_MS), type).toBeDefined();
	};
	await expect.poll(() => world.heartbeats, { timeout: PATIENCE_MS }).toBeGreaterThan(0);
	await expectHidden(world);
	const configuration = FAULTS.find(({ name }) => name === "configuration failing");
	const plantedAt = performance.now();
	const takeBack = await configuration?.plant(world);
	await heard("watchdog.missing", plantedAt);
	const answer = await fetch(`${world.url}/api/v1/heartbeat`);
	expect(answer.status).toBe(503);
	expect(await answer.json()).toMatchObject({ state: "failing", reasons: ["configuration"] });

	const mendedAt = performance.now();
	await takeBack?.();
	await heard("watchdog.returned", mendedAt);

	const killedAt = performance.now();
	await world.kill();
	await heard("watchdog.missing", killedAt);
	expect(world.told.at(-1)?.text).toMatch(/No heartbeat for/);
});
