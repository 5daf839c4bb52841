/**
 * What a sink of windows can give away and take back, so that a start need not read days of roll-ups. A piece is one column
 * of counts: bucket `bucket` of ring `ring`, of the pairs of one part.
 */
export interface WindowPiece {
	readonly ring: number;
	readonly bucket: number;
	readonly part: number;
}

export interface PackedPiece extends WindowPiece {
	readonly packed: Uint8Array;
}

export interface SealedWindows {
	/** Packs the next piece; undefined after the last one. What is added meanwhile is not in it. */
	next(): PackedPiece | undefined;
	/** By ring: pieces of older buckets are of no more use. */
	readonly oldest: readonly number[];
}

export interface WindowSnapshots {
	/** Names how pieces are made: those of another form mean nothing here. */
	readonly form: string;
	/** The pieces that changed since the last call, or all of them, as they stand now. */
	seal(isWhole: boolean): SealedWindows;
	/**
	 * Fills windows to which nothing was added yet; counts of pairs that are not `held` are left out. False when a piece
	 * cannot be read: then the windows are empty again.
	 */
	restore(
		pieces: Iterable<WindowPiece & { readonly packed: Uint8Array | undefined }>,
		isHeld: (pair: number) => boolean,
	): boolean;
}

/** Counts that came by other ways than the journal since the windows were stored. */
export interface LateRow {
	readonly seq: number;
	/** Undefined: it is damaged. */
	readonly packed: Uint8Array | undefined;
}

/** Where windows are kept. Pieces have the number of the fold that wrote them: the newest one of each counts. */
export interface WindowStore {
	/** The newest of each piece of the folds `first` … `last`; `packed` undefined: it is damaged. */
	pieces(first: number, last: number): Iterable<WindowPiece & { readonly packed: Uint8Array | undefined }>;
	late(): Iterable<LateRow>;
}

export interface WindowWriter {
	write(fold: number, piece: PackedPiece): void;
	/** Of folds after this one: they did not come to their end. */
	dropAfter(fold: number): void;
	/** Removes some of what no start will read; false: there was nothing. */
	sweep(first: number, last: number, oldest: readonly number[]): boolean;
	addLate(packed: Uint8Array): number;
	dropLate(through: number): void;
}
