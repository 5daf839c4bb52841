import type { StreamState } from "../store/store.ts";
import type { CoveredRanges } from "./covered-ranges.ts";

/** Ids whose states share one row in the store. */
export const PAGE_IDS = 256;

/** Copies of the columns of `Streams`, by slot. */
export interface StreamColumns {
	readonly lastTimes: Float64Array;
	readonly starts: Float64Array;
	readonly needsBase: Uint8Array;
	readonly valueAt: Int32Array;
	readonly values: Float64Array;
	/** Slot + 1 by id; 0: none. */
	readonly slotOfId: Int32Array;
	readonly ranges: ReadonlyMap<number, CoveredRanges>;
	readonly channels: (slot: number) => number;
}

/** All streams as they stood at one moment: copying columns costs little, packing them can then wait for a quiet moment. */
export class StreamSnapshot {
	readonly #columns: StreamColumns;

	constructor(columns: StreamColumns) {
		this.#columns = columns;
	}

	/** States of one page, by id. */
	statesOf(page: number): StreamState[] {
		const { slotOfId } = this.#columns;
		const states: StreamState[] = [];
		for (let id = page * PAGE_IDS; id < Math.min((page + 1) * PAGE_IDS, slotOfId.length); id++) {
			const slot = (slotOfId[id] as number) - 1;
			if (slot >= 0) states.push(this.#state(id, slot));
		}
		return states;
	}

	#state(id: number, slot: number): StreamState {
		const { lastTimes, starts, needsBase, valueAt, values, ranges, channels } = this.#columns;
		const covered = ranges.get(slot);
		const at = valueAt[slot] as number;
		return {
			id,
			lastTime: lastTimes[slot] as number,
			start: starts[slot] as number,
			floor: covered?.floor ?? 0,
			edges: covered ? covered.edges.slice(0, -2) : [],
			needsBase: needsBase[slot] === 1,
			values: values.subarray(at, at + channels(slot)),
		};
	}
}
