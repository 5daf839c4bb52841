/**
 * The inner loops of ingest, for the WebAssembly module `src/telemetry/core.wasm` (AssemblyScript; `npm run core` builds
 * it). They know bytes and numbers only. Whatever is not of the usual shape they refuse, and the readers in
 * `src/telemetry` read it instead: those say what is wrong, and are the oracle in the tests.
 *
 * Memory is laid out by `src/telemetry/core.ts`; at least 64 bytes behind every region may be read.
 */

// ── snappy ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Undoes snappy's block format. The size, or −1: damaged, or larger than `capacity`; 16 bytes more may be written. */
export function unsnap(source: usize, length: u32, target: usize, capacity: u32): i32 {
	const end = source + length;
	let at = source;
	let size: u32 = 0;
	for (let shift: u32 = 0; ; shift += 7) {
		if (at >= end || shift > 28) return -1;
		const byte: u32 = load<u8>(at++);
		if (shift == 28 && byte > 0x0f) return -1;
		size |= (byte & 0x7f) << shift;
		if (byte < 0x80) break;
	}
	if (size > capacity) return -1;
	const limit = target + size;
	let to = target;
	while (at < end) {
		const tag: u32 = load<u8>(at++);
		const kind = tag & 3;
		let count = (tag >>> 2) + 1;
		if (kind == 0) {
			if (count > 60) {
				const width = count - 60;
				if (at + width > end) return -1;
				count = (load<u32>(at) & (0xffffffff >>> (32 - 8 * width))) + 1;
				at += width;
			}
			// A count that wrapped to 0 is one of 2^32.
			if (count == 0 || count > <u32>(end - at) || count > <u32>(limit - to)) return -1;
			if (count <= 16) v128.store(to, v128.load(at));
			else memory.copy(to, at, count);
			at += count;
			to += count;
			continue;
		}
		let offset: u32;
		if (kind == 1) {
			if (at >= end) return -1;
			count = ((tag >>> 2) & 7) + 4;
			offset = ((tag >>> 5) << 8) | <u32>load<u8>(at);
			at += 1;
		} else if (kind == 2) {
			if (at + 2 > end) return -1;
			offset = load<u16>(at);
			at += 2;
		} else {
			if (at + 4 > end) return -1;
			offset = load<u32>(at);
			at += 4;
		}
		if (offset == 0 || offset > <u32>(to - target) || count > <u32>(limit - to)) return -1;
		let from = to - offset;
		const last = to + count;
		// Source and target may overlap: a step must not be longer than their distance. What it writes too many is overwritten.
		if (offset >= 16) for (; to < last; to += 16, from += 16) v128.store(to, v128.load(from));
		else if (offset >= 8) for (; to < last; to += 8, from += 8) store<u64>(to, load<u64>(from));
		else for (; to < last; to++, from++) store<u8>(to, load<u8>(from));
		to = last;
	}
	return to == limit ? <i32>size : -1;
}

// ── keyed hash ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** Bytes hashed in one go; the key is 32 bytes longer. */
const BLOCK: usize = 1024;
let key: usize = 0;
/** 32 bytes of ones, then 32 of zeros. */
let masks: usize = 0;
let hashLo: i32 = 0;
let hashHi: i32 = 0;

/** `keyAt`: BLOCK + 32 secret bytes, then four secret 64-bit factors. `masksAt`: room for 64 bytes. */
export function setKey(keyAt: usize, masksAt: usize): void {
	key = keyAt;
	masks = masksAt;
	memory.fill(masksAt, 0xff, 32);
	memory.fill(masksAt + 32, 0, 32);
}

/**
 * Two NH sums (Black et al., UMAC, 1999) under keys that are shifted against each other: two texts of up to 1 KiB agree
 * with a chance of about 2^-60 for whoever does not know the key. Longer ones are chained block by block.
 */
