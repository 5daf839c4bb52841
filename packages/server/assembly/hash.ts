/** Bytes hashed in one go; the key is 32 bytes longer. */
const BLOCK: usize = 1024;
let key: usize = 0;
/** 32 bytes of ones, then 32 of zeros. */
let masks: usize = 0;

/** The last hash: a function gives one value. */
export class Hash {
	static lo: i32 = 0;
	static hi: i32 = 0;
}

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
export function hash(from: usize, to: usize, start: u64): void {
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
	Hash.lo = <i32>((h1 * factor2) >> 32);
	Hash.hi = <i32>((h2 * factor1) >> 32);
}
