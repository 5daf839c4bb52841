/** What the store knows of one (source, SLO). Instants ms epoch. */
export interface PullState {
	readonly source: string;
	readonly slo: string;
	/** The watermark: everything before it has been asked for and answered. */
	readonly pulledUntil: number;
	/** Counts of buckets from here on are remembered, so that a later answer may replace them; never asked for before it. */
	readonly replaceableFrom: number;
	readonly stepMs: number;
	/** Raw samples or ready counts: one does not continue the other. */
	readonly form: PullForm;
}

export type PullForm = "samples" | "counts";

export interface PullRhythm {
	readonly form: PullForm;
	readonly stepMs: number;
	readonly overlapMs: number;
	readonly delayMs: number;
	readonly catchUpMs: number;
	readonly maxRangeMs: number;
}

export interface PullPlan {
	/** Ranges to ask for, oldest first, each at most `maxRangeMs` long; empty: nothing is ripe yet. */
	readonly ranges: readonly { readonly from: number; readonly to: number }[];
	/** Longer ago than the catch-up limit: it will never be asked for. */
	readonly skipped: { readonly from: number; readonly to: number } | undefined;
}

/**
 * What to ask for now. Only whole steps that are ripe (older than `delayMs`) are asked for, so no half bucket is ever counted;
 * each plan begins `overlapMs` before the watermark, so that data that came late to the source correct their buckets.
 */
export function planPull(rhythm: PullRhythm, state: PullState | undefined, now: number): PullPlan {
	const { stepMs, overlapMs, delayMs, catchUpMs, maxRangeMs } = rhythm;
	const ripeUntil = Math.floor((now - delayMs) / stepMs) * stepMs;
	const oldest = Math.floor((now - delayMs - catchUpMs) / stepMs) * stepMs;
	if (!state) return { ranges: split(oldest, ripeUntil, maxRangeMs, stepMs), skipped: undefined };
	if (ripeUntil <= state.pulledUntil) return { ranges: [], skipped: undefined };
	const isContinued = state.stepMs === stepMs && state.form === rhythm.form;
	const watermark = Math.ceil(state.pulledUntil / stepMs) * stepMs;
	const back = isContinued
		? Math.max(Math.floor((watermark - overlapMs) / stepMs) * stepMs, state.replaceableFrom)
		: watermark;
	const from = Math.max(back, oldest);
	const skipped = watermark < oldest ? { from: watermark, to: oldest } : undefined;
	return { ranges: split(from, ripeUntil, maxRangeMs, stepMs), skipped };
}

function split(from: number, to: number, maxRangeMs: number, stepMs: number): { from: number; to: number }[] {
	const length = Math.max(stepMs, Math.floor(maxRangeMs / stepMs) * stepMs);
	const ranges: { from: number; to: number }[] = [];
	for (let at = from; at < to; at += length) ranges.push({ from: at, to: Math.min(to, at + length) });
	return ranges;
}

/** Wait after the n-th failure in a row (from 1): 5 s doubling to 5 min, a random half of it taken away; at least what the engine asked for. */
export function backOffMs(failures: number, random: number, retryAfterMs: number | undefined): number {
	const full = Math.min(300_000, 5_000 * 2 ** Math.min(failures - 1, 10));
	return Math.max(full * (1 - random / 2), Math.min(retryAfterMs ?? 0, MAX_RETRY_AFTER_MS));
}

/** Whoever says to come back in a year is asked the next day; and a timer of over 24 days would fire at once. */
const MAX_RETRY_AFTER_MS = 24 * 3_600_000;

/** How long to wait before another query, when at most `perMinute` may start within any minute. `startedAt`: earlier ones. */
export function queryWaitMs(startedAt: readonly number[], perMinute: number, now: number): number {
	const within = startedAt.filter((at) => at > now - 60_000 && at <= now);
	if (within.length < perMinute) return 0;
	return (within.at(-perMinute) as number) + 60_000 - now;
}
