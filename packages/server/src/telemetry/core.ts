import { readFileSync } from "node:fs";

/** What `assembly/core.ts` exports; pointers are offsets in its memory. */
interface Exports {
	readonly memory: WebAssembly.Memory;
	setKey(keyAt: number, masksAt: number): void;
	unsnap(source: number, length: number, target: number, capacity: number): number;
	beginRemoteWrite(base: number, size: number, seed: bigint): void;
	nextRemoteWrite(series: number, seriesRows: number, samples: number, sampleRows: number): number;
}

/** Everything behind a region that its reader may touch without using it. */
const SLACK = 64;
const KEY_BYTES = 1024 + 32 + 32;
const KEY_AT = 1024;
const MASKS_AT = 3072;
const SERIES_AT = 4096;
const SERIES_ROWS = 2048;
const SERIES_ROW_BYTES = 32;
const SAMPLES_AT = SERIES_AT + SERIES_ROWS * SERIES_ROW_BYTES;
const SAMPLE_ROWS = 8192;
const SAMPLE_ROW_BYTES = 24;
const BODIES_AT = SAMPLES_AT + SAMPLE_ROWS * SAMPLE_ROW_BYTES;
const PAGE_BYTES = 65536;
/** Larger bodies are rare; they are read without this module, so that its memory, which cannot shrink, stays small. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** Where `nextSeries` leaves what it read: rows of 32-bit words, and of 64-bit floats. */
export const SERIES_WORDS = SERIES_ROW_BYTES / 4;
export const SAMPLE_FLOATS = SAMPLE_ROW_BYTES / 8;

let compiled: WebAssembly.Module | undefined;

/**
 * The inner loops of ingest as WebAssembly: no warming up, and half the time of the same loops in JavaScript. It takes
 * bodies of the usual shape and up to 4 MiB; what it refuses the readers in this folder read.
 */
export class Core {
	readonly #exports: Exports;
	#words: Int32Array;
	#floats: Float64Array;
	#bytes: Uint8Array;

	/** `seed` makes the secret key of the hash. */
	constructor(seed: number) {
		compiled ??= new WebAssembly.Module(readFileSync(new URL("./core.wasm", import.meta.url)));
		this.#exports = new WebAssembly.Instance(compiled, {}).exports as unknown as Exports;
		this.#words = new Int32Array(0);
		this.#floats = new Float64Array(0);
		this.#bytes = new Uint8Array(0);
		this.#reserve(BODIES_AT);
		this.#bytes.set(expanded(seed, KEY_BYTES), KEY_AT);
		this.#exports.setKey(KEY_AT, MASKS_AT);
	}

	/** The body unpacked, valid until the next call; undefined: damaged, or too large for this module. */
	unsnap(body: Uint8Array, maxBytes: number): Uint8Array | undefined {
		if (body.length > MAX_BODY_BYTES) return undefined;
		const target = BODIES_AT + body.length + SLACK;
		const capacity = Math.min(maxBytes, MAX_BODY_BYTES, body.length * 32);
		this.#reserve(target + capacity);
		this.#bytes.set(body, BODIES_AT);
		const size = this.#exports.unsnap(BODIES_AT, body.length, target, capacity);
		return size < 0 ? undefined : this.#bytes.subarray(target, target + size);
	}

	/** Whether the body lies in this module's memory. */
	holds(body: Uint8Array): boolean {
		return body.buffer === this.#exports.memory.buffer;
	}

	/** Begins to read a write request; false: too large. */
	beginRemoteWrite(body: Uint8Array, seed: bigint): boolean {
		const base = this.#place(body);
		if (base < 0) return false;
		this.#exports.beginRemoteWrite(base, body.length, seed);
		return true;
	}

	/** Reads on into `series` and `samples`: the number of series, 0 at the end, −1 when another reader must read it all. */
	nextSeries(): number {
		return this.#exports.nextRemoteWrite(SERIES_AT, SERIES_ROWS, SAMPLES_AT, SAMPLE_ROWS);
	}

	/** Rows of hash lo, hi, place of the length, from, to, first sample, samples, 0. */
	get series(): Int32Array {
		return this.#words.subarray(SERIES_AT / 4, BODIES_AT / 4);
	}

	/** Rows of time (ms), value, and a third that is 0 unless the sample is a stale marker. */
	get samples(): Float64Array {
		return this.#floats.subarray(SAMPLES_AT / 8, BODIES_AT / 8);
	}

	#place(body: Uint8Array): number {
		if (this.holds(body)) return body.byteOffset;
		if (body.length > MAX_BODY_BYTES) return -1;
		this.#reserve(BODIES_AT + body.length);
		this.#bytes.set(body, BODIES_AT);
		return BODIES_AT;
	}

	#reserve(end: number): void {
		const { memory } = this.#exports;
		const missing = end + SLACK - memory.buffer.byteLength;
		if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
		if (this.#bytes.buffer === memory.buffer) return;
		this.#bytes = new Uint8Array(memory.buffer);
		this.#words = new Int32Array(memory.buffer);
		this.#floats = new Float64Array(memory.buffer);
	}
}

/** splitmix32: a seed as so many bytes. */
function expanded(seed: number, count: number): Uint8Array {
	const words = new Uint32Array(count / 4);
	let state = seed | 0;
	for (let k = 0; k < words.length; k++) {
		state = (state + 0x9e3779b9) | 0;
		let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
		mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
		words[k] = mixed ^ (mixed >>> 15);
	}
	return new Uint8Array(words.buffer);
}
