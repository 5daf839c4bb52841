import type { Core } from "../core/core.ts";
import type { WindowSink } from "../types.ts";
import { BUCKET_MS, CellMerger, Cells } from "./cells.ts";

/**
 * Counts on their way from a commit to the roll-ups: those of the commit at hand, those that wait for the next fold, and
 * those that a fold under way has sealed (else empty). The last two take turns.
 */
export class CellStages {
	readonly commit: Cells;
	readonly #merger: CellMerger;
	#unfolded: Cells;
	#sealed: Cells;

	constructor(core: Core) {
		this.commit = new Cells(core);
		this.#unfolded = new Cells(core);
		this.#sealed = new Cells(core);
		this.#merger = new CellMerger(core);
	}

	get unfolded(): Cells {
		return this.#unfolded;
	}

	/** Whatever is in memory and not yet in the roll-ups, or not wholly. */
	get waiting(): readonly Cells[] {
		return [this.#unfolded, this.#sealed];
	}

	/** What waits is the fold's from now on; it clears it when it is done. */
	seal(): Cells {
		const cells = this.#unfolded;
		this.#unfolded = this.#sealed;
		this.#sealed = cells;
		return cells;
	}

	/**
	 * After the commit: its cells go to the windows and to what waits for the next fold. True when a sender brought some: the
	 * system's checks of itself, of the pairs `own`, must not look like one that is alive.
	 */
	flush(sink: WindowSink, pairLimit: number, own: ReadonlySet<number>): boolean {
		const cells = this.commit;
		this.#merger.merge(cells, this.#unfolded, pairLimit);
		const { count, pairs, buckets, bad, total } = cells;
		for (let k = 0; k < count; k++)
			if (bad[k] !== 0 || total[k] !== 0)
				sink.add(pairs[k] as number, (buckets[k] as number) * BUCKET_MS, bad[k] as number, total[k] as number);
		let isFromSender = false;
		for (let k = 0; k < count && !isFromSender; k++) isFromSender = !own.has(pairs[k] as number);
		cells.clear();
		return isFromSender;
	}
}
