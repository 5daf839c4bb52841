import type { ByteReader, ByteWriter } from "../core/bytes.ts";
import { boundOf, MAX_INTERVALS, SKETCH_SCALE, Sketch } from "./sketch.ts";

/** Of exponential shapes: latencies that the zero bucket holds, and those below zero, which no clock should give. */
const ZERO = -(2 ** 31);
const BELOW_ZERO = ZERO - 1;
/** Buckets of one histogram in memory. */
const MOST_HELD = 4096;
/** OTLP's scales; two thousand powers of two fit into one bucket of the coarsest. */
const COARSEST = -11;

/** Which latencies a source's buckets hold, by their index. */
export interface Shape {
	/** Explicit bounds: bucket k holds (bounds[k − 1], bounds[k]]. Undefined: exponential buckets. */
	readonly bounds: readonly number[] | undefined;
	readonly scale: number;
	/** The zero bucket holds what is at most this. */
	readonly threshold: number;
	/** The same for the same shape. */
	readonly key: string;
}

/** A histogram's buckets with anything in them, by rising index. Counts are whole. */
export interface BucketCounts {
	readonly shape: Shape;
	readonly indices: readonly number[];
	readonly counts: readonly number[];
}

/** Points of one request mostly have the same bounds. */
let lastShape: Shape | undefined;

function explicitShape(bounds: readonly number[]): Shape {
	const last = lastShape?.bounds;
	if (last?.length === bounds.length && bounds.every((bound, k) => bound === last[k])) return lastShape as Shape;
	lastShape = { bounds: [...bounds], scale: 0, threshold: 0, key: bounds.join() };
	return lastShape;
}

function exponentialShape(scale: number, threshold: number): Shape {
	return { bounds: undefined, scale, threshold, key: `2^${scale},${threshold}` };
}

/** Buckets of a histogram with explicit bounds; undefined: they say nothing, or are not in order. */
export function explicitBuckets(
	bounds: readonly number[],
	countOf: (bucket: number) => number,
): BucketCounts | undefined {
	const { length } = bounds;
	if (
		length === 0 ||
		!bounds.every((bound, k) => Number.isFinite(bound) && (k === 0 || bound > (bounds[k - 1] as number)))
	)
		return undefined;
	// Every n-th bound says less than all of them, and nothing wrong.
	const step = Math.ceil(length / MAX_INTERVALS);
	const kept = step === 1 ? bounds : bounds.filter((_, k) => (k + 1) % step === 0);
	const indices: number[] = [];
	const counts: number[] = [];
	for (let k = 0; k <= length; k++) put(indices, counts, Math.floor(k / step), Math.floor(countOf(k)));
	return { shape: explicitShape(kept), indices, counts };
}

/** Collects the buckets of an exponential histogram in any order. */
export class ExponentialBuckets {
	#scale: number;
	/** How many of its buckets one of ours holds. */
	#width: number;
	#indices: number[] = [];
	#counts: number[] = [];
	#threshold = 0;
	#isInOrder = true;
	#belowZero = 0;
	#zero = 0;

	constructor(scale: number) {
		this.#scale = Math.min(scale, SKETCH_SCALE);
		this.#width = 2 ** (scale - this.#scale);
	}

	zero(count: number, threshold: number): void {
		this.#zero += Math.floor(count);
		this.#threshold = threshold;
	}