function hash(from: usize, to: usize, start: u64): void {
	const factor1 = load<u64>(key + BLOCK + 32) | 1;
	const factor2 = load<u64>(key + BLOCK + 40) | 1;
	let h1 = start + <u64>(to - from) * load<u64>(key + BLOCK + 48);
	let h2 = start ^ (<u64>(to - from) * load<u64>(key + BLOCK + 56));
	let at = from;
	do {
		const blockEnd = min(to, at + BLOCK);
		let a = i64x2.splat(0);
		let b = i64x2.splat(0);
		let k = key;
		for (; at < blockEnd; at += 32, k += 32) {
			let low = v128.load(at);
			let high = v128.load(at, 16);
			if (at + 32 > blockEnd) {
				const mask = masks + 32 - (blockEnd - at);
				low = v128.and(low, v128.load(mask));
				high = v128.and(high, v128.load(mask, 16));
			}
			const k0 = v128.load(k);
			const k1 = v128.load(k, 16);
			const k2 = v128.load(k, 32);
			const x = i32x4.add(low, k0);
			const y = i32x4.add(high, k1);
			a = i64x2.add(a, i64x2.add(i64x2.extmul_low_i32x4_u(x, y), i64x2.extmul_high_i32x4_u(x, y)));
			const u = i32x4.add(low, k1);
			const v = i32x4.add(high, k2);
			b = i64x2.add(b, i64x2.add(i64x2.extmul_low_i32x4_u(u, v), i64x2.extmul_high_i32x4_u(u, v)));
		}
		h1 = (h1 + <u64>i64x2.extract_lane(a, 0) + <u64>i64x2.extract_lane(a, 1)) * factor1;
		h2 = (h2 + <u64>i64x2.extract_lane(b, 0) + <u64>i64x2.extract_lane(b, 1)) * factor2;
		h1 ^= h1 >> 32;
		h2 ^= h2 >> 32;
	} while (at < to);
	hashLo = <i32>((h1 * factor2) >> 32);
	hashHi = <i32>((h2 * factor1) >> 32);
}

// ── protobuf ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Where the next read begins. */
let cursor: usize = 0;

/** −1: cut off, longer than 10 bytes, or 2^63 and more. */
function varint(end: usize): i64 {
	let value: u64 = 0;
	for (let shift: u64 = 0; shift < 70; shift += 7) {
		if (cursor >= end) return -1;
		const byte: u64 = load<u8>(cursor++);
		if (shift == 63 && byte > 0) return -1;
		value |= (byte & 0x7f) << shift;
		if (byte < 0x80) return <i64>value;
	}
	return -1;
}

/** End of a length-delimited field; 0: it goes past the end. The cursor stands at its beginning. */
// @ts-expect-error: decorator
@inline
function fieldEnd(end: usize): usize {
	if (cursor < end) {
		const byte: usize = load<u8>(cursor);
		if (byte < 0x80) {
			cursor++;
			return cursor + byte > end ? 0 : cursor + byte;
		}
	}
	const length = varint(end);
	return length < 0 || length > <i64>(end - cursor) ? 0 : cursor + <usize>length;
}

// ── remote write 1.0 ────────────────────────────────────────────────────────────────────────────────────────────────

/** A row per series: hash lo, hi, place of its length, from, to, first sample, samples, 0; 32-bit each. */
const SERIES_ROW: usize = 32;
/** A row per sample: time in ms, value as 64-bit floats; 1 when it is Prometheus' stale marker. */
const SAMPLE_ROW: usize = 24;
const STALE: u64 = 0x7ff0000000000002;

let scanBase: usize = 0;
let scanEnd: usize = 0;
let scanSeed: u64 = 0;

export function beginRemoteWrite(base: usize, size: u32, seed: u64): void {
	scanBase = base;
	scanEnd = base + size;
	cursor = base;
	scanSeed = seed;
}

/**
 * Reads on until a table is nearly full; the number of series, 0 at the end. −1: something unusual (labels that do not
 * come first and together, a native histogram, more samples in a series than fit, damage): nothing read so far counts.
 */
