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
