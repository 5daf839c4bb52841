/**
 * Two 32-bit lanes over bytes in place, with multipliers made from a secret seed, so that a sender cannot aim at a
 * collision. Not an identity: only the key of the cache in front of it.
 */
export class RawHash {
	lo = 0;
	hi = 0;
	readonly #loFactor: number;
	readonly #hiFactor: number;

	constructor(seed: number) {
		// Odd factors are invertible modulo 2^32: no information of the lane is lost by multiplying.
		this.#loFactor = Math.imul(seed ^ 0x9e3779b1, 0x85ebca6b) | 1;
		this.#hiFactor = Math.imul(seed ^ 0xc2b2ae3d, 0x27d4eb2f) | 1;
	}

	begin(lo: number, hi: number): void {
		this.lo = lo;
		this.hi = hi;
	}

	number(value: number): void {
		this.lo = Math.imul(this.lo ^ value, this.#loFactor);
		this.lo ^= this.lo >>> 15;
		this.hi = Math.imul((this.hi + value) | 0, this.#hiFactor);
		this.hi ^= this.hi >>> 13;
	}

	/** The bytes [from, to) and their length, so that neighbours cannot run into each other. */
	bytes(view: DataView, from: number, to: number): void {
		const loFactor = this.#loFactor;
		const hiFactor = this.#hiFactor;
		let lo = this.lo ^ (to - from);
		let hi = this.hi;
		let at = from;
		// Two words a step; each lane takes from the other, so that every step is one-to-one on both lanes together.
		for (const last = to - 8; at <= last; at += 8) {
			lo = Math.imul(lo ^ view.getInt32(at, true), loFactor);
			hi = Math.imul((hi + view.getInt32(at + 4, true)) | 0, hiFactor);
			lo ^= (hi << 15) | (hi >>> 17);
			hi = (hi + ((lo << 13) | (lo >>> 19))) | 0;
		}
		if (at <= to - 4) {
			const word = view.getInt32(at, true);
			lo = Math.imul(lo ^ word, loFactor);
			lo ^= lo >>> 15;
			hi = Math.imul((hi + word) | 0, hiFactor);
			hi ^= hi >>> 13;
			at += 4;
		}
		let tail = 1;
		for (; at < to; at++) tail = (tail << 8) | view.getUint8(at);
		lo = Math.imul(lo ^ tail, loFactor);
		this.lo = lo ^ (lo >>> 15);
		hi = Math.imul((hi + tail) | 0, hiFactor);
		this.hi = hi ^ (hi >>> 13);
	}

	/** Lets every input bit reach every output bit. */
	finish(): void {
		let lo = this.lo ^ Math.imul(this.hi, 0x9e3779b1);
		lo = Math.imul(lo ^ (lo >>> 16), 0x85ebca6b);
		this.lo = lo ^ (lo >>> 13);
		let hi = this.hi ^ Math.imul(lo, 0x27d4eb2f);
		hi = Math.imul(hi ^ (hi >>> 15), 0xc2b2ae35);
		this.hi = hi ^ (hi >>> 16);
	}
}

/** Raw hash → code (a slot, or a verdict below zero). Open addressing; forgotten as a whole when full: it is only a cache. */
export class RawTable {
	static readonly MISS = -0x80000000;
	#lo = new Int32Array(0);
	#hi = new Int32Array(0);
	/** code + 1 for slots, code for verdicts; 0 is free. */
	#codes = new Int32Array(0);
	#mask = 0;
	#used = 0;
	readonly #maxEntries: number;

	constructor(maxEntries: number) {
		this.#maxEntries = maxEntries;
		this.#allocate(1024);
	}

	find(lo: number, hi: number): number {
		const mask = this.#mask;
		for (let at = lo & mask; ; at = (at + 1) & mask) {
			const code = this.#codes[at] as number;
			if (code === 0) return RawTable.MISS;
			if (this.#lo[at] === lo && this.#hi[at] === hi) return code > 0 ? code - 1 : code;
		}
	}

	/** Keeps a code that `find` missed. */
	keep(lo: number, hi: number, code: number): void {
		if (this.#used >= this.#maxEntries) this.#allocate(1024);
		if (this.#used * 2 >= this.#mask) this.#grow();
		this.#put(lo, hi, code >= 0 ? code + 1 : code);
	}

	#put(lo: number, hi: number, stored: number): void {
		let at = lo & this.#mask;
		while (this.#codes[at] !== 0) at = (at + 1) & this.#mask;
		this.#lo[at] = lo;
		this.#hi[at] = hi;
		this.#codes[at] = stored;
		this.#used++;
	}

	#grow(): void {
		const lo = this.#lo;
		const hi = this.#hi;
		const codes = this.#codes;
		this.#allocate(codes.length * 2);
		for (let at = 0; at < codes.length; at++) {
			const code = codes[at] as number;
			if (code !== 0) this.#put(lo[at] as number, hi[at] as number, code);
		}
	}

	#allocate(size: number): void {
		this.#lo = new Int32Array(size);
		this.#hi = new Int32Array(size);
		this.#codes = new Int32Array(size);
		this.#mask = size - 1;
		this.#used = 0;
	}
}
