import type { LatencyBounds } from "../types.ts";

/**
 * Stands for `low` where the count is of all events up to `high`, as the buckets of classic histograms count: each comes by
 * itself, so that only when they are read it is known which one is next below.
 */
export const AT_MOST = Number.POSITIVE_INFINITY;
/**
 * The finest exponential scale that is kept: eight buckets to a power of two, each 9.1 % wide, so that the middle is at most
 * 4.4 % off. Prometheus' usual native histograms are as fine.
 */
export const SKETCH_SCALE = 3;
/** More intervals than this are made fewer from the lowest on: high percentiles stay as exact as they were. */
export const MAX_INTERVALS = 160;

/**
 * How many events had a latency within which interval (low, high], as the sources told it: a histogram's bucket is such an
 * interval, an event with a duration of its own lies in one of a grid. Merging adds counts, so it does not matter in which
 * order or how often parts are merged; nothing is ever said more exactly than it was told.
 *
 * Intervals are ordered by `high`, then `low`, and may overlap where sources have different buckets.
 */
export class Sketch {
	lows: number[] = [];
	highs: number[] = [];
	counts: number[] = [];

	get size(): number {
		return this.counts.length;
	}

	/** Events with a known latency. */
	get total(): number {
		return this.#apart().counts.reduce((sum, count) => sum + count, 0);
	}

	/** Of these, without those that are known by `AT_MOST`. */
	get totalOfIntervals(): number {
		return this.counts.reduce((sum, count, k) => sum + (this.lows[k] === AT_MOST ? 0 : count), 0);
	}

	add(low: number, high: number, count: number): void {
		const { lows, highs, counts } = this;
		const last = counts.length - 1;
		if (last < 0 || isBefore(highs[last] as number, lows[last] as number, high, low)) {
			lows.push(low);
			highs.push(high);
			counts.push(count);
			this.#bound();
			return;
		}
		let from = 0;
		let to = counts.length;
		while (from < to) {
			const middle = (from + to) >>> 1;
			if (isBefore(highs[middle] as number, lows[middle] as number, high, low)) from = middle + 1;
			else to = middle;
		}
		if (highs[from] === high && lows[from] === low) {
			counts[from] = (counts[from] as number) + count;
			return;
		}
		lows.splice(from, 0, low);
		highs.splice(from, 0, high);
		counts.splice(from, 0, count);
		this.#bound();
	}

	merge(other: Sketch): void {
		if (!this.#takesIn(other)) this.#mergeAll(other);
	}

	/** Adds what has its intervals here already, as the same source's mostly have; false: nothing was added. */
	#takesIn(other: Sketch): boolean {
		const { lows, highs, counts } = this;
		const places: number[] = [];
		let at = 0;
		for (let k = 0; k < other.lows.length; k++) {
			const [low, high] = [other.lows[k] as number, other.highs[k] as number];
			while (at < counts.length && isBefore(highs[at] as number, lows[at] as number, high, low)) at++;
			if (highs[at] !== high || lows[at] !== low) return false;
			places.push(at);
		}
		for (let k = 0; k < places.length; k++) {
			const place = places[k] as number;
			counts[place] = (counts[place] as number) + (other.counts[k] as number);
		}
		return true;
	}

