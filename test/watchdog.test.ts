import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { FAULTS } from "../bench/chaos-watchdog/faults.ts";
import { World } from "../bench/chaos-watchdog/world.ts";
import { cleanUp, onCleanUp, temporaryFolder } from "./support/server.ts";

/** The long form, with all fifteen faults and a quiet hour: npm run chaos -- watchdog. */
afterEach(cleanUp);

/** On a busy machine a start takes long; how fast the watch is, is measured by the long form. */
const PATIENCE_MS = 20_000;

test("the watch outside pages when the configuration fails, tells that all is well again, and pages when the server is killed", async () => {
	const world = new World({ dir: join(temporaryFolder(), "world"), every: "1s", within: "3s" });
	onCleanUp(() => world.stop());
	await world.start();
	const heard = async (type: string, since: number) => {
		expect(await world.hears(type, since, PATIENCE_MS), type).toBeDefined();
	};
	await expect.poll(() => world.heartbeats, { timeout: PATIENCE_MS }).toBeGreaterThan(0);
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
