import { Counts } from "./counts.ts";
import { type Curve, curveOf } from "./curve.ts";

/** Buckets that a ramp is looked at in: finer ones would say nothing more of when it began. */
const BUCKETS_PER_RAMP = 8;

export interface RampTerms {
	readonly usual: number;
	/** At its height, where it stays. */
	readonly ratio: number;
	readonly rampMs: number;
}

/** Where a slow rise began: healthy before, a straight line, then its height. */
export function rampCurve(counts: Counts, { usual, ratio, rampMs }: RampTerms): Curve {
	const { length, starts, ends, widths } = counts;
	const before = prefix(counts, usual);
	const height = prefix(counts, ratio);
	const all = height[length] as number;
	const log = (bucket: number, share: number): number => {
		const startAt = (starts[bucket] as number) + share * (widths[bucket] as number);
		let sum = before[bucket] as number;
		let k = bucket;
		for (; k < length; k++) {
			const from = Math.max(0, ((starts[k] as number) - startAt) / rampMs);
			if (from >= 1) break;
			const to = ((ends[k] as number) - startAt) / rampMs;
			// The mean of the line over the bucket; its part before the start is healthy, its part after the height at it.
			const risen = (integral(to) - integral(from)) / ((widths[k] as number) / rampMs);
			sum += counts.likelihood(k, usual + (ratio - usual) * risen);
		}
		return sum + all - (height[k] as number);
	};
	const coarse = new Float64Array(length);
	for (let k = 0; k < length; k++) coarse[k] = log(k, 0.5);
	return curveOf(counts, coarse, log, Number.NEGATIVE_INFINITY);
}

/** ∫ of the line, which is 1 from 1 on. */
function integral(x: number): number {
	return x <= 0 ? 0 : x < 1 ? (x * x) / 2 : x - 0.5;
}

function prefix(counts: Counts, ratio: number): Float64Array {
	const own = counts.likelihoods(ratio);
	const sums = new Float64Array(own.length + 1);
	for (let k = 0; k < own.length; k++) sums[k + 1] = (sums[k] as number) + (own[k] as number);
	return sums;
}

/** The same counts in wider buckets, fit for ramps of this length; which coarse bucket each fine one is in. */
export function coarseFor(counts: Counts, rampMs: number): Counts {
	const widthMs = rampMs / BUCKETS_PER_RAMP;
	const merged: { startAt: number; widthMs: number; bad: number; total: number }[] = [];
	for (let k = 0; k < counts.length; k++) {
		const last = merged.at(-1);
		const endAt = counts.ends[k] as number;
		const isTogether =
			last &&
			endAt - last.startAt <= widthMs &&
			(counts.starts[k] as number) - last.startAt - last.widthMs < widthMs / 4;
		if (isTogether) {
			last.widthMs = endAt - last.startAt;
			last.bad += counts.bad[k] as number;
			last.total += counts.total[k] as number;
		} else
			merged.push({
				startAt: counts.starts[k] as number,
				widthMs: counts.widths[k] as number,
				bad: counts.bad[k] as number,
				total: counts.total[k] as number,
			});
	}
	return new Counts(merged, counts.spread);
}
