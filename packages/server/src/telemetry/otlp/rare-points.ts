import { type DecoderContext, MISS, NO_RECORDED_VALUE } from "../intake/decoder.ts";
import { REASON } from "../intake/reasons.ts";
import { microsOf, type Wire } from "../intake/wire.ts";
import { KIND, type Kind, type RoleSet } from "../selection/selection.ts";
import { wrongType } from "./attributes.ts";
import { ExponentialCounter } from "./exponential-histogram.ts";

/** What the reader of a request lends for points that are rare enough to be read by plainer code. */
export interface PointReader {
	readonly context: DecoderContext;
	readonly wire: Wire;
	/** Sets the hash to what all points of the metric share. */
	beginHash(): void;
	/** For a hash that is new: reads the attributes (field `tag`) of the point in [from, end). */
	resolve(from: number, end: number, tag: number, kind: Kind): number;
}

const EXPONENTIAL_ATTRIBUTES = 0x0a;
const SUMMARY_ATTRIBUTES = 0x3a;

const counter = new ExponentialCounter();

/** An ExponentialHistogramDataPoint of OTLP, protobuf. */
export function readExponentialPoint(reader: PointReader, end: number, kind: Kind): void {
	const { context, wire } = reader;
	const { view } = wire;
	const from = wire.at;
	let start = 0;
	let time = 0;
	let count = 0;
	let scale = 0;
	let zeroCount = 0;
	let zeroThreshold = 0;
	let flags = 0;
	// Merged when they come in parts, as protobuf asks for.
	const positive: number[] = [];
	const negative: number[] = [];
	const fixed = (): number => {
		wire.advance(8, end);
		return wire.at - 8;
	};
	reader.beginHash();
	while (wire.at < end) {
		const tag = wire.varint(end);
		switch (tag) {
			case EXPONENTIAL_ATTRIBUTES: {
				const to = wire.fieldEnd(end);
				context.hash.bytes(view, wire.at, to);
				wire.at = to;
				break;
			}
			case 0x11: {
				const at = fixed();
				start = microsOf(view.getUint32(at, true), view.getUint32(at + 4, true));
				break;
			}
			case 0x19: {
				const at = fixed();
				time = microsOf(view.getUint32(at, true), view.getUint32(at + 4, true));
				break;
			}
			case 0x21:
				count = unsignedAt(view, fixed());
				break;
			case 0x30:
				scale = zigzag(wire.varint(end));
				break;
			case 0x39:
				zeroCount = unsignedAt(view, fixed());
				break;
			case 0x42:
			case 0x4a: {
				const to = wire.fieldEnd(end);
				(tag === 0x42 ? positive : negative).push(wire.at, to);
				wire.at = to;
				break;
			}
			case 0x50:
				flags = wire.varint(end);
				break;
			case 0x71:
				zeroThreshold = view.getFloat64(fixed(), true);
				break;
			default:
				if (tag >>> 3 <= 10 && tag >>> 3 !== 5) throw wrongType(tag, wire.at);
				wire.skip(tag, end);
		}
	}
	const code = codeOf(reader, from, end, EXPONENTIAL_ATTRIBUTES, kind);
	if (code < 0) context.stage.point(code, start, time);
	else if (flags & NO_RECORDED_VALUE) context.reject(REASON.no_value, code, start, time);
	else {
		const { bounds, sketched } = context.streams.roleSets[code] as RoleSet;
		let isSound = counter.begin(bounds, scale, sketched.length > 0) && zeroThreshold >= 0;
		if (isSound) {
			counter.zero(zeroCount, zeroThreshold);
			isSound =
				eachBucket(wire, positive, (index, events) => counter.positive(index, events)) &&
				eachBucket(wire, negative, (index, events) => counter.negative(index, events)) &&
				counter.buckets === count &&
				Number.isSafeInteger(count);
		}
		const values = isSound ? counter.finish(count) : undefined;
		if (!values) context.reject(isSound ? REASON.unsupported_type : REASON.invalid_value, code, start, time);
		else context.histogram(code, start, time, values, () => counter.all());
	}
	wire.at = end;
}

