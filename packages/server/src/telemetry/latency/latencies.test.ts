import { ManualClock } from "@bellwether/model";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { hex, nanosOf, type PlainSpan, span, spanBytes } from "../events/event-fixture.ts";
import { remoteWriteBytes, type TestHistogram } from "../remote-write/remote-write-fixture.ts";
import {
	catalogue,
	DAY_MS,
	delta,
	histogram,
	NOW,
	point,
	type Rig,
	request,
	rig,
	SLOS,
	slo,
} from "../telemetry-fixture.ts";
import type { Latencies, LatencyBounds, LatencyFigures } from "../types.ts";
import { Sketch } from "./sketch.ts";

vi.setConfig({ testTimeout: 30_000 });

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const RATIOS = [0.5, 0.9, 0.99];
const DAY = { from: NOW - DAY_MS, to: NOW + DAY_MS, resolutionMs: MINUTE_MS, ratios: RATIOS };

function latencies(of: Rig, tenant = "contoso", query: Partial<typeof DAY> & { slo?: string } = {}): Latencies {
	const found = of.telemetry.latencies({ tenant, slo: "fast", ...DAY, ...query });
	if (!found) throw new Error("latencies are not kept");
	return found;
}

const told = ({ known, total, percentiles }: LatencyFigures) =>
	`${known} of ${total}: ${percentiles.map((each) => (each ? `${each.low}-${each.high}` : "?")).join(" ")}`;

const BOUNDS = [0.1, 0.5, 2];
function buckets(bounds: readonly number[], values: readonly number[]): object {
	const bucketCounts = new Array<number>(bounds.length + 1).fill(0);
	for (const value of values) {
		const k = bounds.findIndex((bound) => value <= bound);
		const at = k < 0 ? bounds.length : k;
		bucketCounts[at] = (bucketCounts[at] as number) + 1;
	}
	return { count: String(values.length), bucketCounts: bucketCounts.map(String), explicitBounds: bounds };
}
const explicit = (
	temporality: 1 | 2,
	values: readonly number[],
	options: { at?: number; start?: number; tenant?: string; bounds?: readonly number[] } = {},
): object => {
	const { at = NOW, start = at - 10_000, tenant = "contoso-id", bounds = BOUNDS } = options;
	const attributes = { temporality: String(temporality) };
	const dataPoint = point({ at, start, tenant, attributes, more: buckets(bounds, values) });
	return request([histogram("request.duration", temporality, dataPoint)]);
};

const ONE_TO_TEN = Array.from({ length: 100 }, (_, k) => (k + 1) / 10);

