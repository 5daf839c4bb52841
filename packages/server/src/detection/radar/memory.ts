/** A row of numbers in memory that others may share: it begins at `at`. */
export interface Row<A> {
	readonly array: A;
	readonly at: number;
}

/**
 * Rows of many series in one piece, because an array of its own costs 200 bytes before its first number. Rows are never
 * given back: what comes and goes takes `ownMemory`.
 */
export class Memory {
	readonly #piece: number;
	readonly #floats: Piece<Float32Array>;
	readonly #doubles: Piece<Float64Array>;
	readonly #shorts: Piece<Uint16Array>;
	readonly #bytes: Piece<Uint8ClampedArray>;

	/** `piece`: numbers that are taken at once; 0: each row is a piece. */
	constructor(piece = 8192) {
		this.#piece = piece;
		this.#floats = { make: (length) => new Float32Array(length), array: new Float32Array(0), used: 0 };
		this.#doubles = { make: (length) => new Float64Array(length), array: new Float64Array(0), used: 0 };
		this.#shorts = { make: (length) => new Uint16Array(length), array: new Uint16Array(0), used: 0 };
		this.#bytes = { make: (length) => new Uint8ClampedArray(length), array: new Uint8ClampedArray(0), used: 0 };
	}

	floats(length: number): Row<Float32Array> {
		return this.#take(this.#floats, length);
	}

	doubles(length: number): Row<Float64Array> {
		return this.#take(this.#doubles, length);
	}

	shorts(length: number): Row<Uint16Array> {
		return this.#take(this.#shorts, length);
	}

	/** Numbers from 0 to 255; what is more stays 255. */
	bytes(length: number): Row<Uint8ClampedArray> {
		return this.#take(this.#bytes, length);
	}

	#take<A extends { readonly length: number }>(piece: Piece<A>, length: number): Row<A> {
		if (piece.used + length > piece.array.length) {
			piece.array = piece.make(Math.max(this.#piece, length));
			piece.used = 0;
		}
		const at = piece.used;
		piece.used += length;
		return { array: piece.array, at };
	}
}

/** Each row by itself. */
export const ownMemory = new Memory(0);

interface Piece<A> {
	readonly make: (length: number) => A;
	array: A;
	used: number;
}
