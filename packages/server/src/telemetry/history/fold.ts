import type { CellGroups, Cells } from "../counting/cells.ts";
import type { SketchCells } from "../latency/sketch-cells.ts";
import type { AccountingRow, FoldWriter, TelemetryStore } from "../store/store.ts";
import { packPage } from "../streams/stream-pages.ts";
import type { StreamSnapshot } from "../streams/stream-snapshot.ts";
import type { RollUps } from "./roll-ups.ts";

/** What one slice takes: a few milliseconds' work between requests. */
const GROUPS_PER_SLICE = 256;
const STREAMS_PER_SLICE = 4096;
const MARKS_KEY = "fold_marks";
/** Pages from here on hold the last buckets of the streams of page − LATENCY_PAGES. */
export const LATENCY_PAGES = 2 ** 32;

/** Of journal rows up to `through`, the cells up to this hour and pair (its number in the store) are in the roll-ups. */
interface FoldMark {
	readonly through: number;
	readonly hour: number;
	readonly pair: number;
}

/** What a fold that was cut off had brought to the roll-ups already; replaying the journal leaves it out. */
export class FoldMarks {
	readonly #marks: readonly FoldMark[];

	constructor(store: TelemetryStore) {
		this.#marks = JSON.parse(store.meta(MARKS_KEY) ?? "[]") as FoldMark[];
	}

	get isEmpty(): boolean {
		return this.#marks.length === 0;
	}

	isFolded(seq: number, hour: number, pair: number): boolean {
		for (const mark of this.#marks)
			if (seq <= mark.through && (hour < mark.hour || (hour === mark.hour && pair <= mark.pair))) return true;
		return false;
	}
}

export interface Sealed {
	/** The newest journal row whose points are in `cells`. */
	readonly through: number;
	readonly cells: Cells;
	readonly groups: CellGroups;
	/** Latencies of the same hours and pairs. */
	readonly sketches: SketchCells;
	readonly pages: readonly number[];
	readonly streams: StreamSnapshot;
	/** Buckets of cumulative histograms, of a page of streams. */
	readonly latenciesOf: (page: number) => Uint8Array | undefined;
	/** A part of what else is to be done before the last slice; false: that was all. */
	readonly prepare?: (() => boolean) | undefined;
	/** What else the last slice writes. */
	readonly finish: (writer: FoldWriter) => void;
	/** Called once all of it is stored. */
	readonly done: () => void;
	readonly accounting: readonly AccountingRow[];
}

/**
 * Journal → roll-ups, stream states and accounting, as things stood when it was sealed, in slices of one transaction each.
 * A cut between two slices is no harm: what is in the roll-ups is marked, pages count only when the last slice publishes
 * them, and until then the journal's rows are there.
 */
export class Fold {
	readonly #store: TelemetryStore;
	readonly #rollUps: RollUps;
	readonly #sealed: Sealed;
	readonly #earlier: readonly FoldMark[];
	#nextPage = 0;
	#isMerged = false;
	#isPrepared = false;
	isDone = false;

	constructor(store: TelemetryStore, rollUps: RollUps, sealed: Sealed) {
		this.#store = store;
		this.#rollUps = rollUps;
		this.#sealed = sealed;
		this.#earlier = JSON.parse(store.meta(MARKS_KEY) ?? "[]") as FoldMark[];
	}

	/** Does a slice. Throws as the store does; then memory must be rebuilt. */
	slice(): void {
		if (!this.#isMerged) this.#merge();
		else if (this.#nextPage < this.#sealed.pages.length) this.#writePages();
		else if (!this.#isPrepared) this.#isPrepared = this.#sealed.prepare?.() !== true;
		else this.#publish();
	}

	end(): void {
		this.#sealed.done();
	}

	#merge(): void {
		const { cells, groups, through, sketches } = this.#sealed;
		const merged: NonNullable<ReturnType<CellGroups["next"]>>[] = [];
		this.#store.fold((writer) => {
			let last: { readonly hour: number; readonly pair: number } | undefined;
			while (merged.length < GROUPS_PER_SLICE) {
				const group = groups.next();
				if (!group) {
					this.#isMerged = true;
					break;
				}
				this.#rollUps.add(writer, cells, group);
				const latencies = sketches.of(group.hour, group.pair);
				if (latencies) this.#rollUps.addSketches(writer, group.hour, group.pair, latencies);
				merged.push(group);
				last = group;
			}
			if (!last) return;
			const mark: FoldMark = { through, hour: last.hour, pair: last.pair };
			writer.writeMeta(MARKS_KEY, JSON.stringify([...this.#earlier, mark]));
			this.#rollUps.save(writer);
		});
		// What is stored is no longer to be added to what the store says.
		for (const { hour, pair, entries } of merged) {
			cells.zero(entries);
			sketches.remove(hour, pair);
		}
	}

	#writePages(): void {
		const { pages, streams, latenciesOf } = this.#sealed;
		this.#store.fold((writer) => {
			for (let count = 0; count < STREAMS_PER_SLICE && this.#nextPage < pages.length; this.#nextPage++) {
				const page = pages[this.#nextPage] as number;
				const states = streams.statesOf(page);
				writer.writePage(page, packPage(states));
				const latencies = latenciesOf(page);
				if (latencies) writer.writePage(LATENCY_PAGES + page, latencies);
				count += states.length;
			}
		});
	}

	#publish(): void {
		const { through, accounting, finish } = this.#sealed;
		this.#store.fold((writer) => {
			writer.publishPages();
			writer.addAccounting(accounting);
			finish(writer);
			writer.writeMeta(MARKS_KEY, "[]");
			writer.foldJournal(through);
		});
		this.isDone = true;
	}
}
