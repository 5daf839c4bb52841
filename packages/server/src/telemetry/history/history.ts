import { BUCKET_MS, BUCKETS_PER_HOUR, type Cells, HOUR_MS } from "../counting/cells.ts";
import type { RollUp, TelemetryStore } from "../store/store.ts";
import type { WindowBucket, WindowSink, WindowsQuery } from "../types.ts";
import { FIELDS, unpackBuckets } from "./packed.ts";
import { TIERS } from "./retention.ts";

const HOURS_PER_WEEK = 168;
const DAY_MS = 24 * HOUR_MS;
/** Imports of older events are refused. */
export const HOURS_KEPT_MS = 400 * DAY_MS;
/** Beyond this, where in an hour an imported event lies no longer matters: no finer tier takes it by default. */
export const FINE_KEPT_MS = 60 * DAY_MS;

const hourScratch = new Float64Array(BUCKETS_PER_HOUR * FIELDS);
const weekScratch = new Float64Array(HOURS_PER_WEEK * FIELDS);

/** How coarse history may be fed, by age: every window that still holds it is at least that coarse, with room to spare. */
const FEED_STEPS = [
	{ olderThanMs: 0, widthMs: BUCKET_MS },
	{ olderThanMs: 20 * 60_000, widthMs: 60_000 },
	{ olderThanMs: 3 * HOUR_MS, widthMs: 300_000 },
] as const;
/** Beyond this, hours come from the weekly roll-ups; the finest window that reaches further is made of hours. */
const FINE_HOURS = 9;
/** And beyond this only the period's window, made of 6 h columns, reaches. */
const SINGLE_HOURS = 80;
const GROUP_HOURS = 6;
/** No SLO's period is longer, so no window reaches further; with the width of its columns. */
const PERIOD_MS = 100 * DAY_MS;

export interface HistoryFeed {
	readonly sink: WindowSink;
	/** Index of each pair that is fed, by its stored id. */
	readonly pairOf: ReadonlyMap<number, number>;
	/** Only some of what is stored is fed: it is looked up instead of read as a whole. */
	readonly isFew: boolean;
	readonly now: number;
	/** Where the calendar period of a pair begins; its two sides are told apart, to the finest tier that still holds them. */
	readonly periods: ReadonlyMap<number, number>;
}

/** Gives every stored count of these pairs to the sink once. */
export function feedHistory(store: TelemetryStore, { sink, pairOf, isFew, now, periods }: HistoryFeed): void {
	const firstFineHour = Math.floor(now / HOUR_MS) - FINE_HOURS;
	const firstHour = Math.floor(now / HOUR_MS) - SINGLE_HOURS;
	const firstWeek = Math.floor(Math.min(now - PERIOD_MS, ...new Set(periods.values())) / HOUR_MS / HOURS_PER_WEEK);
	const feed = new Feed(sink);
	const read = (tier: RollUp, from: number) =>
		isFew ? rollUpsOf(store, tier, from, [...pairOf.keys()], now) : store.rollUps(tier, from);
	for (const { pair: id, block, packed } of read("hours", firstWeek)) {
		const pair = pairOf.get(id);
		if (pair === undefined) continue;
		unpackBuckets(packed, weekScratch);
		const period = periods.get(pair);
		feed.begin(pair, block * HOURS_PER_WEEK * HOUR_MS, HOUR_MS);
		for (let k = 0; k < HOURS_PER_WEEK; ) {
			const hour = block * HOURS_PER_WEEK + k;
			if (hour >= firstFineHour) break;
			// Weeks begin on a multiple of 6 h, so these groups never straddle two of them.
			const isGroup = hour % GROUP_HOURS === 0 && hour + GROUP_HOURS <= firstHour && period === undefined;
			const hours = isGroup ? GROUP_HOURS : 1;
			if (period !== undefined && hour * HOUR_MS < period && period < (hour + 1) * HOUR_MS)
				feedSplitHour(store, sink, { id, pair, hour, at: period }, weekScratch, k);
			else feed.put(k, weekScratch, hours);
			k += hours;
		}
	}
	feed.flush();
	for (const { pair: id, block, packed } of read("ten-seconds", firstFineHour)) {
		const pair = pairOf.get(id);
		if (pair === undefined) continue;
		unpackBuckets(packed, hourScratch);
		feed.begin(pair, block * HOUR_MS, BUCKET_MS);
		const age = now - (block + 1) * HOUR_MS;
		let width: number = BUCKET_MS;
		const isSplit = Math.floor((periods.get(pair) ?? -1) / HOUR_MS) === block;
		for (const step of FEED_STEPS) if (age >= step.olderThanMs && !isSplit) width = step.widthMs;
		const per = width / BUCKET_MS;
		for (let k = 0; k < BUCKETS_PER_HOUR; k += per) feed.put(k, hourScratch, per);
	}
	feed.flush();
}

