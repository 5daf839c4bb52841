import type { ByteWriter } from "../core/bytes.ts";
import { AT, type Core } from "../core/core.ts";
import type { Stage } from "../intake/stage.ts";
import type { Streams } from "../streams/streams.ts";
import type { Cells } from "./cells.ts";

/** Points in one call: what it may need of other columns is reserved before. */
const POINTS_AT_ONCE = 2048;
/** Flags, two varints of up to 8 bytes, and the increment. */
const RECORD_BYTES = 32;
const MOST_SKIPPED = 64;

/** Where the point before left off; `apply` moves it on. */
export interface Place {
	id: number;
	/** µs. */
	time: number;
	/** Of its values in the stage. */
	value: number;
}

/** Has the core count the points of a stage that are of the usual kind; it stops at each that is not. */
export class UsualPoints {
	readonly #core: Core;
	readonly #streams: Streams;
	readonly #cells: Cells;
	readonly #records: Uint8Array;
	readonly #runs: Int32Array;
	readonly #dirty: Uint32Array;
	#stage: Stage | undefined;
	/** A stop that follows the stop before: the next try is put off, so that points of another kind cost little. */
	#stops = 0;
	#tryAt = 0;
	/** Of the core when everything was entered. */
	#layout = -1;

	constructor(core: Core, streams: Streams, cells: Cells) {
		this.#core = core;
		this.#streams = streams;
		this.#cells = cells;
		this.#records = core.bytes(POINTS_AT_ONCE * RECORD_BYTES);
		this.#runs = core.ints(POINTS_AT_ONCE * 2);
		this.#dirty = core.counts(POINTS_AT_ONCE);
	}

	/** `now` in ms, the limits in µs. */
	begin(stage: Stage, limits: { readonly now: number; readonly oldest: number; readonly latest: number }): void {
		this.#stage = stage;
		this.#stops = 0;
		this.#tryAt = 0;
		const { table } = this.#core;
		table[AT.now] = limits.now;
		table[AT.oldest] = limits.oldest;
		table[AT.latest] = limits.latest;
	}

	isWorthTrying(point: number): boolean {
		return point >= this.#tryAt;
	}

	#enter(): void {
		const core = this.#core;
		if (this.#layout === core.layout) return;
		this.#stage?.enterInto(core);
		this.#streams.enterInto(core);
		this.#cells.enterInto(core);
		core.enter({ records: this.#records, runs: this.#runs, dirty: this.#dirty });
		this.#layout = core.layout;
	}

	/** Returns the first point that is not of the usual kind. `counted` hears of runs of points of one tenant. */
	apply(
		from: number,
		count: number,
		place: Place,
		records: ByteWriter,
		counted: (tenant: number, points: number) => void,
	): number {
		const core = this.#core;
		const { table } = core;
		const streams = this.#streams;
		let k = from;
		for (;;) {
			const end = Math.min(count, k + POINTS_AT_ONCE);
			this.#cells.reserve((end - k) * streams.mostRoles, streams.pairLimit);
			this.#enter();
			const { pageCount } = streams;
			table[AT.cellCount] = this.#cells.count;
			table[AT.previousId] = place.id;
			table[AT.previousTime] = place.time;
			table[AT.valueIndex] = place.value;
			table[AT.recordsLength] = 0;
			k = core.applyUsual(k, end);
			place.id = table[AT.previousId] as number;
			place.time = table[AT.previousTime] as number;
			place.value = table[AT.valueIndex] as number;
			this.#cells.count = table[AT.cellCount] as number;
			records.appendBytes(this.#records.subarray(0, table[AT.recordsLength]));
			const runCount = table[AT.runCount] as number;
			for (let run = 0; run < runCount; run++)
				counted(this.#runs[run * 2] as number, this.#runs[run * 2 + 1] as number);
			streams.notePages(this.#dirty.subarray(0, table[AT.dirtyCount]), pageCount);
			if (k < end || k === count) break;
		}
		this.#stops = k === from ? this.#stops + 1 : 0;
		this.#tryAt = k + 1 + Math.min(MOST_SKIPPED, 2 ** this.#stops - 1);
		return k;
	}
}
