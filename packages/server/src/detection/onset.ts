import { binomialTail } from "@bellwether/model";
import { RING, type WindowTable } from "./windows.ts";

export interface Onset {
	/** Start of the first bad bucket of the episode, ms epoch. */
	readonly since: number;
	/** End of the last healthier bucket before: what `since` reports may have begun any time after it. */
	readonly quietUntil: number;
}

const SIX_HOURS = [RING.tenSeconds, RING.minute, RING.fiveMinutes];
/** Three days, beyond six hours by the hour. */
export const THREE_DAYS = [...SIX_HOURS, RING.hour];

/** Chance at which a healthier run is still taken for luck inside the episode. */
const LUCK = 0.01;

/**
 * Where the present episode began. Walks back from now over 10 s buckets (5 min), 1 min (1 h) and 5 min (6 h); buckets
 * without events say nothing and are passed. A bucket is bad when its error ratio is above the limit. The walk ends at the
 * first run of other buckets that the episode's own error ratio would bring about less than once in a hundred: a few good
 * events inside an outage of 20 % do not end it, and 5 good ones before an outage of 100 % do.
 * Undefined when no bucket is bad.
 */
export function findOnset(table: WindowTable, pair: number, errorRatioLimit: number): Onset | undefined {
	let onset: Onset | undefined;
	let isQuietKnown = false;
	let bad = 0;
	let total = 0;
	let runBad = 0;
	let runTotal = 0;
	for (const bucket of bucketsBackwards(table, pair)) {
		if (bucket.bad > errorRatioLimit * bucket.total) {
			onset = { since: bucket.start, quietUntil: bucket.start };
			isQuietKnown = false;
			bad += runBad + bucket.bad;
			total += runTotal + bucket.total;
			runBad = 0;
			runTotal = 0;
		} else if (onset) {
			if (!isQuietKnown) onset = { since: onset.since, quietUntil: bucket.start + bucket.widthMs };
			isQuietKnown = true;
			runBad += bucket.bad;
			runTotal += bucket.total;
			if (isUnlikelyRun(runBad, runTotal, bad / total)) break;
		}
	}
	return onset;
}

/** Counts of a pair in the buckets that begin at `since` or later. */
export function countsSince(table: WindowTable, pair: number, since: number): { bad: number; total: number } {
	const counts = { bad: 0, total: 0 };
	for (const bucket of bucketsBackwards(table, pair)) {
		if (bucket.start < since) break;
		counts.bad += bucket.bad;
		counts.total += bucket.total;
	}
	return counts;
}

function isUnlikelyRun(bad: number, total: number, errorRatio: number): boolean {
	return 1 - binomialTail(Math.floor(bad) + 1, Math.ceil(total), Math.min(1, errorRatio)) < LUCK;
}

/**
 * Buckets with events, newest first, each instant once: a finer ring hands over to the next at one of its boundaries. Bad
 * events without a total are there too: it may still be on its way.
 */
export function* bucketsBackwards(table: WindowTable, pair: number, rings: readonly number[] = SIX_HOURS) {
	let end = Number.POSITIVE_INFINITY;
	for (const [i, ring] of rings.entries()) {
		const { current, widthMs, length } = table.shape(ring);
		const oldestStart = (current - length + 1) * widthMs;
		const next = rings[i + 1];
		const nextWidthMs = next === undefined ? widthMs : table.shape(next).widthMs;
		const stopAt = Math.ceil(oldestStart / nextWidthMs) * nextWidthMs;
		for (let start = Math.min(current * widthMs, end - widthMs); start >= stopAt; start -= widthMs) {
			const { bad, total } = table.bucket(ring, pair, start / widthMs);
			if (total > 0 || bad > 0) yield { start, widthMs, bad, total };
		}
		end = stopAt;
	}
}