export function nextRemoteWrite(series: usize, seriesRows: u32, samples: usize, sampleRows: u32): i32 {
	let count: u32 = 0;
	let sampleCount: u32 = 0;
	const end = scanEnd;
	while (cursor < end && count < seriesRows) {
		const begin = cursor;
		const tag: u32 = load<u8>(cursor++);
		const place = cursor;
		const to = fieldEnd(end);
		if (to == 0) return -1;
		// Metadata says nothing that counts.
		if (tag == 0x1a) {
			cursor = to;
			continue;
		}
		if (tag != 0x0a) return -1;
		const from = cursor;
		while (cursor < to && load<u8>(cursor) == 0x0a) {
			cursor++;
			const labelEnd = fieldEnd(to);
			if (labelEnd == 0) return -1;
			cursor = labelEnd;
		}
		const labelsEnd = cursor;
		const first = sampleCount;
		while (cursor < to) {
			const field: u32 = load<u8>(cursor++);
			const fieldTo = fieldEnd(to);
			if (fieldTo == 0) return -1;
			if (field == 0x12) {
				if (sampleCount == sampleRows) {
					// The rest is for the next call, unless it is this series that has too many.
					if (count == 0) return -1;
					cursor = begin;
					return count;
				}
				if (!readSample(fieldTo, samples + <usize>sampleCount * SAMPLE_ROW)) return -1;
				sampleCount++;
			} else if (field == 0x1a)
				// Exemplars.
				cursor = fieldTo;
			else return -1;
		}
		hash(from, labelsEnd, scanSeed);
		const row = series + <usize>count * SERIES_ROW;
		store<i32>(row, hashLo);
		store<i32>(row, hashHi, 4);
		store<u32>(row, <u32>(place - scanBase), 8);
		store<u32>(row, <u32>(from - scanBase), 12);
		store<u32>(row, <u32>(to - scanBase), 16);
		store<u32>(row, first, 20);
		store<u32>(row, sampleCount - first, 24);
		count++;
	}
	return count;
}

function readSample(to: usize, row: usize): bool {
	let value: u64 = 0;
	let time: i64 = 0;
	while (cursor < to) {
		const tag: u32 = load<u8>(cursor++);
		if (tag == 0x09) {
			if (cursor + 8 > to) return false;
			value = load<u64>(cursor);
			cursor += 8;
		} else if (tag == 0x10) {
			time = varint(to);
			if (time < 0) return false;
		} else return false;
	}
	store<f64>(row, <f64>time);
	store<u64>(row, value, 8);
	store<u32>(row, value == STALE ? 1 : 0, 16);
	return true;
}

// ── number points of OTLP ───────────────────────────────────────────────────────────────────────────────────────────

/** A row per point: hash lo, hi, from, to, flags, 0 (32-bit), then start and time in µs, value as 64-bit floats. */
const POINT_ROW: usize = 48;

let pointsBase: usize = 0;
let pointsEnd: usize = 0;
let pointsSeed: u64 = 0;

/** The points of one gauge or sum lie in [from, to) of the body at `base`; the seed stands for all that they share. */
export function beginPoints(base: usize, from: u32, to: u32, seedLo: u32, seedHi: u32): void {
	pointsBase = base;
	pointsEnd = base + from + (to - from);
	cursor = base + from;
	pointsSeed = (<u64>seedHi << 32) | seedLo;
}

