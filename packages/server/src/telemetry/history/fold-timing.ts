const FOLD_EVERY_MS = 5 * 60_000;
const FOLD_AT_JOURNAL_BYTES = 16 * 1024 * 1024;
/** A fold rewrites two roll-ups per pair, however few cells each has: it waits for many, within what memory may hold. */
const FOLD_AT_CELLS = { perPair: 80, least: 1_000_000, most: 2_000_000 };
/** Of latencies: some 100 bytes each. */
const FOLD_AT_INTERVALS = 1_000_000;

/** What waits for a fold. */
export interface Waiting {
	/** Since the last fold; negative after a clock that was set back, which is reason enough. */
	readonly sinceMs: number;
	readonly journalBytes: number;
	readonly cells: number;
	/** Minutes of pairs that have latencies. */
	readonly intervals: number;
	readonly pairs: number;
}

/** Whether it is time for a fold, or memory or the journal hold enough for one. `everyMs` undefined: 5 min. */
export function isFoldDue({ sinceMs, journalBytes, cells, intervals, pairs }: Waiting, everyMs?: number): boolean {
	if (sinceMs >= (everyMs ?? FOLD_EVERY_MS) || sinceMs < 0) return true;
	if (journalBytes >= FOLD_AT_JOURNAL_BYTES || intervals >= FOLD_AT_INTERVALS) return true;
	const { perPair, least, most } = FOLD_AT_CELLS;
	return cells >= Math.min(most, Math.max(least, perPair * pairs));
}
