import type { EventContext } from "../events/event-context.ts";
import { attributeValue, type EventFacts, type EventUse } from "../events/event-selection.ts";
import { REASON, verdict } from "../intake/reasons.ts";
import { Malformed, microsOf, Wire } from "../intake/wire.ts";
import type { Attribute } from "../selection/selection.ts";
import { readKeyValue, wrongType } from "./attributes.ts";
import { eachJsonRecord, eachRecord, type Origin } from "./envelope.ts";
import { attributesOf, type Json, micros, optional, parseJson, text } from "./json.ts";

const KINDS: readonly string[] = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];
const STATUS_CODES: readonly string[] = ["UNSET", "OK", "ERROR"];
/** Fields of a span that are read; one of them with another wire type is damage, not a newer version. */
const READ_FIELDS: ReadonlySet<number> = new Set([1, 2, 5, 6, 7, 8, 9, 15]);
const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;
/** Begins the hash of a span's identity. */
const SPAN = 0x7370616e;

/**
 * Reads an ExportTraceServiceRequest (OTLP 1.x) straight into the stage. Of spans that no SLO can select only the fields'
 * lengths and the name are looked at; of others the attributes that something asks for.
 */
export function readTracesProtobuf(context: EventContext, body: Uint8Array): void {
	const wire = new Wire(body);
	const { stage, events } = context;
	const span = new Span();
	/** Where the name of each span lies, for messages. */
	const names: number[] = [];
	stage.begin((event) => wire.text(names[event * 2] as number, names[event * 2 + 1] as number));
	eachRecord(wire, events.selection, (origin, end) => {
		const { count } = stage;
		const nameAt = readSpan(context, wire, span, origin, end);
		if (stage.count > count) names.push(nameAt, nameAt + span.nameLength);
	});
}

/** Returns where the name begins. */
function readSpan(context: EventContext, wire: Wire, span: Span, origin: Origin, end: number): number {
	const { bytes, view } = wire;
	const { spans } = context.events;
	const from = wire.at;
	let nameFrom = 0;
	let nameTo = 0;
	let traceAt = -1;
	let spanAt = -1;
	let start = 0;
	let time = 0;
	let kind = 0;
	let statusFrom = 0;
	let statusTo = 0;
	let at = from;
	while (at < end) {
		const tag = bytes[at] as number;
		if ((tag & 0x87) === 2) {
			// One-byte tag of a length-delimited field.
			wire.at = at + 1;
			const to = wire.fieldEnd(end);
			const begin = wire.at;
			if (tag === 0x0a) traceAt = to - begin === TRACE_ID_BYTES ? begin : -1;
			else if (tag === 0x12) spanAt = to - begin === SPAN_ID_BYTES ? begin : -1;
			else if (tag === 0x2a) {
				nameFrom = begin;
				nameTo = to;
			} else if (tag === 0x7a) {
				statusFrom = begin;
				statusTo = to;
			} else if (tag >>> 3 === 0 || (tag !== 0x4a && READ_FIELDS.has(tag >>> 3))) throw wrongType(tag, at);
			at = to;
		} else if (tag === 0x39 || tag === 0x41) {
			if (at + 9 > end) throw new Malformed(`field cut off at byte ${at}`);
			const micros = microsOf(view.getUint32(at + 1, true), view.getUint32(at + 5, true));
			if (tag === 0x39) start = micros;
			else time = micros;
			at += 9;
		} else {
			wire.at = at;
			const wide = wire.varint(end);
			if (wide === 0x30) kind = wire.varint(end);
			else if (READ_FIELDS.has(wide >>> 3)) throw wrongType(wide, wire.at);
			else wire.skip(wide, end);
			at = wire.at;
		}
	}
	span.nameLength = nameTo - nameFrom;
	const uses = spans.ofBytes(bytes, nameFrom, nameTo);
	if (uses.length === 0) {
		wire.at = end;
		context.stage.leaveOut(verdict(REASON.no_sli, Math.max(0, origin.tenant())));
		return nameFrom;
	}
	span.begin(wire.text(nameFrom, nameTo), kind, statusCode(wire, statusFrom, statusTo), start, time, origin);
	readAskedAttributes(context, wire, span.attributes, from, end);
	wire.at = end;
	context.hash.begin(SPAN, 0);
	const hasId = traceAt >= 0 && spanAt >= 0 && hashIds(context, view, traceAt, spanAt);
	put(context, span, uses, hasId);
	return nameFrom;
}

/** Attributes (field 9) whose names a condition or the register of tenants asks for. */
function readAskedAttributes(context: EventContext, wire: Wire, into: Attribute[], from: number, end: number): void {
	const { keys } = context.events.spans;
	const { bytes } = wire;
	wire.at = from;
	while (wire.at < end) {
		const tag = wire.varint(end);
		if (tag !== 0x4a) {
			wire.skip(tag, end);
			continue;
		}
		const to = wire.fieldEnd(end);
		const at = wire.at;
		// The key comes first from every encoder; where it does not, the whole attribute is read.
		const keyLength = bytes[at] === 0x0a && at + 2 <= to ? (bytes[at + 1] as number) : 0x80;
		if (keyLength >= 0x80 || keys.hasBytes(bytes, at + 2, Math.min(to, at + 2 + keyLength)))
			into.push(readKeyValue(wire, to, 0));
		wire.at = to;
	}
}