/** Reads on until the rows are full; the number of points, 0 at the end. −1: something unusual, or damage. */
export function nextPoints(rows: usize, rowCount: u32): i32 {
	const end = pointsEnd;
	let count: u32 = 0;
	while (cursor < end && count < rowCount) {
		const field: u32 = load<u8>(cursor++);
		if (field == 0x10 || field == 0x18) {
			// Temporality and monotony of the sum.
			if (varint(end) < 0) return -1;
			continue;
		}
		if (field != 0x0a) return -1;
		const to = fieldEnd(end);
		if (to == 0) return -1;
		const from = cursor;
		let start: u64 = 0;
		let time: u64 = 0;
		let value: f64 = NaN;
		let flags: u32 = 0;
		let first: usize = 0;
		let last: usize = 0;
		while (cursor < to) {
			const tag: u32 = load<u8>(cursor);
			if (tag == 0x3a) {
				if (first == 0) first = cursor;
				// Attributes apart from each other are read elsewhere.
				else if (last != cursor) return -1;
				cursor++;
				last = fieldEnd(to);
				if (last == 0) return -1;
				cursor = last;
				continue;
			}
			cursor++;
			if (tag == 0x40) {
				const bits = varint(to);
				if (bits < 0 || bits > 0xffffffff) return -1;
				flags = <u32>bits;
				continue;
			}
			if (tag == 0x2a) {
				// Exemplars.
				const behind = fieldEnd(to);
				if (behind == 0) return -1;
				cursor = behind;
				continue;
			}
			if (cursor + 8 > to) return -1;
			if (tag == 0x11) start = load<u64>(cursor) / 1000;
			else if (tag == 0x19) time = load<u64>(cursor) / 1000;
			else if (tag == 0x21) value = load<f64>(cursor);
			else if (tag == 0x31) {
				const whole = load<i64>(cursor);
				value = whole > 9007199254740991 || whole < -9007199254740991 ? NaN : <f64>whole;
			} else return -1;
			cursor += 8;
		}
		// Of times that no clock shows, the readers elsewhere have their own idea.
		if (start >= 9007199254740991 || time >= 9007199254740991) return -1;
		hash(first, last, pointsSeed);
		const row = rows + <usize>count * POINT_ROW;
		store<i32>(row, hashLo);
		store<i32>(row, hashHi, 4);
		store<u32>(row, <u32>(from - pointsBase), 8);
		store<u32>(row, <u32>(to - pointsBase), 12);
		store<u32>(row, flags, 16);
		store<f64>(row, <f64>start, 24);
		store<f64>(row, <f64>time, 32);
		store<f64>(row, value, 40);
		count++;
	}
	return count;
}

// ── points of the usual shape ───────────────────────────────────────────────────────────────────────────────────────

/**
 * Everything below reads and writes through one table of pointers and numbers, 8 bytes each; `src/telemetry/core.ts`
 * names the entries in the same order.
 */
let table: usize = 0;

export function setTable(at: usize): void {
	table = at;
}

// @ts-ignore: decorator
@inline
function pointer(entry: usize): usize {
	return <usize>load<f64>(table + entry * 8);
}

// @ts-ignore: decorator
@inline
function number(entry: usize): f64 {
	return load<f64>(table + entry * 8);
}

// @ts-ignore: decorator
@inline
function tell(entry: usize, value: f64): void {
	store<f64>(table + entry * 8, value);
}

const STAGE_CODES: usize = 0;
const STAGE_TIMES: usize = 1;
const STAGE_STARTS: usize = 2;
const STAGE_NAMES: usize = 3;
const STAGE_VALUES: usize = 4;
const KINDS: usize = 5;
const LAST_TIMES: usize = 6;
const STARTS: usize = 7;
const NEEDS_BASE: usize = 8;
const VALUE_AT: usize = 9;
const VALUES: usize = 10;
const FRESH: usize = 11;
const IDS: usize = 12;
const POINTS: usize = 13;
const ROLE_OF: usize = 14;
const HAS_RANGES: usize = 15;
const RAW_LO: usize = 16;
const RAW_HI: usize = 17;
const NEXT: usize = 18;
const STREAM_COUNT: usize = 19;
const IS_DIRTY: usize = 20;
const PAGE_COUNT: usize = 21;
const ROLES: usize = 22;
const CELL_PAIRS: usize = 23;
const CELL_BUCKETS: usize = 24;
const CELL_BAD: usize = 25;
const CELL_TOTAL: usize = 26;
const CELL_LATE: usize = 27;
const CELL_REVISION: usize = 28;
const CELL_INDEX: usize = 29;
const CELL_MASK: usize = 30;
const CELL_COUNT: usize = 31;
const LAST_OF_PAIR: usize = 32;
const NOW: usize = 33;
const OLDEST: usize = 34;
const LATEST: usize = 35;
const PREVIOUS_ID: usize = 36;
const PREVIOUS_TIME: usize = 37;
const RECORDS: usize = 38;
const RECORDS_LENGTH: usize = 39;
const RUNS: usize = 40;
const RUN_COUNT: usize = 41;
const DIRTY: usize = 42;
const DIRTY_COUNT: usize = 43;
const VALUE_INDEX: usize = 44;
const PREVIOUS_SLOT: usize = 45;
const STAGE_COUNT: usize = 46;
const STAGE_VALUE_COUNT: usize = 47;
/** The entries from CELL_PAIRS to LAST_OF_PAIR again, so much further on, for the cells that wait for a fold. */
const WAITING: usize = 25;

