import { ByteReader } from "../core/bytes.ts";

/** Numbers per bucket: bad, total, late, revision. */
export const FIELDS = 4;

const BAD = 1;
const BAD_IS_DOUBLE = 2;
const TOTAL_IS_DOUBLE = 4;
const REVISED = 8;

/** The longest a bucket can be: head, bad, total, late and revision at 8 bytes each. */
const BUCKET_BYTES = 40;
/** Reused: a fold packs tens of thousands of roll-ups. */
let bytes = new Uint8Array(0);
let view = new DataView(bytes.buffer);

/** Buckets with anything in them → bytes: the gap to the one before, what is there, then small numbers in few bytes. */
export function packBuckets(buckets: Float64Array): Uint8Array {
	const { length } = buckets;
	if (bytes.length < (length / FIELDS) * BUCKET_BYTES) {
		bytes = new Uint8Array((length / FIELDS) * BUCKET_BYTES);
		view = new DataView(bytes.buffer);
	}
	const out = bytes;
	let to = 0;
	let previous = -1;
	for (let k = 0, at = 0; at < length; k++, at += FIELDS) {
		const bad = buckets[at] as number;
		const total = buckets[at + 1] as number;
		const late = buckets[at + 2] as number;
		if (total === 0 && bad === 0 && late === 0) continue;
		const revision = buckets[at + 3] as number;
		const badIsDouble = !isCount(bad);
		const totalIsDouble = !isCount(total);
		const flags =
			(bad !== 0 ? BAD : 0) |
			(badIsDouble ? BAD_IS_DOUBLE : 0) |
			(totalIsDouble ? TOTAL_IS_DOUBLE : 0) |
			(late !== 0 || revision !== 0 ? REVISED : 0);
		to = putVarint(out, to, (k - previous - 1) * 16 + flags);
		if (bad !== 0) to = badIsDouble ? putDouble(to, bad) : putVarint(out, to, bad);
		to = totalIsDouble ? putDouble(to, total) : putVarint(out, to, total);
		if (flags & REVISED) {
			to = putVarint(out, to, late);
			to = putVarint(out, to, revision);
		}
		previous = k;
	}
	return out.slice(0, to);
}

function putVarint(out: Uint8Array, at: number, value: number): number {
	let to = at;
	let rest = value;
	for (; rest >= 0x80000000; rest = Math.floor(rest / 128)) out[to++] = (rest % 128) | 0x80;
	let small = rest | 0;
	for (; small >= 0x80; small >>>= 7) out[to++] = (small & 0x7f) | 0x80;
	out[to++] = small;
	return to;
}

function putDouble(at: number, value: number): number {
	view.setFloat64(at, value, true);
	return at + 8;
}

/** Fills `buckets` from bytes; what is not in them becomes zero. */
export function unpackBuckets(packed: Uint8Array | undefined, buckets: Float64Array): void {
	buckets.fill(0);
	if (!packed) return;
	const from = new ByteReader(packed);
	let k = -1;
	while (!from.atEnd) {
		const head = from.varint();
		const flags = head % 16;
		k += (head - flags) / 16 + 1;
		const at = k * FIELDS;
		if (at >= buckets.length) throw new Error(`a packed roll-up has more than ${buckets.length / FIELDS} buckets`);
		if (flags & BAD) buckets[at] = flags & BAD_IS_DOUBLE ? from.double() : from.varint();
		buckets[at + 1] = flags & TOTAL_IS_DOUBLE ? from.double() : from.varint();
		if (flags & REVISED) {
			buckets[at + 2] = from.varint();
			buckets[at + 3] = from.varint();
		}
	}
}

function isCount(value: number): boolean {
	return (value >= 0 && value === (value | 0)) || (value >= 0 && Number.isSafeInteger(value));
}
