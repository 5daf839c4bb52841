import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "@bellwether/model";
import type { Column } from "./column-bytes.ts";

/**
 * Rings of columns, one ring per resolution, and the windows summed over each (in columns, filled in below).
 * A column holds bad and total of all pairs side by side: what arrives together lies together, and a column that
 * nothing was written to does not exist.
 */
const RINGS = [
	{ widthMs: 10 * SECOND_MS, windowsMs: [5 * MINUTE_MS] },
	{ widthMs: MINUTE_MS, windowsMs: [30 * MINUTE_MS, HOUR_MS] },
	{ widthMs: 5 * MINUTE_MS, windowsMs: [2 * HOUR_MS, 6 * HOUR_MS] },
	{ widthMs: HOUR_MS, windowsMs: [DAY_MS, 3 * DAY_MS] },
] as const;
/** What decides where counts lie. */
export const RING_SHAPES: readonly object[] = [...RINGS, { widthMs: 6 * HOUR_MS, windowsMs: "period" }];
export const RING = { tenSeconds: 0, minute: 1, fiveMinutes: 2, hour: 3, period: 4 } as const;
const PERIOD_WIDTH_MS = 6 * HOUR_MS;

/** Lengths of the windows in the order of the sums; the last one, the period, differs by pair. */
export const WINDOWS_MS: readonly number[] = RINGS.flatMap((ring) => ring.windowsMs);
export const PERIOD_WINDOW = WINDOWS_MS.length;
/** Numbers per pair in `sums`: bad and total of each window. */
export const SUMS_STRIDE = 2 * (PERIOD_WINDOW + 1);

/** Set when counts of a pair changed, by arrival or because a window moved; each reader clears its own bit. */
export const TOUCHED_FOR_JUDGE = 1;
export const TOUCHED_FOR_STATUS = 2;
/** Set only by arrival. */
export const TOUCHED_BY_EVENTS = 4;
/** New events that silence has not been asked about yet. */
export const TOUCHED_FOR_SILENCE = 8;

/** The clock of a sender or of the caller's last tick may be this much behind; unused columns cost nothing. */
const AHEAD_SLACK_MS = MINUTE_MS;
const POOLED_COLUMNS = 4;

interface Ring {
	readonly widthMs: number;
	/** Index of its first window in the sums. */
	readonly window: number;
	/** Window lengths in columns; empty for the period, whose length is the pair's own. */
	readonly spans: readonly number[];
	/** 1: the column changed since it was last lent. */
	readonly changed: Uint8Array;
	/** 1: somebody else still reads the column: it is copied before it changes. */
	readonly lent: Uint8Array;
	/** Columns kept behind the current one, itself included, and ahead of it. */
	readonly length: number;
	readonly ahead: number;
	readonly columns: (Column | undefined)[];
	/** Bucket of the present, ⌊now ÷ width⌋, and where its column is. */
	current: number;
	currentSlot: number;
}

/**
 * Where events of one instant go, for all pairs alike: the columns that hold it and the sums that it is in. Most events of
 * a request share their instant. Valid until a ring moves.
 */
interface Aim {
	readonly at: number;
	readonly columns: Column[];
	readonly places: { readonly ring: Ring; readonly slot: number }[];
	/** Offsets in a pair's sums, without the period. */
	readonly sums: number[];
	/** In columns of the period's ring; negative: outside. */
	periodsBehind: number;
}
const NO_AIM: Aim = { at: Number.NaN, columns: [], places: [], sums: [], periodsBehind: -1 };

/**
 * The windows of up to a thousand or so pairs. Sums of whole counts are exact; pairs that ever sent fractions are summed
 * anew from their columns whenever a window moves, so that no sum drifts and an empty window is exactly 0.
 *
 * Counts are held in 32 bits until one does not fit (a fraction, or beyond ±2³¹); then its column is widened to doubles.
 */
export class WindowTable {
	readonly pairCount: number;
	readonly sums: Float64Array;
	readonly touched: Uint8Array;
	/** Latest event of each pair, ms epoch; −Infinity: none yet. */
	readonly lastAt: Float64Array;
	readonly #periodSpans: Uint32Array;
	readonly #rings: Ring[];
	readonly #pool: Int32Array[] = [];
	readonly #isFractional: Uint8Array;
	#fractional: number[] = [];
	#aim: Aim = NO_AIM;