const DELTA_SUM: u32 = 0;
const CUMULATIVE_SUM: u32 = 1;

/** The stream that followed the one before last time, if it has this hash and is usual; else −1. */
// @ts-ignore: decorator
@inline
function usualSlot(previous: u32, lo: i32, hi: i32): i32 {
	const guess = load<u32>(pointer(NEXT) + (<usize>previous << 2));
	if (guess >= <u32>number(STREAM_COUNT)) return -1;
	const at = <usize>guess << 2;
	if (load<i32>(pointer(RAW_LO) + at) != lo || load<i32>(pointer(RAW_HI) + at) != hi) return -1;
	return load<i32>(pointer(ROLE_OF) + at) < 0 ? -1 : <i32>guess;
}

/** What a sum may say. */
// @ts-ignore: decorator
@inline
function isSound(value: f64): bool {
	return value >= 0 && value <= 9007199254740991;
}

/** Puts number points into the stage as long as they are usual, as `stageSeries` does; all are of one metric. */
export function stagePoints(from: u32, count: u32, rows: usize, name: u32): u32 {
	const codes = pointer(STAGE_CODES);
	const times = pointer(STAGE_TIMES);
	const starts = pointer(STAGE_STARTS);
	const names = pointer(STAGE_NAMES);
	const values = pointer(STAGE_VALUES);
	const kinds = pointer(KINDS);
	let previous = <u32>number(PREVIOUS_SLOT);
	let staged = <usize>number(STAGE_COUNT);
	let valued = <usize>number(STAGE_VALUE_COUNT);
	let k = from;
	for (; k < count; k++) {
		const row = rows + <usize>k * POINT_ROW;
		const slot = usualSlot(previous, load<i32>(row), load<i32>(row, 4));
		if (slot < 0 || load<u32>(row, 16) != 0) break;
		if (<u32>load<u8>(kinds + <usize>slot) > CUMULATIVE_SUM) break;
		const value = load<f64>(row, 40);
		if (!isSound(value)) break;
		store<i32>(codes + (staged << 2), slot);
		store<f64>(starts + (staged << 3), load<f64>(row, 24));
		store<f64>(times + (staged << 3), load<f64>(row, 32));
		store<u32>(names + (staged << 2), name);
		store<f64>(values + (valued << 3), value);
		staged++;
		valued++;
		previous = <u32>slot;
	}
	tell(PREVIOUS_SLOT, previous);
	tell(STAGE_COUNT, <f64>staged);
	tell(STAGE_VALUE_COUNT, <f64>valued);
	return k;
}

/**
 * Puts series into the stage as long as each has one sample that is no stale marker and is the stream that followed the
 * one before last time; returns the first row that is not.
 */
export function stageSeries(from: u32, count: u32, series: usize, samples: usize): u32 {
	const codes = pointer(STAGE_CODES);
	const times = pointer(STAGE_TIMES);
	const starts = pointer(STAGE_STARTS);
	const names = pointer(STAGE_NAMES);
	const values = pointer(STAGE_VALUES);
	const kinds = pointer(KINDS);
	let previous = <u32>number(PREVIOUS_SLOT);
	let staged = <usize>number(STAGE_COUNT);
	let valued = <usize>number(STAGE_VALUE_COUNT);
	let row = from;
	for (; row < count; row++) {
		const at = series + <usize>row * SERIES_ROW;
		if (load<u32>(at, 24) != 1) break;
		const slot = usualSlot(previous, load<i32>(at), load<i32>(at, 4));
		// Of others it takes more to know what a sample is.
		if (slot < 0 || <u32>load<u8>(kinds + <usize>slot) != CUMULATIVE_SUM) break;
		const sample = samples + <usize>load<u32>(at, 20) * SAMPLE_ROW;
		const value = load<f64>(sample, 8);
		const time = load<f64>(sample);
		if (!isSound(value) || time >= 8.64e15) break;
		store<i32>(codes + (staged << 2), slot);
		store<f64>(times + (staged << 3), time * 1000);
		store<f64>(starts + (staged << 3), 0);
		store<u32>(names + (staged << 2), load<u32>(at, 8));
		store<f64>(values + (valued << 3), value);
		staged++;
		valued++;
		previous = <u32>slot;
	}
	tell(PREVIOUS_SLOT, previous);
	tell(STAGE_COUNT, <f64>staged);
	tell(STAGE_VALUE_COUNT, <f64>valued);
	return row;
}

