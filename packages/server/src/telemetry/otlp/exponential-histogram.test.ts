import { ManualClock } from "@bellwether/model";
import { JsonMetricsSerializer, ProtobufMetricsSerializer } from "@opentelemetry/otlp-transformer";
import { AggregationTemporality, AggregationType, MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { catalogue, NOW, point, request, rig, slo } from "../telemetry-fixture.ts";
import type { Protocol } from "../types.ts";
import { ExponentialCounter } from "./exponential-histogram.ts";

/** Buckets by the definition, value by value: index i holds (base^i, base^(i+1)]. */
function bucketsOf(values: readonly number[], scale: number): Map<number, number> {
	const counts = new Map<number, number>();
	for (const value of values) {
		let index = Math.ceil(Math.log2(value) * 2 ** scale) - 1;
		while (value <= 2 ** (index / 2 ** scale)) index--;
		while (value > 2 ** ((index + 1) / 2 ** scale)) index++;
		counts.set(index, (counts.get(index) ?? 0) + 1);
	}
	return counts;
}

function side(counts: Map<number, number>): object {
	if (counts.size === 0) return {};
	const offset = Math.min(...counts.keys());
	const length = Math.max(...counts.keys()) - offset + 1;
	return { offset, bucketCounts: Array.from({ length }, (_, k) => String(counts.get(offset + k) ?? 0)) };
}

interface Observed {
	readonly at: number;
	readonly start?: number;
	readonly scale: number;
	readonly values: readonly number[];
	readonly more?: object;
}

function exponential(aggregationTemporality: 1 | 2, { at, start, scale, values, more = {} }: Observed): object {
	const own = {
		count: String(values.length),
		scale,
		zeroCount: String(values.filter((value) => value === 0).length),
		positive: side(
			bucketsOf(
				values.filter((value) => value > 0),
				scale,
			),
		),
		negative: side(
			bucketsOf(
				values.filter((value) => value < 0).map((value) => -value),
				scale,
			),
		),
		exemplars: [{ asDouble: 1 }],
		...more,
	};
	const dataPoints = [point({ at, ...(start === undefined ? {} : { start }), more: own })];
	return request([{ name: "duration", exponentialHistogram: { aggregationTemporality, dataPoints } }]);
}

const within = (le: number) =>
	catalogue({
		slos: [
			slo("fast", {
				kind: "ratio",
				numerator: "good",
				part: { metric: "duration", where: [], le },
				total: { metric: "duration", where: [] },
			}),
		],
	});
const START = NOW - 60_000;

describe("events ≤ le of exponential buckets", () => {
	const value = fc.oneof(
		fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
		fc.double({ min: -1e3, max: -1e-3, noNaN: true }),
		fc.constant(0),
	);
	test.each(["otlp-protobuf", "otlp-json"] satisfies Protocol[])("are those of an oracle, %s", (protocol) => {
		fc.assert(
			fc.property(
				fc.array(value, { minLength: 1, maxLength: 40 }),
				fc.integer({ min: -4, max: 6 }),
				fc.double({ min: -100, max: 100, noNaN: true }),
				(values, scale, le) => {
					const real = rig({ catalogue: within(le) });
					const outcome = real.send(exponential(1, { at: NOW, start: START, scale, values }), protocol);
					expect(outcome).toMatchObject({ status: "accepted", points: 1, rejected: 0 });
					const upper = (each: number): number => {
						if (each === 0) return 0;
						const [index] = [...bucketsOf([Math.abs(each)], scale).keys()] as [number];
						return each > 0 ? 2 ** ((index + 1) / 2 ** scale) : -(2 ** (index / 2 ** scale));
					};
					const slow = values.filter((each) => !(upper(each) <= le)).length;
					expect(real.sink().sum("", "fast")).toBe(`${slow} of ${values.length}`);
				},
			),
			{ numRuns: 300 },
		);
	});

	test("are exact where le is a bound, also one written in decimals", () => {
		fc.assert(
			fc.property(
				fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), { minLength: 1, maxLength: 40 }),
				fc.integer({ min: 0, max: 6 }),
				fc.integer({ min: -100, max: 100 }),
				(values, scale, n) => {
					const le = Number((2 ** (n / 2 ** scale)).toPrecision(15));
					const counter = new ExponentialCounter();
					expect(counter.begin([le], scale)).toBe(true);
					for (const [index, count] of bucketsOf(values, scale)) counter.positive(index, count);
					expect(counter.finish(0)).toEqual([values.filter((each) => each <= 2 ** (n / 2 ** scale)).length]);
				},
			),
		);
	});
});

