import { BUCKET_MS, type Cells } from "../counting/cells.ts";
import type { ParsedImport } from "../import/import.ts";
import type { Loaded } from "../loading.ts";
import type { FoldWriter } from "../store/store.ts";
import type { ImportOutcome } from "../types.ts";
import { HOURS_KEPT_MS } from "./history.ts";

/**
 * Adds counts of any age that come beside the journal to the roll-ups, judging slices anew that were final. Call what it
 * returns after the commit: it tells the windows of slices.
 */
export function mergeLate(loaded: Loaded, writer: FoldWriter, cells: Cells, now: number): () => void {
	const { sliced, rollUps, pairIds, leaves, windows } = loaded;
	const corrections = sliced?.rejudge(writer, cells, pairIds, loaded.cells.unfolded);
	rollUps.merge(writer, cells, pairIds);
	leaves.late(writer, cells, now);
	windows?.addLate(writer, cells);
	return () => corrections && sliced?.tell(corrections);
}

/** Puts counts into the windows; call after the commit that stored them. */
export function addToWindows({ sink }: Pick<Loaded, "sink">, cells: Cells): void {
	for (let k = 0; k < cells.count; k++)
		sink.add(
			cells.pairs[k] as number,
			(cells.buckets[k] as number) * BUCKET_MS,
			cells.bad[k] as number,
			cells.total[k] as number,
		);
}

/**
 * An import and the answer to its key, as one transaction. What it returns puts the counts into memory, which must not
 * happen before the commit, and answers.
 */
export function storeImport(loaded: Loaded, key: string, parsed: ParsedImport, now: number): () => ImportOutcome {
	const { store, ledger } = loaded;
	const { outcome, cells, rows, digest } = parsed;
	let tellSlices = () => {};
	store.fold((writer) => {
		tellSlices = mergeLate(loaded, writer, cells, now);
		writer.addAccounting(rows);
		writer.writeImport(key, digest, JSON.stringify(outcome), now);
		// An import older than this could bring nothing that would still be kept.
		writer.dropImportsBefore(now - HOURS_KEPT_MS);
	});
	return () => {
		ledger.addStored(rows);
		addToWindows(loaded, cells);
		tellSlices();
		return outcome;
	};
}
