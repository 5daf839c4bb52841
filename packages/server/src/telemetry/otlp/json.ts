import {
	type DecoderContext,
	histogramValues,
	isSoundHistogram,
	kindOfExponential,
	kindOfHistogram,
	kindOfSum,
	MISS,
	NO_RECORDED_VALUE,
} from "../intake/decoder.ts";
import { REASON, verdict } from "../intake/reasons.ts";
import { Malformed, TooLarge } from "../intake/wire.ts";
import { explicitBuckets } from "../latency/buckets.ts";
import { type Attribute, canonicalText, KIND, type Kind, type RoleSet } from "../selection/selection.ts";
import { ExponentialCounter } from "./exponential-histogram.ts";

const MAX_DEPTH = 64;
/** Objects, lists and their entries: as values they take a hundred bytes and more each, whatever they took as text. */
const MAX_PARTS = 4_000_000;
/** Objects cost a microsecond each. A point has ten of them with its attributes: batches of senders stay far below. */
const MAX_OBJECTS = 500_000;
export type Json = Readonly<Record<string, unknown>>;

/**
 * Reads an ExportMetricsServiceRequest in OTLP's JSON form (lowerCamelCase; 64-bit integers as decimal text or numbers;
 * unknown fields ignored) into the stage, with the same rules as the protobuf form.
 */
export function readOtlpJson(context: DecoderContext, body: Uint8Array): void {
	const request = parseJson(body);
	const { selection, stage } = context;
	const names: string[] = [];
	stage.begin((place) => names[place] ?? "");
	for (const resourceMetrics of list(request, "resourceMetrics")) {
		const resource = attributesOf(optional(resourceMetrics, "resource"));
		const fallback = Math.max(0, selection.tenantOf(resource));
		for (const scopeMetrics of list(resourceMetrics, "scopeMetrics")) {
			const scope = optional(scopeMetrics, "scope");
			const shared = {
				resource,
				scopeName: text(scope, "name"),
				scopeVersion: text(scope, "version"),
				scope: attributesOf(scope),
			};
			for (const metric of list(scopeMetrics, "metrics")) {
				stage.metric(names.push(text(metric, "name")) - 1);
				readMetric(context, metric, shared, fallback);
			}
		}
	}
}

interface Shared {
	readonly resource: readonly Attribute[];
	readonly scopeName: string;
	readonly scopeVersion: string;
	readonly scope: readonly Attribute[];
}

function readMetric(context: DecoderContext, metric: Json, shared: Shared, fallback: number): void {
	const { selection, stage } = context;
	const name = text(metric, "name");
	const form = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"].find(
		(each) => metric[each] !== undefined,
	);
	if (!form) return;
	const data = object(metric[form], form);
	const points = list(data, "dataPoints");
	if (!selection.usesMetric(name)) {
		stage.reject(verdict(REASON.no_sli, fallback), points.length);
		return;
	}
	const kind =
		form === "gauge"
			? KIND.gauge
			: form === "sum"
				? kindOfSum(temporalityOf(data), data.isMonotonic === true)
				: form === "histogram"
					? kindOfHistogram(temporalityOf(data))
					: form === "exponentialHistogram"
						? kindOfExponential(temporalityOf(data))
						: KIND.cumulativeSum;
	if (kind === undefined) {
		stage.reject(verdict(REASON.unsupported_type, fallback), points.length);
		return;
	}
	for (const point of points) {
		const identity = { metric: name, ...shared, point: attributesOf(point) };
		const code = codeOf(context, identity, kind);
		const start = micros(point, "startTimeUnixNano");
		const time = micros(point, "timeUnixNano");
		if (code < 0) stage.point(code, start, time);
		else if (Number(point.flags ?? 0) & NO_RECORDED_VALUE) context.reject(REASON.no_value, code, start, time);
		else if (form === "histogram") readHistogram(context, point, code, start, time);
		else if (form === "exponentialHistogram") readExponential(context, point, code, start, time);
		else if (form === "summary") context.number(code, kind, start, time, whole(point, "count"));
		else {
			const value = point.asInt !== undefined ? integer(point.asInt, "asInt") : double(point.asDouble, "asDouble");
			context.number(code, kind, start, time, value);
		}
	}
}