/** A SummaryDataPoint of OTLP, protobuf: its count is a cumulative counter; quantiles are no numbers of events. */
export function readSummaryPoint(reader: PointReader, end: number): void {
	const { context, wire } = reader;
	const { view } = wire;
	const from = wire.at;
	let start = 0;
	let time = 0;
	let count = 0;
	let flags = 0;
	reader.beginHash();
	while (wire.at < end) {
		const tag = wire.varint(end);
		if (tag === SUMMARY_ATTRIBUTES) {
			const to = wire.fieldEnd(end);
			context.hash.bytes(view, wire.at, to);
			wire.at = to;
		} else if (tag === 0x11 || tag === 0x19 || tag === 0x21) {
			wire.advance(8, end);
			const at = wire.at - 8;
			if (tag === 0x21) count = unsignedAt(view, at);
			else if (tag === 0x11) start = microsOf(view.getUint32(at, true), view.getUint32(at + 4, true));
			else time = microsOf(view.getUint32(at, true), view.getUint32(at + 4, true));
		} else if (tag === 0x40) flags = wire.varint(end);
		else if ([2, 3, 4, 7, 8].includes(tag >>> 3)) throw wrongType(tag, wire.at);
		else wire.skip(tag, end);
	}
	const code = codeOf(reader, from, end, SUMMARY_ATTRIBUTES, KIND.cumulativeSum);
	if (flags & NO_RECORDED_VALUE && code >= 0) context.reject(REASON.no_value, code, start, time);
	else context.number(code, KIND.cumulativeSum, start, time, count);
	wire.at = end;
}

function codeOf(reader: PointReader, from: number, end: number, tag: number, kind: Kind): number {
	const { context } = reader;
	context.hash.finish();
	const code = context.find();
	return code === MISS ? reader.resolve(from, end, tag, kind) : code;
}

/** Each bucket of the Buckets messages in these ranges; false: a count that no number holds. */
function eachBucket(wire: Wire, ranges: readonly number[], read: (index: number, events: number) => void): boolean {
	let offset = 0;
	eachFieldOf(wire, ranges, (tag, end) => {
		if (tag === 0x08) offset = zigzag(wire.varint(end));
		else if (tag >>> 3 === 1) throw wrongType(tag, wire.at);
		else skipCounts(wire, tag, end);
	});
	let index = offset;
	let isSound = Math.abs(offset) <= 0x80000000;
	eachFieldOf(wire, ranges, (tag, end) => {
		if (tag >>> 3 !== 2) {
			wire.skip(tag, end);
			return;
		}
		const to = tag === 0x12 ? wire.fieldEnd(end) : end;
		do {
			if (tag === 0x12 && wire.at >= to) break;
			const events = wire.varint(to);
			if (events > Number.MAX_SAFE_INTEGER) isSound = false;
			if (events > 0) read(index, events);
			index++;
		} while (tag === 0x12);
	});
	return isSound;
}

function skipCounts(wire: Wire, tag: number, end: number): void {
	if (tag >>> 3 === 2 && tag !== 0x12 && tag !== 0x10) throw wrongType(tag, wire.at);
	wire.skip(tag, end);
}

function eachFieldOf(wire: Wire, ranges: readonly number[], read: (tag: number, end: number) => void): void {
	for (let k = 0; k < ranges.length; k += 2) {
		const end = ranges[k + 1] as number;
		wire.at = ranges[k] as number;
		while (wire.at < end) read(wire.varint(end), end);
	}
}

function zigzag(value: number): number {
	return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

function unsignedAt(view: DataView, at: number): number {
	return view.getUint32(at + 4, true) * 4294967296 + view.getUint32(at, true);
}