describe("percentiles of an SLO with a bound on a histogram", () => {
	test.each(["otlp-protobuf", "otlp-json"] as const)("lie in a bucket of the source, %s", (protocol) => {
		const real = rig();
		real.send(
			explicit(1, [...new Array(80).fill(0.05), ...new Array(15).fill(0.3), ...new Array(5).fill(9)]),
			protocol,
		);
		expect(told(latencies(real))).toBe("100 of 100: 0-0.1 0.1-0.5 2-Infinity");
		expect(told(latencies(real, ""))).toBe("100 of 100: 0-0.1 0.1-0.5 2-Infinity");
		expect(latencies(real).windows).toMatchObject([{ at: NOW, known: 100 }]);
	});

	test("are those of the minute that the events are of, late ones too", () => {
		const real = rig();
		real.send(explicit(1, [0.05, 0.05], { at: NOW }));
		real.send(explicit(1, [1], { at: NOW - 2 * HOUR_MS }));
		real.telemetry.fold();
		real.send(explicit(1, [0.3], { at: NOW - 2 * HOUR_MS + 20_000 }));
		expect(latencies(real).windows.map((each) => [each.at - NOW, told(each)])).toEqual([
			[-2 * HOUR_MS, "2 of 2: 0.1-0.5 0.5-2 0.5-2"],
			[0, "2 of 2: 0-0.1 0-0.1 0-0.1"],
		]);
	});

	test("of a customer that is no key tenant are the fleet's alone", () => {
		const real = rig();
		real.send(explicit(1, [0.3], { tenant: "somebody" }));
		expect(told(latencies(real))).toBe("0 of 0: ? ? ?");
		expect(told(latencies(real, ""))).toBe("1 of 1: 0.1-0.5 0.1-0.5 0.1-0.5");
	});

	test("are not known where a histogram has no buckets, and there are none of an SLO without a bound", () => {
		const whole = slo("whole", {
			kind: "ratio",
			numerator: "bad",
			part: { metric: "request.duration", where: [], le: 0.5 },
			total: { metric: "request.count", where: [] },
		});
		const real = rig({ catalogue: catalogue({ slos: [...SLOS, whole] }) });
		real.send(request([delta("request.count", point({ at: NOW, tenant: "contoso-id", value: 7 }))]));
		expect(told(latencies(real, "contoso", { slo: "whole" }))).toBe("0 of 7: ? ? ?");
		expect(real.telemetry.latencies({ tenant: "contoso", slo: "requests", ...DAY })).toBeUndefined();
		expect(real.telemetry.latencies({ tenant: "nobody", slo: "fast", ...DAY })).toBeUndefined();
	});

	test("a cumulative histogram gives what came between two points; resets whole; other bounds nothing, though events count", () => {
		const real = rig();
		const started = NOW - 4 * HOUR_MS;
		const at = (n: number) => NOW + n * MINUTE_MS;
		real.send(explicit(2, ONE_TO_TEN, { start: started, at: at(0) }));
		real.clock.advance(10 * MINUTE_MS);
		real.send(explicit(2, [...ONE_TO_TEN, 0.3], { start: started, at: at(1) }));
		// It began again.
		real.send(explicit(2, [0.05, 0.05], { start: at(1) + 1_000, at: at(2) }));
		real.send(explicit(2, [0.05, 0.05, 0.05, 1], { start: at(1) + 1_000, at: at(3), bounds: [0.1, 0.5, 1, 2] }));
		real.send(explicit(2, [0.05, 0.05, 0.05, 1, 0.8], { start: at(1) + 1_000, at: at(4), bounds: [0.1, 0.5, 1, 2] }));
		expect(latencies(real).windows.map((each) => [(each.at - NOW) / MINUTE_MS, told(each)])).toEqual([
			[1, "1 of 1: 0.1-0.5 0.1-0.5 0.1-0.5"],
			[2, "2 of 2: 0-0.1 0-0.1 0-0.1"],
			[3, "0 of 2: ? ? ?"],
			[4, "1 of 1: 0.5-1 0.5-1 0.5-1"],
		]);
	});

	test("bounds out of order say nothing, and the events count", () => {
		const real = rig();
		real.send(explicit(1, [0.05, 0.3], { bounds: [0.1, 0.5, 0.4] }));
		expect(told(latencies(real))).toBe("0 of 2: ? ? ?");
	});
});

test("native histograms of Prometheus, whose buckets grow coarser, lose nothing", () => {
	const real = rig();
	const write = (each: TestHistogram) =>
		real.sendBytes(
			remoteWriteBytes("remote-write-2", [
				{ labels: { __name__: "request.duration", "tenant.id": "contoso-id" }, histograms: [each] },
			]),
			"remote-write-2",
		);
	// Schema 1: bucket i ends at 2^(i / 2); schema 0: at 2^i.
	write({ at: NOW - 50_000, schema: 1, positive: { [-4]: 5, 2: 1 } });
	write({ at: NOW - 40_000, schema: 1, positive: { [-4]: 6, [-3]: 2, 2: 1 } });
	write({ at: NOW - 30_000, schema: 0, positive: { [-2]: 6, [-1]: 2, 1: 2 } });
	const found = latencies(real, "contoso", { resolutionMs: HOUR_MS });
	expect(`${found.known} of ${found.total}`).toBe("4 of 4");
	expect(found.percentiles[0]).toEqual({ low: 0.25, high: 2 ** -1.5 });
	expect(found.percentiles[2]).toEqual({ low: 1, high: 2 });
	// Of custom bounds too.
	write({ at: NOW - 20_000, schema: -53, customValues: [0.5, 1], positive: { 0: 1, 2: 1 } });
	write({ at: NOW - 10_000, schema: -53, customValues: [0.5, 1], positive: { 0: 3, 2: 1 } });
	expect(latencies(real).known).toBeGreaterThan(4);
});