function readHistogram(context: DecoderContext, point: Json, code: number, start: number, time: number): void {
	const count = point.count === undefined ? 0 : integer(point.count, "count");
	const counts = array(point, "bucketCounts").map((each) => integer(each, "bucketCounts"));
	const bounds = array(point, "explicitBounds").map((each) => double(each, "explicitBounds"));
	if (!isSoundHistogram(count, counts, bounds)) {
		context.reject(REASON.invalid_value, code, start, time);
		return;
	}
	const wanted = (context.streams.roleSets[code] as RoleSet).bounds;
	const values = histogramValues(wanted, count, counts, bounds);
	if (!values) {
		context.reject(REASON.unsupported_type, code, start, time);
		return;
	}
	context.histogram(code, start, time, values, () => explicitBuckets(bounds, (bucket) => counts[bucket] ?? 0));
}

function readExponential(context: DecoderContext, point: Json, code: number, start: number, time: number): void {
	const count = whole(point, "count");
	const threshold = point.zeroThreshold === undefined ? 0 : double(point.zeroThreshold, "zeroThreshold");
	const { bounds, sketched } = context.streams.roleSets[code] as RoleSet;
	let isSound = exponential.begin(bounds, whole(point, "scale"), sketched.length > 0) && threshold >= 0;
	if (isSound) {
		exponential.zero(whole(point, "zeroCount"), threshold);
		for (const side of ["positive", "negative"] as const) {
			const buckets = optional(point, side);
			if (!buckets) continue;
			const offset = whole(buckets, "offset");
			array(buckets, "bucketCounts").forEach((each, k) => {
				const events = integer(each, "bucketCounts");
				if (!(events >= 0)) isSound = false;
				else if (events > 0) exponential[side](offset + k, events);
			});
		}
		isSound &&= Number.isSafeInteger(count) && exponential.buckets === count;
	}
	const values = isSound ? exponential.finish(count) : undefined;
	if (!values) {
		context.reject(isSound ? REASON.unsupported_type : REASON.invalid_value, code, start, time);
		return;
	}
	context.histogram(code, start, time, values, () => exponential.all());
}

const exponential = new ExponentialCounter();

/** 0 when it is not given. */
function whole(holder: Json, field: string): number {
	const value = holder[field];
	return value === undefined || value === null ? 0 : integer(value, field);
}

function codeOf(context: DecoderContext, identity: Parameters<typeof canonicalText>[0], kind: Kind): number {
	const { hash, streams } = context;
	const key = Buffer.from(canonicalText(identity));
	hash.begin(kind, 0x1b873593);
	hash.bytes(new DataView(key.buffer, key.byteOffset, key.byteLength), 0, key.length);
	hash.finish();
	const known = context.find();
	if (known !== MISS) return known;
	const code = streams.resolve(identity, kind, hash.lo, hash.hi);
	if (code >= 0) context.follow(code);
	return code;
}

export function attributesOf(holder: Json | undefined): Attribute[] {
	return holder ? list(holder, "attributes").map((each) => keyValue(each)) : [];
}

function keyValue(entry: Json): Attribute {
	return [text(entry, "key"), anyValue(optional(entry, "value"))];
}

/** Typed text, letter for letter as the protobuf reader makes it: one stream, whichever form it comes in. */
export function anyValue(value: Json | undefined): string {
	if (!value) return "e";
	if (value.stringValue !== undefined) return `s${text(value, "stringValue")}`;
	if (value.boolValue !== undefined) return value.boolValue === true ? "btrue" : "bfalse";
	if (value.intValue !== undefined) return `i${decimal(value.intValue)}`;
	if (value.doubleValue !== undefined) return `d${double(value.doubleValue, "doubleValue")}`;
	if (value.bytesValue !== undefined) return `x${text(value, "bytesValue")}`;
	const { arrayValue, kvlistValue } = value;
	if (arrayValue !== undefined)
		return `a${JSON.stringify(list(object(arrayValue, "arrayValue"), "values").map(anyValue))}`;
	if (kvlistValue !== undefined)
		return `k${JSON.stringify(list(object(kvlistValue, "kvlistValue"), "values").map(keyValue))}`;
	return "e";
}

function temporalityOf(data: Json): number {
	const value = data.aggregationTemporality;
	if (value === "AGGREGATION_TEMPORALITY_DELTA") return 1;
	if (value === "AGGREGATION_TEMPORALITY_CUMULATIVE") return 2;
	return typeof value === "number" ? value : 0;
}

