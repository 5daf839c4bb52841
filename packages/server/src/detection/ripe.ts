import { isProven } from "./evidence.ts";
import type { PairWindows } from "./pair-windows.ts";
import { LONG_WINDOW, type Rule, SHORT_WINDOW } from "./rules.ts";
import { RING } from "./windows.ts";

const BUCKET_MS = 10_000;

/** Tells until when, ms, the counts of a pair rest on every source that feeds it. */
export type CompleteUntil = (pair: number, now: number) => number;

/** Counts of a pair in buckets that a source has yet to pass. They are in every window, because they are the newest. */
export interface Unripe {
	readonly bad: number;
	readonly total: number;
}

/**
 * What of a pair's counts may still be a part only. Just the last five minutes are looked at: what is older is taken as it is,
 * so that no source, however it behaves, holds back a page for longer.
 */
export function unripeCounts(windows: PairWindows, pair: number, completeUntil: number): Unripe {
	if (completeUntil === Number.POSITIVE_INFINITY) return { bad: 0, total: 0 };
	const table = windows.table(pair);
	const row = windows.row(pair);
	const { current, length } = table.shape(RING.tenSeconds);
	let bad = 0;
	let total = 0;
	for (
		let bucket = Math.max(current - length + 1, Math.floor(completeUntil / BUCKET_MS));
		bucket <= current;
		bucket++
	) {
		const counts = table.bucket(RING.tenSeconds, row, bucket);
		bad += counts.bad;
		total += counts.total;
	}
	return { bad, total };
}

/** Whether the tier would be true, with evidence, without the counts that are not ripe. */
export function isTrueWithout(
	unripe: Unripe,
	completeUntil: number,
	windows: PairWindows,
	pair: number,
	tier: number,
	rule: Rule,
): boolean {
	const limit = rule.limits[tier] as number;
	const burns = (window: number) => {
		const total = windows.total(pair, window) - unripe.total;
		return total > 0 && windows.bad(pair, window) - unripe.bad > limit * total;
	};
	const long = LONG_WINDOW[tier] as number;
	if (!burns(SHORT_WINDOW[tier] as number) || !burns(long)) return false;
	const counts = {
		bad: windows.bad(pair, long) - unripe.bad,
		total: windows.total(pair, long) - unripe.total,
	};
	return isProven(windows, pair, tier, counts, completeUntil);
}
