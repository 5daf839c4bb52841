import { ByteReader, ByteWriter } from "./bytes.ts";

/** Numbers per bucket: bad, total, late, revision. */
export const FIELDS = 4;

const BAD = 1;
const BAD_IS_DOUBLE = 2;
const TOTAL_IS_DOUBLE = 4;
const REVISED = 8;

/** Reused: a fold packs tens of thousands of roll-ups. */
const writer = new ByteWriter();

/** Buckets with anything in them → bytes: the gap to the one before, what is there, then small numbers in few bytes. */
export function packBuckets(buckets: Float64Array): Uint8Array {
	const out = writer;
	out.clear();
	let previous = -1;
	const { length } = buckets;
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
		out.varint((k - previous - 1) * 16 + flags);
		if (bad !== 0) badIsDouble ? out.double(bad) : out.varint(bad);
		totalIsDouble ? out.double(total) : out.varint(total);
		if (flags & REVISED) {
			out.varint(late);
			out.varint(revision);
		}
		previous = k;
	}
	return out.take();
}

/** Fills `buckets` from bytes; what is not in them becomes zero. */
export function unpackBuckets(packed: Uint8Array | undefined, buckets: Float64Array): void {
	buckets.fill(0);
	if (!packed) return;
	const bytes = new ByteReader(packed);
	let k = -1;
	while (!bytes.atEnd) {
		const head = bytes.varint();
		const flags = head % 16;
		k += (head - flags) / 16 + 1;
		const at = k * FIELDS;
		if (at >= buckets.length) throw new Error(`a packed roll-up has more than ${buckets.length / FIELDS} buckets`);
		if (flags & BAD) buckets[at] = flags & BAD_IS_DOUBLE ? bytes.double() : bytes.varint();
		buckets[at + 1] = flags & TOTAL_IS_DOUBLE ? bytes.double() : bytes.varint();
		if (flags & REVISED) {
			buckets[at + 2] = bytes.varint();
			buckets[at + 3] = bytes.varint();
		}
	}
}

function isCount(value: number): boolean {
	return value >= 0 && Number.isSafeInteger(value);
}
