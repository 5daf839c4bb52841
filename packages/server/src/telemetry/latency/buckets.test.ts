import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ByteReader, ByteWriter } from "../core/bytes.ts";
import {
	advanced,
	type BucketCounts,
	BucketReader,
	BucketWriter,
	difference,
	ExponentialBuckets,
	explicitBuckets,
	sketchOf,
} from "./buckets.ts";
import { MAX_INTERVALS } from "./sketch.ts";

function exponential(scale: number, counts: Readonly<Record<number, number>>): BucketCounts {
	const buckets = new ExponentialBuckets(scale);
	for (const [index, count] of Object.entries(counts)) buckets.positive(Number(index), count);
	return buckets.finish();
}

const total = (buckets: BucketCounts | undefined): number => (buckets ? sketchOf(buckets).total : Number.NaN);
const counts = fc.dictionary(fc.integer({ min: -200, max: 200 }).map(String), fc.integer({ min: 1, max: 9 }), {
	maxKeys: 30,
});

describe("buckets of a histogram", () => {
	test("of any scale are put into ours without losing an event, each within bounds that held it", () => {
		fc.assert(
			fc.property(counts, fc.integer({ min: -2, max: 12 }), (by, scale) => {
				const sketch = sketchOf(exponential(scale, by));
				expect(sketch.total).toBe(Object.values(by).reduce((a, b) => a + b, 0));
				for (const index of Object.keys(by).map(Number)) {
					const middle = 2 ** ((index + 0.5) / 2 ** scale);
					expect(sketch.lows.some((low, k) => low < middle && middle <= (sketch.highs[k] as number))).toBe(true);
				}
			}),
			{ numRuns: 200 },
		);
	});

	test("earlier and what came since are the later ones, whatever their scales", () => {
		fc.assert(
			fc.property(
				counts,
				counts,
				fc.integer({ min: 0, max: 6 }),
				fc.integer({ min: 0, max: 3 }),
				(by, more, scale, coarser) => {
					const sum: Record<number, number> = { ...by };
					for (const [index, count] of Object.entries(more)) sum[Number(index)] = (sum[Number(index)] ?? 0) + count;
					const rescaled: Record<number, number> = {};
					for (const [index, count] of Object.entries(sum)) {
						const into = Math.floor(Number(index) / 2 ** coarser);
						rescaled[into] = (rescaled[into] ?? 0) + count;
					}
					const before = exponential(scale, by);
					const found = difference(exponential(scale - coarser, rescaled), before);
					expect(total(found?.change)).toBe(Object.values(more).reduce((a, b) => a + b, 0));
					expect(found && advanced(before, found.change)).toEqual(found?.later);
				},
			),
			{ numRuns: 200 },
		);
	});

	test("that fell, or have other bounds, cannot be compared", () => {
		const at = (bounds: readonly number[], ...of: number[]) =>
			explicitBuckets(bounds, (k) => of[k] ?? 0) as BucketCounts;
		expect(difference(at([1, 2], 1, 1), at([1, 2], 2, 0))).toBeUndefined();
		expect(difference(at([1, 3], 9, 9), at([1, 2], 1, 1))).toBeUndefined();
		expect(total(difference(at([1, 2], 1, 1, 4), at([1, 2], 1, 1))?.change)).toBe(4);
	});

	test("of millions take little, and none is lost", () => {
		const buckets = new ExponentialBuckets(3);
		for (let index = 0; index < 1_000_000; index++) buckets.positive(index, 1);
		const found = buckets.finish();
		expect(found.indices.length).toBeLessThanOrEqual(MAX_INTERVALS * 4);
		expect(total(found)).toBe(1_000_000);
		const many = Array.from({ length: 10_000 }, (_, k) => k + 1);
		const explicit = explicitBuckets(many, () => 1);
		expect(explicit?.shape.bounds?.length).toBeLessThanOrEqual(MAX_INTERVALS);
		expect(total(explicit)).toBe(10_001);
	});

	test("beyond what a number holds are still intervals", () => {
		const sketch = sketchOf(exponential(-10, { 0: 1, 1: 2, 2000000000: 3 }));
		expect(sketch.total).toBe(6);
		expect(sketch.percentile(1)).toEqual({ low: Number.MAX_VALUE, high: Number.POSITIVE_INFINITY });
	});

	test("come back from bytes, their bounds written once", () => {
		const out = new ByteWriter();
		const writer = new BucketWriter();
		const all = [
			explicitBuckets([0.1, 0.5], (k) => k) as BucketCounts,
			exponential(2, { [-4]: 3, 7: 1 }),
			explicitBuckets([0.1, 0.5], () => 7) as BucketCounts,
		];
		const lengths = all.map((buckets) => {
			const before = out.length;
			writer.write(out, buckets);
			return out.length - before;
		});
		const from = new ByteReader(out.take());
		const reader = new BucketReader();
		expect(all.map(() => reader.read(from))).toEqual(all);
		expect(lengths[2]).toBeLessThan(10);
	});
});
