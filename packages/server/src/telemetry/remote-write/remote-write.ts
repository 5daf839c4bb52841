import { SAMPLE_FLOATS, SERIES_WORDS } from "../core/core.ts";
import { type DecoderContext, MISS } from "../intake/decoder.ts";
import { REASON } from "../intake/reasons.ts";
import { Malformed, Wire } from "../intake/wire.ts";
import { type Attribute, KIND } from "../selection/selection.ts";
import { readHistogramSeries } from "./histogram.ts";
import { metricOf, resolveSeries, SERIES_TYPE } from "./series.ts";

/** Keeps hashes of remote write apart from those of other formats. */
const USUAL_SEED = 0x3c6ef372n;
/** Prometheus' stale marker is this one NaN among all. */
const STALE_LO = 0x00000002;
const STALE_HI = 0x7ff00000;

/**
 * Reads a prometheus.WriteRequest (remote write 1.0, already uncompressed) into the stage. Labels are point attributes,
 * `__name__` is the metric; a series is a cumulative counter without a start time, so its first sample is a base line,
 * unless only thresholds want it: then it is a gauge.
 */
export function readRemoteWrite(context: DecoderContext, body: Uint8Array): void {
	const wire = new Wire(body);
	if (!readUsual(context, wire, body)) readAny(context, wire);
}

/** What every known sender sends, by the core; false: `readAny` must read it from the beginning. */
function readUsual(context: DecoderContext, wire: Wire, body: Uint8Array): boolean {
	const { core, hash, stage } = context;
	if (!core.beginRemoteWrite(body, USUAL_SEED)) return false;
	stage.begin((place) => nameAt(wire, place));
	const { series, samples } = core;
	for (;;) {
		const count = core.nextSeries();
		if (count < 0) return false;
		if (count === 0) return true;
		stage.reserve(count);
		context.enter();
		for (let k = context.stageSeries(0, count); k < count; k = context.stageSeries(k + 1, count)) {
			const row = k * SERIES_WORDS;
			const sampleCount = series[row + 6] as number;
			if (sampleCount === 0) continue;
			hash.lo = series[row] as number;
			hash.hi = series[row + 1] as number;
			stage.metric(series[row + 2] as number);
			let code = context.find();
			const isNew = code === MISS;
			if (isNew) {
				const labels = labelsIn(wire, series[row + 3] as number, series[row + 4] as number);
				code = resolveSeries(context, labels, SERIES_TYPE.unknown);
			}
			const first = (series[row + 5] as number) * SAMPLE_FLOATS;
			const end = first + sampleCount * SAMPLE_FLOATS;
			for (let at = first; at < end; at += SAMPLE_FLOATS)
				sample(context, code, samples[at] as number, samples[at + 1] as number, samples[at + 2] !== 0);
			if (!isNew && sampleCount === 1) continue;
			stage.reserve(count);
			context.enter();
		}
	}
}

function readAny(context: DecoderContext, wire: Wire): void {
	const { stage } = context;
	wire.at = 0;
	stage.begin((place) => nameAt(wire, place));
	const end = wire.bytes.length;
	while (wire.at < end) {
		const tag = wire.varint(end);
		if (tag === 0x0a) {
			stage.metric(wire.at);
			readSeries(context, wire, wire.fieldEnd(end));
		} else if (tag >>> 3 === 1) throw new Malformed(`time series at byte ${wire.at} has wire type ${tag & 7}`);
		else wire.skip(tag, end);
	}
}