/** As `store.rollUps` gives them, of some pairs; a sender's clock may be a little ahead. */
function* rollUpsOf(
	store: TelemetryStore,
	tier: RollUp,
	from: number,
	ids: readonly number[],
	now: number,
): Iterable<{ pair: number; block: number; packed: Uint8Array }> {
	const first = Math.max(from, store.firstBlock(tier) ?? Number.POSITIVE_INFINITY);
	const last = Math.floor((now + DAY_MS) / TIERS[tier].blockMs);
	for (let block = first; block <= last; block++)
		for (const pair of ids) {
			const packed = store.readRollUp(tier, pair, block);
			if (packed) yield { pair, block, packed };
		}
}

/** An hour in which a period begins: what came before it, by the finest tier that has it, and the rest. */
function feedSplitHour(
	store: TelemetryStore,
	sink: WindowSink,
	split: { readonly id: number; readonly pair: number; readonly hour: number; readonly at: number },
	hours: Float64Array,
	k: number,
): void {
	const { id, pair, hour, at } = split;
	const before = { bad: 0, total: 0 };
	for (const tier of ["ten-seconds", "minutes", "ten-minutes"] as const) {
		const { bucketMs, blockMs } = TIERS[tier];
		const block = Math.floor((hour * HOUR_MS) / blockMs);
		const packed = store.readRollUp(tier, id, block);
		if (!packed) continue;
		const buckets = new Float64Array((blockMs / bucketMs) * FIELDS);
		unpackBuckets(packed, buckets);
		const first = (hour * HOUR_MS - block * blockMs) / bucketMs;
		for (let n = first; n < (at - block * blockMs) / bucketMs; n++) {
			before.bad += buckets[n * FIELDS] as number;
			before.total += buckets[n * FIELDS + 1] as number;
		}
	}
	sink.add(pair, hour * HOUR_MS, before.bad, before.total);
	sink.add(pair, at, (hours[k * FIELDS] as number) - before.bad, (hours[k * FIELDS + 1] as number) - before.total);
}

const FEED_PAIRS = 256;

/** Turns blocks, which come pair by pair, round: the sink is much faster at many pairs of one instant. */
class Feed {
	readonly #sink: WindowSink;
	readonly #pairs = new Int32Array(FEED_PAIRS);
	/** Bad and total by bucket, then pair. */
	readonly #counts = new Float64Array(BUCKETS_PER_HOUR * FEED_PAIRS * 2);
	#pairCount = 0;
	#at = 0;
	#widthMs = 0;

	constructor(sink: WindowSink) {
		this.#sink = sink;
	}

