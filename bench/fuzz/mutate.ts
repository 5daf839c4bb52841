/** A body is never longer than this after its mutations: many small bodies reach more than few large ones. */
const MAX_BYTES = 4096;
const MAX_NESTING = 90;
const INTERESTING = [0, 1, 2, 7, 8, 0x0a, 0x12, 0x1a, 0x22, 0x7f, 0x80, 0xff, 0x5b, 0x7b, 0x22, 0x2c, 0x2d, 0x30, 0x65];

/**
 * Seeded changes of valid bodies: flipped bits, cuts, lying lengths, splices of two bodies, repeated and nested fields.
 * The same seed and number give the same body for ever. What `body` returns is valid until the next call.
 */
export class Mutator {
	readonly #seeds: readonly Uint8Array[];
	readonly #out = new Uint8Array(MAX_BYTES);
	readonly #copy = new Uint8Array(MAX_BYTES);
	#length = 0;
	#state = 1;

	constructor(seeds: readonly Uint8Array[]) {
		this.#seeds = seeds;
	}

	body(seed: number, number: number): Uint8Array {
		this.#state = Math.imul(seed ^ 0x9e3779b1, 0x85ebca6b) ^ Math.imul(number + 1, 0xc2b2ae35);
		this.#below(2);
		const source = this.#seeds[this.#below(this.#seeds.length)] as Uint8Array;
		this.#length = Math.min(source.length, MAX_BYTES);
		this.#out.set(source.subarray(0, this.#length));
		// Some stay whole, so that the decoders' state moves on.
		for (let changes = this.#below(5); changes > 0; changes--) this.#change();
		return this.#out.subarray(0, this.#length);
	}

	#change(): void {
		const out = this.#out;
		const length = this.#length;
		if (length === 0) {
			this.#length = 1 + this.#below(16);
			for (let k = 0; k < this.#length; k++) out[k] = this.#below(256);
			return;
		}
		const at = this.#below(length);
		switch (this.#below(12)) {
			case 0:
			case 1:
			case 2:
				out[at] = (out[at] as number) ^ (1 << this.#below(8));
				return;
			case 3:
				out[at] = INTERESTING[this.#below(INTERESTING.length)] as number;
				return;
			case 4:
				this.#length = at;
				return;
			case 5:
				this.#remove(at, Math.min(length - at, 1 + this.#below(16)));
				return;
			case 6: {
				// A length, or any number, that lies: up to ten bytes of it.
				const size = Math.min(length - at, 1 + this.#below(10));
				for (let k = 0; k < size - 1; k++) out[at + k] = 0x80 | this.#below(128);
				out[at + size - 1] = this.#below(128);
				return;
			}
			case 7: {
				const size = Math.min(length - at, 1 + this.#below(200));
				for (let times = 1 + this.#below(this.#below(8) === 0 ? 64 : 3); times > 0; times--)
					this.#insert(this.#below(this.#length + 1), out, at, size);
				return;
			}
			case 8: {
				const other = this.#seeds[this.#below(this.#seeds.length)] as Uint8Array;
				const from = this.#below(other.length);
				this.#insert(at, other, from, Math.min(other.length - from, 1 + this.#below(200)));
				return;
			}
			case 9:
				this.#nest(at, 1 + this.#below(this.#below(8) === 0 ? MAX_NESTING : 4));
				return;
			case 10:
				out[at] = this.#below(256);
				return;
			default: {
				const size = Math.min(8, length - at);
				for (let k = 0; k < size; k++) out[at + k] = this.#below(2) === 0 ? 0xff : this.#below(256);
			}
		}
	}

	/** What follows becomes the content of fields in fields, with the tag or bracket that stands there. */
	#nest(at: number, depth: number): void {
		const tag = this.#out[at] as number;
		for (let k = 0; k < depth; k++) {
			const rest = this.#length - at;
			if (rest > 0x3fff || this.#length + 3 > MAX_BYTES) return;
			this.#copy.set(this.#out.subarray(at, this.#length));
			this.#out[at] = tag;
			this.#out[at + 1] = (rest & 0x7f) | 0x80;
			this.#out[at + 2] = rest >> 7;
			this.#out.set(this.#copy.subarray(0, rest), at + 3);
			this.#length += 3;
		}
	}

	#insert(at: number, from: Uint8Array, start: number, size: number): void {
		const count = Math.min(size, MAX_BYTES - this.#length);
		if (count <= 0) return;
		this.#copy.set(from.subarray(start, start + count));
		this.#out.copyWithin(at + count, at, this.#length);
		this.#out.set(this.#copy.subarray(0, count), at);
		this.#length += count;
	}

	#remove(at: number, size: number): void {
		this.#out.copyWithin(at, at + size, this.#length);
		this.#length -= size;
	}

	/** xorshift32: a few nanoseconds, and good enough to choose by. */
	#below(limit: number): number {
		let x = this.#state | 0 || 0x6d2b79f5;
		x ^= x << 13;
		x ^= x >>> 17;
		x ^= x << 5;
		this.#state = x;
		return (x >>> 0) % limit;
	}
}
