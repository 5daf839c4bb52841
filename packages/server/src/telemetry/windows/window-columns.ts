import { BUCKET_MS, type Cells } from "../counting/cells.ts";
import { tiersFor } from "../history/history.ts";
import { FIELDS, unpackBuckets } from "../history/packed.ts";
import { TIERS } from "../history/retention.ts";
import type { TelemetryStore } from "../store/store.ts";

/** A pair whose windows are read: its place in the selection and its id in the store. */
export interface ColumnPair {
	readonly pair: number;
	readonly storedId: number;
}

export interface ColumnRange {
	readonly from: number;
	readonly to: number;
	readonly resolutionMs: number;
}

/**
 * Events of several pairs in one pass over what is not folded yet: bad and total, by pair, then step. `pairs` undefined at a
 * place: no such pair, its counts stay 0, as do those of steps without events.
 */
export function readColumns(
	store: TelemetryStore,
	unfolded: readonly Cells[],
	pairs: readonly (ColumnPair | undefined)[],
	{ from, to, resolutionMs }: ColumnRange,
): Float64Array {
	const steps = Math.ceil((to - from) / resolutionMs);
	const columns = new Float64Array(pairs.length * steps * 2);
	const add = (row: number, time: number, bad: number, total: number): void => {
		const step = Math.floor((time - from) / resolutionMs);
		if (step < 0 || step >= steps) return;
		const at = (row * steps + step) * 2;
		columns[at] = (columns[at] as number) + bad;
		columns[at + 1] = (columns[at + 1] as number) + total;
	};
	for (const tier of tiersFor(resolutionMs)) {
		const { bucketMs, blockMs } = TIERS[tier];
		const buckets = new Float64Array((blockMs / bucketMs) * FIELDS);
		const first = Math.max(Math.floor(from / blockMs), store.firstBlock(tier) ?? Number.POSITIVE_INFINITY);
		for (let row = 0; row < pairs.length; row++) {
			const id = pairs[row]?.storedId;
			if (id === undefined) continue;
			for (let block = first; block * blockMs < to; block++) {
				const packed = store.readRollUp(tier, id, block);
				if (!packed) continue;
				unpackBuckets(packed, buckets);
				for (let k = 0; k * FIELDS < buckets.length; k++) {
					const total = buckets[k * FIELDS + 1] as number;
					const bad = buckets[k * FIELDS] as number;
					if (total !== 0 || bad !== 0) add(row, block * blockMs + k * bucketMs, bad, total);
				}
			}
		}
	}
	const rows = new Map(pairs.flatMap((each, row) => (each ? [[each.pair, row] as const] : [])));
	for (const cells of unfolded)
		for (let k = 0; k < cells.count; k++) {
			const row = rows.get(cells.pairs[k] as number);
			if (row === undefined) continue;
			add(row, (cells.buckets[k] as number) * BUCKET_MS, cells.bad[k] as number, cells.total[k] as number);
		}
	return columns;
}
