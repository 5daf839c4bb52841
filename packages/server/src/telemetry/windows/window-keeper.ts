import { createHash } from "node:crypto";
import { ByteReader, ByteWriter } from "../core/bytes.ts";
import { BUCKET_MS, type Cells } from "../counting/cells.ts";
import type { FoldWriter, TelemetryStore } from "../store/store.ts";
import type { Pair, WindowSink } from "../types.ts";
import type { SealedWindows, WindowSnapshots } from "./window-snapshots.ts";

const META_KEY = "windows";
/** What one slice writes at most: a few milliseconds' work between requests. */
const SLICE_BYTES = 256 * 1024;
/** Counts beside the journal after which windows are stored again although nothing else is to be folded. */
const LATE_FOLD = 50_000;
/** And beyond which reading them would take longer than reading roll-ups. */
const LATE_MOST = 500_000;

/** Of which folds the stored windows are made; buckets before `oldest` of each ring are no longer of use. */
interface Stored {
	readonly form: string;
	readonly first: number;
	readonly last: number;
	readonly oldest: readonly number[];
}

/**
 * Windows in the store, beside the roll-ups that they are made of: as they stood when the last fold was sealed, with what
 * came beside the journal since. A start takes them and replays the journal. They are a copy: where they are missing,
 * damaged, or of other pairs, everything is read from the roll-ups instead, and the next fold stores them anew.
 */
export class WindowKeeper {
	readonly #store: TelemetryStore;
	readonly #snapshots: WindowSnapshots;
	readonly #form: string;
	readonly #isHeld: (pair: number) => boolean;
	#stored: Stored | undefined;
	/** The number of the newest fold that wrote pieces, in the store or not. */
	#fold: number;
	#lateCells = 0;
	#lateSeq = 0;
	/** How often the stored windows became of no use. */
	#spoilt = 0;
	#hasWaste = true;
	readonly #hasHistory: boolean;

	private constructor(
		store: TelemetryStore,
		snapshots: WindowSnapshots,
		isHeld: (pair: number) => boolean,
		form: string,
	) {
		this.#store = store;
		this.#snapshots = snapshots;
		this.#form = form;
		this.#isHeld = isHeld;
		const stored = readStored(store);
		this.#fold = stored?.last ?? 0;
		if (stored?.form === form) this.#stored = stored;
		this.#hasHistory = store.firstBlock("hours") !== undefined;
	}

	/** `ids`: the stored ids of the pairs; `isHeld`: those whose windows hold their events and nothing else. Undefined: the sink always wants to be fed. */
	static open(
		store: TelemetryStore,
		sink: WindowSink,
		pairs: readonly Pair[],
		ids: readonly number[],
		isHeld: (pair: number) => boolean,
	): WindowKeeper | undefined {
		const { snapshots } = sink;
		if (!snapshots) return undefined;
		const hash = createHash("sha256").update(snapshots.form);
		hash.update(Float64Array.from(pairs, (_, pair) => ids[pair] as number));
		hash.update(Float64Array.from(pairs, ({ periodMs }) => periodMs));
		hash.update(Uint8Array.from(pairs, (_, pair) => (isHeld(pair) ? 1 : 0)));
		return new WindowKeeper(store, snapshots, isHeld, hash.digest("hex"));
	}

	/** Without windows a fold makes the stored ones wrong. Part of the fold's last transaction. */
	static forget(writer: FoldWriter, store: TelemetryStore): void {
		const stored = readStored(store);
		if (stored) writer.writeMeta(META_KEY, JSON.stringify({ ...stored, form: "" }));
	}

	/** Fills the sink with the counts of the pairs that are held, all but the journal's; false: it is empty. */
	restore(sink: WindowSink): boolean {
		const late = this.#readLate();
		const stored = this.#stored;
		const isRead =
			late !== undefined &&
			stored !== undefined &&
			this.#snapshots.restore(this.#store.windows.pieces(stored.first, stored.last), this.#isHeld);
		if (!isRead) {
			this.#stored = undefined;
			return false;
		}
		for (const packed of late)
			eachLate(packed, (pair, at, bad, total) => {
				if (this.#isHeld(pair)) sink.add(pair, at, bad, total);
			});
		return true;
	}

	/** Undefined: some of it is damaged. */
	#readLate(): Uint8Array[] | undefined {
		const rows: Uint8Array[] = [];
		let isWhole = true;
		for (const { seq, packed } of this.#store.windows.late()) {
			this.#lateSeq = seq;
			if (!packed) {
				isWhole = false;
				continue;
			}
			eachLate(packed, () => {
				this.#lateCells++;
			});
			rows.push(packed);
		}
		return isWhole ? rows : undefined;
	}