/** Hashes both ids; false when one is all zero, which means that there is none. */
function hashIds({ hash }: EventContext, view: DataView, traceAt: number, spanAt: number): boolean {
	let trace = 0;
	for (let k = 0; k < TRACE_ID_BYTES; k += 4) trace |= view.getInt32(traceAt + k, true);
	const span = view.getInt32(spanAt, true) | view.getInt32(spanAt + 4, true);
	hash.bytes(view, traceAt, traceAt + TRACE_ID_BYTES);
	hash.bytes(view, spanAt, spanAt + SPAN_ID_BYTES);
	hash.finish();
	return trace !== 0 && span !== 0;
}

function put(context: EventContext, span: Span, uses: readonly EventUse[], hasId: boolean): void {
	const { events, stage, hash } = context;
	const { selection } = events;
	const own = span.origin.tenant();
	const lists = [span.attributes, span.origin.resource()];
	const tenant = span.attributes.length === 0 ? own : selection.tenantOf(...lists);
	const code = events.resolve(uses, span, { tenant, time: span.time, lists });
	if (code >= 0) context.note(lists);
	if (code < 0) stage.reject(code, span.time);
	else if (!hasId) stage.reject(verdict(REASON.invalid_id, Math.max(0, tenant)), span.time);
	else if (span.start > span.time) stage.reject(verdict(REASON.invalid_time, Math.max(0, tenant)), span.time);
	else stage.event(code, hash.lo, hash.hi, span.time, 1, span.measure);
}

function statusCode(wire: Wire, from: number, end: number): number {
	let code = 0;
	wire.at = from;
	while (wire.at < end) {
		const tag = wire.varint(end);
		if (tag === 0x18) code = wire.varint(end);
		else wire.skip(tag, end);
	}
	return code;
}

/** The span at hand; one object serves all spans of a request. */
class Span implements EventFacts {
	name = "";
	nameLength = 0;
	/** µs. */
	start = 0;
	time = 0;
	origin!: Origin;
	readonly attributes: Attribute[] = [];
	#kind = 0;
	#status = 0;

	begin(name: string, kind: number, status: number, start: number, time: number, origin: Origin): void {
		this.name = name;
		this.#kind = kind;
		this.#status = status;
		this.start = start;
		this.time = time;
		this.origin = origin;
		this.attributes.length = 0;
	}

	/** Duration in ms, of whole microseconds. */
	get measure(): number {
		return (this.time - this.start) / 1000;
	}

	value(name: string): string {
		switch (name) {
			case "span.name":
				return this.name;
			case "span.kind":
				return KINDS[this.#kind] ?? String(this.#kind);
			case "span.status_code":
				return STATUS_CODES[this.#status] ?? String(this.#status);
			case "scope.name":
				return this.origin.scope().name;
			case "scope.version":
				return this.origin.scope().version;
			default:
				return attributeValue(name, this.attributes, this.origin.scope().attributes, this.origin.resource());
		}
	}
}

/** Reads an ExportTraceServiceRequest in OTLP's JSON form, with the same rules as the protobuf form. */
export function readTracesJson(context: EventContext, body: Uint8Array): void {
	const { stage, events } = context;
	const request = parseJson(body);
	const span = new Span();
	const names: string[] = [];
	const ids = Buffer.alloc(TRACE_ID_BYTES + SPAN_ID_BYTES);
	const idsView = new DataView(ids.buffer, ids.byteOffset, ids.byteLength);
	stage.begin((event) => names[event] as string);
	eachJsonRecord(request, "Spans", "spans", events.selection, (origin, record) => {
		const name = text(record, "name");
		const start = micros(record, "startTimeUnixNano");
		const time = micros(record, "endTimeUnixNano");
		const uses = events.spans.of(name);
		if (uses.length === 0) {
			stage.leaveOut(verdict(REASON.no_sli, Math.max(0, origin.tenant())));
			return;
		}
		names.push(name);
		const status = numberOf(optional(record, "status")?.code, STATUS_CODES, "STATUS_CODE_");
		span.begin(name, numberOf(record.kind, KINDS, "SPAN_KIND_"), status, start, time, origin);
		for (const attribute of attributesOf(record))
			if (events.spans.keys.has(attribute[0])) span.attributes.push(attribute);
		context.hash.begin(SPAN, 0);
		const hasId =
			hexInto(ids, 0, TRACE_ID_BYTES, record, "traceId") &&
			hexInto(ids, TRACE_ID_BYTES, SPAN_ID_BYTES, record, "spanId") &&
			hashIds(context, idsView, 0, TRACE_ID_BYTES);
		put(context, span, uses, hasId);
	});
}

/** OTLP's JSON gives ids as hex; false when this is none of the right length. */
function hexInto(ids: Buffer, at: number, length: number, record: Json, field: string): boolean {
	const id = text(record, field);
	return id.length === length * 2 && ids.write(id, at, "hex") === length;
}

/** An enum's number, or its name, which some encoders write. */
function numberOf(value: unknown, names: readonly string[], prefix: string): number {
	if (typeof value === "number") return value;
	const index = typeof value === "string" ? names.indexOf(value.replace(prefix, "")) : -1;
	return Math.max(0, index);
}
