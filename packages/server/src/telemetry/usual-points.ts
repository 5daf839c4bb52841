import type { ByteWriter } from "./bytes.ts";
import type { Cells } from "./cells.ts";
import type { Core } from "./core.ts";
import type { Stage } from "./stage.ts";
import type { Streams } from "./streams.ts";

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
		this.#core.enter({ ...limits, records: this.#records, runs: this.#runs, dirty: this.#dirty });
	}

	isWorthTrying(point: number): boolean {
		return point >= this.#tryAt;
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
		const streams = this.#streams;
		let k = from;
		for (;;) {
			const end = Math.min(count, k + POINTS_AT_ONCE);
			this.#stage?.enterInto(core);
			streams.enterInto(core);
			this.#cells.enterInto(core, (end - k) * streams.mostRoles, streams.pairLimit);
			core.enter({ previousId: place.id, previousTime: place.time, valueIndex: place.value, recordsLength: 0 });
			const { pageCount } = streams;
			k = core.applyUsual(k, end);
			place.id = core.entry("previousId");
			place.time = core.entry("previousTime");
			place.value = core.entry("valueIndex");
			this.#cells.count = core.entry("cellCount");
			records.appendBytes(this.#records.subarray(0, core.entry("recordsLength")));
			for (let run = 0; run < core.entry("runCount"); run++)
				counted(this.#runs[run * 2] as number, this.#runs[run * 2 + 1] as number);
			streams.notePages(this.#dirty.subarray(0, core.entry("dirtyCount")), pageCount);
			if (k < end || k === count) break;
		}
		this.#stops = k === from ? this.#stops + 1 : 0;
		this.#tryAt = k + 1 + Math.min(MOST_SKIPPED, 2 ** this.#stops - 1);
		return k;
	}
}
