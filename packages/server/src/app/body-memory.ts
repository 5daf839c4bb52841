/**
 * Memory that bodies of requests are read into and that the telemetry thread decodes from: shared between both threads
 * and used again and again. Transferring memory of its own for each body has the collector run through the whole heap
 * several times a second.
 */
export class BodyMemory {
	readonly shared = new SharedArrayBuffer(SLOT_SIZES.reduce((sum, size) => sum + size * SLOTS_OF_SIZE, 0));
	/** Free slots by size, the one given back last on top: pages that were never needed are never touched. */
	readonly #free: Uint8Array[][];

	constructor() {
		let at = 0;
		this.#free = SLOT_SIZES.map((size) => {
			const slots = Array.from({ length: SLOTS_OF_SIZE }, (_, k) => new Uint8Array(this.shared, at + k * size, size));
			at += size * SLOTS_OF_SIZE;
			return slots.reverse();
		});
	}

	/** At least `bytes` long: a slot, or memory of its own when the body is large or all slots are taken. */
	take(bytes: number): Uint8Array {
		const size = SLOT_SIZES.findIndex((each) => each >= bytes);
		return this.#free[size]?.pop() ?? new Uint8Array(bytes);
	}

	/** Whether a body stands in a slot; else it has memory of its own. */
	holds(body: Uint8Array): boolean {
		return body.buffer === this.shared;
	}

	/** Once nobody reads the body any more. It begins where its slot begins. Memory of its own is left alone. */
	give(body: Uint8Array): void {
		if (!this.holds(body)) return;
		const size = body.byteOffset < SLOT_SIZES[0] * SLOTS_OF_SIZE ? 0 : 1;
		this.#free[size]?.push(new Uint8Array(this.shared, body.byteOffset, SLOT_SIZES[size]));
	}
}

/** Exporters send batches of tens of kilobytes. */
const SLOT_SIZES = [64 * 1024, 1024 * 1024] as const;
const SLOTS_OF_SIZE = 32;
