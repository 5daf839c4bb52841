import { crc32 } from "node:zlib";

/** Bytes of a checksum behind what is stored: a bit that flips on the disk is found, never counted. */
const SEAL_BYTES = 4;

export function seal(data: Uint8Array): Uint8Array {
	const sealed = new Uint8Array(data.length + SEAL_BYTES);
	sealed.set(data);
	new DataView(sealed.buffer).setUint32(data.length, crc32(data), true);
	return sealed;
}

/** What was sealed, or undefined when the bytes are not what they were. */
export function unseal(sealed: Uint8Array): Uint8Array | undefined {
	const length = sealed.length - SEAL_BYTES;
	if (length < 0) return undefined;
	const data = sealed.subarray(0, length);
	const expected =
		((sealed[length] as number) |
			((sealed[length + 1] as number) << 8) |
			((sealed[length + 2] as number) << 16) |
			((sealed[length + 3] as number) << 24)) >>>
		0;
	return crc32(data) === expected ? data : undefined;
}
