import { DAY_MS, MINUTE_MS, SECOND_MS } from "@bellwether/model";
import { estimateOnsetInBuckets, type OnsetBucket } from "./impact/index.ts";
import { bucketsBackwards, THREE_DAYS } from "./onset.ts";
import type { Evidence } from "./types.ts";
import type { WindowTable } from "./windows.ts";

/** Further back a trouble is another one. */
const LOOK_BACK_MS = DAY_MS;
/** Within an interval as narrow as this the first bad bucket is as good as its middle, and people can find it in a chart. */
const NARROW_MS = 5 * MINUTE_MS;

/**
 * When the trouble of a pair began, by change point over the buckets of its windows: what burns slowly began long before it
 * burnt fast enough to be told. `firstBad` is where the present run of bad buckets begins. Undefined: not known.
 */
export function datedOnset(
	table: WindowTable,
	row: number,
	firstBad: number,
	now: number,
): Pick<Evidence, "since" | "onset"> | undefined {
	const buckets: OnsetBucket[] = [];
	for (const { start, widthMs, bad, total } of bucketsBackwards(table, row, THREE_DAYS)) {
		if (start < now - LOOK_BACK_MS) break;
		if (total > 0) buckets.push({ startAt: start, widthMs, bad, total });
	}
	const found = estimateOnsetInBuckets(buckets.reverse(), { effort: "quick" });
	if (found.status === "unknown") return undefined;
	const from = whole(found.from);
	const to = Math.min(now, whole(found.to));
	const isFirstBad = firstBad >= from - 10 * SECOND_MS && firstBad <= to && to - from <= NARROW_MS;
	const since = isFirstBad ? firstBad : Math.min(now, whole(found.at));
	return {
		since,
		onset: { from: Math.min(from, since), to: Math.max(to, since), shape: found.shape, isOpen: found.isOpen },
	};
}

/** Seconds: finer would be made up. */
function whole(at: number): number {
	return Math.round(at / SECOND_MS) * SECOND_MS;
}
