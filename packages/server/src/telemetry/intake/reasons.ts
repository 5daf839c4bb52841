import type { EventProtocol, Protocol, RejectReason } from "../types.ts";

/** Order is part of the store's format: append only. */
export const REASONS: readonly RejectReason[] = [
	"too_old",
	"future",
	"invalid_time",
	"invalid_value",
	"overlap",
	"out_of_order",
	"tenant_conflict",
	"type_conflict",
	"unsupported_type",
	"stream_limit",
	"no_value",
	"no_sli",
	"invalid_id",
	"over_quota",
];

export const REASON = Object.fromEntries(REASONS.map((reason, index) => [reason, index])) as Record<
	RejectReason,
	number
>;

/** Order is part of the store's format: append only. */
export const PROTOCOLS: readonly (Protocol | "import")[] = [
	"otlp-protobuf",
	"otlp-json",
	"remote-write-1",
	"import",
	"otlp-traces",
	"otlp-logs",
	"events",
	"remote-write-2",
	"pull",
];

const EVENT_PROTOCOLS: ReadonlySet<string> = new Set<EventProtocol>(["otlp-traces", "otlp-logs", "events"]);
const ARE_EVENTS: readonly boolean[] = PROTOCOLS.map(isEventProtocol);

/** Whether items of the protocol are events, not points of streams. */
export function isEventProtocol(protocol: string): protocol is EventProtocol {
	return EVENT_PROTOCOLS.has(protocol);
}
/** The same by the protocol's number. */
export function holdsEvents(protocol: number): boolean {
	return ARE_EVENTS[protocol] === true;
}

/** What the sender need not know: it did nothing wrong. */
export function isSilent(reason: number): boolean {
	return reason === REASON.no_sli || reason === REASON.no_value;
}

const REMEDIES: Record<RejectReason, string> = {
	too_old: "send within the lateness limit",
	future: "set the sender's clock",
	invalid_time: "set time_unix_nano, not before start_time_unix_nano",
	invalid_value: "counters must be finite, not negative and below 2^53, and buckets add up to their count",
	overlap: "let one writer send each stream",
	out_of_order: "send cumulative points in time order",
	tenant_conflict: "its attributes name two tenants: correct them or the register",
	type_conflict: "the stream comes as another kind of metric or temporality too: send one of them",
	unsupported_type:
		"ratio SLIs count monotonic sums, counts of summaries, and histograms with a fitting bucket bound; threshold SLIs gauges",
	stream_limit: "raise telemetry.maxStreams or send fewer attributes",
	invalid_id: "set trace id and span id, neither all zero",
	no_value: "",
	no_sli: "",
	over_quota: "send less, or raise limits.pointsPerSecond of the tenant",
};
export function remedyOf(reason: number): string {
	return REMEDIES[REASONS[reason] as RejectReason];
}

const REASON_BITS = 4;

/** A point that cannot count, as one number below zero: why, and whose it is. */
export function verdict(reason: number, tenant: number): number {
	return -1 - ((tenant << REASON_BITS) | reason);
}
export function verdictReason(code: number): number {
	return (-1 - code) & ((1 << REASON_BITS) - 1);
}
export function verdictTenant(code: number): number {
	return (-1 - code) >>> REASON_BITS;
}