describe("durations of spans", () => {
	const quick = slo("quick", {
		kind: "ratio",
		numerator: "good",
		part: { ...span("GET /"), le: 250 },
		total: span("GET /"),
	});
	const parts = { catalogue: catalogue({ slos: [quick] }) };
	const spans = (durationsMs: readonly number[], from = 0): PlainSpan[] =>
		durationsMs.map((duration, k) => ({
			traceId: hex(from + k + 1, 32),
			spanId: hex(from + k + 1, 16),
			name: "GET /",
			kind: 2,
			start: nanosOf(NOW - duration),
			end: nanosOf(NOW),
			status: 1,
			resource: { "tenant.id": "contoso-id" },
			attributes: {},
		}));
	const send = (to: Rig, each: readonly PlainSpan[]) =>
		to.telemetry.ingest([{ protocol: "otlp-traces", encoding: undefined, body: spanBytes(each, "protobuf") }]);

	test("are known to 9.1 %, each span once, also after a kill", () => {
		const live = rig(parts);
		const all = spans(Array.from({ length: 100 }, (_, k) => k + 1));
		send(live, all.slice(0, 60));
		live.telemetry.fold();
		send(live, all);
		const next = rig({ ...parts, store: live.store.copy() });
		send(next, all);
		const found = latencies(next, "contoso", { slo: "quick" });
		expect(found).toMatchObject({ known: 100, total: 100 });
		expect(found).toEqual(latencies(live, "contoso", { slo: "quick" }));
		for (const [k, exact] of [50, 90, 99].entries()) {
			const { low, high } = found.percentiles[k] as LatencyBounds;
			expect(low).toBeLessThan(exact);
			expect(high).toBeGreaterThanOrEqual(exact);
			expect(high / low).toBeLessThan(1.091);
		}
	});
});

/** What a source says at one point of time: new latencies, in one of the forms. */
interface Sent {
	readonly form: "delta" | "cumulative" | "exponential";
	readonly values: readonly number[];
	readonly waitMs: number;
	/** Of the events themselves; late ones come too. */
	readonly lateMs: number;
	readonly isRepeated: boolean;
}

const sent: fc.Arbitrary<Sent> = fc.record({
	form: fc.constantFrom("delta", "cumulative", "exponential"),
	values: fc.array(fc.double({ min: 1e-2, max: 10, noNaN: true }), { maxLength: 8 }),
	waitMs: fc.integer({ min: 10_000, max: 90_000 }),
	lateMs: fc.constantFrom(0, 0, 0, 5 * MINUTE_MS, 2 * HOUR_MS),
	isRepeated: fc.boolean(),
});
const doings = fc.array(fc.constantFrom("tick", "slice", "slice", "fold", "kill", "rebuild", "nothing"), {
	minLength: 1,
	maxLength: 30,
});

function expectRange(range: LatencyBounds | undefined, values: readonly number[], ratio: number): void {
	const sorted = [...values].sort((a, b) => a - b);
	const exact = sorted[Math.max(1, Math.ceil(ratio * sorted.length)) - 1] as number;
	expect(range?.low).toBeLessThanOrEqual(exact);
	expect(range?.high).toBeGreaterThanOrEqual(exact);
}

