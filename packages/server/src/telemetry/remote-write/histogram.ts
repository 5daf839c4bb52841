import { type DecoderContext, MISS } from "../intake/decoder.ts";
import { REASON } from "../intake/reasons.ts";
import { Malformed, type Wire } from "../intake/wire.ts";
import { type BucketCounts, explicitBuckets } from "../latency/buckets.ts";
import { customBucketValues, ExponentialCounter } from "../otlp/exponential-histogram.ts";
import { type Attribute, KIND, type RoleSet } from "../selection/selection.ts";
import { resolveHistogramSeries } from "./series.ts";

const STALE_LO = 0x00000002;
const STALE_HI = 0x7ff00000;
const CUSTOM_BUCKETS = -53;
const MIN_SCHEMA = -4;
const MAX_SCHEMA = 8;
const HINT_GAUGE = 3;
/** Of one side; the finest schema has some ten thousand over all that a number can be. */
const MAX_BUCKETS = 65_536;
/** Sums of fractions need not come out to the last bit. */
const FLOAT_TOLERANCE = 1e-6;

/** One side's buckets: where their spans, and their counts or count differences, lie in the body. */
interface Side {
	spans: number[];
	/** Places of sint64 differences or of doubles. */
	counts: number[];
	isFloat: boolean;
}

interface Native {
	count: number;
	sumIsNaN: boolean;
	isStale: boolean;
	schema: number;
	zeroThreshold: number;
	zeroCount: number;
	readonly negative: Side;
	readonly positive: Side;
	hint: number;
	time: number;
	start: number;
	isFloat: boolean;
	readonly customValues: number[];
}

const counter = new ExponentialCounter();

/** The native histograms of a series of remote write 1.0; rare enough to hash its labels once more. */
export function readHistogramSeries(
	context: DecoderContext,
	wire: Wire,
	from: number,
	end: number,
	labelsIn: (wire: Wire, from: number, end: number) => Attribute[],
): void {
	const { hash } = context;
	hash.begin(KIND.cumulativeExponential, 0x3c6ef372);
	wire.at = from;
	eachTag(wire, end, 0x0a, (to) => hash.bytes(wire.view, wire.at, to));
	hash.finish();
	let code = context.find();
	if (code === MISS) code = resolveHistogramSeries(context, labelsIn(wire, from, end));
	wire.at = from;
	eachTag(wire, end, 0x22, (to) => readNativeHistogram(context, wire, to, code, 0));
	wire.at = end;
}

function eachTag(wire: Wire, end: number, wanted: number, read: (end: number) => void): void {
	while (wire.at < end) {
		const tag = wire.varint(end);
		if (tag !== wanted) {
			wire.skip(tag, end);
			continue;
		}
		const to = wire.fieldEnd(end);
		read(to);
		wire.at = to;
	}
}

/** One Histogram message, alike in both versions, as one point. `start` µs: what the series says, if the histogram does not. */
export function readNativeHistogram(
	context: DecoderContext,
	wire: Wire,
	end: number,
	code: number,
	start: number,
): void {
	const native = fieldsOf(wire, end);
	const begin = native.start > 0 ? native.start : start;
	if (code < 0) context.stage.point(code, begin, native.time);
	else if (native.isStale) context.reject(REASON.no_value, code, begin, native.time);
	else if (native.hint === HINT_GAUGE) context.reject(REASON.unsupported_type, code, begin, native.time);
	else {
		const { bounds, sketched } = context.streams.roleSets[code] as RoleSet;
		const read = valuesOf(native, bounds, wire, sketched.length > 0);
		if (typeof read === "number") context.reject(read, code, begin, native.time);
		else context.histogram(code, begin, native.time, read.values, read.buckets);
	}
	wire.at = end;
}

interface NativeValues {
	readonly values: readonly number[];
	readonly buckets: () => BucketCounts | undefined;
}