	positive(index: number, count: number): void {
		const into = Math.floor(index / this.#width);
		const last = this.#indices.at(-1);
		if (last !== undefined && into < last) this.#isInOrder = false;
		put(this.#indices, this.#counts, into, Math.floor(count));
		// A body may have millions of buckets.
		if (this.#indices.length > MOST_HELD && this.#scale > COARSEST) this.#coarsen();
	}

	#coarsen(): void {
		if (!this.#isInOrder) this.#sort();
		this.#isInOrder = true;
		this.#scale--;
		this.#width *= 2;
		const [indices, counts] = [this.#indices, this.#counts];
		this.#indices = [];
		this.#counts = [];
		for (let k = 0; k < indices.length; k++)
			put(this.#indices, this.#counts, Math.floor((indices[k] as number) / 2), counts[k] as number);
	}

	negative(count: number): void {
		this.#belowZero += Math.floor(count);
	}

	finish(): BucketCounts {
		if (!this.#isInOrder) this.#sort();
		const indices: number[] = [];
		const counts: number[] = [];
		put(indices, counts, BELOW_ZERO, this.#belowZero);
		put(indices, counts, ZERO, this.#zero);
		const shape = exponentialShape(this.#scale, this.#threshold);
		let buckets: BucketCounts = {
			shape,
			indices: [...indices, ...this.#indices],
			counts: [...counts, ...this.#counts],
		};
		while (buckets.indices.length > MAX_INTERVALS && buckets.shape.scale > COARSEST)
			buckets = coarsened(buckets, buckets.shape.scale - 1);
		return buckets;
	}

	#sort(): void {
		const sorted = this.#indices.map((index, k) => [index, this.#counts[k] as number] as const);
		sorted.sort(([a], [b]) => a - b);
		this.#indices = [];
		this.#counts = [];
		for (const [index, count] of sorted) put(this.#indices, this.#counts, index, count);
	}
}

/** Adds to the last bucket, or behind it; nothing where there is nothing. */
function put(indices: number[], counts: number[], index: number, count: number): void {
	if (count === 0) return;
	const last = indices.length - 1;
	if (indices[last] === index) counts[last] = (counts[last] as number) + count;
	else {
		indices.push(index);
		counts.push(count);
	}
}

/** The same events in coarser exponential buckets: exact, each holds whole finer ones. */
function coarsened(buckets: BucketCounts, scale: number): BucketCounts {
	const { shape } = buckets;
	if (shape.bounds || shape.scale <= scale) return buckets;
	const width = 2 ** (shape.scale - scale);
	const indices: number[] = [];
	const counts: number[] = [];
	buckets.indices.forEach((index, k) => {
		put(indices, counts, index <= ZERO ? index : Math.floor(index / width), buckets.counts[k] as number);
	});
	return { shape: exponentialShape(scale, shape.threshold), indices, counts };
}

/** Two sets of buckets by the coarser of both shapes; undefined: they cannot be compared. */
function aligned(a: BucketCounts, b: BucketCounts): readonly [BucketCounts, BucketCounts] | undefined {
	if (a.shape.key === b.shape.key) return [a, b];
	if (a.shape.bounds || b.shape.bounds || a.shape.threshold !== b.shape.threshold) return undefined;
	const scale = Math.min(a.shape.scale, b.shape.scale);
	return [coarsened(a, scale), coarsened(b, scale)];
}

/**
 * What came between two cumulative values, with the later one in the same shape. Undefined: it is not known, because the
 * buckets are others, or one of them fell.
 */
export function difference(
	later: BucketCounts,
	earlier: BucketCounts,
): { readonly later: BucketCounts; readonly change: BucketCounts } | undefined {
	const both = aligned(later, earlier);
	if (!both) return undefined;
	const [now, before] = both;
	const indices: number[] = [];
	const counts: number[] = [];
	let at = 0;
	for (let k = 0; k < now.indices.length; k++) {
		const index = now.indices[k] as number;
		let count = now.counts[k] as number;
		// One that is gone has fallen.
		if (at < before.indices.length && (before.indices[at] as number) < index) return undefined;
		if (before.indices[at] === index) count -= before.counts[at++] as number;
		if (count < 0) return undefined;
		put(indices, counts, index, count);
	}
	return at < before.indices.length ? undefined : { later: now, change: { shape: now.shape, indices, counts } };
}

/** What a change adds to a cumulative value of the same source, in the change's shape. */
export function advanced(before: BucketCounts, change: BucketCounts): BucketCounts {
	const sum = new Map<number, number>();
	for (const { indices, counts } of [coarsened(before, change.shape.bounds ? 0 : change.shape.scale), change])
		indices.forEach((index, k) => {
			sum.set(index, (sum.get(index) ?? 0) + (counts[k] as number));
		});
	const sorted = [...sum].sort(([a], [b]) => a - b);
	return { shape: change.shape, indices: sorted.map(([index]) => index), counts: sorted.map(([, count]) => count) };
}

export function sketchOf({ shape, indices, counts }: BucketCounts): Sketch {
	const sketch = new Sketch();
	for (let k = 0; k < indices.length; k++) {
		const index = indices[k] as number;
		sketch.add(lowOf(shape, index), highOf(shape, index), counts[k] as number);
	}
	return sketch;
}

function lowOf({ bounds, scale }: Shape, index: number): number {
	if (!bounds) {
		if (index <= ZERO) return index === ZERO ? 0 : Number.NEGATIVE_INFINITY;
		// The coarsest scales reach beyond what a number holds.
		return Math.min(boundOf(index, scale), Number.MAX_VALUE);
	}
	// Latencies are not below zero, so a first bucket up to 5 holds what lies between 0 and 5.
	if (index === 0) return (bounds[0] as number) > 0 ? 0 : Number.NEGATIVE_INFINITY;
	return bounds[index - 1] as number;
}

function highOf({ bounds, scale, threshold }: Shape, index: number): number {
	if (bounds) return index < bounds.length ? (bounds[index] as number) : Number.POSITIVE_INFINITY;
	return index === BELOW_ZERO ? 0 : index === ZERO ? threshold : boundOf(index + 1, scale);
}

/** Writes buckets; a shape is written where it is met first in a row, and named from then on. */
export class BucketWriter {
	readonly #numbers = new Map<string, number>();

	begin(): void {
		this.#numbers.clear();
	}

	write(out: ByteWriter, { shape, indices, counts }: BucketCounts): void {
		const known = this.#numbers.get(shape.key);
		out.varint(known ?? this.#numbers.size);
		if (known === undefined) {
			this.#numbers.set(shape.key, this.#numbers.size);
			if (shape.bounds) {
				out.varint(shape.bounds.length);
				for (const bound of shape.bounds) out.double(bound);
			} else {
				out.varint(0);
				out.signed(shape.scale);
				out.double(shape.threshold);
			}
		}
		out.varint(indices.length);
		let previous = 0;
		indices.forEach((index, k) => {
			out.signed(index - previous);
			out.varint(counts[k] as number);
			previous = index;
		});
	}
}

/** Reads what BucketWriter wrote. */
export class BucketReader {
	readonly #shapes: Shape[] = [];

	begin(): void {
		this.#shapes.length = 0;
	}

	read(from: ByteReader): BucketCounts {
		const number = from.varint();
		if (number === this.#shapes.length) {
			const length = from.varint();
			this.#shapes.push(
				length === 0
					? exponentialShape(from.signed(), from.double())
					: explicitShape(Array.from({ length }, () => from.double())),
			);
		}
		const shape = this.#shapes[number];
		if (!shape) throw new Error(`stored latencies name buckets ${number}, which come nowhere before`);
		const indices: number[] = [];
		const counts: number[] = [];
		let previous = 0;
		for (let rest = from.varint(); rest > 0; rest--) {
			previous += from.signed();
			indices.push(previous);
			counts.push(from.varint());
		}
		return { shape, indices, counts };
	}
}
