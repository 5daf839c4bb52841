import { hash } from "node:crypto";

const WORDS = 4;

/** Slots by the digest of what they stand for: an open-addressed table over a column of 128-bit digests, slot by slot. */
export class DigestIndex {
	#digests: Int32Array;
	/** Slot + 1; 0: free. */
	#table: Int32Array;
	#count = 0;

	/** `capacity`: of slots at first, a power of two. */
	constructor(capacity: number) {
		this.#digests = new Int32Array(capacity * WORDS);
		this.#table = new Int32Array(capacity * 4);
	}

	/** The first slot that was added with this digest; −1: none. */
	find(digest: Int32Array): number {
		const mask = this.#table.length - 1;
		const digests = this.#digests;
		for (let at = (digest[0] as number) & mask; ; at = (at + 1) & mask) {
			const slot = (this.#table[at] as number) - 1;
			if (slot < 0) return -1;
			let k = 0;
			while (k < WORDS && digests[slot * WORDS + k] === digest[k]) k++;
			if (k === WORDS) return slot;
		}
	}

	/** Slots are added in the order of their numbers, from 0. */
	add(digest: Int32Array): void {
		const slot = this.#count++;
		if (this.#count * WORDS > this.#digests.length) this.#digests = grown(this.#digests, this.#digests.length * 2);
		this.#digests.set(digest, slot * WORDS);
		if (this.#count * 2 <= this.#table.length) this.#enter(slot);
		else {
			this.#table = new Int32Array(this.#table.length * 2);
			for (let each = 0; each < this.#count; each++) this.#enter(each);
		}
	}

	#enter(slot: number): void {
		const mask = this.#table.length - 1;
		let at = (this.#digests[slot * WORDS] as number) & mask;
		while (this.#table[at] !== 0) at = (at + 1) & mask;
		this.#table[at] = slot + 1;
	}
}

/** 128 bits of SHA-256: nobody can make two texts meet. */
export function digestOf(text: string): Int32Array {
	const digest = hash("sha256", text, "buffer");
	return new Int32Array(digest.buffer.slice(digest.byteOffset, digest.byteOffset + WORDS * 4));
}

function grown(old: Int32Array, size: number): Int32Array {
	const larger = new Int32Array(size);
	larger.set(old);
	return larger;
}
