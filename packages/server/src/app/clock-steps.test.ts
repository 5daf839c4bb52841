import { HOUR_MS, ManualClock, MINUTE_MS, SECOND_MS } from "@bellwether/model";
import { expect, onTestFinished, test, vi } from "vitest";
import { type IngestOutcome, MemoryTelemetryStore } from "#telemetry";
import { exampleCatalogue, exampleSlo } from "../../testing/catalogue.ts";
import { TelemetryHost } from "./telemetry-host.ts";
import type { FromWorker } from "./telemetry-protocol.ts";

const NOW = Date.UTC(2026, 10, 23, 12, 0, 0);
const STEP_MS = 10 * SECOND_MS;

const LIMITS = { latenessMs: 3 * HOUR_MS, futureMs: 5 * MINUTE_MS, maxStreams: 1_000, maxBodyBytes: 1_048_576 };

/** A counter as a sender with a right clock reports it: what was counted in the ten seconds until `at`. */
function counts(at: number, good: number, bad: number): Uint8Array {
	const point = (value: number) => ({
		startTimeUnixNano: `${at - STEP_MS}000000`,
		timeUnixNano: `${at}000000`,
		asInt: String(value),
	});
	const metric = (name: string, value: number) => ({
		name,
		sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints: [point(value)] },
	});
	const metrics = [metric("policy.requests", good + bad), metric("policy.errors", bad)];
	return new TextEncoder().encode(JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }));
}

function world() {
	vi.useFakeTimers();
	onTestFinished(() => {
		vi.useRealTimers();
	});
	const clock = new ManualClock(NOW);
	const sent: FromWorker[] = [];
	const slo = {
		...exampleSlo("policy-create"),
		indicator: {
			kind: "ratio" as const,
			numerator: "bad" as const,
			part: { metric: "policy.errors", where: [] },
			total: { metric: "policy.requests", where: [] },
		},
	};
	const { settings } = exampleCatalogue();
	const store = new MemoryTelemetryStore();
	let opened = 0;
	const host = new TelemetryHost({
		catalogue: exampleCatalogue({ slos: [slo], settings: { ...settings, telemetry: LIMITS } }),
		openBreaches: [],
		openStore: () => {
			opened++;
			return store;
		},
		clock,
		seed: 1,
		foldEveryMs: MINUTE_MS,
		send: (message) => sent.push(message),
		closed: () => {},
	});
	host.start();
	let trueNow = NOW;
	let id = 0;
	return {
		clock,
		store,
		opened: () => opened,
		events: () => sent.flatMap((each) => (each.kind === "breach" ? [each.event.type] : [])),
		refused: () =>
			sent
				.flatMap((each) => (each.kind === "answer" ? [each.answer as IngestOutcome] : []))
				.filter((each) => each.status !== "accepted"),
		/** True time passes: the sender reports each ten seconds, the server looks each second. */
		pass(ms: number, badRatio: number) {
			for (const end = trueNow + ms; trueNow < end; ) {
				trueNow += STEP_MS;
				const body = counts(trueNow, 100 * (1 - badRatio), 100 * badRatio);
				host.receive({ id: ++id, call: { kind: "ingest", protocol: "otlp-json", encoding: undefined, body } });
				for (let second = 0; second < 10; second++) {
					clock.advance(SECOND_MS);
					vi.advanceTimersByTime(SECOND_MS);
				}
			}
		},
	};
}

test("errors are found within minutes where the clock was never stepped", () => {
	const { pass, events } = world();
	pass(30 * MINUTE_MS, 0);
	pass(3 * MINUTE_MS, 0.5);
	expect(events()).toContain("breach.opened");
});

test.each([
	["for a minute", MINUTE_MS],
	["for half an hour", 30 * MINUTE_MS],
])("errors are found as soon after the clock was an hour ahead %s and is right again", (_, wrongMs) => {
	const { pass, events, clock, refused } = world();
	pass(30 * MINUTE_MS, 0);
	clock.step(HOUR_MS);
	pass(wrongMs, 0);
	clock.step(-HOUR_MS);
	expect(events()).toEqual([]);
	pass(3 * MINUTE_MS, 0.5);
	expect(events()).toEqual(expect.arrayContaining(["breach.opened"]));
	expect(refused()).toEqual([]);
});

test("what was counted while the clock was ahead is in the windows as soon as it is right again", () => {
	const { pass, events, clock } = world();
	pass(30 * MINUTE_MS, 0);
	clock.step(HOUR_MS);
	pass(20 * MINUTE_MS, 0);
	pass(4 * MINUTE_MS, 0.5);
	expect(events()).toEqual([]);
	clock.step(-HOUR_MS);
	pass(20 * SECOND_MS, 0.5);
	expect(events()).toContain("breach.opened");
});

test("errors that go on while the clock is set back are told once", () => {
	const { pass, events, clock } = world();
	pass(30 * MINUTE_MS, 0);
	pass(10 * MINUTE_MS, 0.5);
	clock.step(-HOUR_MS);
	pass(5 * MINUTE_MS, 0.5);
	clock.step(HOUR_MS);
	pass(5 * MINUTE_MS, 0.5);
	expect(events().filter((type) => type === "breach.opened")).toHaveLength(1);
});

test("a clock that is stepped to and fro each second is followed now and then, and when it rests", () => {
	const { pass, events, clock, opened } = world();
	pass(30 * MINUTE_MS, 0);
	const before = opened();
	for (let second = 0; second < 60; second++) {
		clock.step(second % 2 === 0 ? HOUR_MS : -HOUR_MS);
		clock.advance(SECOND_MS);
		vi.advanceTimersByTime(SECOND_MS);
	}
	expect(opened() - before).toBeGreaterThan(0);
	expect(opened() - before).toBeLessThanOrEqual(6);
	pass(3 * MINUTE_MS, 0.5);
	expect(events()).toContain("breach.opened");
});

test("stored windows of a clock that was ahead are not taken for those of the present", () => {
	const { pass, clock, store } = world();
	clock.step(HOUR_MS);
	pass(10 * MINUTE_MS, 0);
	const form = () => JSON.parse(store.meta("windows") ?? "{}").form;
	expect(form()).not.toBe("");
	clock.step(-HOUR_MS);
	vi.advanceTimersByTime(SECOND_MS);
	expect(form()).toBe("");
});