/** Values of the channels, or why there are none. */
function valuesOf(native: Native, wanted: readonly number[], wire: Wire, keepsAll: boolean): NativeValues | number {
	const { count, schema } = native;
	if (!(count >= 0) || count > Number.MAX_SAFE_INTEGER) return REASON.invalid_value;
	if (schema === CUSTOM_BUCKETS) {
		const buckets: [number, number][] = [];
		let sum = 0;
		const isSound = eachBucket(native.positive, wire, (index, events) => {
			buckets.push([index, events]);
			sum += events;
		});
		const { customValues } = native;
		const isInOrder = customValues.every((bound, k) => k === 0 || bound > (customValues[k - 1] as number));
		const fits = buckets.every(([index]) => index >= 0 && index <= customValues.length);
		if (!isSound || !isInOrder || !fits || !addsUp(native, sum)) return REASON.invalid_value;
		const values = customBucketValues(wanted, count, customValues, buckets);
		if (!values) return REASON.unsupported_type;
		return {
			values,
			buckets: () => {
				const counts = new Map(buckets);
				return explicitBuckets(customValues, (bucket) => counts.get(bucket) ?? 0);
			},
		};
	}
	if (schema < MIN_SCHEMA || schema > MAX_SCHEMA || !counter.begin(wanted, schema, keepsAll))
		return REASON.invalid_value;
	if (!(native.zeroThreshold >= 0) || !(native.zeroCount >= 0)) return REASON.invalid_value;
	counter.zero(native.zeroCount, native.zeroThreshold);
	// Prometheus numbers a bucket by its upper bound, base^i; the counter by its lower one.
	const isSound =
		eachBucket(native.positive, wire, (index, events) => counter.positive(index - 1, events)) &&
		eachBucket(native.negative, wire, (index, events) => counter.negative(index - 1, events));
	if (!isSound || !addsUp(native, counter.buckets)) return REASON.invalid_value;
	const values = counter.finish(count);
	return values ? { values, buckets: () => counter.all() } : REASON.unsupported_type;
}

/** Observed NaNs are in the count and in no bucket. */
function addsUp({ count, isFloat, sumIsNaN }: Native, sum: number): boolean {
	if (sumIsNaN && sum <= count) return true;
	return isFloat ? Math.abs(sum - count) <= FLOAT_TOLERANCE * Math.max(1, count) : sum === count;
}

/** False: spans and counts do not fit together, or a count is below zero. */
function eachBucket(side: Side, wire: Wire, read: (index: number, events: number) => void): boolean {
	const { spans, counts, isFloat } = side;
	let index = 0;
	let next = 0;
	let events = 0;
	for (let k = 0; k < spans.length; k += 2) {
		const length = spans[k + 1] as number;
		if (!isFinite32(spans[k] as number) || length > counts.length - next) return false;
		index += spans[k] as number;
		for (let rest = length; rest > 0; rest--, index++) {
			wire.at = counts[next++] as number;
			if (isFloat) events = wire.view.getFloat64(wire.at, true);
			else events += zigzag(wire.varint(wire.bytes.length));
			if (!(events >= 0) || events > Number.MAX_SAFE_INTEGER) return false;
			read(index, events);
		}
	}
	return next === counts.length;
}