/** Flags of a record in the journal; see `src/telemetry/apply.ts`. */
const STEP: u32 = 1;
const TIME: u32 = 2;
const START: u32 = 4;
const ZERO: u32 = 64;
/** A row per role set: tenant, number of roles, then for each role pair, 0, bad, total (64-bit floats). */
const ROLE_ROW: usize = 8 + 8 * 24;
const PAGE_SHIFT: u32 = 8;
const BUCKET_US: f64 = 10000000;
const BUCKET_MS: f64 = 10000;
const LATE_AFTER_MS: f64 = 60000;
/** Whole numbers up to here are exact. */
const MAX_WHOLE: f64 = 9007199254740991;

/**
 * Counts points from `from` on, as long as they are usual: a cumulative sum that goes on without a reset, or a delta that
 * follows the one before without a gap, whole, within the limits, of a stream that has an id and one role per pair.
 * Returns the first point that is not. The same decisions, records and counts as `Applier` makes.
 */
export function applyUsual(from: u32, count: u32): u32 {
	const codes = pointer(STAGE_CODES);
	const times = pointer(STAGE_TIMES);
	const startsAt = pointer(STAGE_STARTS);
	const staged = pointer(STAGE_VALUES);
	const kinds = pointer(KINDS);
	const lastTimes = pointer(LAST_TIMES);
	const starts = pointer(STARTS);
	const needsBase = pointer(NEEDS_BASE);
	const valueAt = pointer(VALUE_AT);
	const values = pointer(VALUES);
	const fresh = pointer(FRESH);
	const ids = pointer(IDS);
	const points = pointer(POINTS);
	const roleOf = pointer(ROLE_OF);
	const hasRanges = pointer(HAS_RANGES);
	const isDirty = pointer(IS_DIRTY);
	const pageCount = <u32>number(PAGE_COUNT);
	const roleTable = pointer(ROLES);
	const records = pointer(RECORDS);
	const runs = pointer(RUNS);
	const dirty = pointer(DIRTY);
	const now = number(NOW);
	const oldest = number(OLDEST);
	const latest = number(LATEST);
	let out = records + <usize>number(RECORDS_LENGTH);
	let previousId = <u32>number(PREVIOUS_ID);
	let previousTime = number(PREVIOUS_TIME);
	let valueIndex = <usize>number(VALUE_INDEX);
	let runCount: usize = 0;
	let dirtyCount: usize = 0;
	let runTenant: i32 = -1;
	let runLength: i32 = 0;
	let bucketTime: f64 = -1;
	let bucket: i32 = 0;
	let isLate = false;
	let k = from;
	for (; k < count; k++) {
		const code = load<i32>(codes + (<usize>k << 2));
		if (code < 0) break;
		const slot = <usize>code;
		const role = load<i32>(roleOf + (slot << 2));
		if (role < 0) break;
		const time = load<f64>(times + (<usize>k << 3));
		const start = load<f64>(startsAt + (<usize>k << 3));
		const last = load<f64>(lastTimes + (slot << 3));
		const id = load<u32>(ids + (slot << 2));
		if (!(time > last) || last == 0 || time < oldest || time > latest || id == 0) break;
		const value = load<f64>(staged + (valueIndex << 3));
		const kind: u32 = load<u8>(kinds + slot);
		const channel = <usize>load<i32>(valueAt + (slot << 2)) << 3;
		let events: f64 = 0;
		let newStart: f64 = 0;
		if (kind == CUMULATIVE_SUM) {
			const known = load<f64>(starts + (slot << 3));
			// A start that moves on, but not to the last point, is no reset: some senders give a sliding one.
			if (start != 0 && start != known) {
				if (start < known || start >= last) break;
				newStart = start;
			}
			if (load<u8>(needsBase + slot) != 0) break;
			const base = load<f64>(values + channel);
			events = value - base;
			if (!(events >= 0) || value > MAX_WHOLE || floor(value) != value || floor(base) != base) break;
			store<f64>(values + channel, value);
			if (newStart != 0) store<f64>(starts + (slot << 3), newStart);
		} else if (kind == DELTA_SUM) {
			if (start != last || load<u8>(hasRanges + slot) != 0) break;
			if (!(value >= 0) || value > MAX_WHOLE || floor(value) != value) break;
			events = value;
		} else break;
		valueIndex++;
		store<f64>(fresh + channel, load<f64>(fresh + channel) + events);
		store<f64>(lastTimes + (slot << 3), time);
		store<u32>(points + (slot << 2), load<u32>(points + (slot << 2)) + 1);

		// The record.
		let flags: u32 = 0;
		if (id != previousId + 1) flags |= STEP;
		if (time != previousTime) flags |= TIME;
		if (newStart != 0) flags |= START;
		if (events == 0) flags |= ZERO;
		store<u8>(out++, flags);
		if (flags & STEP) out = putSigned(out, <i64>id - <i64>previousId - 1);
		if (flags & TIME) out = putSigned(out, <i64>time - <i64>previousTime);
		if (newStart != 0) out = putVarint(out, <u64>(time - newStart));
		if (events != 0) out = putVarint(out, <u64>events);
		previousId = id;
		previousTime = time;

		// The counts.
		if (time != bucketTime) {
			bucketTime = time;
			const index = floor(time / BUCKET_US);
			bucket = <i32>index;
			isLate = (index + 1) * BUCKET_MS + LATE_AFTER_MS < now;
		}
		const row = roleTable + <usize>role * ROLE_ROW;
		if (events != 0 || isLate) {
			const roleCount = <usize>load<i32>(row, 4);
			let entry = row + 8;
			for (let r: usize = 0; r < roleCount; r++, entry += 24) {
				const cell = cellOf(load<i32>(entry), bucket, 0);
				if (isLate) {
					const late = pointer(CELL_LATE) + (cell << 2);
					store<i32>(late, load<i32>(late) + 1);
				}
				const bad = pointer(CELL_BAD) + (cell << 3);
				store<f64>(bad, load<f64>(bad) + events * load<f64>(entry, 8));
				const total = pointer(CELL_TOTAL) + (cell << 3);
				store<f64>(total, load<f64>(total) + events * load<f64>(entry, 16));
			}
		}

		const page = id >>> PAGE_SHIFT;
		if (page >= pageCount || load<u8>(isDirty + page) == 0) {
			if (page < pageCount) store<u8>(isDirty + page, 1);
			store<u32>(dirty + (dirtyCount << 2), page);
			dirtyCount++;
		}

		const tenant = load<i32>(row);
		if (tenant != runTenant) {
			if (runLength > 0) {
				store<i32>(runs + (runCount << 3), runTenant);
				store<i32>(runs + (runCount << 3), runLength, 4);
				runCount++;
			}
			runTenant = tenant;
			runLength = 0;
		}
		runLength++;
	}
	if (runLength > 0) {
		store<i32>(runs + (runCount << 3), runTenant);
		store<i32>(runs + (runCount << 3), runLength, 4);
		runCount++;
	}
	tell(RECORDS_LENGTH, <f64>(out - records));
	tell(PREVIOUS_ID, previousId);
	tell(PREVIOUS_TIME, previousTime);
	tell(VALUE_INDEX, <f64>valueIndex);
	tell(RUN_COUNT, <f64>runCount);
	tell(DIRTY_COUNT, <f64>dirtyCount);
	return k;
}