	/** Counts that go to the roll-ups beside the journal, in their transaction. */
	addLate(writer: FoldWriter, cells: Cells): void {
		if (cells.count === 0) return;
		this.#lateCells += cells.count;
		if (this.#lateCells <= LATE_MOST) {
			this.#lateSeq = writer.windows.addLate(packLate(cells));
			return;
		}
		// An import of a year: the next fold stores the windows as a whole.
		WindowKeeper.forget(writer, this.#store);
		this.#stored = undefined;
		this.#spoilt++;
	}

	/** Whether windows should be stored although little else waits for it: the next start would read days of roll-ups. */
	get isDue(): boolean {
		return this.#lateCells > LATE_FOLD || (this.#stored === undefined && this.#hasHistory);
	}

	get hasWaste(): boolean {
		return this.#hasWaste;
	}

	sweep(): boolean {
		const { first, last, oldest } = this.#stored ?? { first: this.#fold + 1, last: this.#fold, oldest: [] };
		let removed = false;
		if (this.#hasWaste)
			this.#store.fold((writer) => {
				removed = writer.windows.sweep(first, last, oldest);
			});
		this.#hasWaste = removed;
		return removed;
	}

	/** As the windows stand now, for the fold that is sealed now. */
	seal(): SealedKeeping {
		const before = this.#stored;
		const sealed = this.#snapshots.seal(before === undefined);
		const fold = this.#fold + 1;
		let isFirst = true;
		const lateSeq = this.#lateSeq;
		const lateCells = this.#lateCells;
		const spoilt = this.#spoilt;
		// Pieces that did not change are then not what the windows were.
		const isGood = () => this.#spoilt === spoilt;
		const stored: Stored = { form: this.#form, first: before?.first ?? fold, last: fold, oldest: sealed.oldest };
		return {
			prepare: () => {
				const isMore = this.#writeSome(fold, sealed, isFirst);
				isFirst = false;
				return isMore;
			},
			write: (writer) => {
				writer.writeMeta(META_KEY, JSON.stringify(isGood() ? stored : { ...stored, form: "" }));
				writer.windows.dropLate(lateSeq);
			},
			done: () => {
				this.#stored = isGood() ? stored : undefined;
				this.#fold = fold;
				this.#lateCells -= lateCells;
				this.#hasWaste = true;
			},
		};
	}

	#writeSome(fold: number, sealed: SealedWindows, isFirst: boolean): boolean {
		let isMore = true;
		this.#store.fold((writer) => {
			// Of a fold that did not come to its end.
			if (isFirst) writer.windows.dropAfter(fold - 1);
			for (let bytes = 0; bytes < SLICE_BYTES && isMore; ) {
				const piece = sealed.next();
				if (piece) writer.windows.write(fold, piece);
				isMore = piece !== undefined;
				bytes += piece?.packed.length ?? 0;
			}
		});
		return isMore;
	}
}

/** The part of a fold that stores windows. */
export interface SealedKeeping {
	/** Writes some pieces in a transaction of its own; false: that was all. */
	prepare(): boolean;
	/** In the fold's last transaction: from here on they count. */
	write(writer: FoldWriter): void;
	done(): void;
}

function readStored(store: TelemetryStore): Stored | undefined {
	const text = store.meta(META_KEY);
	return text === undefined ? undefined : (JSON.parse(text) as Stored);
}

function packLate(cells: Cells): Uint8Array {
	const out = new ByteWriter();
	for (let k = 0; k < cells.count; k++) {
		out.varint(cells.pairs[k] as number);
		out.signed(cells.buckets[k] as number);
		out.double(cells.bad[k] as number);
		out.double(cells.total[k] as number);
	}
	return out.take();
}

function eachLate(packed: Uint8Array, visit: (pair: number, at: number, bad: number, total: number) => void): void {
	const bytes = new ByteReader(packed);
	while (!bytes.atEnd) visit(bytes.varint(), bytes.signed() * BUCKET_MS, bytes.double(), bytes.double());
}
