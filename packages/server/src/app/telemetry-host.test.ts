import { ManualClock } from "@bellwether/model";
import { expect, onTestFinished, test, vi } from "vitest";
import { type IngestOutcome, MemoryTelemetryStore } from "#telemetry";
import { bareCatalogue, MAIL, mailSlo } from "../../testing/bare-catalogue.ts";
import { TelemetryHost, type TelemetryHostOptions } from "./telemetry-host.ts";
import type { FromWorker } from "./telemetry-protocol.ts";

const NOW = Date.UTC(2026, 10, 23, 12, 0, 0);
const REQUESTS = mailSlo("requests", "request.count", "request.errors");
const CATALOGUE = bareCatalogue({ workloads: [MAIL], slos: [REQUESTS] });

function body(value: number): Uint8Array {
	const dataPoints = [{ timeUnixNano: `${NOW - value * 1_000}000000`, asInt: String(value) }];
	const sum = { aggregationTemporality: 1, isMonotonic: true, dataPoints };
	const scopeMetrics = [{ metrics: [{ name: "request.count", sum }] }];
	return new TextEncoder().encode(JSON.stringify({ resourceMetrics: [{ scopeMetrics }] }));
}

function started(openBreaches: TelemetryHostOptions["openBreaches"] = []) {
	vi.useFakeTimers();
	onTestFinished(() => {
		vi.useRealTimers();
	});
	const store = new MemoryTelemetryStore();
	const sent: FromWorker[] = [];
	const host = new TelemetryHost({
		catalogue: CATALOGUE,
		openBreaches,
		openStore: () => store,
		clock: new ManualClock(NOW),
		seed: 1,
		send: (message) => sent.push(message),
		closed: () => {},
	});
	host.start();
	let id = 0;
	return {
		store,
		sent,
		host,
		ingest: (value: number) =>
			host.receive({
				id: ++id,
				call: { kind: "ingest", protocol: "otlp-json", encoding: undefined, body: body(value) },
			}),
		answers: () => sent.flatMap((each) => (each.kind === "answer" ? [(each.answer as IngestOutcome).status] : [])),
	};
}

test("a claim whose monitor is gone is ended at the start, and when it goes with a new catalogue; only once", () => {
	const claim = { tenant: "", slo: "requests", detector: "threshold", openedAt: NOW - 60_000 };
	const { sent, host } = started([claim, { ...claim, detector: "burn-rate" }]);
	const ends = () => sent.flatMap((each) => (each.kind === "breach" ? [each.event] : []));
	const { tenant, slo, detector } = claim;
	const end = { type: "breach.closed", tenant, slo, detector, closedAt: NOW, reason: "unwatched" };
	expect(ends()).toEqual([end]);
	host.receive({ id: 1, call: { kind: "configure", catalogue: CATALOGUE, openBreaches: [] } });
	expect(ends()).toEqual([end]);
	host.receive({ id: 2, call: { kind: "configure", catalogue: CATALOGUE, openBreaches: [claim] } });
	expect(ends()).toEqual([end, end]);
});

test("requests that are here at the same time are one commit, and none is answered before it", () => {
	const { store, ingest, answers } = started();
	for (const value of [1, 2, 3]) ingest(value);
	expect(answers()).toEqual([]);
	expect(store.journalSize().rows).toBe(0);
	vi.advanceTimersByTime(1);
	expect(answers()).toEqual(["accepted", "accepted", "accepted"]);
	expect(store.journalSize().rows).toBe(1);
});

test.each(["before", "after"] as const)(
	"when the store fails %s a commit, all its requests are unavailable until memory is rebuilt, then count once",
	(when) => {
		const { store, sent, host, ingest, answers } = started();
		store.failNext = when;
		ingest(1);
		ingest(2);
		vi.advanceTimersByTime(1);
		expect(answers()).toEqual(["unavailable", "unavailable"]);
		expect(sent).toContainEqual({ kind: "failure", message: expect.stringMatching(/telemetry store failed: d/) });
		ingest(1);
		vi.advanceTimersByTime(1);
		expect(answers()).toEqual(["unavailable", "unavailable", "unavailable"]);
		vi.advanceTimersByTime(100);
		ingest(1);
		ingest(2);
		vi.advanceTimersByTime(1);
		expect(answers().slice(3)).toEqual(["accepted", "accepted"]);
		const query = { tenant: "", slo: "requests", from: 0, to: NOW + 60_000, resolutionMs: 60_000 };
		host.receive({ id: 99, call: { kind: "windows", query } });
		expect(sent.at(-1)).toMatchObject({ id: 99, answer: [{ total: 3 }] });
	},
);

test("a store that stays broken is tried less and less often, and health says so", () => {
	const { store, sent, host, ingest } = started();
	const healthy = (): unknown => {
		host.receive({ id: 50, call: { kind: "health" } });
		return sent.at(-1);
	};
	expect(healthy()).toMatchObject({ answer: { state: "ready", failure: undefined } });
	let opened = 0;
	const read = store.streams.bind(store);
	store.streams = () => {
		opened++;
		throw new Error("disk I/O error");
	};
	store.failNext = "before";
	ingest(1);
	vi.advanceTimersByTime(1);
	expect(healthy()).toMatchObject({ answer: { state: "rebuilding", failure: expect.stringMatching(/full/) } });
	vi.advanceTimersByTime(60_000);
	expect(opened).toBeGreaterThan(4);
	expect(opened).toBeLessThan(12);
	store.streams = read;
	vi.advanceTimersByTime(10_000);
	expect(healthy()).toMatchObject({ answer: { state: "ready", failure: undefined } });
});