function fieldsOf(wire: Wire, end: number): Native {
	const { view } = wire;
	const native: Native = {
		count: 0,
		sumIsNaN: false,
		isStale: false,
		schema: 0,
		zeroThreshold: 0,
		zeroCount: 0,
		negative: { spans: [], counts: [], isFloat: false },
		positive: { spans: [], counts: [], isFloat: false },
		hint: 0,
		time: 0,
		start: 0,
		isFloat: false,
		customValues: [],
	};
	const fixed = (): number => {
		wire.advance(8, end);
		return wire.at - 8;
	};
	while (wire.at < end) {
		const tag = wire.varint(end);
		switch (tag) {
			case 0x08:
				native.count = wire.varint(end);
				native.isFloat = false;
				break;
			case 0x11:
				native.count = view.getFloat64(fixed(), true);
				native.isFloat = true;
				break;
			case 0x19: {
				const at = fixed();
				native.sumIsNaN = Number.isNaN(view.getFloat64(at, true));
				native.isStale = view.getUint32(at, true) === STALE_LO && view.getUint32(at + 4, true) === STALE_HI;
				break;
			}
			case 0x20:
				native.schema = zigzag(wire.varint(end));
				break;
			case 0x29:
				native.zeroThreshold = view.getFloat64(fixed(), true);
				break;
			case 0x30:
				native.zeroCount = wire.varint(end);
				break;
			case 0x39:
				native.zeroCount = view.getFloat64(fixed(), true);
				break;
			case 0x42:
			case 0x5a:
				readSpan(wire, wire.fieldEnd(end), tag === 0x42 ? native.negative : native.positive);
				break;
			case 0x48:
			case 0x4a:
			case 0x60:
			case 0x62:
				readDifferences(wire, end, tag, tag < 0x50 ? native.negative : native.positive);
				break;
			case 0x51:
			case 0x52:
			case 0x69:
			case 0x6a: {
				const side = tag < 0x60 ? native.negative : native.positive;
				side.isFloat = true;
				readDoubles(wire, end, tag, side.counts);
				break;
			}
			case 0x70:
				native.hint = wire.varint(end);
				break;
			case 0x78:
				native.time = microsOfMillis(wire.varint(end));
				break;
			case 0x81:
			case 0x82: {
				const places: number[] = [];
				readDoubles(wire, end, tag, places);
				for (const at of places) native.customValues.push(view.getFloat64(at, true));
				break;
			}
			case 0x88:
				native.start = microsOfMillis(wire.varint(end));
				break;
			default:
				if (tag >>> 3 <= 17) throw new Malformed(`field ${tag >>> 3} at byte ${wire.at} has wire type ${tag & 7}`);
				wire.skip(tag, end);
		}
	}
	return native;
}

function readSpan(wire: Wire, end: number, side: Side): void {
	let offset = 0;
	let length = 0;
	while (wire.at < end) {
		const tag = wire.varint(end);
		if (tag === 0x08) offset = zigzag(wire.varint(end));
		else if (tag === 0x10) length = wire.varint(end);
		else wire.skip(tag, end);
	}
	side.spans.push(offset, length);
	if (side.spans.length > MAX_BUCKETS) throw new Malformed(`a histogram has more than ${MAX_BUCKETS / 2} spans`);
}

function readDifferences(wire: Wire, end: number, tag: number, side: Side): void {
	const to = (tag & 7) === 2 ? wire.fieldEnd(end) : wire.at + 1;
	do {
		if (wire.at >= to) break;
		side.counts.push(wire.at);
		if (side.counts.length > MAX_BUCKETS) throw new Malformed(`a histogram has more than ${MAX_BUCKETS} buckets`);
		wire.varint((tag & 7) === 2 ? to : end);
	} while (wire.at < to);
}

function readDoubles(wire: Wire, end: number, tag: number, places: number[]): void {
	const to = (tag & 7) === 2 ? wire.fieldEnd(end) : wire.at + 8;
	if (to > end || (to - wire.at) % 8 !== 0) throw new Malformed(`numbers cut off at byte ${wire.at}`);
	if (places.length + (to - wire.at) / 8 > MAX_BUCKETS)
		throw new Malformed(`a histogram has more than ${MAX_BUCKETS} buckets`);
	for (; wire.at < to; wire.at += 8) places.push(wire.at);
}

/** sint32 and sint64 as numbers. */
function zigzag(value: number): number {
	return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

function isFinite32(value: number): boolean {
	return Math.abs(value) <= 0x80000000;
}

/** Times before 1970 come as varints near 2^64; 0: none. */
export function microsOfMillis(timeMs: number): number {
	return timeMs < 8.64e15 ? timeMs * 1000 : 0;
}