function readSeries(context: DecoderContext, wire: Wire, end: number): void {
	const { hash } = context;
	const { view, bytes } = wire;
	const from = wire.at;
	// Labels come first in every known sender, but the format does not promise it: hash them all before any sample.
	hash.begin(KIND.cumulativeSum, 0x3c6ef372);
	let firstSample = -1;
	let hasHistograms = false;
	let at = from;
	while (at < end) {
		const tag = bytes[at];
		if (tag === 0x0a) {
			// Neighbouring labels are hashed as one run, lengths and tags included.
			const first = at;
			do {
				const length = bytes[at + 1] as number;
				if (length < 0x80 && at + 2 + length <= end) {
					at += 2 + length;
					continue;
				}
				wire.at = at + 1;
				at = wire.fieldEnd(end);
			} while (at < end && bytes[at] === 0x0a);
			hash.bytes(view, first, at);
		} else {
			if (tag === 0x12 && firstSample < 0) firstSample = at;
			else if (tag === 0x22) hasHistograms = true;
			wire.at = at;
			const wide = wire.varint(end);
			if (wide >>> 3 < 3 && wide !== 0x12)
				throw new Malformed(`field ${wide >>> 3} at byte ${wire.at} has wire type ${wide & 7}`);
			wire.skip(wide, end);
			at = wire.at;
		}
	}
	if (firstSample >= 0) {
		hash.finish();
		let code = context.find();
		if (code === MISS) code = resolveSeries(context, labelsIn(wire, from, end), SERIES_TYPE.unknown);
		wire.at = firstSample;
		while (wire.at < end) {
			const tag = wire.varint(end);
			if (tag === 0x12) readSample(context, wire, wire.fieldEnd(end), code);
			else wire.skip(tag, end);
		}
	}
	if (hasHistograms) readHistogramSeries(context, wire, from, end, labelsIn);
	wire.at = end;
}

function readSample(context: DecoderContext, wire: Wire, end: number, code: number): void {
	const { bytes, view } = wire;
	let value = 0;
	let isStale = false;
	let timeMs = 0;
	let at = wire.at;
	while (at < end) {
		const tag = bytes[at];
		if (tag === 0x09) {
			if (at + 9 > end) throw new Malformed(`sample cut off at byte ${at}`);
			value = view.getFloat64(at + 1, true);
			if (Number.isNaN(value))
				isStale = view.getUint32(at + 1, true) === STALE_LO && view.getUint32(at + 5, true) === STALE_HI;
			at += 9;
		} else {
			wire.at = at;
			const wide = wire.varint(end);
			if (wide === 0x10) timeMs = wire.varint(end);
			else if (wide >>> 3 < 3) throw new Malformed(`field ${wide >>> 3} at byte ${wire.at} has wire type ${wide & 7}`);
			else wire.skip(wide, end);
			at = wire.at;
		}
	}
	wire.at = end;
	sample(context, code, timeMs, value, isStale);
}

function sample(context: DecoderContext, code: number, timeMs: number, value: number, isStale: boolean): void {
	// Negative times come as varints near 2^64.
	const time = timeMs < 8.64e15 ? timeMs * 1000 : 0;
	if (isStale && code >= 0) context.reject(REASON.no_value, code, 0, time);
	else context.number(code, KIND.cumulativeSum, 0, time, value);
}

function labelsIn(wire: Wire, from: number, end: number): Attribute[] {
	const labels: Attribute[] = [];
	wire.at = from;
	while (wire.at < end) {
		const tag = wire.varint(end);
		if (tag !== 0x0a) {
			wire.skip(tag, end);
			continue;
		}
		const labelEnd = wire.fieldEnd(end);
		let name = "";
		let value = "";
		while (wire.at < labelEnd) {
			const part = wire.varint(labelEnd);
			if (part !== 0x0a && part !== 0x12) {
				wire.skip(part, labelEnd);
				continue;
			}
			const to = wire.fieldEnd(labelEnd);
			if (part === 0x0a) name = wire.text(wire.at, to);
			else value = wire.text(wire.at, to);
			wire.at = to;
		}
		labels.push([name, `s${value}`]);
	}
	return labels;
}

/** Name of the series whose length stands at this place. */
function nameAt(wire: Wire, place: number): string {
	wire.at = place;
	const end = wire.fieldEnd(wire.bytes.length);
	return metricOf(labelsIn(wire, wire.at, end));
}
