/** Where a rise began, as minutes: the most likely one, and the first and last that are nearly as likely. */
export interface ChangePoint {
	readonly at: number;
	readonly from: number;
	readonly to: number;
	/** First and last minute that can be believed at all: what names the ill one is still blamed within these. */
	readonly earliest: number;
	readonly latest: number;
}

/** A start that is known to the minute. */
export const certain = (at: number): ChangePoint => ({ at, from: at, to: at, earliest: at, latest: at });

/** Nats by which a start may be less likely than the best and still be believed. */
const NEARLY = 2.5;
const AT_ALL = 6;

/**
 * The most likely first bad minute of counts that end now, by likelihood: the usual ratio before it, the ratio since then
 * after it. `bad` and `total` are by minute from `first` on.
 */
export function findChangePoint(
	first: number,
	bad: readonly number[],
	total: readonly number[],
	usual: number,
): ChangePoint | undefined {
	const p = Math.min(0.9, Math.max(1e-5, usual));
	const scores: number[] = new Array(bad.length).fill(-Infinity);
	let b = 0;
	let n = 0;
	let best = -1;
	for (let k = bad.length - 1; k >= 0; k -= 1) {
		b += bad[k] as number;
		n += total[k] as number;
		if (n === 0) continue;
		const q = Math.min(0.999, (b + 0.25 * p) / (n + 0.25));
		if (q <= p) continue;
		const score = b * Math.log(q / p) + (n - b) * Math.log((1 - q) / (1 - p));
		scores[k] = score;
		if ((total[k] as number) > 0 && (best < 0 || score > (scores[best] as number))) best = k;
	}
	if (best < 0) return undefined;
	const reach = (nats: number): [number, number] => {
		const floor = (scores[best] as number) - nats;
		let from = best;
		let to = best;
		// Minutes without events say nothing: the start may lie anywhere in them.
		while (from > 0 && ((total[from - 1] as number) === 0 || (scores[from - 1] as number) >= floor)) from -= 1;
		while (to < scores.length - 1 && (scores[to + 1] as number) >= floor) to += 1;
		return [first + from, first + to];
	};
	const [from, to] = reach(NEARLY);
	const [earliest, latest] = reach(AT_ALL);
	return { at: first + best, from, to, earliest, latest };
}
