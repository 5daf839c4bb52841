/** Counts of one stretch of time. A bucket whose total is 0 says nothing: nothing is taken for healthy. */
export interface OnsetBucket {
	readonly startAt: number;
	readonly widthMs: number;
	readonly bad: number;
	readonly total: number;
}

const MIN_RATIO = 1e-6;
const MAX_RATIO = 0.99;
/** A usual ratio may be so many times more or less on an ordinary day. */
const ORDINARY = 1.5;
/** Blocks of so many buckets are compared, to see how much healthy times differ. */
const BLOCKS = [1, 4, 16];
const MIN_BLOCKS = 10;
/** Spread beyond luck that is reckoned with ÷ that which blocks show. */
const UNSEEN = 1.5;
/** A series that differs more than this from itself is no better known for it. */
const MAX_SPREAD = 8;

/** Buckets with events as columns, and their likelihoods at an error ratio. */
export class Counts {
	readonly length: number;
	readonly starts: Float64Array;
	readonly widths: Float64Array;
	readonly ends: Float64Array;
	/** Time without events before each bucket. */
	readonly gaps: Float64Array;
	readonly bad: Float64Array;
	readonly total: Float64Array;
	readonly spanMs: number;
	/** Variance ÷ that of plain luck: likelihoods are divided by it. */
	readonly spread: number;
	#free: Float64Array | undefined;

	constructor(buckets: readonly OnsetBucket[], spread = 1) {
		this.length = buckets.length;
		this.starts = Float64Array.from(buckets, ({ startAt }) => startAt);
		this.widths = Float64Array.from(buckets, ({ widthMs }) => widthMs);
		this.ends = Float64Array.from(buckets, ({ startAt, widthMs }) => startAt + widthMs);
		this.bad = Float64Array.from(buckets, ({ bad, total }) => Math.max(0, Math.min(bad, total)));
		this.total = Float64Array.from(buckets, ({ total }) => total);
		this.gaps = this.starts.map((startAt, k) => (k === 0 ? 0 : Math.max(0, startAt - (this.ends[k - 1] as number))));
		this.spanMs = (this.ends[this.length - 1] as number) - (this.starts[0] as number);
		this.spread = spread;
	}

	likelihood(bucket: number, ratio: number): number {
		const bad = this.bad[bucket] as number;
		return (bad * Math.log(ratio) + ((this.total[bucket] as number) - bad) * Math.log1p(-ratio)) / this.spread;
	}

	/** Of all buckets. */
	likelihoods(ratio: number): Float64Array {
		const hit = Math.log(ratio) / this.spread;
		const miss = Math.log1p(-ratio) / this.spread;
		const out = new Float64Array(this.length);
		for (let k = 0; k < out.length; k++) {
			const bad = this.bad[k] as number;
			out[k] = bad * hit + ((this.total[k] as number) - bad) * miss;
		}
		return out;
	}

	/** Each bucket at its own ratio, whatever it is, less the price of choosing it. */
	get freeLikelihoods(): Float64Array {
		this.#free ??= this.bad.map((bad, k) => {
			const total = this.total[k] as number;
			return this.likelihood(k, clampRatio((bad + 0.5) / (total + 1))) - 0.5 * Math.log1p(total / this.spread);
		});
		return this.#free;
	}

	/** Log-likelihood of all buckets at the one ratio that fits them best; where the usual ratio is known, near that one. */
	quietLikelihood(given: number | undefined): number {
		let [bad, total] = [0, 0];
		for (let k = 0; k < this.length; k++) {
			bad += this.bad[k] as number;
			total += this.total[k] as number;
		}
		const own = bad / total;
		const ratio = given === undefined ? own : Math.min(given * ORDINARY, Math.max(given / ORDINARY, own));
		return entropy(bad, total, clampRatio(ratio)) / this.spread;
	}
}

export interface RoughStep {
	readonly usual: number;
	readonly ratio: number;
	/** First bucket that is raised. */
	readonly bucket: number;
}

/**
 * The step that explains the counts best, as a place to begin. `given` is the usual error ratio if it is known, and worth
 * a few bad events.
 */
export function roughStep({ bad, total, length }: Counts, given: number | undefined): RoughStep {
	const [extraBad, extraTotal] = given === undefined ? [0.3, 30] : [3, 3 / given];
	let [allBad, allTotal] = [0, 0];
	for (let k = 0; k < length; k++) {
		allBad += bad[k] as number;
		allTotal += total[k] as number;
	}
	let [beforeBad, beforeTotal] = [extraBad, extraTotal];
	let [leftBad, leftTotal] = [allBad, allTotal];
	let best = { log: Number.NEGATIVE_INFINITY, usual: MIN_RATIO, ratio: MIN_RATIO, bucket: 0 };
	for (let k = 0; k < length; k++) {
		const usual = clampRatio(beforeBad / beforeTotal);
		const ratio = clampRatio((leftBad + 0.5) / (leftTotal + 1));
		const log = entropy(beforeBad, beforeTotal, usual) + entropy(leftBad, leftTotal, ratio);
		if (ratio > usual && log > best.log) best = { log, usual, ratio, bucket: k };
		beforeBad += bad[k] as number;
		beforeTotal += total[k] as number;
		leftBad -= bad[k] as number;
		leftTotal -= total[k] as number;
	}
	return best;
}

/** How much more the buckets before a rough onset differ than luck would have it, at the worst of several scales. */
export function spreadBefore({ bad, total }: Counts, { bucket, usual }: RoughStep): number {
	let worst = 1;
	for (const size of BLOCKS) {
		const squares: number[] = [];
		for (let from = 0; from + size <= bucket; from += size) {
			let [blockBad, blockTotal] = [0, 0];
			for (let k = from; k < from + size; k++) {
				blockBad += bad[k] as number;
				blockTotal += total[k] as number;
			}
			const mean = blockTotal * usual;
			if (mean >= 1) squares.push((blockBad - mean) ** 2 / (mean * (1 - usual)));
		}
		if (squares.length < MIN_BLOCKS) continue;
		// Blips are no part of it: the upper tenth is left out, and what plain luck loses by that is put back.
		squares.sort((x, y) => x - y);
		const kept = squares.slice(0, Math.floor(0.9 * squares.length));
		worst = Math.max(worst, kept.reduce((sum, square) => sum + square, 0) / kept.length / 0.623);
	}
	// Blocks before the onset tell too little of what wanders more slowly than they are long.
	return Math.min(MAX_SPREAD, 1 + UNSEEN * (worst - 1));
}

export function clampRatio(ratio: number): number {
	return Math.min(MAX_RATIO, Math.max(MIN_RATIO, ratio));
}

function entropy(bad: number, total: number, ratio: number): number {
	return bad * Math.log(ratio) + (total - bad) * Math.log1p(-ratio);
}