/** Adds the counts of a commit to those that wait for a fold; there is room for them. What was late is a revision more. */
export function mergeCells(): void {
	const count = <u32>number(CELL_COUNT);
	const pairs = pointer(CELL_PAIRS);
	const buckets = pointer(CELL_BUCKETS);
	const bads = pointer(CELL_BAD);
	const totals = pointer(CELL_TOTAL);
	const lates = pointer(CELL_LATE);
	const intoBads = pointer(CELL_BAD + WAITING);
	const intoTotals = pointer(CELL_TOTAL + WAITING);
	const intoLates = pointer(CELL_LATE + WAITING);
	const intoRevisions = pointer(CELL_REVISION + WAITING);
	for (let k: u32 = 0; k < count; k++) {
		const narrow = <usize>k << 2;
		const wide = <usize>k << 3;
		const into = cellOf(load<i32>(pairs + narrow), load<i32>(buckets + narrow), WAITING);
		const bad = intoBads + (into << 3);
		store<f64>(bad, load<f64>(bad) + load<f64>(bads + wide));
		const total = intoTotals + (into << 3);
		store<f64>(total, load<f64>(total) + load<f64>(totals + wide));
		const late = load<i32>(lates + narrow);
		if (late <= 0) continue;
		const intoLate = intoLates + (into << 2);
		store<i32>(intoLate, load<i32>(intoLate) + late);
		const revision = intoRevisions + (into << 2);
		store<i32>(revision, load<i32>(revision) + 1);
	}
}

