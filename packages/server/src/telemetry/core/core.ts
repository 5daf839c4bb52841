import { readFileSync } from "node:fs";
import type { Columns } from "./columns.ts";

/** What `assembly/core.ts` exports; pointers are offsets in its memory. */
interface Exports {
	readonly memory: WebAssembly.Memory;
	setKey(keyAt: number, masksAt: number): void;
	setTable(at: number): void;
	unsnap(source: number, length: number, target: number, capacity: number): number;
	beginRemoteWrite(base: number, size: number, seed: bigint): void;
	nextRemoteWrite(series: number, seriesRows: number, samples: number, sampleRows: number): number;
	stageSeries(from: number, count: number, series: number, samples: number): number;
	beginPoints(base: number, from: number, to: number, seedLo: number, seedHi: number): void;
	nextPoints(rows: number, rowCount: number): number;
	stagePoints(from: number, count: number, rows: number, name: number): number;
	applyUsual(from: number, count: number): number;
	mergeCells(): void;
}

/** Entries of the table through which `stageSeries` and `applyUsual` read and write, in the order of `assembly/table.ts`. */
const ENTRIES = [
	...(["stageCodes", "stageTimes", "stageStarts", "stageNames", "stageValues"] as const),
	...(["kinds", "lastTimes", "starts", "needsBase", "valueAt", "values", "fresh", "ids", "points", "roleOf"] as const),
	...(["hasRanges", "rawLo", "rawHi", "next", "streamCount", "isDirty", "pageCount", "roles"] as const),
	...(["cellPairs", "cellBuckets", "cellBad", "cellTotal", "cellLate", "cellRevision"] as const),
	...(["cellIndex", "cellMask", "cellCount", "lastOfPair"] as const),
	...(["now", "oldest", "latest", "previousId", "previousTime"] as const),
	...(["records", "recordsLength", "runs", "runCount", "dirty", "dirtyCount"] as const),
	...(["valueIndex", "previousSlot", "stageCount", "stageValueCount"] as const),
	...(["waitingPairs", "waitingBuckets", "waitingBad", "waitingTotal", "waitingLate", "waitingRevision"] as const),
	...(["waitingIndex", "waitingMask", "waitingCount", "waitingLastOfPair"] as const),
] as const;
type Entry = (typeof ENTRIES)[number];
export const AT = Object.fromEntries(ENTRIES.map((name, index) => [name, index])) as Readonly<Record<Entry, number>>;

/** Everything behind a region that its reader may touch without using it. */
const SLACK = 64;
const KEY_BYTES = 1024 + 32 + 32;
const SERIES_ROWS = 2048;
const SERIES_ROW_BYTES = 32;
const SAMPLE_ROWS = 8192;
const SAMPLE_ROW_BYTES = 24;
const POINT_ROWS = 2048;
const POINT_ROW_BYTES = 48;
const PAGE_BYTES = 65536;
/** Larger bodies are rare; they are read without this module, so that its memory, which cannot shrink, stays small. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** What pointers of 32 bits reach. */
const MAX_MEMORY_BYTES = 65536 * PAGE_BYTES;

/** Memory is at its end: what was to be done is half done. */
export class CoreFull extends Error {}

/** Where `nextSeries` leaves what it read: rows of 32-bit words, and of 64-bit floats. */
export const SERIES_WORDS = SERIES_ROW_BYTES / 4;
export const SAMPLE_FLOATS = SAMPLE_ROW_BYTES / 8;
/** The same for `nextPoints`: one row in both. */
export const POINT_WORDS = POINT_ROW_BYTES / 4;
export const POINT_FLOATS = POINT_ROW_BYTES / 8;

let compiled: WebAssembly.Module | undefined;

/**
 * The inner loops of ingest as WebAssembly: no warming up, and half the time of the same loops in JavaScript. It takes
 * bodies of the usual shape and up to 4 MiB, and points of the usual kind in columns of its own memory; what it refuses
 * the code in this folder reads and counts.
 */