describe("cumulative exponential histograms", () => {
	const fast = (count: number) => new Array<number>(count).fill(0.3);
	const slow = (count: number) => new Array<number>(count).fill(3);

	test("count by difference; another scale changes nothing where le is a bound of both", () => {
		const real = rig({ catalogue: within(0.5) });
		real.send(exponential(2, { at: NOW - 30_000, start: START, scale: 5, values: [...fast(4), ...slow(1)] }));
		real.send(exponential(2, { at: NOW - 20_000, start: START, scale: 2, values: [...fast(9), ...slow(2)] }));
		real.send(exponential(2, { at: NOW - 10_000, start: START, scale: 0, values: [...fast(9), ...slow(3)] }));
		expect(real.sink().sum("", "fast")).toBe("3 of 12");
	});

	test("another scale, where le lies inside a bucket, is a base line: no event is taken for a bad one", () => {
		// At scale 3 the bound below 0.31 is 0.297, at scale 0 it is 0.25: all that was fast would seem slow.
		const real = rig({ catalogue: within(0.31) });
		const quick = (count: number) => new Array<number>(count).fill(0.29);
		real.send(exponential(2, { at: NOW - 40_000, start: START, scale: 3, values: quick(100) }));
		real.send(exponential(2, { at: NOW - 30_000, start: START, scale: 0, values: quick(200) }));
		expect(real.sink().sum("", "fast")).toBe("0 of 100");
		real.send(exponential(2, { at: NOW - 20_000, start: START, scale: 0, values: [...quick(200), 0.1, 0.1, 0.9] }));
		expect(real.sink().sum("", "fast")).toBe("1 of 103");
		expect(real.accounts("")).toEqual({ received: 3, counted: 3 });
	});

	test("a reset counts as a whole, with the same scale or another, told by its start or by the fallen count", () => {
		const real = rig({ catalogue: within(0.3) });
		real.send(exponential(2, { at: NOW - 50_000, start: START, scale: 3, values: fast(10) }));
		real.send(exponential(2, { at: NOW - 40_000, start: NOW - 45_000, scale: 3, values: slow(20) }));
		expect(real.sink().sum("", "fast")).toBe("30 of 30");
		real.send(exponential(2, { at: NOW - 30_000, scale: 1, values: slow(2) }));
		expect(real.sink().sum("", "fast")).toBe("32 of 32");
		expect(real.accounts("")).toEqual({ received: 3, counted: 3 });
	});

	test("what a restarted process then counts is what the old one would have counted", () => {
		const first = rig({ catalogue: within(0.31) });
		first.send(exponential(2, { at: NOW - 40_000, start: START, scale: 3, values: fast(100) }));
		const second = rig({ catalogue: within(0.31), store: first.store, clock: first.clock });
		second.send(exponential(2, { at: NOW - 30_000, start: START, scale: 3, values: [...fast(110), ...slow(5)] }));
		second.send(exponential(2, { at: NOW - 20_000, start: START, scale: 2, values: [...fast(120), ...slow(5)] }));
		const third = rig({ catalogue: within(0.31), store: first.store, clock: first.clock });
		third.send(exponential(2, { at: NOW - 10_000, start: START, scale: 2, values: [...fast(121), ...slow(6)] }));
		const windows = third.telemetry.windows({
			tenant: "",
			slo: "fast",
			from: NOW - 60_000,
			to: NOW + 10_000,
			resolutionMs: 10_000,
		});
		const total = windows?.reduce((sum, each) => sum + each.total, 0);
		expect(total).toBe(100 + 15 + 2);
	});
});

test.each([
	["a scale that no buckets have", { scale: 30 }, "invalid_value"],
	["a count that its buckets do not add up to", { count: "7" }, "invalid_value"],
	["a zero bucket wider than le", { zeroThreshold: 1 }, "unsupported_type"],
	["a zero bucket of a negative width", { zeroThreshold: -1 }, "invalid_value"],
	["no recorded value", { flags: 1 }, "no_value"],
])("%s is rejected", (_, more, reason) => {
	for (const protocol of ["otlp-protobuf", "otlp-json"] as const) {
		const real = rig({ catalogue: within(0.5) });
		real.send(exponential(1, { at: NOW, start: START, scale: 2, values: [0.1, 3], more }), protocol);
		expect(real.accounts("", protocol)).toEqual({ received: 1, counted: 0, [reason]: 1 });
	}
});

