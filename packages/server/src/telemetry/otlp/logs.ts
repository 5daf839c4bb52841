import { hash } from "node:crypto";
import type { EventContext } from "../events/event-context.ts";
import { attributeValue, type EventFacts, type EventUse } from "../events/event-selection.ts";
import { REASON, verdict } from "../intake/reasons.ts";
import { Malformed, Wire } from "../intake/wire.ts";
import { type Attribute, canonicalText } from "../selection/selection.ts";
import { readAnyValue, readKeyValue, wrongType } from "./attributes.ts";
import { eachJsonRecord, eachRecord, type Origin } from "./envelope.ts";
import { anyValue, attributesOf, type Json, optional, parseJson, text } from "./json.ts";

const SEVERITIES: readonly string[] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
/** Fields of a log record that are read; one of them with another wire type is damage, not a newer version. */
const READ_FIELDS: ReadonlySet<number> = new Set([1, 2, 3, 5, 6, 9, 10, 11, 12]);
/** Before it was a field of its own, the event's name was this attribute. */
const EVENT_NAME = "event.name";
/** How much of a record a message shows. */
const SHOWN = 60;

/**
 * Reads an ExportLogsServiceRequest (OTLP 1.x) straight into the stage. Of records that no SLO can select only the fields'
 * lengths and the event's name are looked at.
 */
export function readLogsProtobuf(context: EventContext, body: Uint8Array): void {
	const wire = new Wire(body);
	const { stage, events } = context;
	const record = new LogRecord();
	const ordinals = new Map<string, number>();

	stage.begin(() => "log record");
	eachRecord(wire, events.selection, (origin, end) => {
		const from = wire.at;

		const uses = events.logs.isEmpty ? NONE : usesOf(context, wire, from, end);
		if (uses.length === 0) {
			checkFields(wire, from, end);
			stage.leaveOut(verdict(REASON.no_sli, Math.max(0, origin.tenant())));
		} else {
			readRecord(wire, record, origin, from, end);
			put(context, record, uses, ordinals);
		}
		wire.at = end;
	});
}

const NONE: readonly EventUse[] = [];

/** What may select a record, by its event's name. */
function usesOf(context: EventContext, wire: Wire, from: number, end: number): readonly EventUse[] {
	const { logs } = context.events;
	const { bytes } = wire;
	let uses: readonly EventUse[] | undefined;
	let fallback = "";
	wire.at = from;
	while (wire.at < end) {
		const tag = wire.varint(end);
		if (tag !== 0x62 && tag !== 0x32) {
			wire.skip(tag, end);
			continue;
		}
		const to = wire.fieldEnd(end);
		const at = wire.at;
		if (tag === 0x62 && to > at) uses = logs.ofBytes(bytes, at, to);
		else if (tag === 0x32 && bytes[at] === 0x0a && bytes[at + 1] === EVENT_NAME.length)
			if (wire.text(at + 2, Math.min(to, at + 2 + EVENT_NAME.length)) === EVENT_NAME)
				fallback = readKeyValue(wire, to, 0)[1].slice(1);
		wire.at = to;
	}
	return uses ?? logs.of(fallback);
}

/** A record that nobody reads must be sound all the same: else a damaged body would pass or not by the catalogue. */
function checkFields(wire: Wire, from: number, end: number): void {
	wire.at = from;
	while (wire.at < end) wire.skip(wire.varint(end), end);
}

function readRecord(wire: Wire, record: LogRecord, origin: Origin, from: number, end: number): void {
	const { view, bytes } = wire;
	record.begin(origin);
	wire.at = from;
	while (wire.at < end) {
		const tag = wire.varint(end);
		switch (tag) {
			case 0x09:
			case 0x59: {
				wire.advance(8, end);
				const nanos = view.getBigUint64(wire.at - 8, true);
				if (tag === 0x09) record.timeNanos = nanos;
				else record.observedNanos = nanos;
				break;
			}
			case 0x10:
				record.severity = wire.varint(end);
				break;
			case 0x1a:
			case 0x2a:
			case 0x32:
			case 0x4a:
			case 0x52:
			case 0x62: {
				const to = wire.fieldEnd(end);
				const at = wire.at;
				if (tag === 0x1a) record.severityText = wire.text(at, to);
				else if (tag === 0x2a) record.body = readAnyValue(wire, to, 0);
				else if (tag === 0x32) record.attributes.push(readKeyValue(wire, to, 0));
				else if (tag === 0x4a) record.traceId = bytes.toString("hex", at, to);
				else if (tag === 0x52) record.spanId = bytes.toString("hex", at, to);
				else record.eventName = wire.text(at, to);
				wire.at = to;
				break;
			}
			default:
				if (READ_FIELDS.has(tag >>> 3)) throw wrongType(tag, wire.at);
				wire.skip(tag, end);
		}
	}
}

