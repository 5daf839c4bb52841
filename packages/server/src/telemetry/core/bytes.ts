/** Grows as needed. Varints hold whole numbers 0 … 2^53. */
export class ByteWriter {
	#bytes = new Uint8Array(256);
	#view = new DataView(this.#bytes.buffer);
	length = 0;

	clear(): void {
		this.length = 0;
	}

	byte(value: number): void {
		this.#room(1);
		this.#bytes[this.length++] = value;
	}

	varint(value: number): void {
		this.#room(8);
		let rest = value;
		if (value < 0x80000000) {
			let small = value | 0;
			while (small >= 0x80) {
				this.#bytes[this.length++] = (small & 0x7f) | 0x80;
				small >>>= 7;
			}
			this.#bytes[this.length++] = small;
			return;
		}
		while (rest >= 0x80) {
			this.#bytes[this.length++] = (rest % 128) | 0x80;
			rest = Math.floor(rest / 128);
		}
		this.#bytes[this.length++] = rest;
	}

	/** Signed: small distances either way stay short. */
	signed(value: number): void {
		this.varint(value < 0 ? -value * 2 - 1 : value * 2);
	}

	double(value: number): void {
		this.#room(8);
		this.#view.setFloat64(this.length, value, true);
		this.length += 8;
	}

	int32(value: number): void {
		this.#room(4);
		this.#view.setInt32(this.length, value, true);
		this.length += 4;
	}

	text(value: string): void {
		const bytes = Buffer.from(value, "utf8");
		this.varint(bytes.length);
		this.#room(bytes.length);
		this.#bytes.set(bytes, this.length);
		this.length += bytes.length;
	}

	append(other: ByteWriter): void {
		this.#room(other.length);
		this.#bytes.set(other.#bytes.subarray(0, other.length), this.length);
		this.length += other.length;
	}

	appendBytes(bytes: Uint8Array): void {
		this.#room(bytes.length);
		this.#bytes.set(bytes, this.length);
		this.length += bytes.length;
	}

	/** A copy of what was written. */
	take(): Uint8Array {
		return this.#bytes.slice(0, this.length);
	}

	#room(count: number): void {
		if (this.length + count <= this.#bytes.length) return;
		const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + count));
		larger.set(this.#bytes);
		this.#bytes = larger;
		this.#view = new DataView(larger.buffer);
	}
}

/** Reads what ByteWriter wrote; reading past the end throws. */
export class ByteReader {
	readonly #bytes: Uint8Array;
	readonly #view: DataView;
	#at = 0;

	constructor(bytes: Uint8Array) {
		this.#bytes = bytes;
		this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	}

	get atEnd(): boolean {
		return this.#at >= this.#bytes.length;
	}

	byte(): number {
		const value = this.#bytes[this.#at++];
		if (value === undefined) throw new Error("stored record is cut off");
		return value;
	}

	varint(): number {
		const first = this.byte();
		if (first < 0x80) return first;
		let value = first & 0x7f;
		for (let scale = 128; ; scale *= 128) {
			const byte = this.byte();
			value += (byte & 0x7f) * scale;
			if (byte < 0x80) return value;
		}
	}

	signed(): number {
		const value = this.varint();
		return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
	}

	double(): number {
		const value = this.#view.getFloat64(this.#at, true);
		this.#at += 8;
		return value;
	}

	int32(): number {
		const value = this.#view.getInt32(this.#at, true);
		this.#at += 4;
		return value;
	}

	/** The next so many, in the same memory. */
	bytes(length: number): Uint8Array {
		if (this.#at + length > this.#bytes.length) throw new Error("stored record is cut off");
		this.#at += length;
		return this.#bytes.subarray(this.#at - length, this.#at);
	}

	text(): string {
		const length = this.varint();
		const value = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + this.#at, length).toString("utf8");
		this.#at += length;
		return value;
	}
}