test("without a temporality it is not counted", () => {
	const real = rig({ catalogue: within(0.5) });
	real.send(request([{ name: "duration", exponentialHistogram: { dataPoints: [point({ at: NOW })] } }]));
	expect(real.accounts("")).toEqual({ received: 1, counted: 0, unsupported_type: 1 });
});

describe("summaries", () => {
	const summary = (at: number, count: number, more: object = {}) =>
		request([
			{ name: "request.count", summary: { dataPoints: [point({ at, start: START, more: { count, ...more } })] } },
		]);
	test.each(["otlp-protobuf", "otlp-json"] satisfies Protocol[])(
		"their count is a cumulative total, %s",
		(protocol) => {
			const real = rig();
			real.send(summary(NOW - 20_000, 5, { sum: 3.5, quantileValues: [{ quantile: 0.5, value: 1 }] }), protocol);
			real.send(summary(NOW - 10_000, 9), protocol);
			real.send(summary(NOW, 9, { flags: 1 }), protocol);
			expect(real.sink().sum("", "requests")).toBe("0 of 9");
			expect(real.accounts("", protocol)).toEqual({ received: 3, counted: 2, no_value: 1 });
		},
	);

	test("a quantile is no number of events: under le they are refused, and the sender is told what to send", () => {
		const only = slo("fast", {
			kind: "ratio",
			numerator: "good",
			part: { metric: "request.count", where: [], le: 0.5 },
			total: { metric: "others", where: [] },
		});
		const real = rig({ catalogue: catalogue({ slos: [only] }) });
		expect(real.send(summary(NOW, 5))).toMatchObject({ rejected: 1, message: expect.stringContaining("histogram") });
		expect(real.accounts("")).toEqual({ received: 1, counted: 0, unsupported_type: 1 });
	});
});

class ManualReader extends MetricReader {
	protected override async onForceFlush(): Promise<void> {}
	protected override async onShutdown(): Promise<void> {}
}

describe("what the official SDK recorded in exponential buckets is counted", () => {
	test.each([
		["otlp-protobuf", "delta", AggregationTemporality.DELTA],
		["otlp-protobuf", "cumulative", AggregationTemporality.CUMULATIVE],
		["otlp-json", "delta", AggregationTemporality.DELTA],
		["otlp-json", "cumulative", AggregationTemporality.CUMULATIVE],
	] as const)("%s, %s, while its scale falls", async (protocol, _, temporality) => {
		const reader = new ManualReader({
			aggregationTemporalitySelector: () => temporality,
			aggregationSelector: () => ({ type: AggregationType.EXPONENTIAL_HISTOGRAM, options: { maxSize: 12 } }),
		});
		const provider = new MeterProvider({ readers: [reader] });
		const duration = provider.getMeter("mail").createHistogram("duration");
		const serializer = protocol === "otlp-json" ? JsonMetricsSerializer : ProtobufMetricsSerializer;
		const real = rig({ clock: new ManualClock(Date.now()), catalogue: within(0.5) });
		const scales = new Set<number>();
		let recorded = 0;
		let slow = 0;
		for (let round = 0; round < 5; round++) {
			for (let k = 0; k <= 20; k++) {
				const seconds = 0.5 * 2 ** ((k - 10) * 0.1 * round) * (k === 10 ? 1 : 0.999);
				duration.record(seconds);
				recorded++;
				if (seconds > 0.5) slow++;
			}
			for (const now = process.hrtime.bigint(); process.hrtime.bigint() - now < 2_000_000n; );
			const { resourceMetrics } = await reader.collect();
			for (const { dataPoints } of resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics))
				for (const { value } of dataPoints) scales.add((value as { scale: number }).scale);
			real.clock.advance(1_000);
			const body = serializer.serializeRequest(resourceMetrics) as Uint8Array;
			expect(real.sendBytes(body.slice(), protocol)).toMatchObject({ status: "accepted", rejected: 0 });
		}
		await provider.shutdown();
		expect(scales.size).toBeGreaterThan(2);
		expect(real.sink().sum("", "fast")).toBe(`${slow} of ${recorded}`);
	});
});
