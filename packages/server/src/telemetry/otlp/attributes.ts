import { Malformed, type Wire } from "../intake/wire.ts";
import type { Attribute } from "../selection/selection.ts";

/** Deeper nested attribute values are refused. */
const MAX_DEPTH = 64;

/** Calls `read` for each occurrence of a length-delimited field in [from, end), the cursor at its beginning. */
export function eachField(wire: Wire, tag: number, from: number, end: number, read: (end: number) => void): void {
	wire.at = from;
	while (wire.at < end) {
		const found = wire.varint(end);
		if (found !== tag) {
			if (found >>> 3 === tag >>> 3) throw wrongType(found, wire.at);
			wire.skip(found, end);
			continue;
		}
		const to = wire.fieldEnd(end);
		read(to);
		wire.at = to;
	}
}

export interface Scope {
	readonly name: string;
	readonly version: string;
	readonly attributes: readonly Attribute[];
}

/** An instrumentation scope, whose message may come in several pieces: `ranges` are their begins and ends, in turn. */
export function readScope(wire: Wire, ranges: readonly number[]): Scope {
	const back = wire.at;
	let name = "";
	let version = "";
	const attributes: Attribute[] = [];
	for (let k = 0; k < ranges.length; k += 2) {
		const end = ranges[k + 1] as number;
		wire.at = ranges[k] as number;
		while (wire.at < end) {
			const tag = wire.varint(end);
			if (tag !== 0x0a && tag !== 0x12 && tag !== 0x1a) {
				wire.skip(tag, end);
				continue;
			}
			const to = wire.fieldEnd(end);
			if (tag === 0x0a) name = wire.text(wire.at, to);
			else if (tag === 0x12) version = wire.text(wire.at, to);
			else attributes.push(readKeyValue(wire, to, 0));
			wire.at = to;
		}
	}
	wire.at = back;
	return { name, version, attributes };
}

export function readKeyValue(wire: Wire, end: number, depth: number): Attribute {
	let key = "";
	let value = "e";
	while (wire.at < end) {
		const tag = wire.varint(end);
		if (tag !== 0x0a && tag !== 0x12) {
			wire.skip(tag, end);
			continue;
		}
		const to = wire.fieldEnd(end);
		if (tag === 0x0a) key = wire.text(wire.at, to);
		else value = readAnyValue(wire, to, depth);
		wire.at = to;
	}
	return [key, value];
}

/** The value as text with its type's letter in front: s, b, i, d, a(rray), k(ey-values), x (bytes), e(mpty). */
export function readAnyValue(wire: Wire, end: number, depth: number): string {
	if (depth > MAX_DEPTH) throw new Malformed(`attribute value nested deeper than ${MAX_DEPTH} at byte ${wire.at}`);
	const { view } = wire;
	let value = "e";
	while (wire.at < end) {
		const tag = wire.varint(end);
		switch (tag) {
			case 0x10:
				value = wire.varint(end) !== 0 ? "btrue" : "bfalse";
				break;
			case 0x18:
				value = `i${signedVarint(wire, end)}`;
				break;
			case 0x21:
				wire.advance(8, end);
				value = `d${view.getFloat64(wire.at - 8, true)}`;
				break;
			case 0x0a:
			case 0x2a:
			case 0x32:
			case 0x3a: {
				const to = wire.fieldEnd(end);
				if (tag === 0x0a) value = `s${wire.text(wire.at, to)}`;
				else if (tag === 0x3a) value = `x${wire.bytes.toString("base64", wire.at, to)}`;
				else {
					const parts: unknown[] = [];
					eachField(wire, 0x0a, wire.at, to, (partEnd) => {
						parts.push(tag === 0x2a ? readAnyValue(wire, partEnd, depth + 1) : readKeyValue(wire, partEnd, depth + 1));
					});
					value = `${tag === 0x2a ? "a" : "k"}${JSON.stringify(parts)}`;
				}
				wire.at = to;
				break;
			}
			default:
				wire.skip(tag, end);
		}
	}
	return value;
}

/** int64 as decimal text; attributes are off the hot path, so BigInt may do the arithmetic. */
function signedVarint(wire: Wire, end: number): string {
	const from = wire.at;
	wire.varint(end);
	let value = 0n;
	for (let at = from, shift = 0n; at < wire.at; at++, shift += 7n)
		value |= BigInt((wire.bytes[at] as number) & 0x7f) << shift;
	return BigInt.asIntN(64, value).toString();
}

export function wrongType(tag: number, at: number): Malformed {
	return new Malformed(`field ${tag >>> 3} at byte ${at} has wire type ${tag & 7}, which is not that field's`);
}