/** The entry of a cell, made if it is new; there is room for it. The same table as `src/telemetry/cells.ts` keeps; `which`: 0 or WAITING. */
function cellOf(pair: i32, bucket: i32, which: usize): usize {
	const pairs = pointer(CELL_PAIRS + which);
	const buckets = pointer(CELL_BUCKETS + which);
	const lastOfPair = pointer(LAST_OF_PAIR + which) + (<usize>pair << 2);
	const count = <u32>number(CELL_COUNT + which);
	const last = load<u32>(lastOfPair);
	if (
		last < count &&
		load<i32>(pairs + (<usize>last << 2)) == pair &&
		load<i32>(buckets + (<usize>last << 2)) == bucket
	)
		return <usize>last;
	const index = pointer(CELL_INDEX + which);
	const mask = <u32>number(CELL_MASK + which);
	let at = homeOf(pair, bucket) & mask;
	for (;;) {
		const entry = load<u32>(index + (<usize>at << 2));
		if (entry == 0) break;
		const found = <usize>(entry - 1);
		if (load<i32>(pairs + (found << 2)) == pair && load<i32>(buckets + (found << 2)) == bucket) {
			store<u32>(lastOfPair, entry - 1);
			return found;
		}
		at = (at + 17) & mask;
	}
	const entry = <usize>count;
	store<i32>(pairs + (entry << 2), pair);
	store<i32>(buckets + (entry << 2), bucket);
	store<f64>(pointer(CELL_BAD + which) + (entry << 3), 0);
	store<f64>(pointer(CELL_TOTAL + which) + (entry << 3), 0);
	store<i32>(pointer(CELL_LATE + which) + (entry << 2), 0);
	store<i32>(pointer(CELL_REVISION + which) + (entry << 2), 0);
	store<u32>(index + (<usize>at << 2), count + 1);
	store<u32>(lastOfPair, count);
	tell(CELL_COUNT + which, <f64>(count + 1));
	return entry;
}

function homeOf(pair: i32, bucket: i32): u32 {
	const group = ((pair >>> 4) * <i32>0x9e3779b1) ^ (bucket * <i32>0x85ebca6b);
	const mixed = (group ^ (group >>> 15)) * <i32>0xc2b2ae35;
	return <u32>(((mixed >>> 12) << 4) | ((pair + (mixed >>> 8)) & 15));
}

function putVarint(at: usize, value: u64): usize {
	let rest = value;
	while (rest >= 0x80) {
		store<u8>(at++, (rest & 0x7f) | 0x80);
		rest >>>= 7;
	}
	store<u8>(at++, rest);
	return at;
}

function putSigned(at: usize, value: i64): usize {
	return putVarint(at, value < 0 ? <u64>(-value * 2 - 1) : <u64>(value * 2));
}
