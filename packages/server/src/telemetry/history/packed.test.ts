import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ByteReader, ByteWriter } from "../core/bytes.ts";
import { Cells } from "../counting/cells.ts";
import { int64Of, microsOf } from "../intake/wire.ts";
import { cover, MAX_RANGES } from "../streams/covered-ranges.ts";
import { packPage, unpackPage } from "../streams/stream-pages.ts";
import { FIELDS, packBuckets, unpackBuckets } from "./packed.ts";

const count = fc.oneof(fc.nat(300), fc.maxSafeNat());

test("numbers and text come back as they were written", () => {
	fc.assert(
		fc.property(
			fc.array(fc.record({ whole: count, signed: fc.maxSafeInteger(), double: fc.double(), text: fc.string() })),
			(rows) => {
				const writer = new ByteWriter();
				for (const { whole, signed, double, text } of rows) {
					writer.varint(whole);
					writer.signed(Math.trunc(signed / 2));
					writer.double(double);
					writer.text(text);
				}
				const reader = new ByteReader(writer.take());
				for (const { whole, signed, double, text } of rows) {
					expect(reader.varint()).toBe(whole);
					expect(reader.signed() + 0).toBe(Math.trunc(signed / 2) + 0);
					expect(reader.double()).toBe(double);
					expect(reader.text()).toBe(text);
				}
				expect(reader.atEnd).toBe(true);
			},
		),
	);
});

test("reading past the end of a stored record throws", () => {
	expect(() => new ByteReader(new Uint8Array([0x80])).varint()).toThrow(/cut off/);
	expect(() => new ByteReader(new Uint8Array(7)).double()).toThrow(RangeError);
});

test("packed buckets come back as they were, empty ones as zeros", () => {
	const number = fc.oneof(count, fc.constantFrom(0.5, -3, -0.25));
	const bucket = fc.oneof(fc.constant([0, 0, 0, 0]), fc.tuple(number, number, fc.nat(9), fc.nat(9)));
	fc.assert(
		fc.property(fc.array(bucket, { minLength: 168, maxLength: 168 }), (rows) => {
			const buckets = Float64Array.from(
				rows.flatMap((row) => (row[0] === 0 && row[1] === 0 && row[2] === 0 ? [0, 0, 0, 0] : row)),
			);
			const again = new Float64Array(168 * FIELDS).fill(9);
			unpackBuckets(packBuckets(buckets), again);
			expect(again).toEqual(buckets);
		}),
	);
});

test("a usual bucket takes few bytes", () => {
	const buckets = new Float64Array(360 * FIELDS);
	for (let k = 0; k < 360; k++) buckets.set([k % 10 === 0 ? 1 : 0, 90], k * FIELDS);
	expect(packBuckets(buckets).length).toBeLessThan(360 * 2.2);
});

test("stream states come back as they were", () => {
	const state = fc.record({
		id: fc.nat(1e6),
		lastTime: fc.maxSafeNat(),
		start: fc.nat(1e9),
		floor: fc.nat(1e9),
		edges: fc.array(fc.nat(1e9), { maxLength: 6 }),
		needsBase: fc.boolean(),
		values: fc.array(fc.double({ noNaN: true }), { maxLength: 3 }).map((values) => Float64Array.from(values)),
	});
	fc.assert(
		fc.property(fc.array(state), (states) => {
			expect([...unpackPage(packPage(states))]).toEqual(states);
		}),
	);
});

test("nanoseconds become exact microseconds; 64-bit integers that 2^53 cannot hold become NaN", () => {
	fc.assert(
		fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (nanos) => {
			const lo = Number(nanos & 0xffffffffn);
			const hi = Number(nanos >> 32n);
			expect(microsOf(lo, hi)).toBe(Number(nanos / 1000n));
		}),
	);
	fc.assert(
		fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
			const bits = BigInt.asUintN(64, value);
			const read = int64Of(Number(bits & 0xffffffffn), Number(bits >> 32n));
			expect(read).toBe(Number.isSafeInteger(Number(value)) ? Number(value) : Number.NaN);
		}),
	);
});

describe("covered ranges", () => {
	const range = fc
		.tuple(fc.nat(60), fc.integer({ min: 1, max: 8 }))
		.map(([start, length]) => [start, start + length] as const);

	test("know every instant that was covered, and stay sorted, apart and few", () => {
		fc.assert(
			fc.property(fc.array(range, { maxLength: 60 }), (pairs) => {
				const ranges = { floor: 0, edges: [] as number[] };
				const covered = new Set<number>();
				for (const [start, end] of pairs) {
					const instants = Array.from({ length: end - start }, (_, k) => start + k + 1);
					const known = instants.filter((instant) => covered.has(instant)).length;
					const expected = known === 0 ? "new" : known === instants.length ? "duplicate" : "overlap";
					expect(cover(ranges, start, end)).toBe(expected);
					if (expected === "new") for (const instant of instants) covered.add(instant);
					expect(ranges.edges).toEqual([...ranges.edges].sort((a, b) => a - b));
					expect(new Set(ranges.edges).size).toBe(ranges.edges.length);
				}
			}),
		);
	});

	test(`keep the newest ${MAX_RANGES}; what lies before the forgotten ones is too old to know`, () => {
		const ranges = { floor: 0, edges: [] as number[] };
		for (let k = 0; k <= MAX_RANGES; k++) cover(ranges, 100 + k * 10, 101 + k * 10);
		expect(ranges.edges.length).toBe(2 * MAX_RANGES);
		expect(cover(ranges, 100, 101)).toBe("too_old");
		expect(cover(ranges, 100, 105)).toBe("overlap");
		expect(cover(ranges, 104, 105)).toBe("new");
	});
});

test("cells sum by pair and bucket, and come out grouped by hour and pair", () => {
	const change = fc.record({ pair: fc.nat(5), bucket: fc.nat(2000).map((k) => 179_000_000 + k), total: fc.nat(9) });
	fc.assert(
		fc.property(fc.array(change, { maxLength: 3000 }), (changes) => {
			const cells = new Cells();
			const expected = new Map<string, number>();
			for (const { pair, bucket, total } of changes) {
				const cell = cells.entry(pair, bucket);
				cells.total[cell] = (cells.total[cell] as number) + total;
				const key = `${pair} ${bucket}`;
				expected.set(key, (expected.get(key) ?? 0) + total);
			}
			const found = new Map<string, number>();
			const groups: string[] = [];
			const numbers = [70, 60, 50, 40, 30, 20];
			const all = cells.groups(numbers);
			let before = { hour: 0, pair: 0 };
			for (let group = all.next(); group; group = all.next()) {
				const { hour, pair, entries } = group;
				expect(hour > before.hour || (hour === before.hour && pair > before.pair)).toBe(true);
				before = { hour, pair };
				groups.push(`${hour} ${pair}`);
				for (const entry of entries) {
					expect(numbers[cells.pairs[entry] as number]).toBe(pair);
					expect(Math.floor((cells.buckets[entry] as number) / 360)).toBe(hour);
					found.set(`${cells.pairs[entry]} ${cells.buckets[entry]}`, cells.total[entry] as number);
				}
			}
			expect(found).toEqual(expected);
			expect(new Set(groups).size).toBe(groups.length);
			cells.clear();
			expect(cells.entry(1, 1)).toBe(0);
		}),
		{ numRuns: 30 },
	);
});
