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

/** −1: cut off, or longer than 10 bytes. */
function varint(end: usize): i64 {
	let value: u64 = 0;
	for (let shift: u64 = 0; shift < 70; shift += 7) {
		if (cursor >= end) return -1;
		const byte: u64 = load<u8>(cursor++);
		value |= (byte & 0x7f) << shift;
		if (byte < 0x80) return value > 0x7fffffffffffffff ? -1 : <i64>value;
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
