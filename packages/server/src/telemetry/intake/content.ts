import { constants, gunzipSync, inflateSync, zstdDecompressSync } from "node:zlib";
import type { Core } from "../core/core.ts";
import { Malformed, TooLarge } from "./wire.ts";

export type Unpacked =
	| { readonly status: "ok"; readonly body: Uint8Array }
	| { readonly status: "unsupported"; readonly message: string };

/**
 * Undoes the Content-Encoding of a request. Never makes more than `maxBytes`, whatever the sender claims. What it gives is
 * valid until the next call.
 */
export function unpack(encoding: string | undefined, body: Uint8Array, maxBytes: number, core: Core): Unpacked {
	const name = (encoding ?? "").trim().toLowerCase();
	if (name === "" || name === "identity") {
		if (body.byteLength > maxBytes) throw tooLarge(body.byteLength, maxBytes);
		return { status: "ok", body };
	}
	if (name === "gzip" || name === "x-gzip") return { status: "ok", body: gunzip(body, maxBytes) };
	if (name === "zstd") return { status: "ok", body: unzstd(body, maxBytes) };
	if (name === "deflate")
		return { status: "ok", body: inflated(() => inflateSync(body, { maxOutputLength: maxBytes }), maxBytes) };
	if (name === "snappy") return { status: "ok", body: core.unsnap(body, maxBytes) ?? unsnap(body, maxBytes) };
	return {
		status: "unsupported",
		message: `Content-Encoding ${JSON.stringify(name.slice(0, 40))} is not supported: send one of gzip, zstd, deflate, or none`,
	};
}

function gunzip(body: Uint8Array, maxBytes: number): Uint8Array {
	if (body.byteLength < 18) throw new Malformed("gzip body is cut off");
	// The trailer tells the size (modulo 2^32): one output chunk of that size spares zlib many. The sender controls it, so it is capped.
	const trailer = new DataView(body.buffer, body.byteOffset + body.byteLength - 4, 4).getUint32(0, true);
	const chunkSize = Math.max(constants.Z_MIN_CHUNK, Math.min(trailer, maxBytes, body.byteLength * 64 + 1024) + 1);
	return inflated(() => gunzipSync(body, { chunkSize, maxOutputLength: maxBytes }), maxBytes);
}

/** Window of RFC 9659; a frame may ask for a larger one, which would be memory that no cap on the output bounds. */
const ZSTD_WINDOW_LOG = 23;

/** Each frame costs a decoder of its own, however little is in it. */
const MAX_ZSTD_FRAMES = 64;

function unzstd(body: Uint8Array, maxBytes: number): Uint8Array {
	const params = { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG };
	const frames: Buffer[] = [];
	let left = maxBytes;
	// Node reads one frame and leaves the rest, which would be data that nobody ever counts.
	for (let at = 0; at < body.length || frames.length === 0; ) {
		if (frames.length === MAX_ZSTD_FRAMES) throw new Malformed(`zstd body has more than ${MAX_ZSTD_FRAMES} frames`);
		let consumed = 0;
		const frame = inflated(() => {
			const options = { params, maxOutputLength: Math.max(1, left), info: true };
			const { buffer, engine } = zstdDecompressSync(body.subarray(at), options) as unknown as ZstdResult;
			consumed = engine.bytesWritten;
			return buffer;
		}, maxBytes);
		if (frame.length > left) throw tooLarge(undefined, maxBytes);
		if (consumed === 0) throw new Malformed("compressed body is damaged: empty zstd frame");
		frames.push(frame);
		left -= frame.length;
		at += consumed;
	}
	return frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames);
}

/** What `info: true` gives, which the types of Node leave out. */
interface ZstdResult {
	readonly buffer: Buffer;
	readonly engine: { readonly bytesWritten: number };
}

