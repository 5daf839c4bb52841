/** The request's bytes are not what they claim to be. Nothing of such a request counts. */
export class Malformed extends Error {}

/** Decoded size is over the limit. */
export class TooLarge extends Error {}

/** Bytes with a cursor. Bounds are checked before every read: a cut body throws, it never reads on. */
export class Wire {
	readonly bytes: Buffer;
	readonly view: DataView;
	/** Where the next read begins. */
	at = 0;

	constructor(body: Uint8Array) {
		this.bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
		this.view = new DataView(body.buffer, body.byteOffset, body.byteLength);
	}

	/** Unsigned varint up to 2^53; larger values lose their low bits, which no field that we read has. */
	varint(end: number): number {
		const { bytes } = this;
		let at = this.at;
		if (at < end) {
			const first = bytes[at] as number;
			if (first < 0x80) {
				this.at = at + 1;
				return first;
			}
		}
		let value = 0;
		let scale = 1;
		for (let k = 0; k < 10; k++) {
			if (at >= end) throw new Malformed(`number cut off at byte ${at}`);
			const byte = bytes[at++] as number;
			value += (byte & 0x7f) * scale;
			if (byte < 0x80) {
				this.at = at;
				return value;
			}
			scale *= 128;
		}
		throw new Malformed(`number longer than 10 bytes at byte ${this.at}`);
	}

	/** Reads a length and returns where the field ends; the cursor stands at its beginning. */
	fieldEnd(end: number): number {
		const length = this.varint(end);
		if (length > end - this.at) throw new Malformed(`length ${length} at byte ${this.at} goes past the end`);
		return this.at + length;
	}

	skip(tag: number, end: number): void {
		if (tag >>> 3 === 0) throw new Malformed(`field number 0 at byte ${this.at}`);
		switch (tag & 7) {
			case 0:
				this.varint(end);
				return;
			case 1:
				this.advance(8, end);
				return;
			case 2:
				this.at = this.fieldEnd(end);
				return;
			case 5:
				this.advance(4, end);
				return;
			default:
				throw new Malformed(`wire type ${tag & 7} at byte ${this.at} is not in use`);
		}
	}

	advance(count: number, end: number): void {
		if (count > end - this.at) throw new Malformed(`field cut off at byte ${this.at}`);
		this.at += count;
	}

	text(from: number, to: number): string {
		return this.bytes.toString("utf8", from, to);
	}
}

/** fixed64 nanoseconds → whole microseconds, exact: the division runs in two parts that each stay below 2^53. */
export function microsOf(lo: number, hi: number): number {
	const thousands = Math.floor(hi / 1000);
	return thousands * 4294967296 + Math.floor(((hi - thousands * 1000) * 4294967296 + lo) / 1000);
}

/** sfixed64 / int64 as a number; NaN when it does not fit 2^53 exactly. */
export function int64Of(lo: number, hi: number): number {
	const value = (hi | 0) * 4294967296 + lo;
	return Number.isSafeInteger(value) ? value : Number.NaN;
}
