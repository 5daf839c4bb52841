/** Counts by attribute: minutes in a row per hour, hours in a row per day. */
export type LeafKind = "minutes" | "hours";

export interface StoredLeafName {
	readonly id: number;
	readonly text: string;
	/** Days since the epoch when it was last written. */
	readonly day: number;
}

/** A row that was found damaged and set aside; of a batch it is not known whose counts it held. */
export type DamagedLeaves =
	| { readonly kind: LeafKind; readonly pair: number; readonly block: number }
	| { readonly kind: "batch"; readonly seq: number };

/** What is kept of attributes; see `LeafRows`. Reads as a part of `TelemetryStore`. */
export interface LeafStore {
	names(): StoredLeafName[];
	/** Which values of a pair have a place of their own, as text. */
	places(pair: number): string | undefined;
	/** Undefined as well for a row whose bytes are damaged: it is set aside. */
	row(kind: LeafKind, pair: number, block: number): Uint8Array | undefined;
	/** What was written and is not in the rows yet, oldest first. */
	batches(): Iterable<{ readonly seq: number; readonly packed: Uint8Array }>;
	firstBatch(): { readonly seq: number; readonly packed: Uint8Array } | undefined;
	/** The oldest rows below a block, some of them. */
	oldRows(kind: LeafKind, before: number, limit: number): { readonly pair: number; readonly block: number }[];
	/** Rows and batches found damaged, as far as anything was read. */
	damaged(): readonly DamagedLeaves[];
}

/** Writes as a part of `FoldWriter`, in its transaction. */
export interface LeafWriter extends Pick<LeafStore, "row"> {
	writeRow(kind: LeafKind, pair: number, block: number, packed: Uint8Array): void;
	removeRow(kind: LeafKind, pair: number, block: number): void;
	addBatch(packed: Uint8Array): void;
	removeBatch(seq: number): void;
	writeName(name: StoredLeafName): void;
	/** The newest name stays, so that its number is not given twice. */
	dropNamesBefore(day: number): void;
	writePlaces(pair: number, text: string): void;
}
