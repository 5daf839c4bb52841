import { Hash, hash } from "./hash";
import { Cursor, fieldEnd, varint } from "./protobuf";

/** A row per series: hash lo, hi, place of its length, from, to, first sample, samples, 0; 32-bit each. */
export const SERIES_ROW: usize = 32;
/** A row per sample: time in ms, value as 64-bit floats; 1 when it is Prometheus' stale marker. */
export const SAMPLE_ROW: usize = 24;
const STALE: u64 = 0x7ff0000000000002;

let scanBase: usize = 0;
let scanEnd: usize = 0;
let scanSeed: u64 = 0;

export function beginRemoteWrite(base: usize, size: u32, seed: u64): void {
	scanBase = base;
	scanEnd = base + size;
	Cursor.at = base;
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
	while (Cursor.at < end && count < seriesRows) {
		const begin = Cursor.at;
		const tag: u32 = load<u8>(Cursor.at++);
		const place = Cursor.at;
		const to = fieldEnd(end);
		if (to == 0) return -1;
		// Metadata says nothing that counts.
		if (tag == 0x1a) {
			Cursor.at = to;
			continue;
		}
		if (tag != 0x0a) return -1;
		const from = Cursor.at;
		while (Cursor.at < to && load<u8>(Cursor.at) == 0x0a) {
			Cursor.at++;
			const labelEnd = fieldEnd(to);
			if (labelEnd == 0) return -1;
			Cursor.at = labelEnd;
		}
		const labelsEnd = Cursor.at;
		const first = sampleCount;
		while (Cursor.at < to) {
			const field: u32 = load<u8>(Cursor.at++);
			const fieldTo = fieldEnd(to);
			if (fieldTo == 0) return -1;
			if (field == 0x12) {
				if (sampleCount == sampleRows) {
					// The rest is for the next call, unless it is this series that has too many.
					if (count == 0) return -1;
					Cursor.at = begin;
					return count;
				}
				if (!readSample(fieldTo, samples + <usize>sampleCount * SAMPLE_ROW)) return -1;
				sampleCount++;
			} else if (field == 0x1a)
				// Exemplars.
				Cursor.at = fieldTo;
			else return -1;
		}
		hash(from, labelsEnd, scanSeed);
		const row = series + <usize>count * SERIES_ROW;
		store<i32>(row, Hash.lo);
		store<i32>(row, Hash.hi, 4);
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
	while (Cursor.at < to) {
		const tag: u32 = load<u8>(Cursor.at++);
		if (tag == 0x09) {
			if (Cursor.at + 8 > to) return false;
			value = load<u64>(Cursor.at);
			Cursor.at += 8;
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