test("of random sources, killed and folded whenever, each latency counts once and percentiles hold the true ones", () => {
	fc.assert(
		fc.property(fc.array(sent, { minLength: 1, maxLength: 25 }), doings, (steps, moments) => {
			let live = rig();
			const truth: number[] = [];
			const running: number[] = [];
			live.clock.advance(3 * HOUR_MS);
			const startedAt = live.clock.now();
			steps.forEach((step, k) => {
				live.clock.advance(step.waitMs);
				const now = live.clock.now();
				truth.push(...step.values);
				running.push(...(step.form === "cumulative" ? step.values : []));
				// Points of one stream cover a millisecond each, and never the same.
				const at = step.form === "cumulative" ? now : now - step.lateMs + k;
				const body =
					step.form === "exponential"
						? exponentialOf(step.values, at)
						: step.form === "cumulative"
							? explicit(2, running, { at, start: startedAt })
							: explicit(1, step.values, { at, start: at - 1 });
				for (let times = step.isRepeated ? 2 : 1; times > 0; times--) live.send(body);
				for (const doing of [moments[k % moments.length], moments[(k * 7 + 3) % moments.length]]) {
					if (doing === "tick") live.telemetry.tick();
					else if (doing === "slice" && live.telemetry.hasWork) live.telemetry.work();
					else if (doing === "fold") live.telemetry.fold();
					else if (doing === "rebuild") live.telemetry.rebuild();
					else if (doing === "kill") live = rig({ store: live.store.copy(), clock: live.clock });
				}
			});
			const found = latencies(live, "contoso", { resolutionMs: HOUR_MS });
			expect(found.total).toBe(truth.length);
			expect(found.known).toBe(truth.length);
			if (truth.length > 0) for (const [k, ratio] of RATIOS.entries()) expectRange(found.percentiles[k], truth, ratio);
			const again = rig({ store: live.store.copy(), clock: live.clock });
			expect(latencies(again)).toEqual(latencies(live));
		}),
		{ numRuns: 60 },
	);

	function exponentialOf(values: readonly number[], at: number): object {
		const scale = 2;
		const indexes = values.map((value) => Math.ceil(Math.log2(value) * 4) - 1);
		const offset = Math.min(...indexes, 0);
		const bucketCounts = new Array<number>(Math.max(...indexes, 0) - offset + 1).fill(0);
		for (const index of indexes) bucketCounts[index - offset] = (bucketCounts[index - offset] as number) + 1;
		const more = { count: String(values.length), scale, positive: { offset, bucketCounts: bucketCounts.map(String) } };
		const dataPoints = [point({ at, start: at - 1, tenant: "contoso-id", attributes: { form: "exponential" }, more })];
		return request([{ name: "request.duration", exponentialHistogram: { aggregationTemporality: 1, dataPoints } }]);
	}
});

test("what a fold had brought to the roll-ups when it was cut off is not counted again", () => {
	const live = rig();
	live.send(explicit(1, ONE_TO_TEN));
	live.clock.advance(10 * MINUTE_MS);
	live.telemetry.tick();
	let cuts = 0;
	while (live.telemetry.counters().isFolding) {
		const killed = rig({ store: live.store.copy(), clock: new ManualClock(live.clock.now()) });
		expect(told(latencies(killed))).toBe("100 of 100: 2-Infinity 2-Infinity 2-Infinity");
		killed.telemetry.fold();
		expect(latencies(killed).known).toBe(100);
		live.telemetry.work();
		cuts++;
	}
	expect(cuts).toBeGreaterThan(2);
	expect(latencies(live).known).toBe(100);
});

test("latencies grow coarser with age as they are merged, are counted in their tier, and go with the last one", () => {
	const live = rig();
	const tidy = () => {
		live.telemetry.fold();
		while (live.telemetry.hasWork) live.telemetry.work();
	};
	for (let k = 0; k < 3; k++) live.send(explicit(1, ONE_TO_TEN, { at: NOW + k * MINUTE_MS }));
	tidy();
	const rows = (): string =>
		(["ten-seconds", "minutes", "ten-minutes", "hours"] as const)
			.filter((tier) => live.store.firstBlock(`latency-${tier}`) !== undefined)
			.join();
	expect(rows()).toBe("ten-seconds");
	const seen = [rows()];
	for (let day = 0; day < 420; day++) {
		live.clock.advance(DAY_MS);
		tidy();
		if (rows() !== seen.at(-1)) seen.push(rows());
		const { known } = latencies(live, "contoso", { from: NOW - HOUR_MS, to: NOW + HOUR_MS, resolutionMs: HOUR_MS });
		if (rows() !== "") expect(known).toBe(300);
	}
	// The fleet's are kept longer: while the tenants' have moved on, both tiers hold something.
	expect(seen[0]).toBe("ten-seconds");
	expect(seen.at(-1)).toBe("");
	expect(seen).toContain("hours");
	const { tiers } = live.telemetry.counters().storage;
	expect(tiers.map(({ bytes }) => bytes)).toEqual(tiers.map(() => 0));
});

