import {
	JsonLogsSerializer,
	JsonTraceSerializer,
	ProtobufLogsSerializer,
	ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { Matcher, Selector, Slo } from "#catalogue";
import { slo } from "../telemetry-fixture.ts";
import type { IngestOutcome } from "../types.ts";

/** What tests of spans and log records share: SLOs that select them, and the official encoder. */
export const is = (name: string, ...values: string[]): Matcher => ({ name, op: "=", values });

export const span = (metric: string, ...where: Matcher[]): Selector => ({ metric, where, signal: "span" });
export const log = (metric: string, ...where: Matcher[]): Selector => ({ metric, where, signal: "log" });
export const event = (metric: string, ...where: Matcher[]): Selector => ({ metric, where, signal: "event" });

/** logins: good by status; quick: good by duration; slow-any: any server span by threshold; audits: log records. */
export const EVENT_SLOS: readonly Slo[] = [
	slo("logins", {
		kind: "ratio",
		numerator: "bad",
		part: span("POST /login", is("span.status_code", "ERROR")),
		total: span("POST /login", is("span.kind", "SERVER")),
	}),
	slo("quick", {
		kind: "ratio",
		numerator: "good",
		part: { ...span("POST /login"), le: 250 },
		total: span("POST /login", { name: "http.route", op: "!=", values: ["/internal"] }),
	}),
	slo("paced", { kind: "threshold", metric: span("*", is("service.name", "batch")), op: "lt", value: 1000 }),
	slo("audits", {
		kind: "ratio",
		numerator: "good",
		part: log("audit", is("log.severity", "INFO", "DEBUG")),
		total: log("audit"),
	}),
	slo("payments", {
		kind: "ratio",
		numerator: "good",
		part: event("payment", is("event.good", "true")),
		total: event("payment"),
	}),
	slo("depth", { kind: "threshold", metric: event("depth"), op: "lte", value: 100 }),
];

/** A span in the plainest form. Times ns. */
export interface PlainSpan {
	readonly traceId: string;
	readonly spanId: string;
	readonly name: string;
	/** As OTLP numbers them. */
	readonly kind: number;
	readonly start: bigint;
	readonly end: bigint;
	readonly status: number;
	readonly resource: Readonly<Record<string, string>>;
	readonly attributes: Readonly<Record<string, string>>;
}

export function spanBytes(spans: readonly PlainSpan[], format: "protobuf" | "json"): Uint8Array {
	const resources = new Map<string, ReturnType<typeof resourceFromAttributes>>();
	const readable = spans.map((each) => {
		const key = JSON.stringify(each.resource);
		const resource = resources.get(key) ?? resourceFromAttributes(each.resource);
		resources.set(key, resource);
		return {
			name: each.name,
			kind: each.kind - 1,
			spanContext: () => ({ traceId: each.traceId, spanId: each.spanId, traceFlags: 1 }),
			startTime: hrTime(each.start),
			endTime: hrTime(each.end),
			status: { code: each.status, message: each.status === 2 ? "it failed" : undefined },
			attributes: each.attributes,
			links: [{ context: { traceId: each.traceId, spanId: each.spanId, traceFlags: 1 } }],
			events: [{ name: "retry", time: hrTime(each.end), attributes: { attempt: 2 } }],
			duration: hrTime(each.end - each.start),
			ended: true,
			resource,
			instrumentationScope: { name: "checkout", version: "1.2" },
			droppedAttributesCount: 0,
			droppedEventsCount: 0,
			droppedLinksCount: 0,
		};
	});
	const serializer = format === "json" ? JsonTraceSerializer : ProtobufTraceSerializer;
	return serializer.serializeRequest(readable as never) as Uint8Array;
}

export interface PlainRecord {
	readonly eventName: string | undefined;
	readonly time: bigint;
	readonly observed: bigint;
	readonly severity: number;
	readonly body: string;
	readonly resource: Readonly<Record<string, string>>;
	readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

export function logBytes(records: readonly PlainRecord[], format: "protobuf" | "json"): Uint8Array {
	const resources = new Map<string, ReturnType<typeof resourceFromAttributes>>();
	const readable = records.map((each) => {
		const key = JSON.stringify(each.resource);
		const resource = resources.get(key) ?? resourceFromAttributes(each.resource);
		resources.set(key, resource);
		return {
			hrTime: hrTime(each.time),
			hrTimeObserved: hrTime(each.observed),
			severityNumber: each.severity,
			severityText: "as it says",
			body: each.body,
			eventName: each.eventName,
			attributes: each.attributes,
			resource,
			instrumentationScope: { name: "checkout", version: "1.2" },
			droppedAttributesCount: 0,
		};
	});
	const serializer = format === "json" ? JsonLogsSerializer : ProtobufLogsSerializer;
	return serializer.serializeRequest(readable as never) as Uint8Array;
}

export const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");
export const nanosOf = (ms: number): bigint => BigInt(Math.round(ms * 1000)) * 1000n;

function hrTime(nanos: bigint): [number, number] {
	return [Number(nanos / 1_000_000_000n), Number(nanos % 1_000_000_000n)];
}

export function accepted(outcome: IngestOutcome | undefined): IngestOutcome & { status: "accepted" } {
	if (outcome?.status !== "accepted") throw new Error(`not accepted: ${JSON.stringify(outcome)}`);
	return outcome;
}