export class Core implements Columns {
	readonly #exports: Exports;
	readonly #bodyAt: number;
	readonly #unpackedAt: number;
	readonly #seriesAt: number;
	readonly #samplesAt: number;
	/** Pointers and numbers for the module, at `AT`. */
	readonly table: Float64Array;
	/** Changes whenever a column is made: what was entered before may have moved. */
	layout = 0;
	/** Rows of hash lo, hi, place of the length, from, to, first sample, samples, 0. */
	readonly series: Int32Array;
	/** Rows of time (ms), value, and a third that is 0 unless the sample is a stale marker. */
	readonly samples: Float64Array;
	/** Rows of hash lo, hi, from, to, flags; the same rows as floats: start (µs), time (µs), value from the fourth on. */
	readonly pointWords: Int32Array;
	readonly pointFloats: Float64Array;
	/** Freed places by size. */
	readonly #free = new Map<number, number[]>();
	#end = 1024;
	/** What lies before it stays for ever. */
	readonly #columnsAt: number;
	#takenAt = 0;
	#bytes: Uint8Array;

	/** `seed` makes the secret key of the hash. */
	constructor(seed: number) {
		compiled ??= new WebAssembly.Module(readFileSync(new URL("./core.wasm", import.meta.url)));
		this.#exports = new WebAssembly.Instance(compiled, {}).exports as unknown as Exports;
		this.#bytes = new Uint8Array(this.#exports.memory.buffer);
		const key = this.bytes(KEY_BYTES);
		key.set(expanded(seed, KEY_BYTES));
		this.#exports.setKey(key.byteOffset, this.bytes(64).byteOffset);
		this.table = this.floats(ENTRIES.length);
		this.#exports.setTable(this.table.byteOffset);
		this.series = this.ints(SERIES_ROWS * SERIES_WORDS);
		this.samples = this.floats(SAMPLE_ROWS * SAMPLE_FLOATS);
		this.#seriesAt = this.series.byteOffset;
		this.#samplesAt = this.samples.byteOffset;
		this.pointFloats = this.floats(POINT_ROWS * POINT_FLOATS);
		this.pointWords = new Int32Array(this.pointFloats.buffer, this.pointFloats.byteOffset, POINT_ROWS * POINT_WORDS);
		this.#bodyAt = this.bytes(MAX_BODY_BYTES).byteOffset;
		this.#unpackedAt = this.bytes(MAX_BODY_BYTES).byteOffset;
		this.#columnsAt = this.#end;
	}

	/** Enters where columns lie. */
	enter(columns: Readonly<Partial<Record<Entry, { readonly byteOffset: number }>>>): void {
		for (const name in columns)
			this.table[AT[name as Entry]] = (columns[name as Entry] as { readonly byteOffset: number }).byteOffset;
	}

	/** The body unpacked, valid until the next call; undefined: damaged, or too large for this module. */
	unsnap(body: Uint8Array, maxBytes: number): Uint8Array | undefined {
		if (body.length > MAX_BODY_BYTES) return undefined;
		const target = this.#unpackedAt;
		this.#bytes.set(body, this.#bodyAt);
		const size = this.#exports.unsnap(this.#bodyAt, body.length, target, Math.min(maxBytes, MAX_BODY_BYTES));
		return size < 0 ? undefined : this.#bytes.subarray(target, target + size);
	}

	/** Whether the body lies in this module's memory. */
	holds(body: Uint8Array): boolean {
		return body.buffer === this.#bytes.buffer;
	}

	/** Takes the body that is to be read; false: it is too large. */
	take(body: Uint8Array): boolean {
		if (body.length > MAX_BODY_BYTES) return false;
		if (!this.holds(body)) this.#bytes.set(body, this.#bodyAt);
		this.#takenAt = this.holds(body) ? body.byteOffset : this.#bodyAt;
		return true;
	}