	#mergeAll(other: Sketch): void {
		const [a, b] = [this as Sketch, other];
		const lows: number[] = [];
		const highs: number[] = [];
		const counts: number[] = [];
		let [i, k] = [0, 0];
		while (i < a.size || k < b.size) {
			const order = i === a.size ? 1 : k === b.size ? -1 : compare(a, i, b, k);
			const from = order <= 0 ? a : b;
			const at = order <= 0 ? i : k;
			lows.push(from.lows[at] as number);
			highs.push(from.highs[at] as number);
			counts.push(order === 0 ? (a.counts[i] as number) + (b.counts[k] as number) : (from.counts[at] as number));
			if (order <= 0) i++;
			if (order >= 0) k++;
		}
		this.lows = lows;
		this.highs = highs;
		this.counts = counts;
		this.#bound();
	}

	/**
	 * The latency that a share of the events does not exceed: the ⌈ratio × n⌉-th smallest (nearest rank). Undefined: no event
	 * has a known latency.
	 */
	percentile(ratio: number): LatencyBounds | undefined {
		const { total } = this;
		if (total === 0) return undefined;
		const rank = Math.min(total, Math.max(1, Math.ceil(ratio * total)));
		return this.ranked([rank])[0];
	}

	/** The latencies of these ranks, each in 1..total, ascending. */
	ranked(ranks: readonly number[]): LatencyBounds[] {
		const { lows, highs, counts } = this.#apart();
		// The k-th smallest latency is above the k-th smallest low, and at most the k-th smallest high.
		const [low, high] = [nth(lows, counts, ranks), nth(highs, counts, ranks)];
		return ranks.map((_, k) => ({ low: low[k] as number, high: high[k] as number }));
	}

	/** Every event in one interval. Where a lower bound has more events than a higher one, sources differ in their bounds. */
	#apart(): Intervals {
		if (!this.lows.includes(AT_MOST)) return this;
		const apart = { lows: [] as number[], highs: [] as number[], counts: [] as number[] };
		let [bound, within] = [0, 0];
		this.counts.forEach((count, k) => {
			const [low, high] = [this.lows[k] as number, this.highs[k] as number];
			const isAtMost = low === AT_MOST;
			apart.lows.push(!isAtMost ? low : high > 0 ? bound : Number.NEGATIVE_INFINITY);
			apart.highs.push(high);
			apart.counts.push(isAtMost ? Math.max(0, count - within) : count);
			if (!isAtMost) return;
			bound = Math.max(0, high);
			within = Math.max(within, count);
		});
		return apart;
	}

	/** The lowest intervals become one, when there are too many. */
	#bound(): void {
		const excess = this.size - MAX_INTERVALS;
		if (excess <= 0) return;
		const { lows, highs, counts } = this;
		const merged = { low: Number.POSITIVE_INFINITY, count: 0 };
		let end = 0;
		for (let left = excess + 1; end < counts.length && left > 0; end++, left--) {
			// Whoever is within a bound that goes is within the next one.
			if (lows[end] === AT_MOST) continue;
			merged.low = Math.min(merged.low, lows[end] as number);
			merged.count += counts[end] as number;
		}
		const high = highs[end - 1] as number;
		const isEmpty = merged.low === Number.POSITIVE_INFINITY;
		lows.splice(0, end, ...(isEmpty ? [] : [merged.low]));
		highs.splice(0, end, ...(isEmpty ? [] : [high]));
		counts.splice(0, end, ...(isEmpty ? [] : [merged.count]));
	}
}

type Intervals = Pick<Sketch, "lows" | "highs" | "counts">;

function nth(values: readonly number[], counts: readonly number[], ranks: readonly number[]): number[] {
	const order = values.map((_, k) => k).sort((a, b) => (values[a] as number) - (values[b] as number));
	let place = 0;
	let seen = counts[order[0] as number] as number;
	return ranks.map((rank) => {
		while (seen < rank && place < order.length - 1) seen += counts[order[++place] as number] as number;
		return values[order[place] as number] as number;
	});
}

function isBefore(highA: number, lowA: number, highB: number, lowB: number): boolean {
	return highA < highB || (highA === highB && lowA < lowB);
}

function compare(a: Sketch, i: number, b: Sketch, k: number): number {
	const [high, low] = [a.highs[i] as number, a.lows[i] as number];
	if (high === b.highs[k] && low === b.lows[k]) return 0;
	return isBefore(high, low, b.highs[k] as number, b.lows[k] as number) ? -1 : 1;
}

/** Upper bound of what lies below bucket `index` of an exponential scale: base^index, base = 2^(2^−scale). */
export function boundOf(index: number, scale: number): number {
	return 2 ** (index / 2 ** scale);
}

/** The bucket of SKETCH_SCALE that holds a latency above 0: (boundOf(index), boundOf(index + 1)]. */
export function bucketOf(latency: number): number {
	let index = Math.ceil(Math.log2(latency) * 2 ** SKETCH_SCALE) - 1;
	while (latency <= boundOf(index, SKETCH_SCALE)) index--;
	while (latency > boundOf(index + 1, SKETCH_SCALE)) index++;
	return index;
}
