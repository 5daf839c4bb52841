import { type Columns, ON_HEAP, resized } from "../core/columns.ts";
import { AT, type Core } from "../core/core.ts";

export const BUCKET_MS = 10_000;
export const HOUR_MS = 3_600_000;
export const BUCKETS_PER_HOUR = HOUR_MS / BUCKET_MS;
/** A bucket that still changes this long after its end is revised. */
export const LATE_AFTER_MS = 60_000;
/** An index longer than this is given back when the cells are cleared. */
const KEPT_INDEX = 1 << 22;

/**
 * Counts by (pair, 10 s bucket), only where there are any: memory follows the points, not pairs × time. Entries are
 * numbered from 0 in the order of their first use.
 */
export class Cells {
	count = 0;
	pairs: Int32Array;
	/** floor(time / 10 s). */
	buckets: Int32Array;
	bad: Float64Array;
	total: Float64Array;
	late: Int32Array;
	revision: Int32Array;
	readonly #columns: Columns;
	#index: Int32Array;
	/** The entry that a pair had last: two points of one pair and bucket mostly come together. */
	#lastOfPair: Int32Array;

	constructor(columns: Columns = ON_HEAP) {
		this.#columns = columns;
		this.pairs = columns.ints(1024);
		this.buckets = columns.ints(1024);
		this.bad = columns.floats(1024);
		this.total = columns.floats(1024);
		this.late = columns.ints(1024);
		this.revision = columns.ints(1024);
		this.#index = columns.ints(2048);
		this.#lastOfPair = columns.ints(1024);
	}