	constructor(options: { periodsMs: readonly number[]; futureMs: number; now: number }) {
		const pairCount = options.periodsMs.length;
		this.pairCount = pairCount;
		this.sums = new Float64Array(pairCount * SUMS_STRIDE);
		this.touched = new Uint8Array(pairCount).fill(TOUCHED_FOR_JUDGE | TOUCHED_FOR_STATUS);
		this.lastAt = new Float64Array(pairCount).fill(Number.NEGATIVE_INFINITY);
		this.#isFractional = new Uint8Array(pairCount);
		this.#periodSpans = Uint32Array.from(options.periodsMs, (periodMs) => Math.ceil(periodMs / PERIOD_WIDTH_MS));
		let window = 0;
		const ring = (widthMs: number, spans: number[], length: number): Ring => {
			const ahead = Math.ceil((options.futureMs + AHEAD_SLACK_MS) / widthMs) + 1;
			const columns = new Array<Column | undefined>(length + ahead).fill(undefined);
			const current = Math.floor(options.now / widthMs);
			const [changed, lent] = [new Uint8Array(columns.length), new Uint8Array(columns.length)];
			const made = { widthMs, window, spans, length, ahead, columns, changed, lent, current, currentSlot: 0 };
			window += spans.length;
			return made;
		};
		this.#rings = RINGS.map(({ widthMs, windowsMs }) => {
			const spans = windowsMs.map((windowMs) => windowMs / widthMs);
			return ring(widthMs, spans, Math.max(...spans));
		});
		this.#rings.push(ring(PERIOD_WIDTH_MS, [], Math.max(1, ...this.#periodSpans)));
	}

	add(pair: number, at: number, bad: number, total: number): void {
		if (!(Number.isInteger(bad) && Number.isInteger(total))) this.#markFractional(pair, bad, total);
		const aim = this.#aim.at === at ? this.#aim : this.#aimAt(at);
		if (aim.columns.length === 0) return;
		const { sums } = this;
		const entry = 2 * pair;
		for (let i = 0; i < aim.columns.length; i++) {
			const column = aim.columns[i] as Column;
			const newBad = (column[entry] as number) + bad;
			const newTotal = (column[entry + 1] as number) + total;
			const isNarrow = (newBad | 0) === newBad && (newTotal | 0) === newTotal;
			const fitting = isNarrow ? column : this.#widen(aim, i);
			fitting[entry] = newBad;
			fitting[entry + 1] = newTotal;
		}
		const firstSum = pair * SUMS_STRIDE;
		for (let i = 0; i < aim.sums.length; i++) {
			const sum = firstSum + (aim.sums[i] as number);
			sums[sum] = (sums[sum] as number) + bad;
			sums[sum + 1] = (sums[sum + 1] as number) + total;
		}
		if (aim.periodsBehind >= 0 && aim.periodsBehind < (this.#periodSpans[pair] as number)) {
			const sum = firstSum + 2 * PERIOD_WINDOW;
			sums[sum] = (sums[sum] as number) + bad;
			sums[sum + 1] = (sums[sum + 1] as number) + total;
		}
		this.touched[pair] = TOUCHED_FOR_JUDGE | TOUCHED_FOR_STATUS | TOUCHED_BY_EVENTS | TOUCHED_FOR_SILENCE;
		if (total > 0 && at > (this.lastAt[pair] as number)) this.lastAt[pair] = at;
	}

	/** Moves every ring to `now`; only columns that exist are visited. Never called with an earlier time. */
	advance(now: number): void {
		for (const ring of this.#rings) {
			const target = Math.floor(now / ring.widthMs);
			if (target <= ring.current) continue;
			this.#aim = NO_AIM;
			if (target - ring.current >= ring.columns.length) {
				// A leap past everything that is kept, ahead included.
				this.#clear(ring);
				ring.current = target;
				continue;
			}
			while (ring.current < target) {
				ring.current++;
				ring.currentSlot = ring.currentSlot + 1 === ring.columns.length ? 0 : ring.currentSlot + 1;
				this.#step(ring);
			}
			for (const pair of this.#fractional) this.#recompute(ring, pair);
		}
	}

	/** Bad and total of one bucket of a ring; zeros outside of what the ring holds behind its current bucket. */
	bucket(ringIndex: number, pair: number, bucket: number): { bad: number; total: number } {
		const ring = this.#rings[ringIndex] as Ring;
		const behind = ring.current - bucket;
		const column = behind >= 0 && behind < ring.length ? ring.columns[slotBehind(ring, behind)] : undefined;
		if (!column) return { bad: 0, total: 0 };
		return { bad: column[2 * pair] as number, total: column[2 * pair + 1] as number };
	}

	/** Total of one bucket of a ring, as `bucket` gives it, without an object: for loops over every pair. */
	bucketTotal(ringIndex: number, pair: number, bucket: number): number {
		const ring = this.#rings[ringIndex] as Ring;
		const behind = ring.current - bucket;
		if (behind < 0 || behind >= ring.length) return 0;
		const column = ring.columns[slotBehind(ring, behind)];
		return column ? (column[2 * pair + 1] as number) : 0;
	}

	/** Buckets that changed since their columns were lent last. */
	changed(): { ring: number; bucket: number }[] {
		const places: { ring: number; bucket: number }[] = [];
		for (const [index, ring] of this.#rings.entries())
			for (let behind = -ring.ahead; behind < ring.length; behind++)
				if (ring.changed[slotBehind(ring, behind)] === 1) places.push({ ring: index, bucket: ring.current - behind });
		return places;
	}

	markChanged(): void {
		for (const ring of this.#rings)
			for (const [slot, column] of ring.columns.entries()) ring.changed[slot] = column ? 1 : 0;
	}

	/** The column of a bucket, which stays as it is whatever is added later; undefined: nothing was ever added to it. */
	lend(ringIndex: number, bucket: number): Column | undefined {
		const ring = this.#rings[ringIndex] as Ring;
		const behind = ring.current - bucket;
		if (!(behind < ring.length && behind >= -ring.ahead)) return undefined;
		const slot = slotBehind(ring, behind);
		this.#aim = NO_AIM;
		ring.changed[slot] = 0;
		ring.lent[slot] = 1;
		return ring.columns[slot];
	}

	/** The oldest bucket that a ring keeps. */
	oldest(ringIndex: number): number {
		const { current, length } = this.#rings[ringIndex] as Ring;
		return current - length + 1;
	}

	/** Takes a column back. Call `settle` when all are there. */
	place(ringIndex: number, bucket: number, column: Column): void {
		const ring = this.#rings[ringIndex];
		const behind = ring ? ring.current - bucket : Number.NaN;
		if (!ring || !(behind < ring.length && behind >= -ring.ahead)) return;
		ring.columns[slotBehind(ring, behind)] = column;
	}

	clear(): void {
		this.#aim = NO_AIM;
		for (const ring of this.#rings) this.#clear(ring);
		this.lastAt.fill(Number.NEGATIVE_INFINITY);
	}

	/** Sums what was placed, leaving out pairs that are not held. */
	settle(isHeld: (pair: number) => boolean): void {
		this.#aim = NO_AIM;
		this.sums.fill(0);
		for (let pair = 0; pair < this.pairCount; pair++) {
			if (!isHeld(pair)) this.#leaveOut(pair);
			if (!Number.isFinite(this.lastAt[pair])) continue;
			this.touched[pair] = TOUCHED_FOR_JUDGE | TOUCHED_FOR_STATUS | TOUCHED_BY_EVENTS | TOUCHED_FOR_SILENCE;
		}
		for (const ring of this.#rings) {
			for (let behind = 0; behind < ring.length; behind++) {
				const column = ring.columns[slotBehind(ring, behind)];
				if (!column) continue;
				if (column instanceof Float64Array) this.#markFractions(column);
				if (ring.spans.length === 0) this.#sumPeriods(ring, column, behind);
				else for (const [w, span] of ring.spans.entries()) if (behind < span) this.#sum(column, 2 * (ring.window + w));
			}
		}
		for (const ring of this.#rings) for (const pair of this.#fractional) this.#recompute(ring, pair);
	}

	/** Each pair's buckets of the finest ring that have counts. */
	eachLatest(visit: (pair: number, at: number) => void): void {
		const ring = this.#rings[0] as Ring;
		for (let behind = ring.length - 1; behind >= -ring.ahead; behind--) {
			const column = ring.columns[slotBehind(ring, behind)];
			if (!column) continue;
			for (let pair = 0; pair < this.pairCount; pair++)
				if (column[2 * pair] !== 0 || column[2 * pair + 1] !== 0) visit(pair, (ring.current - behind) * ring.widthMs);
		}
	}

	#leaveOut(pair: number): void {
		this.lastAt[pair] = Number.NEGATIVE_INFINITY;
		for (const { columns } of this.#rings) for (const column of columns) column?.fill(0, 2 * pair, 2 * pair + 2);
	}

	#sum(column: Column, window: number): void {
		const { sums, pairCount } = this;
		for (let pair = 0, sum = window; pair < pairCount; pair++, sum += SUMS_STRIDE) {
			sums[sum] = (sums[sum] as number) + (column[2 * pair] as number);
			sums[sum + 1] = (sums[sum + 1] as number) + (column[2 * pair + 1] as number);
		}
	}

	#sumPeriods(ring: Ring, column: Column, behind: number): void {
		const { sums, pairCount } = this;
		for (let pair = 0; pair < pairCount; pair++) {
			if (behind >= (this.#periodSpans[pair] as number)) continue;
			const sum = pair * SUMS_STRIDE + 2 * ring.window;
			sums[sum] = (sums[sum] as number) + (column[2 * pair] as number);
			sums[sum + 1] = (sums[sum + 1] as number) + (column[2 * pair + 1] as number);
		}
	}

	#markFractions(column: Float64Array): void {
		for (let pair = 0; pair < this.pairCount; pair++) {
			const [bad, total] = [column[2 * pair] as number, column[2 * pair + 1] as number];
			if (!(Number.isInteger(bad) && Number.isInteger(total))) this.#markFractional(pair, bad, total);
		}
	}

	/** Current bucket of a ring, its width, and how many buckets it holds. */
	shape(ringIndex: number): { current: number; widthMs: number; length: number } {
		return this.#rings[ringIndex] as Ring;
	}

	/** Marks the row for whoever looks for this flag next. */
	touch(row: number, flag: number): void {
		this.touched[row] = (this.touched[row] as number) | flag;
	}

	bytes(): number {
		let bytes = this.sums.byteLength + this.touched.byteLength + this.lastAt.byteLength;
		bytes += this.#periodSpans.byteLength + this.#isFractional.byteLength;
		for (const ring of this.#rings) for (const column of ring.columns) bytes += column?.byteLength ?? 0;
		for (const column of this.#pool) bytes += column.byteLength;
		return bytes;
	}

	#aimAt(at: number): Aim {
		const aim: Aim = { at, columns: [], places: [], sums: [], periodsBehind: -1 };
		for (const [index, ring] of this.#rings.entries()) {
			const behind = ring.current - Math.floor(at / ring.widthMs);
			// Written so that a NaN is outside too.
			if (!(behind < ring.length && behind >= -ring.ahead)) continue;
			const slot = slotBehind(ring, behind);
			ring.columns[slot] ??= this.#pool.pop() ?? new Int32Array(2 * this.pairCount);
			if (ring.lent[slot] === 1) ring.columns[slot] = (ring.columns[slot] as Column).slice();
			ring.lent[slot] = 0;
			ring.changed[slot] = 1;
			aim.columns.push(ring.columns[slot] as Column);
			aim.places.push({ ring, slot });
			if (index === RING.period) aim.periodsBehind = behind;
			if (behind < 0) continue;
			for (const [w, span] of ring.spans.entries()) if (behind < span) aim.sums.push(2 * (ring.window + w));
		}
		this.#aim = aim;
		return aim;
	}

	#widen(aim: Aim, index: number): Float64Array {
		const column = aim.columns[index] as Column;
		if (column instanceof Float64Array) return column;
		const wide = Float64Array.from(column);
		const { ring, slot } = aim.places[index] as Aim["places"][number];
		ring.columns[slot] = wide;
		aim.columns[index] = wide;
		return wide;
	}

	/** The current bucket just became `ring.current`: what it already holds enters, what fell out of each window leaves. */
	#step(ring: Ring): void {
		const entering = ring.columns[ring.currentSlot];
		if (ring.spans.length === 0) this.#movePeriods(ring, entering);
		for (let w = 0; w < ring.spans.length; w++) {
			const leaving = ring.columns[slotBehind(ring, ring.spans[w] as number)];
			if (entering) this.#shift(entering, 2 * (ring.window + w), 1);
			if (leaving) this.#shift(leaving, 2 * (ring.window + w), -1);
		}
		const oldest = slotBehind(ring, ring.length);
		const dropped = ring.columns[oldest];
		ring.columns[oldest] = undefined;
		const isLent = ring.lent[oldest] === 1;
		ring.lent[oldest] = 0;
		ring.changed[oldest] = 0;
		if (dropped instanceof Int32Array && !isLent && this.#pool.length < POOLED_COLUMNS)
			this.#pool.push(dropped.fill(0));
	}

	#shift(column: Column, window: number, sign: 1 | -1): void {
		const { sums, touched, pairCount } = this;
		for (let pair = 0, sum = window; pair < pairCount; pair++, sum += SUMS_STRIDE) {
			const bad = column[2 * pair] as number;
			const total = column[2 * pair + 1] as number;
			if (bad === 0 && total === 0) continue;
			sums[sum] = (sums[sum] as number) + sign * bad;
			sums[sum + 1] = (sums[sum + 1] as number) + sign * total;
			touched[pair] = (touched[pair] as number) | TOUCHED_FOR_JUDGE | TOUCHED_FOR_STATUS;
		}
	}

	#movePeriods(ring: Ring, entering: Column | undefined): void {
		if (entering) this.#shift(entering, 2 * ring.window, 1);
		for (let pair = 0; pair < this.pairCount; pair++) {
			const leaving = ring.columns[slotBehind(ring, this.#periodSpans[pair] as number)];
			if (!leaving) continue;
			const sum = pair * SUMS_STRIDE + 2 * ring.window;
			this.sums[sum] = (this.sums[sum] as number) - (leaving[2 * pair] as number);
			this.sums[sum + 1] = (this.sums[sum + 1] as number) - (leaving[2 * pair + 1] as number);
			this.touched[pair] = (this.touched[pair] as number) | TOUCHED_FOR_JUDGE | TOUCHED_FOR_STATUS;
		}
	}

	#clear(ring: Ring): void {
		ring.columns.fill(undefined);
		ring.changed.fill(0);
		ring.lent.fill(0);
		const windows = ring.spans.length || 1;
		for (let pair = 0; pair < this.pairCount; pair++) {
			const sum = pair * SUMS_STRIDE + 2 * ring.window;
			this.sums.fill(0, sum, sum + 2 * windows);
			this.touched[pair] = (this.touched[pair] as number) | TOUCHED_FOR_JUDGE | TOUCHED_FOR_STATUS;
		}
	}

	#markFractional(pair: number, bad: number, total: number): void {
		// One NaN would blind the pair for ninety days without a sign.
		if (!(Number.isFinite(bad) && Number.isFinite(total))) {
			throw new RangeError(
				`windows: pair ${pair}: counts ${bad} of ${total} are not finite; reject them where they are decoded`,
			);
		}
		if (this.#isFractional[pair]) return;
		this.#isFractional[pair] = 1;
		this.#fractional.push(pair);
	}

	#recompute(ring: Ring, pair: number): void {
		const spans = ring.spans.length > 0 ? ring.spans : [this.#periodSpans[pair] as number];
		for (let w = 0; w < spans.length; w++) {
			let bad = 0;
			let total = 0;
			for (let behind = (spans[w] as number) - 1; behind >= 0; behind--) {
				const column = ring.columns[slotBehind(ring, behind)];
				if (!column) continue;
				bad += column[2 * pair] as number;
				total += column[2 * pair + 1] as number;
			}
			const sum = pair * SUMS_STRIDE + 2 * (ring.window + w);
			this.sums[sum] = bad;
			this.sums[sum + 1] = total;
		}
	}
}

/** Where the column of a bucket is that lies `behind` the current one (negative: ahead), at most one turn of the ring. */
function slotBehind(ring: Ring, behind: number): number {
	const slot = ring.currentSlot - behind;
	if (slot < 0) return slot + ring.columns.length;
	return slot < ring.columns.length ? slot : slot - ring.columns.length;
}
