/** Where the next read begins. */
export class Cursor {
	static at: usize = 0;
}

/** −1: cut off, longer than 10 bytes, or 2^63 and more. */
export function varint(end: usize): i64 {
	let value: u64 = 0;
	for (let shift: u64 = 0; shift < 70; shift += 7) {
		if (Cursor.at >= end) return -1;
		const byte: u64 = load<u8>(Cursor.at++);
		if (shift == 63 && byte > 0) return -1;
		value |= (byte & 0x7f) << shift;
		if (byte < 0x80) return <i64>value;
	}
	return -1;
}

/** End of a length-delimited field; 0: it goes past the end. The cursor stands at its beginning. */
// @ts-expect-error: decorator
@inline
export function fieldEnd(end: usize): usize {
	if (Cursor.at < end) {
		const byte: usize = load<u8>(Cursor.at);
		if (byte < 0x80) {
			Cursor.at++;
			return Cursor.at + byte > end ? 0 : Cursor.at + byte;
		}
	}
	const length = varint(end);
	return length < 0 || length > <i64>(end - Cursor.at) ? 0 : Cursor.at + <usize>length;
}
