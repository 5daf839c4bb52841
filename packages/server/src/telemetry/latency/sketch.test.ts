import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { latencyCode, latencyRange } from "./latency-code.ts";
import { packSketches, unpackSketches } from "./packed-sketches.ts";
import { MAX_INTERVALS, Sketch } from "./sketch.ts";

const latency = fc.oneof(
	fc.double({ min: 1e-3, max: 1e5, noNaN: true }),
	fc.constant(0),
	fc.integer({ min: 1, max: 9 }),
);
const latencies = fc.array(latency, { maxLength: 60 });

function sketchOf(values: readonly number[]): Sketch {
	const sketch = new Sketch();
	for (const value of values) sketch.add(...latencyRange(latencyCode(value)), 1);
	return sketch;
}

function merged(...sketches: readonly Sketch[]): Sketch {
	const sum = new Sketch();
	for (const each of sketches) sum.merge(each);
	return sum;
}

/** Nearest rank, of the values themselves. */
function oracle(values: readonly number[], ratio: number): number {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.max(1, Math.ceil(ratio * sorted.length)) - 1] as number;
}

function expectWithin(sketch: Sketch, values: readonly number[], ratio: number): void {
	const range = sketch.percentile(ratio);
	const exact = oracle(values, ratio);
	expect(range?.low).toBeLessThanOrEqual(exact);
	expect(range?.high).toBeGreaterThanOrEqual(exact);
}

describe("a sketch", () => {
	test("is the same in whatever order its parts are merged, and counts each event once", () => {
		fc.assert(
			fc.property(latencies, latencies, latencies, (a, b, c) => {
				const [x, y, z] = [sketchOf(a), sketchOf(b), sketchOf(c)];
				const whole = sketchOf([...a, ...b, ...c]);
				fc.pre(whole.size < MAX_INTERVALS);
				expect(merged(x, y, z)).toEqual(whole);
				expect(merged(z, merged(y, x))).toEqual(whole);
				expect(whole.total).toBe(a.length + b.length + c.length);
			}),
			{ numRuns: 200 },
		);
	});

	test("gives percentiles between whose bounds the true one lies, at most 9.1 % apart", () => {
		fc.assert(
			fc.property(
				fc.array(latency, { minLength: 1, maxLength: 60 }),
				fc.double({ min: 0, max: 1, noNaN: true }),
				(values, ratio) => {
					const sketch = sketchOf(values);
					expectWithin(sketch, values, ratio);
					const { low, high } = sketch.percentile(ratio) ?? { low: Number.NaN, high: Number.NaN };
					expect(high).toBeLessThanOrEqual(low * 1.091);
				},
			),
			{ numRuns: 300 },
		);
	});

	test("with more intervals than it may have keeps the highest apart, loses no event and says nothing wrong", () => {
		const values = Array.from({ length: 400 }, (_, k) => 1.06 ** (k - 200));
		const sketch = merged(sketchOf(values.slice(0, 250)), sketchOf(values.slice(250)), sketchOf(values.slice(90, 300)));
		const all = [...values, ...values.slice(90, 300)];
		expect(sketch.size).toBe(MAX_INTERVALS);
		expect(sketch.total).toBe(all.length);
		for (const ratio of [0, 0.01, 0.2, 0.5, 0.9, 0.99, 1]) expectWithin(sketch, all, ratio);
		const top = sketch.percentile(0.99);
		expect((top?.high ?? 0) / (top?.low ?? 1)).toBeLessThan(1.091);
	});

	test("of sources with different buckets gives what both of them allow", () => {
		const sketch = new Sketch();
		sketch.add(0, 100, 50);
		sketch.add(100, Number.POSITIVE_INFINITY, 1);
		sketch.add(50, 200, 49);
		expect(sketch.percentile(0.5)).toEqual({ low: 0, high: 100 });
		expect(sketch.percentile(0.6)).toEqual({ low: 50, high: 200 });
		expect(sketch.percentile(1)).toEqual({ low: 100, high: Number.POSITIVE_INFINITY });
	});

	test("without an event has no percentile", () => {
		expect(new Sketch().percentile(0.5)).toBeUndefined();
	});

	test("comes back from bytes", () => {
		fc.assert(
			fc.property(fc.dictionary(fc.integer({ min: 0, max: 59 }).map(String), latencies), (rows) => {
				const sketches = new Map(Object.entries(rows).map(([bucket, values]) => [Number(bucket), sketchOf(values)]));
				const back = unpackSketches(packSketches(sketches));
				expect(back).toEqual(new Map([...sketches].filter(([, { size }]) => size > 0)));
			}),
			{ numRuns: 100 },
		);
		expect(unpackSketches(undefined)).toEqual(new Map());
	});

	test("no number is no latency", () => {
		expect(latencyCode(Number.NaN)).toBe(-1);
		expect(latencyCode(Number.POSITIVE_INFINITY)).toBe(-1);
		expect(latencyRange(latencyCode(-3))).toEqual([Number.NEGATIVE_INFINITY, 0]);
	});
});