/** `ordinals`: how often each content came in this request so far. */
function put(context: EventContext, record: LogRecord, uses: readonly EventUse[], ordinals: Map<string, number>): void {
	const { events, stage } = context;
	const lists = [record.attributes, record.origin.resource()];
	const tenant = events.selection.tenantOf(...lists);
	const time = Number(record.timeNanos === 0n ? record.observedNanos / 1000n : record.timeNanos / 1000n);
	const code = events.resolve(uses, record, { tenant, time, lists });
	if (code < 0) {
		stage.reject(code, time);
		return;
	}
	context.note(lists);
	const content = hash("sha256", record.content(), "base64");
	const ordinal = ordinals.get(content) ?? 0;
	ordinals.set(content, ordinal + 1);
	const identity = hash("sha256", `log\n${content}\n${ordinal}`, "buffer");
	stage.event(code, identity.readInt32LE(0), identity.readInt32LE(4), time, 1);
}

/** The record at hand; one object serves all records of a request. */
class LogRecord implements EventFacts {
	/** Nothing of a record is a measure. */
	readonly measure = Number.NaN;
	timeNanos = 0n;
	observedNanos = 0n;
	severity = 0;
	severityText = "";
	/** Typed text, as attribute values are. */
	body = "e";
	eventName = "";
	traceId = "";
	spanId = "";
	origin!: Origin;
	readonly attributes: Attribute[] = [];

	begin(origin: Origin): void {
		this.timeNanos = 0n;
		this.observedNanos = 0n;
		this.severity = 0;
		this.severityText = "";
		this.body = "e";
		this.eventName = "";
		this.traceId = "";
		this.spanId = "";
		this.origin = origin;
		this.attributes.length = 0;
	}

	get name(): string {
		return this.eventName || attributeValue(EVENT_NAME, this.attributes);
	}

	value(name: string): string {
		switch (name) {
			case "log.event_name":
				return this.name;
			case "log.body":
				return this.body.slice(1);
			case "log.severity":
				return this.severity >= 1 && this.severity <= 24
					? (SEVERITIES[Math.floor((this.severity - 1) / 4)] as string)
					: "";
			case "log.severity_number":
				return String(this.severity);
			case "log.severity_text":
				return this.severityText;
			case "scope.name":
				return this.origin.scope().name;
			case "scope.version":
				return this.origin.scope().version;
			default:
				return attributeValue(name, this.attributes, this.origin.scope().attributes, this.origin.resource());
		}
	}

	/** Everything that tells it from another record, the same whichever form it came in. */
	content(): string {
		const scope = this.origin.scope();
		const where = canonicalText({
			metric: this.eventName,
			resource: this.origin.resource(),
			scopeName: scope.name,
			scopeVersion: scope.version,
			scope: scope.attributes,
			point: this.attributes,
		});
		const times = `${this.timeNanos} ${this.observedNanos}`;
		return JSON.stringify([where, times, this.severity, this.severityText, this.body, this.traceId, this.spanId]);
	}
}

/** Reads an ExportLogsServiceRequest in OTLP's JSON form, with the same rules as the protobuf form. */
export function readLogsJson(context: EventContext, body: Uint8Array): void {
	const { stage, events } = context;
	const request = parseJson(body);
	const record = new LogRecord();
	const ordinals = new Map<string, number>();
	stage.begin(() => "log record");
	eachJsonRecord(request, "Logs", "logRecords", events.selection, (origin, json) => {
		record.begin(origin);
		record.timeNanos = nanosOf(json, "timeUnixNano");
		record.observedNanos = nanosOf(json, "observedTimeUnixNano");
		record.severity = severityOf(json.severityNumber);
		record.severityText = text(json, "severityText");
		record.body = anyValue(optional(json, "body"));
		record.eventName = text(json, "eventName");
		record.traceId = text(json, "traceId").toLowerCase();
		record.spanId = text(json, "spanId").toLowerCase();
		record.attributes.push(...attributesOf(json));
		const uses = events.logs.of(record.name);
		if (uses.length === 0) stage.leaveOut(verdict(REASON.no_sli, Math.max(0, origin.tenant())));
		else put(context, record, uses, ordinals);
	});
}

function nanosOf(json: Json, field: string): bigint {
	const value = json[field];
	if (value === undefined || value === null) return 0n;
	if (typeof value === "number" && Number.isInteger(value) && value >= 0) return BigInt(value);
	if (typeof value === "string" && /^\d{1,20}$/.test(value)) return BigInt(value);
	throw new Malformed(`${field} is not a time in nanoseconds: ${String(JSON.stringify(value)).slice(0, SHOWN)}`);
}

/** A number from 1 to 24, or its name such as SEVERITY_NUMBER_WARN2. */
function severityOf(value: unknown): number {
	if (typeof value === "number") return value;
	const found = typeof value === "string" ? /^SEVERITY_NUMBER_([A-Z]+)([2-4]?)$/.exec(value) : null;
	const index = found ? SEVERITIES.indexOf(found[1] as string) : -1;
	return index < 0 ? 0 : index * 4 + Number(found?.[2] || 1);
}
