import { expect, test } from "vitest";
import { useApiServer } from "../../testing/api-server.ts";
import { createSelfMetrics } from "./self-metrics.ts";

const server = useApiServer();

const metricsOfServer = () => {
	const { store, clock } = server;
	return createSelfMetrics({
		store,
		now: () => clock.now(),
		timers: () => ({ fired: 0, failed: 0, wallSteps: 0, lastLatenessMs: 0 }),
		dispatcher: () => ({ sent: 0, failed: 0, uncertain: 0, retried: 0, inFlight: 0 }),
		breachQueueDepth: () => 0,
		streams: () => 0,
		isConfigOk: () => true,
		pulled: () => [{ source: "kusto-contoso", state: "ok", queue: 0, queries: 1, rows: 1, failures: {} }] as never,
		pulledFeeds: () => [{ feed: "status-page", state: "ok", requests: 1, failures: {} }] as never,
		senders: async () => [],
		channels: async () =>
			[{ name: "sms-contoso", state: "well", failuresSince: 0, queue: 0, queueAgeMs: 0, undelivered: 0 }] as never,
		telemetry: async () => undefined,
		accounting: async () => [],
		watchdog: () => ({ state: "well", reasons: [], heartbeats: [], checks: { passed: 0, failed: 0 } }) as never,
		tickets: async () =>
			({ integrations: [{ name: "desk", state: "ok", tickets: { open: 1 } }], leftBehind: [] }) as never,
	});
};

test("what asks for no sign-in tells strangers neither which catalogue nor which runtime runs", async () => {
	const text = await metricsOfServer().text(false);
	expect(text).toContain("bellwether_config_reload_ok 1");
	expect(text).not.toContain(process.versions.node);
	expect(text).not.toMatch(/hash="|version="/);
});

test("the operator's names of sources, feeds, channels and integrations are for readers alone", async () => {
	const metrics = metricsOfServer();
	const [open, read] = [await metrics.text(false), await metrics.text(true)];
	for (const name of ["kusto-contoso", "status-page", "sms-contoso", "desk"]) {
		expect(open).not.toContain(name);
		expect(read).toContain(name);
	}
	expect(open).toContain("# Figures by source, feed, channel and integration are left out");
	const lines = (text: string) => text.split("\n").filter((line) => /^bellwether_(?!process|nodejs)/.test(line));
	expect(lines(read)).toEqual(expect.arrayContaining(lines(open)));
});
