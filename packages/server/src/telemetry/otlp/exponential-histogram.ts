import { type BucketCounts, ExponentialBuckets } from "../latency/buckets.ts";
import { RESOLUTION_BOUND } from "../selection/selection.ts";

/** OTLP's range; Prometheus uses −4 … 8 of it. */
const MIN_SCALE = -10;
const MAX_SCALE = 20;
/** Bounds that differ by less are the same bound, written in decimals; the finest buckets are 7e-7 wide. */
const SAME_BOUND = 1e-12;
/** Above every scale, so that a resolution is never below zero. */
const INEXACT = 100;

/**
 * Events ≤ `le` of a histogram with exponential buckets, for each bound that a role set wants. Bucket i of the positive
 * range holds (base^i, base^(i+1)], base = 2^(2^−scale); the negative range mirrors it. A bucket counts as a whole when its
 * upper bound is at most `le`: exact when `le` is a bound, never too many otherwise.
 *
 * The value of RESOLUTION_BOUND is 0 when every `le` is a bound; else it names the scale. Two points with the same one may be
 * subtracted from each other.
 *
 * Use: `begin`, then `zero`, `positive`, `negative` for the buckets in any order, then `finish`.
 */
export class ExponentialCounter {
	#wanted: readonly number[] = [];
	/** Per wanted bound: largest positive index and smallest negative index that count. */
	#lastPositive = new Float64Array(4);
	#firstNegative = new Float64Array(4);
	#below = new Float64Array(4);
	#buckets = 0;
	#resolution = 0;
	#saysNothing = false;
	/** Undefined: only what is wanted is counted. */
	#all: ExponentialBuckets | undefined;

	/** False: the scale is not one that buckets can have. `keepsAll`: `all` will be asked. */
	begin(wanted: readonly number[], scale: number, keepsAll = false): boolean {
		if (!Number.isInteger(scale) || scale < MIN_SCALE || scale > MAX_SCALE) return false;
		this.#all = keepsAll ? new ExponentialBuckets(scale) : undefined;
		if (wanted.length > this.#below.length) {
			this.#lastPositive = new Float64Array(wanted.length);
			this.#firstNegative = new Float64Array(wanted.length);
			this.#below = new Float64Array(wanted.length);
		}
		this.#wanted = wanted;
		this.#below.fill(0);
		this.#buckets = 0;
		this.#resolution = 0;
		this.#saysNothing = false;
		for (let k = 0; k < wanted.length; k++) {
			const le = wanted[k] as number;
			this.#lastPositive[k] = Number.NEGATIVE_INFINITY;
			this.#firstNegative[k] = Number.NEGATIVE_INFINITY;
			if (le === RESOLUTION_BOUND || le === Number.POSITIVE_INFINITY || le === 0) continue;
			// Bounds are base^n: n of the largest that is at most |le|, and of the smallest that is at least |le|.
			const exact = Math.log2(Math.abs(le)) * 2 ** scale;
			let n = Math.floor(exact);
			while (isAtMost(bound(n + 1, scale), Math.abs(le))) n++;
			while (!isAtMost(bound(n, scale), Math.abs(le))) n--;
			const isBound = isAtMost(Math.abs(le), bound(n, scale));
			if (!isBound) this.#resolution = INEXACT + scale;
			if (le > 0) this.#lastPositive[k] = n - 1;
			else this.#firstNegative[k] = isBound ? n : n + 1;
		}
		return true;
	}

	/** `threshold`: the zero bucket holds −threshold … threshold. */
	zero(count: number, threshold: number): void {
		this.#buckets += count;
		this.#all?.zero(count, threshold);
		for (let k = 0; k < this.#wanted.length; k++) {
			const le = this.#wanted[k] as number;
			if (Math.abs(le) < threshold) this.#saysNothing = true;
			else if (le >= threshold) this.#below[k] = (this.#below[k] as number) + count;
		}
	}

	positive(index: number, count: number): void {
		this.#buckets += count;
		this.#all?.positive(index, count);
		for (let k = 0; k < this.#wanted.length; k++)
			if (index <= (this.#lastPositive[k] as number)) this.#below[k] = (this.#below[k] as number) + count;
	}

	negative(index: number, count: number): void {
		this.#buckets += count;
		this.#all?.negative(count);
		for (let k = 0; k < this.#wanted.length; k++)
			if (index >= (this.#firstNegative[k] as number)) this.#below[k] = (this.#below[k] as number) + count;
	}

	/** Sum over all buckets. */
	get buckets(): number {
		return this.#buckets;
	}

	/** Every bucket. */
	all(): BucketCounts | undefined {
		return this.#all?.finish();
	}

	/** A value per wanted bound, or undefined: the zero bucket is wider than a wanted bound. */
	finish(count: number): number[] | undefined {
		if (this.#saysNothing) return undefined;
		return this.#wanted.map((le, k) =>
			le === RESOLUTION_BOUND ? this.#resolution : le === Number.POSITIVE_INFINITY ? count : (this.#below[k] as number),
		);
	}
}

/** The same for buckets with bounds of their own, each `(bound before, bound]`; the last bucket has none. */
export function customBucketValues(
	wanted: readonly number[],
	count: number,
	bounds: readonly number[],
	buckets: readonly (readonly [index: number, count: number])[],
): number[] | undefined {
	let resolution = 0;
	const below: number[] = [];
	for (const le of wanted) {
		if (le === RESOLUTION_BOUND || le === Number.POSITIVE_INFINITY) {
			below.push(count);
			continue;
		}
		let fitting = 0;
		while (fitting < bounds.length && (bounds[fitting] as number) <= le) fitting++;
		if (fitting === 0) return undefined;
		if (bounds[fitting - 1] !== le) resolution = (resolution * 31 + fitting + INEXACT) % 1_000_003;
		let sum = 0;
		for (const [index, events] of buckets) if (index < fitting) sum += events;
		below.push(sum);
	}
	return wanted.map((le, k) => (le === RESOLUTION_BOUND ? resolution : (below[k] as number)));
}

function bound(n: number, scale: number): number {
	return 2 ** (n / 2 ** scale);
}

function isAtMost(a: number, b: number): boolean {
	return a <= b || a - b <= SAME_BOUND * b;
}