	/** Begins to read a write request; false: too large. */
	beginRemoteWrite(body: Uint8Array, seed: bigint): boolean {
		if (!this.take(body)) return false;
		this.#exports.beginRemoteWrite(this.#takenAt, body.length, seed);
		return true;
	}

	/** Begins to read the points of one gauge or sum of the body taken; the seed is the hash of all that they share. */
	beginPoints(from: number, to: number, seedLo: number, seedHi: number): void {
		this.#exports.beginPoints(this.#takenAt, from, to, seedLo, seedHi);
	}

	/** Reads on into the rows: the number of points, 0 at the end, −1 when another reader must read them all. */
	nextPoints(): number {
		return this.#exports.nextPoints(this.pointFloats.byteOffset, POINT_ROWS);
	}

	/** Stages rows from `row` on; returns the first that needs a closer look. The table must be set. */
	stagePoints(row: number, count: number, name: number): number {
		return this.#exports.stagePoints(row, count, this.pointFloats.byteOffset, name);
	}

	/** Reads on into `series` and `samples`: the number of series, 0 at the end, −1 when another reader must read it all. */
	nextSeries(): number {
		return this.#exports.nextRemoteWrite(this.#seriesAt, SERIES_ROWS, this.#samplesAt, SAMPLE_ROWS);
	}

	/** Stages rows of `series` from `row` on; returns the first that needs a closer look. The table must be set. */
	stageSeries(row: number, count: number): number {
		return this.#exports.stageSeries(row, count, this.#seriesAt, this.#samplesAt);
	}

	/** Counts staged points from `point` on; returns the first that needs a closer look. The table must be set. */
	applyUsual(point: number, count: number): number {
		return this.#exports.applyUsual(point, count);
	}

	/** Adds one table of cells to another; see `CellMerger`. */
	mergeCells(): void {
		this.#exports.mergeCells();
	}

	bytes(count: number): Uint8Array {
		const at = this.#allocate(count);
		return new Uint8Array(this.#exports.memory.buffer, at, count);
	}
	ints(count: number): Int32Array {
		const at = this.#allocate(count * 4);
		return new Int32Array(this.#exports.memory.buffer, at, count);
	}
	counts(count: number): Uint32Array {
		const at = this.#allocate(count * 4);
		return new Uint32Array(this.#exports.memory.buffer, at, count);
	}
	floats(count: number): Float64Array {
		const at = this.#allocate(count * 8);
		return new Float64Array(this.#exports.memory.buffer, at, count);
	}

	release(column: Uint8Array | Int32Array | Uint32Array | Float64Array): void {
		const size = roomFor(column.byteLength);
		column.fill(0);
		this.#free.set(size, [...(this.#free.get(size) ?? []), column.byteOffset]);
	}

	/**
	 * Nobody uses any column any more. A module of its own for those that follow would leave this one's memory to the
	 * collector, which does not know how large it is.
	 */
	clear(): void {
		new Uint8Array(this.#exports.memory.buffer, this.#columnsAt, this.#end - this.#columnsAt).fill(0);
		this.#end = this.#columnsAt;
		this.#free.clear();
		this.layout++;
	}

	#allocate(bytes: number): number {
		this.layout++;
		const size = roomFor(bytes);
		const freed = this.#free.get(size)?.pop();
		if (freed !== undefined) return freed;
		const at = this.#end;
		this.#makeRoom(at + size);
		this.#end = at + size;
		return at;
	}

	#makeRoom(end: number): void {
		const { memory } = this.#exports;
		const has = memory.buffer.byteLength;
		if (end <= has) return;
		// A quarter more than needed: each growing costs a call to the system. Memory that nobody touched costs nothing.
		const wanted = Math.max(end, Math.min(MAX_MEMORY_BYTES, end + end / 4));
		try {
			memory.grow(Math.ceil((wanted - has) / PAGE_BYTES));
		} catch (error) {
			throw new CoreFull(`no memory for columns of ${end} bytes`, { cause: error });
		}
	}
}

function roomFor(bytes: number): number {
	return Math.ceil((bytes + SLACK) / 64) * 64;
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
