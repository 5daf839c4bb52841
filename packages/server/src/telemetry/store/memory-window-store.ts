import type { LateRow, PackedPiece, WindowPiece, WindowStore, WindowWriter } from "../windows/window-snapshots.ts";

export interface WindowContent {
	pieces: (PackedPiece & { readonly fold: number })[];
	late: { readonly seq: number; readonly packed: Uint8Array }[];
	lateSeq: number;
}

export function newWindowContent(): WindowContent {
	return { pieces: [], late: [], lateSeq: 0 };
}

/** Windows of the store without a disk. */
export class MemoryWindowStore implements WindowStore, WindowWriter {
	readonly #content: () => WindowContent;

	constructor(content: () => WindowContent) {
		this.#content = content;
	}

	pieces(first: number, last: number): Iterable<WindowPiece & { readonly packed: Uint8Array | undefined }> {
		const newest = new Map<string, PackedPiece & { readonly fold: number }>();
		for (const piece of this.#content().pieces) {
			if (piece.fold < first || piece.fold > last) continue;
			const key = keyOf(piece);
			if ((newest.get(key)?.fold ?? -1) < piece.fold) newest.set(key, piece);
		}
		return newest.values();
	}

	late(): Iterable<LateRow> {
		return this.#content().late;
	}

	write(fold: number, piece: PackedPiece): void {
		this.#content().pieces.push({ ...piece, fold });
	}

	dropAfter(fold: number): void {
		this.#keep((piece) => piece.fold <= fold);
	}

	sweep(first: number, last: number, oldest: readonly number[]): boolean {
		const { pieces } = this.#content();
		const newest = new Set(this.pieces(first, last));
		this.#keep((piece) => piece.fold > last || (newest.has(piece) && piece.bucket >= (oldest[piece.ring] as number)));
		return this.#content().pieces.length < pieces.length;
	}

	addLate(packed: Uint8Array): number {
		const content = this.#content();
		content.late.push({ seq: ++content.lateSeq, packed });
		return content.lateSeq;
	}

	dropLate(through: number): void {
		const content = this.#content();
		content.late = content.late.filter(({ seq }) => seq > through);
	}

	#keep(isKept: (piece: PackedPiece & { readonly fold: number }) => boolean): void {
		const content = this.#content();
		content.pieces = content.pieces.filter(isKept);
	}
}

function keyOf({ ring, bucket, part }: WindowPiece): string {
	return `${ring} ${bucket} ${part}`;
}
