import { type DecoderContext, MISS } from "../intake/decoder.ts";
import { REASON } from "../intake/reasons.ts";
import { Malformed, TooLarge, Wire } from "../intake/wire.ts";
import { type Attribute, KIND, type Kind } from "../selection/selection.ts";
import { microsOfMillis, readNativeHistogram } from "./histogram.ts";
import { metricOf, resolveHistogramSeries, resolveSeries } from "./series.ts";

const STALE_LO = 0x00000002;
const STALE_HI = 0x7ff00000;
/** A request of a real sender has some thousands; each costs memory whatever its text is. */
const MAX_SYMBOLS = 1_000_000;

/**
 * Reads an io.prometheus.write.v2.Request (remote write 2.0, already uncompressed) into the stage. Labels point into a table
 * of symbols that is another one in each request: every symbol is hashed once, a series by the hashes of its labels.
 * Places of series with histograms are kept as their complement, so that what became of them can be told apart.
 */
export function readRemoteWrite2(context: DecoderContext, body: Uint8Array): void {
	new Reader(context, body).request();
}

class Reader {
	readonly #context: DecoderContext;
	readonly #wire: Wire;
	/** Of each symbol: [from, to) and hash. */
	#from = new Int32Array(256);
	#to = new Int32Array(256);
	#lo = new Int32Array(256);
	#hi = new Int32Array(256);
	#symbols = 0;

	constructor(context: DecoderContext, body: Uint8Array) {
		this.#context = context;
		this.#wire = new Wire(body);
		context.stage.begin((place) => this.#nameAt(place < 0 ? ~place : place));
	}

	request(): void {
		const wire = this.#wire;
		const end = wire.bytes.length;
		// The table first, wherever it stands.
		while (wire.at < end) {
			const tag = wire.varint(end);
			if (tag === 0x22) this.#symbol(wire.fieldEnd(end));
			else if (tag >>> 3 === 4 || (tag >>> 3 === 5 && tag !== 0x2a)) throw wrongType(tag, wire.at);
			else wire.skip(tag, end);
		}
		wire.at = 0;
		while (wire.at < end) {
			const tag = wire.varint(end);
			if (tag === 0x2a) this.#series(wire.fieldEnd(end));
			else wire.skip(tag, end);
		}
	}

	#symbol(to: number): void {
		const wire = this.#wire;
		const { hash } = this.#context;
		const k = this.#symbols++;
		if (k === MAX_SYMBOLS) throw new TooLarge(`the table has more than ${MAX_SYMBOLS} symbols: send smaller batches`);
		if (k === this.#from.length) {
			this.#from = doubled(this.#from);
			this.#to = doubled(this.#to);
			this.#lo = doubled(this.#lo);
			this.#hi = doubled(this.#hi);
		}
		hash.begin(0x6a09e667, 0x3b67ae85);
		hash.bytes(wire.view, wire.at, to);
		hash.finish();
		this.#from[k] = wire.at;
		this.#to[k] = to;
		this.#lo[k] = hash.lo;
		this.#hi[k] = hash.hi;
		wire.at = to;
	}