export function micros(point: Json, field: string): number {
	const value = point[field];
	if (value === undefined || value === null) return 0;
	if (typeof value === "number" && Number.isFinite(value) && value >= 0) return Math.floor(value / 1000);
	if (typeof value === "string" && /^\d{1,20}$/.test(value)) return Number(value.slice(0, -3));
	throw new Malformed(`${field} is not a time in nanoseconds: ${shown(value)}`);
}

/** NaN when it is an integer that 2^53 cannot hold. */
function integer(value: unknown, field: string): number {
	const number = typeof value === "string" && /^-?\d{1,20}$/.test(value) ? Number(value) : value;
	if (typeof number !== "number" || !Number.isFinite(number) || !Number.isInteger(number))
		throw new Malformed(`${field} is not an integer: ${shown(value)}`);
	return Number.isSafeInteger(number) ? number : Number.NaN;
}

function double(value: unknown, field: string): number {
	if (value === undefined || value === null) return Number.NaN;
	if (typeof value === "number") return value;
	if (value === "NaN") return Number.NaN;
	if (value === "Infinity") return Number.POSITIVE_INFINITY;
	if (value === "-Infinity") return Number.NEGATIVE_INFINITY;
	if (typeof value === "string" && value.trim() !== "" && !Number.isNaN(Number(value))) return Number(value);
	throw new Malformed(`${field} is not a number: ${shown(value)}`);
}

function decimal(value: unknown): string {
	if (typeof value === "string" && /^-?\d{1,20}$/.test(value)) return BigInt(value).toString();
	if (typeof value === "number" && Number.isInteger(value)) return BigInt(value).toString();
	throw new Malformed(`intValue is not an integer: ${shown(value)}`);
}

export function object(value: unknown, field: string): Json {
	if (typeof value !== "object" || value === null || Array.isArray(value))
		throw new Malformed(`${field} is not an object: ${shown(value)}`);
	return value as Json;
}

export function optional(holder: Json, field: string): Json | undefined {
	const value = holder[field];
	return value === undefined || value === null ? undefined : object(value, field);
}

function array(holder: Json, field: string): readonly unknown[] {
	const value = holder[field];
	if (value === undefined || value === null) return [];
	if (!Array.isArray(value)) throw new Malformed(`${field} is not a list: ${shown(value)}`);
	return value;
}

export function list(holder: Json, field: string): Json[] {
	return array(holder, field).map((each) => object(each, `an entry of ${field}`));
}

export function text(holder: Json | undefined, field: string): string {
	const value = holder?.[field];
	if (value === undefined || value === null) return "";
	if (typeof value !== "string") throw new Malformed(`${field} is not text: ${shown(value)}`);
	return value;
}

function shown(value: unknown): string {
	return String(JSON.stringify(value)).slice(0, 60);
}

/** A request's JSON. Throws Malformed when it is none, and TooLarge when it would cost too much. */
export function parseJson(body: Uint8Array): Json {
	refuseCostly(body);
	let request: unknown;
	try {
		request = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8"));
	} catch (error) {
		throw new Malformed(`not JSON: ${(error as Error).message}`);
	}
	return object(request, "request");
}

/**
 * JSON.parse accepts any depth, which recursion over its result would not, and makes gigabytes of "{},{},": count what
 * stands outside of text first.
 */
export function refuseCostly(body: Uint8Array): void {
	let depth = 0;
	let parts = 0;
	let objects = 0;
	let inText = false;
	for (let at = 0; at < body.length; at++) {
		const byte = body[at];
		if (inText) {
			if (byte === 0x5c) at++;
			else if (byte === 0x22) inText = false;
		} else if (byte === 0x22) inText = true;
		else if (byte === 0x7b || byte === 0x5b) {
			if (++depth > MAX_DEPTH) throw new Malformed(`nested deeper than ${MAX_DEPTH} at byte ${at}`);
			parts++;
			if (byte === 0x7b) objects++;
		} else if (byte === 0x7d || byte === 0x5d) depth--;
		else if (byte === 0x2c) parts++;
	}
	if (objects > MAX_OBJECTS)
		throw new TooLarge(`the JSON has ${objects} objects, the limit is ${MAX_OBJECTS}: send smaller batches`);
	if (parts > MAX_PARTS)
		throw new TooLarge(`the JSON has ${parts} parts, the limit is ${MAX_PARTS}: send smaller batches`);
}