	/** What is put next belongs to this pair, in a block of buckets from `at` on. */
	begin(pair: number, at: number, widthMs: number): void {
		if (this.#pairCount === FEED_PAIRS || at !== this.#at || widthMs !== this.#widthMs) this.flush();
		this.#at = at;
		this.#widthMs = widthMs;
		this.#pairs[this.#pairCount++] = pair;
	}

	/** `count` buckets from `first` on, as one. */
	put(first: number, buckets: Float64Array, count: number): void {
		let bad = 0;
		let total = 0;
		for (let k = first; k < first + count; k++) {
			bad += buckets[k * FIELDS] as number;
			total += buckets[k * FIELDS + 1] as number;
		}
		const into = (first * FEED_PAIRS + this.#pairCount - 1) * 2;
		this.#counts[into] = bad;
		this.#counts[into + 1] = total;
	}

	flush(): void {
		const counts = this.#counts;
		const pairCount = this.#pairCount;
		for (let k = 0; pairCount > 0 && k < BUCKETS_PER_HOUR; k++) {
			const at = this.#at + k * this.#widthMs;
			for (let n = 0; n < pairCount; n++) {
				const from = (k * FEED_PAIRS + n) * 2;
				const bad = counts[from] as number;
				const total = counts[from + 1] as number;
				if (bad === 0 && total === 0) continue;
				this.#sink.add(this.#pairs[n] as number, at, bad, total);
				counts[from] = 0;
				counts[from + 1] = 0;
			}
		}
		this.#pairCount = 0;
	}
}

/**
 * Buckets of one pair, from the store and the cells that are not folded yet. A coarse bucket sums what is in it; its
 * `revision` is the highest of its parts. Tiers finer than a bucket are disjoint; whole hours are in a tier of their own.
 */
export function readWindows(
	store: TelemetryStore,
	unfolded: readonly Cells[],
	pair: number,
	pairId: number,
	query: WindowsQuery,
	limits: { readonly now: number; readonly latenessMs: number },
): WindowBucket[] {
	const { from, to, resolutionMs } = query;
	const buckets = new Map<number, { bad: number; total: number; late: number; revision: number }>();
	const add = (time: number, bad: number, total: number, late: number, revision: number): void => {
		if (total === 0 && bad === 0 && late === 0) return;
		const at = Math.floor(time / resolutionMs) * resolutionMs;
		if (at < from || at >= to) return;
		const bucket = buckets.get(at) ?? { bad: 0, total: 0, late: 0, revision: 0 };
		buckets.set(at, bucket);
		bucket.bad += bad;
		bucket.total += total;
		bucket.late += late;
		bucket.revision = Math.max(bucket.revision, revision);
	};
	// Revisions of a 10 s bucket add up over store and overlay; the overlay's own are added to the stored one below.
	const overlay = overlayOf(unfolded, pair);
	const earliest = Math.max(from, 0);
	const latest = Math.min(to + resolutionMs, limits.now + DAY_MS);
	for (const tier of tiersFor(resolutionMs)) {
		const { bucketMs, blockMs } = TIERS[tier];
		const buckets = scratchOf(tier);
		const first = Math.floor(Math.max(earliest, limits.now - HOURS_KEPT_MS - DAY_MS) / blockMs);
		const firstStored = store.firstBlock(tier) ?? Number.POSITIVE_INFINITY;
		for (let block = Math.max(first, firstStored); block <= Math.floor(latest / blockMs); block++) {
			const packed = store.readRollUp(tier, pairId, block);
			if (!packed) continue;
			unpackBuckets(packed, buckets);
			for (let k = 0; k * FIELDS < buckets.length; k++) {
				const time = block * blockMs + k * bucketMs;
				const cell = tier === "ten-seconds" ? overlay.get(time / BUCKET_MS) : undefined;
				if (cell) cell.revision += buckets[k * FIELDS + 3] as number;
				addFrom(buckets, k, time, add);
			}
		}
	}
	for (const [bucket, cell] of overlay) add(bucket * BUCKET_MS, cell.bad, cell.total, cell.late, cell.revision);
	return [...buckets.entries()]
		.sort(([a], [b]) => a - b)
		.filter(([, { total, bad }]) => total !== 0 || bad !== 0)
		.map(([at, { bad, total, late, revision }]) => ({
			at,
			good: total - bad,
			bad,
			total,
			late,
			revision,
			closed: at + resolutionMs + limits.latenessMs < limits.now,
		}));
}

/** Whole hours have a tier that holds all time; finer buckets are read from every tier that is at least as fine. */
export function tiersFor(resolutionMs: number): RollUp[] {
	if (resolutionMs % HOUR_MS === 0) return ["hours"];
	const finer: RollUp[] = ["ten-seconds", "minutes", "ten-minutes"];
	return finer.filter((tier) => resolutionMs % TIERS[tier].bucketMs === 0);
}

const scratches = new Map<RollUp, Float64Array>();

function scratchOf(tier: RollUp): Float64Array {
	const known = scratches.get(tier);
	if (known) return known;
	const made = new Float64Array((TIERS[tier].blockMs / TIERS[tier].bucketMs) * FIELDS);
	scratches.set(tier, made);
	return made;
}

type AddBucket = (time: number, bad: number, total: number, late: number, revision: number) => void;

function addFrom(buckets: Float64Array, k: number, time: number, add: AddBucket): void {
	const at = k * FIELDS;
	add(time, buckets[at] as number, buckets[at + 1] as number, buckets[at + 2] as number, buckets[at + 3] as number);
}

function overlayOf(
	unfolded: readonly Cells[],
	pair: number,
): Map<number, { bad: number; total: number; late: number; revision: number }> {
	const overlay = new Map<number, { bad: number; total: number; late: number; revision: number }>();
	for (const cells of unfolded)
		for (let k = 0; k < cells.count; k++) {
			if (cells.pairs[k] !== pair) continue;
			const bucket = cells.buckets[k] as number;
			const sum = overlay.get(bucket) ?? { bad: 0, total: 0, late: 0, revision: 0 };
			overlay.set(bucket, sum);
			sum.bad += cells.bad[k] as number;
			sum.total += cells.total[k] as number;
			sum.late += cells.late[k] as number;
			sum.revision += cells.revision[k] as number;
		}
	return overlay;
}
