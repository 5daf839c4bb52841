import { Hash, hash } from "./hash";
import { Cursor, fieldEnd, varint } from "./protobuf";

/** A row per point: hash lo, hi, from, to, flags, 0 (32-bit), then start and time in µs, value as 64-bit floats. */
export const POINT_ROW: usize = 48;

let pointsBase: usize = 0;
let pointsEnd: usize = 0;
let pointsSeed: u64 = 0;

/** The points of one gauge or sum lie in [from, to) of the body at `base`; the seed stands for all that they share. */
export function beginPoints(base: usize, from: u32, to: u32, seedLo: u32, seedHi: u32): void {
	pointsBase = base;
	pointsEnd = base + from + (to - from);
	Cursor.at = base + from;
	pointsSeed = (<u64>seedHi << 32) | seedLo;
}

/** Reads on until the rows are full; the number of points, 0 at the end. −1: something unusual, or damage. */
export function nextPoints(rows: usize, rowCount: u32): i32 {
	const end = pointsEnd;
	let count: u32 = 0;
	while (Cursor.at < end && count < rowCount) {
		const field: u32 = load<u8>(Cursor.at++);
		if (field == 0x10 || field == 0x18) {
			// Temporality and monotony of the sum.
			if (varint(end) < 0) return -1;
			continue;
		}
		if (field != 0x0a) return -1;
		const to = fieldEnd(end);
		if (to == 0) return -1;
		const from = Cursor.at;
		let start: u64 = 0;
		let time: u64 = 0;
		let value: f64 = NaN;
		let flags: u32 = 0;
		let first: usize = 0;
		let last: usize = 0;
		while (Cursor.at < to) {
			const tag: u32 = load<u8>(Cursor.at);
			if (tag == 0x3a) {
				if (first == 0) first = Cursor.at;
				// Attributes apart from each other are read elsewhere.
				else if (last != Cursor.at) return -1;
				Cursor.at++;
				last = fieldEnd(to);
				if (last == 0) return -1;
				Cursor.at = last;
				continue;
			}
			Cursor.at++;
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
				Cursor.at = behind;
				continue;
			}
			if (Cursor.at + 8 > to) return -1;
			if (tag == 0x11) start = load<u64>(Cursor.at) / 1000;
			else if (tag == 0x19) time = load<u64>(Cursor.at) / 1000;
			else if (tag == 0x21) value = load<f64>(Cursor.at);
			else if (tag == 0x31) {
				const whole = load<i64>(Cursor.at);
				value = whole > 9007199254740991 || whole < -9007199254740991 ? NaN : <f64>whole;
			} else return -1;
			Cursor.at += 8;
		}
		// Of times that no clock shows, the readers elsewhere have their own idea.
		if (start >= 9007199254740991 || time >= 9007199254740991) return -1;
		hash(first, last, pointsSeed);
		const row = rows + <usize>count * POINT_ROW;
		store<i32>(row, Hash.lo);
		store<i32>(row, Hash.hi, 4);
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
