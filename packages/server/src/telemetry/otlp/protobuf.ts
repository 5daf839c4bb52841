import { POINT_FLOATS, POINT_WORDS } from "../core/core.ts";
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
import { int64Of, Malformed, microsOf, Wire } from "../intake/wire.ts";
import { explicitBuckets } from "../latency/buckets.ts";
import { type Attribute, KIND, type Kind, type RoleSet, type StreamIdentity } from "../selection/selection.ts";
import { eachField, readKeyValue, readScope, type Scope, wrongType } from "./attributes.ts";
import { type PointReader, readExponentialPoint, readSummaryPoint } from "./rare-points.ts";

/** Field 7 (number points) and 9 (histogram points) hold the attributes. */
const NUMBER_ATTRIBUTES = 0x3a;
const HISTOGRAM_ATTRIBUTES = 0x4a;
/** Fewer points of a metric are read at once without the core. */
const FEWEST_FOR_CORE = 4;
const KNOWN_METRIC_FIELDS: ReadonlySet<number> = new Set([1, 5, 7, 9, 10, 11]);
const KNOWN_HISTOGRAM_FIELDS: ReadonlySet<number> = new Set([2, 3, 4, 6, 7, 9, 10]);

/**
 * Reads an ExportMetricsServiceRequest (OTLP 1.x) straight into the stage: no object per point, attributes are hashed where
 * they lie and looked at only when the hash is new. Fields may come in any order; unknown ones are skipped.
 */
export function readOtlpProtobuf(context: DecoderContext, body: Uint8Array): void {
	new Reader(context, body).request();
}

class Reader {
	readonly #context: DecoderContext;
	readonly #wire: Wire;
	#resource: Attribute[] | undefined;
	#resourceRange: number[] = [];
	#scope: Scope | undefined;
	#scopeRange: number[] = [];
	/** Where the length of the metric's name stands, and its bytes. */
	#namePlace = 0;
	#nameFrom = 0;
	#nameTo = 0;
	#name: string | undefined;
	#prefixLo = 0;
	#prefixHi = 0;

	readonly #rare: PointReader;
	readonly #isInCore: boolean;