test("streams without latencies keep none, and a sketch takes a bounded place", () => {
	const sketch = new Sketch();
	for (let k = 0; k < 100_000; k++) sketch.add(k, k + 1, 1);
	expect(sketch.size).toBeLessThanOrEqual(160);
	const live = rig();
	live.send(request([delta("request.count", point({ at: NOW, tenant: "contoso-id", value: 7 }))]));
	live.telemetry.fold();
	expect(live.store.firstBlock("latency-ten-seconds")).toBeUndefined();
});

describe("classic histograms of Prometheus", () => {
	const LES = ["0.1", "0.5", "2", "+Inf"];
	const START = NOW - 10 * MINUTE_MS;
	/** Cumulative counts by bucket as they are scraped, in any order of series. */
	function scrape(to: Rig, counts: readonly number[], at: number, tenant = "contoso-id"): void {
		const series = LES.map((le, k) => ({
			labels: { __name__: "request.duration_bucket", le, "tenant.id": tenant },
			samples: [{ value: counts[k] as number, at }],
		}));
		const count = {
			labels: { __name__: "request.duration_count", "tenant.id": tenant },
			samples: [{ value: counts.at(-1) as number, at }],
		};
		for (const each of [series.toReversed(), [count]])
			to.sendBytes(remoteWriteBytes("remote-write-1", each), "remote-write-1");
	}

	test("are put together from the buckets, which come one by one; kills and folds between them change nothing", () => {
		let live = rig();
		scrape(live, [10, 20, 30, 40], START);
		scrape(live, [20, 50, 69, 80], START + MINUTE_MS);
		live.telemetry.fold();
		live = rig({ store: live.store.copy(), clock: live.clock });
		scrape(live, [20, 50, 69, 80], START + 2 * MINUTE_MS);
		scrape(live, [20, 50, 70, 81], START + 3 * MINUTE_MS);
		// It began again.
		scrape(live, [0, 0, 2, 2], START + 4 * MINUTE_MS);
		live = rig({ store: live.store.copy(), clock: live.clock });
		expect(latencies(live).windows.map((each) => [(each.at - START) / MINUTE_MS, told(each)])).toEqual([
			[1, "40 of 40: 0.1-0.5 0.5-2 2-Infinity"],
			[3, "1 of 1: 0.5-2 0.5-2 0.5-2"],
			[4, "2 of 2: 0.5-2 0.5-2 0.5-2"],
		]);
		expect(live.sink().sum("contoso", "fast")).toBe("13 of 43");
	});

	test("of customers that are no key tenants keep none, as the fleet's would be of some customers alone", () => {
		const live = rig();
		scrape(live, [10, 20, 30, 40], START, "somebody");
		scrape(live, [20, 50, 69, 80], START + MINUTE_MS, "somebody");
		expect(latencies(live, "").known).toBe(0);
		expect(live.telemetry.counters().streams).toBe(2);
	});

	test("take no streams that SLOs need", () => {
		const live = rig({ catalogue: catalogue({ maxStreams: 20 }) });
		for (let k = 0; k < 8; k++) {
			const body = [
				delta("request.count", point({ at: NOW, tenant: "fabrikam-id", value: 1, attributes: { k: String(k) } })),
			];
			live.send(request(body));
		}
		scrape(live, [10, 20, 30, 40], START);
		scrape(live, [20, 50, 69, 80], START + MINUTE_MS);
		expect(live.telemetry.accounting("contoso")[0]).toMatchObject({ counted: 8, rejected: { no_sli: 2 } });
		expect(live.sink().sum("contoso", "fast")).toBe("10 of 40");
	});
});
