import type { LeafStore, LeafWriter } from "../leaves/leaf-store.ts";
import type { Kind } from "../selection/selection.ts";
import type { WindowStore, WindowWriter } from "../windows/window-snapshots.ts";

export interface StoredStream {
	readonly id: number;
	readonly kind: Kind;
	readonly canonical: string;
	readonly bounds: readonly number[];
}

/** What is known of one stream; see `Streams`. `edges`: older covered ranges than (start, lastTime]. */
export interface StreamState {
	readonly id: number;
	readonly lastTime: number;
	readonly start: number;
	readonly floor: number;
	readonly edges: readonly number[];
	readonly needsBase: boolean;
	readonly values: Float64Array;
}

export interface StoredPair {
	readonly id: number;
	readonly tenant: string;
	readonly slo: string;
}

/** `tenant`, `source` and `protocol`, then one of `counted`, `duplicate` or a reject reason. */
export interface AccountingRow {
	readonly tenant: string;
	readonly source: string;
	readonly protocol: string;
	readonly key: string;
	readonly count: number;
}

/** Sizes of packed roll-ups: 10 s buckets per hour, minutes per day, ten minutes per week, hours per week. */
export type RollUp = "ten-seconds" | "minutes" | "ten-minutes" | "hours";

/** Latencies of the same tiers: see `SKETCH_MS`. */
export type SketchKind = `latency-${RollUp}`;
export type RollUpKind = RollUp | SketchKind;

/** A stored row whose bytes are not what was written. It was set aside: what it held is missing, not zero. */
export interface DamagedRow {
	readonly kind: RollUpKind;
	readonly pair: number;
	readonly block: number;
}

/** `usedBytes`: without what is free inside the file. `logBytes`: the write-ahead log beside it. */
export interface StoreSize {
	readonly fileBytes: number;
	readonly usedBytes: number;
	readonly logBytes: number;
}

/** The answer to a request of the Events API, kept under its Idempotency-Key. `digest`: of its body. */
export interface StoredAnswer {
	readonly key: string;
	readonly digest: string;
	readonly answer: string;
	readonly at: number;
}

/** Everything that `fold` and `import` write is one transaction; reads inside see its writes. */
export interface FoldWriter {
	/** Counts by attribute. */
	readonly leaves: LeafWriter;
	readonly windows: WindowWriter;
	readRollUp(kind: RollUpKind, pair: number, block: number): Uint8Array | undefined;
	writeRollUp(kind: RollUpKind, pair: number, block: number, packed: Uint8Array): void;
	removeRollUp(kind: RollUpKind, pair: number, block: number): void;
	/** Takes effect with `publishPages`, so that pages may be written in several transactions. */
	writePage(page: number, packed: Uint8Array): void;
	publishPages(): void;
	writeBounds(id: number, bounds: readonly number[]): void;
	dropStreams(ids: readonly number[]): void;
	addAccounting(rows: readonly AccountingRow[]): void;
	writeMeta(key: string, value: string): void;
	writeImport(key: string, digest: string, answer: string, at: number): void;
	dropImportsBefore(at: number): void;
	/** More identities of events of this hour since the epoch; see `EventIds`. */
	addEventIds(hour: number, packed: Uint8Array): void;
	dropEventIdsBefore(hour: number): void;
	dropEventAnswersBefore(at: number): void;
	/** What a pulled source gave for the bucket that begins at `at`; replaces what it gave before. */
	writePulled(source: string, slo: string, at: number, packed: Uint8Array): void;
	dropPulledBefore(source: string, slo: string, at: number): void;
	/** Rows up to this number are in the roll-ups: `journal` no longer gives them, `sweep` removes them. */
	foldJournal(through: number): void;
}

/**
 * Where telemetry is kept. Synchronous: it lives on the telemetry thread. Every method throws when the disk fails; after a
 * throw nothing of the call is stored, or (a commit whose answer was lost) all of it: memory must be rebuilt by reading.
 */
export interface TelemetryStore {
	readonly leaves: LeafStore;
	readonly windows: WindowStore;
	/** One journal row, the streams that it names first and answers to be kept; durable when it returns. */
	commit(row: Uint8Array, streams: readonly StoredStream[], answers?: readonly StoredAnswer[]): void;
	fold(work: (writer: FoldWriter) => void): void;
	/** Rows that are not folded, oldest first; numbers rise for ever. */
	journal(): Iterable<{ readonly seq: number; readonly row: Uint8Array }>;
	/** Number of the newest row ever committed. */
	lastSeq(): number;
	journalSize(): { readonly rows: number; readonly bytes: number };
	streams(): Iterable<StoredStream>;
	pages(): Iterable<{ readonly page: number; readonly packed: Uint8Array }>;
	/** Ids of pairs by name; made and kept for ever when missing. */
	pairIds(pairs: readonly { readonly tenant: string; readonly slo: string }[]): number[];
	readRollUp(kind: RollUpKind, pair: number, block: number): Uint8Array | undefined;
	/** All roll-ups with `from` ≤ block, by block. */
	rollUps(
		kind: RollUp,
		from: number,
	): Iterable<{ readonly pair: number; readonly block: number; readonly packed: Uint8Array }>;
	/** All pairs ever known. */
	pairs(): StoredPair[];
	/** Any roll-up with from ≤ block < to. */
	hasRollUps(kind: RollUp, from: number, to: number): boolean;
	firstBlock(kind: RollUpKind): number | undefined;
	lastBlock(kind: RollUpKind): number | undefined;
	/** So many of a kind, those of the oldest blocks. */
	oldest(kind: RollUpKind, count: number): readonly { readonly pair: number; readonly block: number }[];
	/** Removes a bounded part of what `foldJournal` and `publishPages` made superfluous; false: nothing is left to do. */
	sweep(): boolean;
	/** Whether `sweep` may have anything to do. */
	hasWaste(): boolean;
	size(): StoreSize;
	/** Rows found damaged, as far as anything was read. */
	damaged(): readonly DamagedRow[];
	accounting(): AccountingRow[];
	meta(key: string): string | undefined;
	/** Buckets with from ≤ at < to, by time. */
	pulled(
		source: string,
		slo: string,
		from: number,
		to: number,
	): readonly { readonly at: number; readonly packed: Uint8Array }[];
	eventIds(): Iterable<{ readonly hour: number; readonly packed: Uint8Array }>;
	eventAnswer(key: string): { readonly digest: string; readonly answer: string } | undefined;
	importAnswer(key: string): { readonly digest: string; readonly answer: string } | undefined;
	close(): void;
}

/** Opens the store of the data directory; used again to rebuild after a failure. */
export type OpenTelemetryStore = () => TelemetryStore;