	#series(end: number): void {
		const context = this.#context;
		const { hash, stage } = context;
		const wire = this.#wire;
		const from = wire.at;
		let firstSample = -1;
		let firstHistogram = -1;
		let type = 0;
		let createdMs = 0;
		let refs = 0;
		hash.begin(0x510e527f, 0x1f83d9ab);
		while (wire.at < end) {
			const before = wire.at;
			const tag = wire.varint(end);
			switch (tag) {
				case 0x0a: {
					const to = wire.fieldEnd(end);
					for (; wire.at < to; refs++) this.#hashSymbol(wire.varint(to));
					break;
				}
				case 0x08:
					this.#hashSymbol(wire.varint(end));
					refs++;
					break;
				case 0x12:
					if (firstSample < 0) firstSample = before;
					wire.at = wire.fieldEnd(end);
					break;
				case 0x1a:
					if (firstHistogram < 0) firstHistogram = before;
					wire.at = wire.fieldEnd(end);
					break;
				case 0x22:
					stage.exemplars++;
					wire.at = wire.fieldEnd(end);
					break;
				case 0x2a:
					type = this.#metadataType(wire.fieldEnd(end));
					break;
				case 0x30:
					createdMs = wire.varint(end);
					break;
				default:
					if (tag >>> 3 <= 6) throw wrongType(tag, wire.at);
					wire.skip(tag, end);
			}
		}
		if (refs % 2 !== 0) throw new Malformed(`the series at byte ${from} has a label name without a value`);
		const { lo, hi } = hash;
		const start = microsOfMillis(createdMs);
		if (firstSample >= 0) {
			stage.metric(from);
			const code = this.#find(lo, hi, type, from, end, false);
			wire.at = firstSample;
			while (wire.at < end) {
				const tag = wire.varint(end);
				if (tag === 0x12) this.#sample(wire.fieldEnd(end), code, start);
				else wire.skip(tag, end);
			}
		}
		if (firstHistogram >= 0) {
			stage.metric(~from);
			const code = this.#find(lo, hi, type, from, end, true);
			wire.at = firstHistogram;
			while (wire.at < end) {
				const tag = wire.varint(end);
				if (tag === 0x1a) readNativeHistogram(context, wire, wire.fieldEnd(end), code, start);
				else wire.skip(tag, end);
			}
		}
		wire.at = end;
	}

	#hashSymbol(ref: number): void {
		if (ref >= this.#symbols)
			throw new Malformed(`label reference ${ref} at byte ${this.#wire.at}: there are ${this.#symbols} symbols`);
		const { hash } = this.#context;
		hash.number(this.#lo[ref] as number);
		hash.number(this.#hi[ref] as number);
	}

	#find(lo: number, hi: number, type: number, from: number, end: number, isHistogram: boolean): number {
		const context = this.#context;
		const { hash } = context;
		hash.begin(lo, hi);
		hash.number(isHistogram ? -1 : type);
		hash.finish();
		const code = context.find();
		if (code !== MISS) return code;
		const labels = this.#labels(from, end);
		return isHistogram ? resolveHistogramSeries(context, labels) : resolveSeries(context, labels, type);
	}

	#sample(end: number, code: number, createdAt: number): void {
		const context = this.#context;
		const wire = this.#wire;
		const { view } = wire;
		let value = 0;
		let isStale = false;
		let timeMs = 0;
		let start = createdAt;
		while (wire.at < end) {
			const tag = wire.varint(end);
			if (tag === 0x09) {
				wire.advance(8, end);
				const at = wire.at - 8;
				value = view.getFloat64(at, true);
				isStale =
					Number.isNaN(value) && view.getUint32(at, true) === STALE_LO && view.getUint32(at + 4, true) === STALE_HI;
			} else if (tag === 0x10) timeMs = wire.varint(end);
			else if (tag === 0x18) {
				const given = microsOfMillis(wire.varint(end));
				if (given > 0) start = given;
			} else if (tag >>> 3 < 4) throw wrongType(tag, wire.at);
			else wire.skip(tag, end);
		}
		const time = microsOfMillis(timeMs);
		if (isStale && code >= 0) context.reject(REASON.no_value, code, start, time);
		else context.number(code, (context.streams.kinds[code] ?? KIND.cumulativeSum) as Kind, start, time, value);
	}

	#metadataType(end: number): number {
		const wire = this.#wire;
		let type = 0;
		while (wire.at < end) {
			const tag = wire.varint(end);
			if (tag === 0x08) type = wire.varint(end);
			else wire.skip(tag, end);
		}
		return type;
	}

	#labels(from: number, end: number): Attribute[] {
		const wire = this.#wire;
		const refs: number[] = [];
		wire.at = from;
		while (wire.at < end) {
			const tag = wire.varint(end);
			if (tag === 0x0a) for (const to = wire.fieldEnd(end); wire.at < to; ) refs.push(wire.varint(to));
			else if (tag === 0x08) refs.push(wire.varint(end));
			else wire.skip(tag, end);
		}
		const labels: Attribute[] = [];
		for (let k = 0; k + 1 < refs.length; k += 2)
			labels.push([this.#text(refs[k] as number), `s${this.#text(refs[k + 1] as number)}`]);
		return labels;
	}

	#text(ref: number): string {
		return this.#wire.text(this.#from[ref] as number, this.#to[ref] as number);
	}

	/** Name of the series that begins here; its end is not known any more, so reading stops at its labels. */
	#nameAt(place: number): string {
		const wire = this.#wire;
		wire.at = place;
		const tag = wire.varint(wire.bytes.length);
		if (tag !== 0x0a) return "";
		const to = wire.fieldEnd(wire.bytes.length);
		return metricOf(this.#labels(place, to));
	}
}

function doubled(old: Int32Array): Int32Array<ArrayBuffer> {
	const larger = new Int32Array(old.length * 2);
	larger.set(old);
	return larger;
}

function wrongType(tag: number, at: number): Malformed {
	return new Malformed(`field ${tag >>> 3} at byte ${at} has wire type ${tag & 7}, which is not that field's`);
}
