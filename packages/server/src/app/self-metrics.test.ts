import { expect, test } from "vitest";
import { useApiServer } from "../../testing/api-server.ts";
import { createSelfMetrics } from "./self-metrics.ts";

const server = useApiServer();

test("what asks for no sign-in tells strangers neither which catalogue nor which runtime runs", async () => {
	const { store, clock } = server;
	const metrics = createSelfMetrics({
		store,
		now: () => clock.now(),
		timers: () => ({ fired: 0, failed: 0, wallSteps: 0, lastLatenessMs: 0 }),
		dispatcher: () => ({ sent: 0, failed: 0, uncertain: 0, retried: 0, inFlight: 0 }),
		breachQueueDepth: () => 0,
		streams: () => 0,
		isConfigOk: () => true,
		pulled: () => [],
		pulledFeeds: () => [],
		senders: async () => [],
		channels: async () => [],
		telemetry: async () => undefined,
		accounting: async () => [],
		watchdog: () => ({ state: "well", reasons: [], heartbeats: [], checks: { passed: 0, failed: 0 } }) as never,
		tickets: async () => undefined,
	});
	const text = await metrics.text();
	expect(text).toContain("bellwether_config_reload_ok 1");
	expect(text).not.toContain(process.versions.node);
	expect(text).not.toMatch(/hash="|version="/);
});