	constructor(context: DecoderContext, body: Uint8Array) {
		this.#context = context;
		this.#wire = new Wire(body);
		this.#isInCore = context.core.take(body);
		this.#rare = {
			context,
			wire: this.#wire,
			beginHash: () => context.hash.begin(this.#prefixLo, this.#prefixHi),
			resolve: (from, end, tag, kind) => this.#resolve(from, end, tag, kind),
		};
		context.stage.begin((place) => this.#nameAt(place));
	}

	request(): void {
		eachField(this.#wire, 0x0a, 0, this.#wire.bytes.length, (end) => this.#resourceMetrics(end));
	}

	#resourceMetrics(end: number): void {
		const from = this.#wire.at;
		this.#resource = undefined;
		this.#resourceRange = this.#find(0x0a, from, end);
		eachField(this.#wire, 0x12, from, end, (to) => this.#scopeMetrics(to));
	}

	#scopeMetrics(end: number): void {
		const from = this.#wire.at;
		this.#scope = undefined;
		this.#scopeRange = this.#find(0x0a, from, end);
		eachField(this.#wire, 0x12, from, end, (to) => this.#metric(to));
	}

	#metric(end: number): void {
		const wire = this.#wire;
		let data = 0;
		let dataFrom = 0;
		let dataEnd = 0;
		this.#namePlace = 0;
		this.#nameFrom = 0;
		this.#nameTo = 0;
		this.#name = undefined;
		while (wire.at < end) {
			const tag = wire.varint(end);
			switch (tag) {
				case 0x0a:
					this.#namePlace = wire.at;
					this.#nameTo = wire.fieldEnd(end);
					this.#nameFrom = wire.at;
					wire.at = this.#nameTo;
					break;
				case 0x2a: // gauge
				case 0x3a: // sum
				case 0x4a: // histogram
				case 0x52: // exponential histogram
				case 0x5a: // summary
					dataEnd = wire.fieldEnd(end);
					data = tag;
					dataFrom = wire.at;
					wire.at = dataEnd;
					break;
				default:
					if (KNOWN_METRIC_FIELDS.has(tag >>> 3)) throw wrongType(tag, wire.at);
					wire.skip(tag, end);
			}
		}
		if (data !== 0) this.#data(data, dataFrom, dataEnd);
		wire.at = end;
	}

	#data(data: number, from: number, end: number): void {
		const { stage, selection } = this.#context;
		const wire = this.#wire;
		stage.metric(this.#namePlace);
		const { points, temporality, isMonotonic } = this.#shape(data, from, end);
		if (points === 0) return;
		this.#name = wire.text(this.#nameFrom, this.#nameTo);
		if (!selection.usesMetric(this.#name)) {
			stage.reject(verdict(REASON.no_sli, Math.max(0, selection.tenantOf(this.#resourceAttributes()))), points);
			return;
		}
		const kind =
			data === 0x2a
				? KIND.gauge
				: data === 0x3a
					? kindOfSum(temporality, isMonotonic)
					: data === 0x4a
						? kindOfHistogram(temporality)
						: data === 0x52
							? kindOfExponential(temporality)
							: KIND.cumulativeSum;
		if (kind === undefined) {
			stage.reject(
				verdict(REASON.unsupported_type, Math.max(0, selection.tenantOf(this.#resourceAttributes()))),
				points,
			);
			return;
		}
		this.#prefix(kind);
		const isNumber = data === 0x2a || data === 0x3a;
		if (isNumber && points >= FEWEST_FOR_CORE && this.#numberPoints(from, end, kind)) return;
		wire.at = from;
		while (wire.at < end) {
			const tag = wire.varint(end);
			if (tag !== 0x0a) {
				wire.skip(tag, end);
				continue;
			}
			const to = wire.fieldEnd(end);
			if (data === 0x4a) this.#histogramPoint(to, kind);
			else if (data === 0x52) readExponentialPoint(this.#rare, to, kind);
			else if (data === 0x5a) readSummaryPoint(this.#rare, to);
			else this.#numberPoint(to, kind);
		}
	}

	/** How many points there are, and the fields that may stand behind them. */
	#shape(data: number, from: number, end: number): { points: number; temporality: number; isMonotonic: boolean } {
		const wire = this.#wire;
		let points = 0;
		let temporality = 0;
		let isMonotonic = false;
		wire.at = from;
		while (wire.at < end) {
			const tag = wire.varint(end);
			if (tag >>> 3 === 1) {
				if (tag !== 0x0a) throw wrongType(tag, wire.at);
				wire.at = wire.fieldEnd(end);
				points++;
			} else if (tag === 0x10 && (data === 0x3a || data === 0x4a || data === 0x52)) temporality = wire.varint(end);
			else if (tag === 0x18 && data === 0x3a) isMonotonic = wire.varint(end) !== 0;
			else wire.skip(tag, end);
		}
		return { points, temporality, isMonotonic };
	}

	/** The part of the hash that all points of a metric share. */
	#prefix(kind: Kind): void {
		const { hash } = this.#context;
		const { view } = this.#wire;
		hash.begin(kind, 0x5bd1e995);
		for (let k = 0; k < this.#resourceRange.length; k += 2)
			hash.bytes(view, this.#resourceRange[k] as number, this.#resourceRange[k + 1] as number);
		hash.number(0x01000193);
		for (let k = 0; k < this.#scopeRange.length; k += 2)
			hash.bytes(view, this.#scopeRange[k] as number, this.#scopeRange[k + 1] as number);
		hash.number(0x02000193);
		hash.bytes(view, this.#nameFrom, this.#nameTo);
		this.#prefixLo = hash.lo;
		this.#prefixHi = hash.hi;
	}

	/** Number points of the usual shape, read by the core; false: they must be read one by one, and none is staged. */
	#numberPoints(from: number, end: number, kind: Kind): boolean {
		const context = this.#context;
		const { core, hash, stage } = context;
		if (!this.#isInCore) return false;
		core.beginPoints(from, end, this.#prefixLo, this.#prefixHi);
		const { count: stagedBefore, valueCount: valuesBefore } = stage;
		const { pointWords, pointFloats } = core;
		for (;;) {
			const count = core.nextPoints();
			if (count < 0) {
				stage.count = stagedBefore;
				stage.valueCount = valuesBefore;
				return false;
			}
			if (count === 0) return true;
			stage.reserve(count);
			context.enter();
			const stageOn = (row: number) => context.stagePoints(row, count, this.#namePlace);
			for (let k = stageOn(0); k < count; k = stageOn(k + 1)) {
				const word = k * POINT_WORDS;
				const float = k * POINT_FLOATS;
				hash.lo = pointWords[word] as number;
				hash.hi = pointWords[word + 1] as number;
				let code = context.find();
				const isNew = code === MISS;
				if (isNew)
					code = this.#resolve(pointWords[word + 2] as number, pointWords[word + 3] as number, NUMBER_ATTRIBUTES, kind);
				const start = pointFloats[float + 3] as number;
				const time = pointFloats[float + 4] as number;
				const flags = pointWords[word + 4] as number;
				if (flags & NO_RECORDED_VALUE && code >= 0) context.reject(REASON.no_value, code, start, time);
				else context.number(code, kind, start, time, pointFloats[float + 5] as number);
				if (isNew) context.enter();
			}
		}
	}

	#numberPoint(end: number, kind: Kind): void {
		const context = this.#context;
		const { hash } = context;
		const wire = this.#wire;
		const { bytes, view } = wire;
		const from = wire.at;
		let at = from;
		let start = 0;
		let time = 0;
		let value = Number.NaN;
		let flags = 0;
		hash.begin(this.#prefixLo, this.#prefixHi);
		while (at < end) {
			const tag = bytes[at] as number;
			if (tag === NUMBER_ATTRIBUTES) {
				wire.at = at + 1;
				const to = wire.fieldEnd(end);
				hash.bytes(view, wire.at, to);
				at = to;
			} else if ((tag & 0x87) === 1 && tag !== 1) {
				// One-byte tag of a fixed64 field.
				if (at + 9 > end) throw new Malformed(`field cut off at byte ${at}`);
				if (tag === 0x11) start = microsOf(view.getUint32(at + 1, true), view.getUint32(at + 5, true));
				else if (tag === 0x19) time = microsOf(view.getUint32(at + 1, true), view.getUint32(at + 5, true));
				else if (tag === 0x21) value = view.getFloat64(at + 1, true);
				else if (tag === 0x31) value = int64Of(view.getUint32(at + 1, true), view.getUint32(at + 5, true));
				at += 9;
			} else {
				wire.at = at;
				const wide = wire.varint(end);
				if (wide === 0x40) flags = wire.varint(end);
				else if (wide >>> 3 < 9 && wide >>> 3 !== 5 && wide >>> 3 !== 1) throw wrongType(wide, wire.at);
				else wire.skip(wide, end);
				at = wire.at;
			}
		}
		wire.at = end;
		hash.finish();
		let code = context.find();
		if (code === MISS) {
			code = this.#resolve(from, end, NUMBER_ATTRIBUTES, kind);
			wire.at = end;
		}
		if (flags & NO_RECORDED_VALUE && code >= 0) context.reject(REASON.no_value, code, start, time);
		else context.number(code, kind, start, time, value);
	}

	#histogramPoint(end: number, kind: Kind): void {
		const context = this.#context;
		const { hash, stage, streams } = context;
		const wire = this.#wire;
		const { view } = wire;
		const from = wire.at;
		let start = 0;
		let time = 0;
		let count = 0;
		let flags = 0;
		const counts: number[] = [];
		const bounds: number[] = [];
		const fixed = (): number => {
			const at = wire.at;
			wire.advance(8, end);
			return at;
		};
		hash.begin(this.#prefixLo, this.#prefixHi);
		while (wire.at < end) {
			const tag = wire.varint(end);
			switch (tag) {
				case HISTOGRAM_ATTRIBUTES: {
					const to = wire.fieldEnd(end);
					hash.bytes(view, wire.at, to);
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
				case 0x31:
					counts.push(unsignedAt(view, fixed()));
					break;
				case 0x32:
					for (const at of this.#packed(end)) counts.push(unsignedAt(view, at));
					break;
				case 0x39:
					bounds.push(view.getFloat64(fixed(), true));
					break;
				case 0x3a:
					for (const at of this.#packed(end)) bounds.push(view.getFloat64(at, true));
					break;
				case 0x50:
					flags = wire.varint(end);
					break;
				default:
					if (KNOWN_HISTOGRAM_FIELDS.has(tag >>> 3)) throw wrongType(tag, wire.at);
					wire.skip(tag, end);
			}
		}
		hash.finish();
		let code = context.find();
		if (code === MISS) code = this.#resolve(from, end, HISTOGRAM_ATTRIBUTES, kind);
		wire.at = end;
		if (code < 0) stage.point(code, start, time);
		else if (flags & NO_RECORDED_VALUE) context.reject(REASON.no_value, code, start, time);
		else if (!isSoundHistogram(count, counts, bounds)) context.reject(REASON.invalid_value, code, start, time);
		else {
			const values = histogramValues((streams.roleSets[code] as RoleSet).bounds, count, counts, bounds);
			if (!values) context.reject(REASON.unsupported_type, code, start, time);
			else {
				context.histogram(code, start, time, values, () => explicitBuckets(bounds, (bucket) => counts[bucket] ?? 0));
			}
		}
	}

	#packed(end: number): number[] {
		const wire = this.#wire;
		const to = wire.fieldEnd(end);
		if ((to - wire.at) % 8 !== 0) throw new Malformed(`packed field at byte ${wire.at} is not a multiple of 8 bytes`);
		const places: number[] = [];
		for (; wire.at < to; wire.at += 8) places.push(wire.at);
		return places;
	}

	/** A hash not seen before: now the attributes are read. */
	#resolve(from: number, end: number, attributesTag: number, kind: Kind): number {
		const { hash, streams } = this.#context;
		const { lo, hi } = hash;
		const point: Attribute[] = [];
		eachField(this.#wire, attributesTag, from, end, (to) => {
			point.push(readKeyValue(this.#wire, to, 0));
		});
		const scope = this.#scopeOf();
		const identity: StreamIdentity = {
			metric: this.#name ?? "",
			resource: this.#resourceAttributes(),
			scopeName: scope.name,
			scopeVersion: scope.version,
			scope: scope.attributes,
			point,
		};
		const code = streams.resolve(identity, kind, lo, hi);
		if (code >= 0) this.#context.follow(code);
		return code;
	}

	#resourceAttributes(): Attribute[] {
		if (this.#resource) return this.#resource;
		const at = this.#wire.at;
		const attributes: Attribute[] = [];
		for (let k = 0; k < this.#resourceRange.length; k += 2)
			eachField(this.#wire, 0x0a, this.#resourceRange[k] as number, this.#resourceRange[k + 1] as number, (to) => {
				attributes.push(readKeyValue(this.#wire, to, 0));
			});
		this.#wire.at = at;
		this.#resource = attributes;
		return attributes;
	}

	#scopeOf(): Scope {
		this.#scope ??= readScope(this.#wire, this.#scopeRange);
		return this.#scope;
	}

	/** The metric's name, whose length stands here; 0: the metric has none. */
	#nameAt(place: number): string {
		const wire = this.#wire;
		if (place === 0) return "";
		wire.at = place;
		const to = wire.fieldEnd(wire.bytes.length);
		return wire.text(wire.at, to);
	}

	/** [from, to) of every occurrence of a field, flat. */
	#find(tag: number, from: number, end: number): number[] {
		const ranges: number[] = [];
		eachField(this.#wire, tag, from, end, (to) => {
			ranges.push(this.#wire.at, to);
		});
		return ranges;
	}
}

function unsignedAt(view: DataView, at: number): number {
	return view.getUint32(at + 4, true) * 4294967296 + view.getUint32(at, true);
}