	/** Makes room for so many more entries, of pairs below `pairLimit`. */
	reserve(entries: number, pairLimit: number): void {
		// One stays free, as `entry` leaves it.
		while (this.count + entries >= this.pairs.length) this.#grow();
		if (pairLimit > this.#lastOfPair.length) this.#widen(pairLimit - 1);
	}

	enterInto(core: Core): void {
		const { pairs, buckets, bad, total, late, revision } = this;
		core.enter({ cellPairs: pairs, cellBuckets: buckets, cellBad: bad, cellTotal: total, cellLate: late });
		core.enter({ cellRevision: revision, cellIndex: this.#index, lastOfPair: this.#lastOfPair });
		core.table[AT.cellMask] = this.#index.length - 1;
	}

	/** The same for cells that others are added to. */
	enterAsWaiting(core: Core): void {
		const { pairs, buckets, bad, total, late, revision } = this;
		core.enter({ waitingPairs: pairs, waitingBuckets: buckets, waitingBad: bad, waitingTotal: total });
		core.enter({ waitingLate: late, waitingRevision: revision });
		core.enter({ waitingIndex: this.#index, waitingLastOfPair: this.#lastOfPair });
		core.table[AT.waitingMask] = this.#index.length - 1;
	}

	/** The entry of a cell, made with zeros if it is new. */
	entry(pair: number, bucket: number): number {
		const last = pair < this.#lastOfPair.length ? (this.#lastOfPair[pair] as number) : this.#widen(pair);
		if (last < this.count && this.pairs[last] === pair && this.buckets[last] === bucket) return last;
		const mask = this.#index.length - 1;
		let at = homeOf(pair, bucket) & mask;
		let entry: number;
		for (;;) {
			entry = (this.#index[at] as number) - 1;
			if (entry < 0) break;
			if (this.pairs[entry] === pair && this.buckets[entry] === bucket) {
				this.#lastOfPair[pair] = entry;
				return entry;
			}
			at = (at + PROBE_STEP) & mask;
		}
		entry = this.count++;
		this.pairs[entry] = pair;
		this.buckets[entry] = bucket;
		this.bad[entry] = 0;
		this.total[entry] = 0;
		this.late[entry] = 0;
		this.revision[entry] = 0;
		this.#index[at] = entry + 1;
		this.#lastOfPair[pair] = entry;
		if (this.count === this.pairs.length) this.#grow();
		return entry;
	}

	zero(entries: Int32Array): void {
		const { bad, total, late, revision } = this;
		for (let k = 0; k < entries.length; k++) {
			const entry = entries[k] as number;
			bad[entry] = 0;
			total[entry] = 0;
			late[entry] = 0;
			revision[entry] = 0;
		}
	}

	clear(): void {
		if (this.count === 0) return;
		this.count = 0;
		if (this.#index.length > KEPT_INDEX) {
			this.#columns.release(this.#index);
			this.#index = this.#columns.ints(2048);
			this.#resize(1024);
		} else this.#index.fill(0);
	}

	/** Entries in the order of hour, then number of the pair (`numberOf`), those of one group in the order of their first use. */
	groups(numberOf: readonly number[]): CellGroups {
		const { count } = this;
		let firstHour = Number.POSITIVE_INFINITY;
		let lastHour = Number.NEGATIVE_INFINITY;
		let numberCount = 0;
		const hours = new Int32Array(count);
		const numbers = new Int32Array(count);
		for (let k = 0; k < count; k++) {
			const hour = Math.floor((this.buckets[k] as number) / BUCKETS_PER_HOUR);
			const number = numberOf[this.pairs[k] as number] as number;
			hours[k] = hour;
			numbers[k] = number;
			firstHour = Math.min(firstHour, hour);
			lastHour = Math.max(lastHour, hour);
			numberCount = Math.max(numberCount, number + 1);
		}
		if (count === 0) return new CellGroups(hours, numbers, hours, 0);
		for (let k = 0; k < count; k++) hours[k] = (hours[k] as number) - firstHour;
		const byPair = counted(numbers, undefined, count, numberCount);
		const order = counted(hours, byPair, count, lastHour - firstHour + 1);
		return new CellGroups(hours, numbers, order, firstHour);
	}

	#widen(pair: number): number {
		this.#lastOfPair = resized(this.#columns, this.#lastOfPair, Math.max(pair + 1, this.#lastOfPair.length * 2));
		return 0;
	}

	#grow(): void {
		this.#resize(this.pairs.length * 2);
		this.#columns.release(this.#index);
		this.#index = this.#columns.ints(this.pairs.length * 2);
		const mask = this.#index.length - 1;
		for (let entry = 0; entry < this.count; entry++) {
			let at = homeOf(this.pairs[entry] as number, this.buckets[entry] as number) & mask;
			while (this.#index[at] !== 0) at = (at + PROBE_STEP) & mask;
			this.#index[at] = entry + 1;
		}
	}

	#resize(size: number): void {
		this.pairs = resized(this.#columns, this.pairs, size);
		this.buckets = resized(this.#columns, this.buckets, size);
		this.bad = resized(this.#columns, this.bad, size);
		this.total = resized(this.#columns, this.total, size);
		this.late = resized(this.#columns, this.late, size);
		this.revision = resized(this.#columns, this.revision, size);
	}
}

/** Has the core add the cells of each commit to those that wait for a fold; both have their columns in its memory. */
export class CellMerger {
	readonly #core: Core;
	#into: Cells | undefined;
	#layout = -1;

	constructor(core: Core) {
		this.#core = core;
	}

	/** Pairs are numbered below `pairLimit`. */
	merge(from: Cells, into: Cells, pairLimit: number): void {
		const core = this.#core;
		const { table } = core;
		into.reserve(from.count, pairLimit);
		if (this.#into !== into || this.#layout !== core.layout) {
			from.enterInto(core);
			into.enterAsWaiting(core);
			this.#into = into;
			this.#layout = core.layout;
		}
		table[AT.cellCount] = from.count;
		table[AT.waitingCount] = into.count;
		core.mergeCells();
		into.count = table[AT.waitingCount] as number;
	}
}

/** The groups of cells that share an hour and a pair, one after the other; a fold takes some of them at a time. */
export class CellGroups {
	readonly #hours: Int32Array;
	readonly #numbers: Int32Array;
	readonly #order: Int32Array;
	readonly #firstHour: number;
	#from = 0;

	constructor(hours: Int32Array, numbers: Int32Array, order: Int32Array, firstHour: number) {
		this.#hours = hours;
		this.#numbers = numbers;
		this.#order = order;
		this.#firstHour = firstHour;
	}

	/** `pair`: its number. Undefined after the last one. */
	next(): { readonly hour: number; readonly pair: number; readonly entries: Int32Array } | undefined {
		const order = this.#order;
		const from = this.#from;
		if (from >= order.length) return undefined;
		const hour = this.#hours[order[from] as number] as number;
		const pair = this.#numbers[order[from] as number] as number;
		let to = from + 1;
		while (to < order.length && this.#isIn(order[to] as number, hour, pair)) to++;
		this.#from = to;
		return { hour: this.#firstHour + hour, pair, entries: order.subarray(from, to) };
	}

	#isIn(entry: number, hour: number, pair: number): boolean {
		return this.#hours[entry] === hour && this.#numbers[entry] === pair;
	}
}

/** Odd, so that probing sees the whole table, and longer than a group of neighbours. */
const PROBE_STEP = 17;

/** Sixteen neighbouring pairs share a cache line of the index: points come in the order of their pairs. */
function homeOf(pair: number, bucket: number): number {
	const group = Math.imul(pair >>> 4, 0x9e3779b1) ^ Math.imul(bucket, 0x85ebca6b);
	const mixed = Math.imul(group ^ (group >>> 15), 0xc2b2ae35);
	return ((mixed >>> 12) << 4) | ((pair + (mixed >>> 8)) & 15);
}

/** Indices 0 … count − 1 (or `order`) sorted by a small whole number each, equal ones in the order they came in. */
function counted(keys: Int32Array, order: Int32Array | undefined, count: number, keyCount: number): Int32Array {
	const starts = new Int32Array(keyCount + 1);
	for (let k = 0; k < count; k++) {
		const next = (keys[k] as number) + 1;
		starts[next] = (starts[next] as number) + 1;
	}
	for (let key = 0; key < keyCount; key++) starts[key + 1] = (starts[key + 1] as number) + (starts[key] as number);
	const sorted = new Int32Array(count);
	for (let k = 0; k < count; k++) {
		const item = order ? (order[k] as number) : k;
		const key = keys[item] as number;
		sorted[starts[key] as number] = item;
		starts[key] = (starts[key] as number) + 1;
	}
	return sorted;
}