function inflated(inflate: () => Buffer, maxBytes: number): Buffer {
	try {
		return inflate();
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		if (code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(undefined, maxBytes);
		throw new Malformed(`compressed body is damaged: ${message}`);
	}
}

/**
 * Snappy's block format: a length, then literals and copies from what was written before. For what `Core` refuses:
 * large bodies, and damaged ones, of which it says what is wrong.
 */
export function unsnap(body: Uint8Array, maxBytes: number): Uint8Array {
	let at = 0;
	let size = 0;
	for (let scale = 1; ; scale *= 128) {
		const byte = body[at++];
		if (byte === undefined || at > 5) throw new Malformed("snappy length is cut off");
		size += (byte & 0x7f) * scale;
		if (byte < 0x80) break;
	}
	if (size > maxBytes) throw tooLarge(size, maxBytes);
	// A copy of 64 bytes takes 2 bytes at least: a claim beyond that cannot be true, and must not cost memory.
	if (size > body.length * 32) throw new Malformed("snappy length is larger than its data can give");
	// Copies go by four bytes and may write up to three too many: the next element overwrites those.
	const out = Buffer.allocUnsafeSlow(size + 4);
	const from4 = new DataView(body.buffer, body.byteOffset, body.byteLength);
	const to4 = new DataView(out.buffer, out.byteOffset, out.byteLength);
	const end = body.length;
	let to = 0;
	while (at < end) {
		const tag = body[at++] as number;
		let length = (tag >>> 2) + 1;
		if ((tag & 3) === 0) {
			if (length > 60) {
				const width = length - 60;
				if (at + width > end) throw new Malformed("snappy literal is cut off");
				length = 1;
				for (let k = 0, scale = 1; k < width; k++, scale *= 256) length += (body[at + k] as number) * scale;
				at += width;
			}
			if (length > end - at || length > size - to) throw new Malformed("snappy literal goes past the end");
			if (length <= 64 && at + length + 3 <= end)
				for (let k = 0; k < length; k += 4) to4.setInt32(to + k, from4.getInt32(at + k, true), true);
			else out.set(body.subarray(at, at + length), to);
			at += length;
			to += length;
			continue;
		}
		let offset: number;
		if ((tag & 3) === 1) {
			length = ((tag >>> 2) & 7) + 4;
			offset = ((tag >>> 5) << 8) | (body[at] ?? 0);
			at += 1;
		} else if ((tag & 3) === 2) {
			offset = (body[at] ?? 0) | ((body[at + 1] ?? 0) << 8);
			at += 2;
		} else {
			offset =
				(body[at] ?? 0) + (body[at + 1] ?? 0) * 256 + (body[at + 2] ?? 0) * 65536 + (body[at + 3] ?? 0) * 16777216;
			at += 4;
		}
		if (at > end || offset === 0 || offset > to || length > size - to)
			throw new Malformed("snappy copy is out of bounds");
		let from = to - offset;
		const last = to + length;
		// Source and target may overlap: then the copy repeats what it has just written, and a step must not reach ahead.
		if (offset >= 4) for (; to < last; to += 4, from += 4) to4.setInt32(to, to4.getInt32(from, true), true);
		else while (to < last) out[to++] = out[from++] as number;
		to = last;
	}
	if (to !== size) throw new Malformed("snappy body is shorter than announced");
	return out.subarray(0, size);
}

/**
 * Gives the memory of a body back at once: the collector, which sees only small objects that hold large memory, would
 * otherwise run far too often. The body is empty afterwards.
 */
export function release(body: Uint8Array): void {
	const { buffer } = body;
	const isShared = buffer.byteLength === Buffer.poolSize;
	if (buffer instanceof ArrayBuffer && !isShared && buffer.byteLength >= RELEASED_FROM) buffer.transfer(0);
}

/** Smaller ones cost less than the call. */
const RELEASED_FROM = 16 * 1024;

function tooLarge(bytes: number | undefined, maxBytes: number): TooLarge {
	const found = bytes === undefined ? "more" : `${bytes} bytes`;
	return new TooLarge(
		`decoded body is ${found}, the limit telemetry.maxBodyBytes is ${maxBytes}: send smaller batches`,
	);
}
