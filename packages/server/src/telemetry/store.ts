import type { Kind } from "./selection.ts";

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

/** `tenant`, `protocol`, then one of `counted`, `duplicate` or a reject reason. */
export interface AccountingRow {
	readonly tenant: string;
	readonly protocol: string;
	readonly key: string;
	readonly count: number;
}

/** Sizes of packed roll-ups: 10 s buckets per hour, hours per week. */
export type RollUp = "ten-seconds" | "hours";

/** Everything that `fold` and `import` write is one transaction; reads inside see its writes. */
export interface FoldWriter {
	readRollUp(kind: RollUp, pair: number, block: number): Uint8Array | undefined;
	writeRollUp(kind: RollUp, pair: number, block: number, packed: Uint8Array): void;
	writePage(page: number, packed: Uint8Array): void;
	writeBounds(id: number, bounds: readonly number[]): void;
	dropStreams(ids: readonly number[]): void;
	addAccounting(rows: readonly AccountingRow[]): void;
	writeMeta(key: string, value: string): void;
	writeImport(key: string, digest: string, answer: string, at: number): void;
	dropRollUpsBefore(kind: RollUp, block: number): void;
	dropImportsBefore(at: number): void;
	dropJournal(): void;
}

/**
 * Where telemetry is kept. Synchronous: it lives on the telemetry thread. Every method throws when the disk fails; after a
 * throw nothing of the call is stored, or (a commit whose answer was lost) all of it: memory must be rebuilt by reading.
 */
export interface TelemetryStore {
	/** One journal row and the streams that it names first; durable when it returns. */
	commit(row: Uint8Array, streams: readonly StoredStream[]): void;
	fold(work: (writer: FoldWriter) => void): void;
	journal(): Iterable<Uint8Array>;
	journalSize(): { readonly rows: number; readonly bytes: number };
	streams(): Iterable<StoredStream>;
	pages(): Iterable<{ readonly page: number; readonly packed: Uint8Array }>;
	/** Ids of pairs by name; made and kept for ever when missing. */
	pairIds(pairs: readonly { readonly tenant: string; readonly slo: string }[]): number[];
	readRollUp(kind: RollUp, pair: number, block: number): Uint8Array | undefined;
	/** All roll-ups with `from` ≤ block, by block. */
	rollUps(
		kind: RollUp,
		from: number,
	): Iterable<{ readonly pair: number; readonly block: number; readonly packed: Uint8Array }>;
	accounting(): AccountingRow[];
	meta(key: string): string | undefined;
	importAnswer(key: string): { readonly digest: string; readonly answer: string } | undefined;
	close(): void;
}

/** Opens the store of the data directory; used again to rebuild after a failure. */
export type OpenTelemetryStore = () => TelemetryStore;
