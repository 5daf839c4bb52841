import type { WindowSnapshots } from "./windows/window-snapshots.ts";

/** The tenant of the fleet's own aggregate in every table and message; no key tenant may have this name. */
export const FLEET = "";

/**
 * Aggregates other than the fleet have tenant names that begin so (`~region:eu`), which no key tenant can. Their windows
 * can be read; no detector judges them, and they are nobody's tenant.
 */
export const AGGREGATE_PREFIX = "~";

/** One (tenant, SLO) whose windows are kept. `tenant` is FLEET for the aggregate of all tenants, known and unknown. */
export interface Pair {
	readonly tenant: string;
	readonly slo: string;
	/** Effective objective, ratio. */
	readonly objective: number;
	readonly periodMs: number;
}

/**
 * Counts that belong to one pair and one instant (ms epoch, the point's own time). `bad` may be negative for an instant
 * (a good counter that arrives after its total); sums over a whole request are what counts.
 */
export interface WindowSink {
	add(pair: number, at: number, bad: number, total: number): void;
	/**
	 * Lets a start take windows as they were stored, with the journal behind them, instead of feeding days of history to
	 * `add`. Undefined: history is always fed. A sink that keeps more than its snapshots hold must not offer them.
	 */
	readonly snapshots?: WindowSnapshots;
}

export type Protocol = "otlp-protobuf" | "otlp-json" | "remote-write-1" | "remote-write-2" | "pull" | EventProtocol;

/** Protocols whose items are events, each counted once by its identity, not points of streams. */
export type EventProtocol = "otlp-traces" | "otlp-logs" | "events";

/** What a body is besides its protocol. */
export interface IngestOptions {
	/** Events only: JSON instead of protobuf; NDJSON for the Events API. Default: protobuf, for `events` JSON. */
	readonly format?: "protobuf" | "json" | "ndjson" | undefined;
	/** Who sends it, where that is known; else it belongs to its protocol. */
	readonly source?: string | undefined;
	/** Events API only: the same key with the same body gives the same answer and counts nothing. */
	readonly idempotencyKey?: string | undefined;
}

export type RejectReason =
	| "too_old"
	| "future"
	| "invalid_time"
	| "invalid_value"
	| "overlap"
	| "out_of_order"
	| "tenant_conflict"
	| "type_conflict"
	| "unsupported_type"
	| "stream_limit"
	/** A span without trace id or span id: it could not be told from another. */
	| "invalid_id"
	/** The sender says itself that there is no value (OTLP flag, Prometheus stale marker); not an error. */
	| "no_value"
	/** No SLO selects it; not an error. */
	| "no_sli"
	/** Its tenant sends more than its limit of points a second. */
	| "over_quota";

/** received = counted + duplicate + Σ rejected, exactly. `tenant` is FLEET for points of no key tenant. */
export interface Accounting {
	readonly tenant: string;
	/** Declared source, the sender's token, or what the protocol says: otlp, remote-write, events, import, pull. */
	readonly source: string;
	readonly protocol: Protocol | "import";
	readonly received: number;
	readonly counted: number;
	readonly duplicate: number;
	readonly rejected: Readonly<Partial<Record<RejectReason, number>>>;
}

/** What the sender is told. `rejected` counts only what the sender must know (never `no_sli`, `no_value`); `message` names the first place. */
export type IngestOutcome =
	| {
			readonly status: "accepted";
			readonly points: number;
			readonly rejected: number;
			readonly message: string;
			/** Remote write 2.0: what was taken of each kind, as its sender must be told. */
			readonly written?: Written | undefined;
			/** Of the Events API. */
			readonly events?: EventsAnswer | undefined;
	  }
	| { readonly status: "malformed"; readonly message: string }
	| { readonly status: "too-large"; readonly message: string }
	| { readonly status: "unsupported"; readonly message: string }
	/** Events API: the key was used before for another body. */
	| { readonly status: "key-conflict"; readonly message: string }
	/** All of it is of tenants that are over their limits: nothing was taken, the sender may send it again later. */
	| { readonly status: "over-quota"; readonly message: string; readonly retryAfterS: number }
	| { readonly status: "unavailable"; readonly message: string; readonly retryAfterS: number };

/** received = counted + duplicate + ignored + rejected. `ignored`: no SLO selects them; not an error. */
export interface EventsAnswer {
	readonly received: number;
	readonly counted: number;
	readonly duplicate: number;
	readonly ignored: number;
	readonly rejected: number;
	/** The first of those rejected. */
	readonly errors: readonly EventError[];
}

export interface EventError {
	/** Place in the array, or of the line, from 0. */
	readonly index: number;
	readonly reason: RejectReason;
	/** What is wrong, naming field and value. */
	readonly message: string;
	readonly remedy: string;
}

/** What was taken and not rejected, duplicates and what no SLO selects included; exemplars are taken and not kept. */
export interface Written {
	readonly samples: number;
	readonly histograms: number;
	readonly exemplars: number;
}

export interface WindowBucket {
	/** Start of the bucket, ms epoch. */
	readonly at: number;
	readonly good: number;
	readonly bad: number;
	readonly total: number;
	/** Points that arrived more than a minute after the bucket's end. */
	readonly late: number;
	/** How many commits changed the bucket after that minute; 0 for a bucket that never changed late. */
	readonly revision: number;
	/** No point can change it any more. */
	readonly closed: boolean;
}

/** Buckets of one pair in [from, to), ms epoch, `resolutionMs` a multiple of 10 s. 10 s data lives 3 d, then only whole hours remain. */
export interface WindowsQuery {
	readonly tenant: string;
	readonly slo: string;
	readonly from: number;
	readonly to: number;
	readonly resolutionMs: number;
	/** `slices`: the judged slices or intervals instead of the events, each in its last 10 s; none for pairs without. */
	readonly of?: "events" | "slices" | undefined;
}

/** Percentiles of one pair in [from, to), ms epoch; `resolutionMs` a multiple of a minute. `ratios`: 0.99 is the p99. */
export interface LatenciesQuery {
	readonly tenant: string;
	readonly slo: string;
	readonly from: number;
	readonly to: number;
	readonly resolutionMs: number;
	readonly ratios: readonly number[];
}

/** Where a percentile lies for certain: above `low`, at most `high`, in the source's unit; Infinity: no bound is known. */
export interface LatencyBounds {
	readonly low: number;
	readonly high: number;
}

/** Of `total` events `known` have a latency; percentiles are those of these, undefined where there are none. */
export interface LatencyFigures {
	readonly known: number;
	readonly total: number;
	/** In the order of the ratios. */
	readonly percentiles: readonly (LatencyBounds | undefined)[];
}

/** Of all windows together, and of each that has events. */
export interface Latencies extends LatencyFigures {
	readonly ratios: readonly number[];
	readonly windows: readonly (LatencyFigures & { readonly at: number })[];
}

/** One percentile of one pair by step, in [from, to); `stepMs` a multiple of a minute. `ratio` 0.9 is the p90. */
export interface PercentileQuery {
	readonly tenant: string;
	readonly slo: string;
	readonly from: number;
	readonly to: number;
	readonly stepMs: number;
	readonly ratio: number;
}

/** A percentile of the events of the step that begins at `at`, and how far chance may have moved it. */
export interface PercentileStep {
	readonly at: number;
	/** Of the events that came, by nearest rank. */
	readonly value: LatencyBounds;
	/** Of whatever such events could have come: three standard deviations of its rank to both sides. */
	readonly within: LatencyBounds;
}

/** Windows of one SLO for several tenants; `from` and `to` are multiples of `resolutionMs`, a multiple of 10 s. */
export interface ColumnsQuery {
	readonly slo: string;
	readonly tenants: readonly string[];
	readonly from: number;
	readonly to: number;
	readonly resolutionMs: number;
}

/** All lines count or none: `malformed` names the first bad line. `rejected` lines are well-formed but of no use (reason). */
export type ImportOutcome =
	| {
			readonly status: "accepted";
			readonly lines: number;
			readonly counted: number;
			readonly rejected: Readonly<Partial<Record<RejectReason, number>>>;
			readonly message: string;
	  }
	| { readonly status: "malformed"; readonly message: string }
	| { readonly status: "too-large"; readonly message: string }
	/** The key was used before for other lines. */
	| { readonly status: "key-conflict"; readonly message: string }
	| { readonly status: "unavailable"; readonly message: string; readonly retryAfterS: number };

/** How one source of pushed telemetry behaves. Instants ms epoch; what is undefined is not known yet. */
export interface SourceState {
	readonly source: string;
	readonly requests: number;
	readonly firstRequestAt: number;
	readonly lastRequestAt: number;
	/** Largest event time that it has shown. */
	readonly newestEventAt: number | undefined;
	/** Its events before this are here, as far as its habits tell. */
	readonly completeUntil: number | undefined;
	/** How long after it has shown an event time it usually still sends older events. ms. */
	readonly usualLatenessMs: number;
	/** Between two requests; nearly all follow sooner. ms. */
	readonly usualIntervalMs: number | undefined;
}

/** A key tenant that was refused points for sending more than it may. */
export interface TenantQuotaState {
	readonly tenant: string;
	readonly pointsPerSecond: number;
	/** Requests that were refused, or taken without its points. */
	readonly refusedRequests: number;
	/** It happened within the last minute. */
	readonly isOver: boolean;
}

export interface TelemetryCounters {
	/** When the last point was counted; undefined: none since the store was made. */
	readonly lastSampleAt: number | undefined;
	readonly journalRows: number;
	readonly journalBytes: number;
	readonly streams: number;
	readonly pairs: number;
	/** Points counted since the store was made. */
	readonly samplesTotal: number;
	/** Requests answered `malformed` since start. */
	readonly malformedRequests: number;
	/** Rejected points that somebody should look into, since memory was last built. */
	readonly pointsRefused?: number | undefined;
	readonly commits: number;
	readonly commitFailures: number;
	readonly foldAt: number | undefined;
	readonly isFolding: boolean;
	/** Tenants that were over their limit since start. */
	readonly overQuota: readonly TenantQuotaState[];
	readonly storage: StorageFigures;
	/** Metrics that came since the catalogue was loaded and that no SLO counts; some of them when they are many. */
	readonly unusedMetrics: readonly UnusedMetric[];
}

/** `attributes`: what a stream had where an SLO that names the metric asks otherwise; undefined: no SLO names it. */
export interface UnusedMetric {
	readonly metric: string;
	readonly attributes: string | undefined;
}

/** What one tier of one class of data holds. `keptMs` is shorter than `configuredMs` while the file has no room. */
export interface TierFigures {
	readonly of: "tenants" | "fleet";
	readonly tier: "ten-seconds" | "minutes" | "ten-minutes" | "hours";
	readonly rows: number;
	readonly bytes: number;
	/** What is older is in the next tier, or gone. */
	readonly from: number;
	readonly keptMs: number;
	readonly configuredMs: number;
}

/** The telemetry file. `usedBytes` leaves out what is free inside it and is used first. */
export interface StorageFigures {
	readonly fileBytes: number;
	readonly usedBytes: number;
	readonly logBytes: number;
	readonly limitBytes: number;
	readonly tiers: readonly TierFigures[];
	/** How often retention was shortened for want of room, less what was given back. 0: as configured. */
	readonly shortenings: number;
	/** The shortest retention does not fit either. */
	readonly isOverfull: boolean;
	/** Growth over the last day, or over what is known; undefined: not known yet. */
	readonly growthBytesPerDay: number | undefined;
	/** Until the limit, at that growth; undefined: it does not grow. */
	readonly daysLeft: number | undefined;
	/** Ranges whose bytes were found damaged: their counts are missing, not zero. */
	readonly damaged: readonly DamagedRange[];
}

export interface DamagedRange {
	/** Counts of windows, counts by attribute, or latencies. */
	readonly what: "counts" | "attributes" | "latencies";
	readonly tenant: string;
	readonly slo: string;
	readonly tier: TierFigures["tier"];
	/** Undefined with `to`: what lay there is not known, and tenant and SLO are empty. */
	readonly from: number | undefined;
	readonly to: number | undefined;
}

/** Counts of one pair by attributes, in [from, to), ms epoch. `by`: one of the SLO's kept attributes, or all of them. */
export interface AttributesQuery {
	readonly tenant: string;
	readonly slo: string;
	readonly from: number;
	readonly to: number;
	readonly by: readonly string[];
}

/** Items and `other` together are all events. Good may be missing where good and total differ in the attribute. */
export interface AttributeCounts {
	readonly by: readonly string[];
	/** Nothing older is known by these attributes. */
	readonly keptFrom: number;
	/** Everything that came until then is in it. */
	readonly until: number;
	readonly good: number;
	readonly bad: number;
	readonly total: number;
	/** By bad, then by total. */
	readonly items: readonly AttributeItem[];
	/** Values that have no place of their own, or had none when their events came. */
	readonly other: { readonly good: number; readonly bad: number; readonly total: number };
}

export interface AttributeItem {
	/** In the order of `by`; "": the attribute was missing. */
	readonly values: readonly string[];
	readonly good: number;
	readonly bad: number;
	readonly total: number;
	/** None of its events in the range is in `other`. */
	readonly isExact: boolean;
	/** From when on it is exact; undefined: all the time, or it has lost its place. */
	readonly since: number | undefined;
}

/** Unmatched values come first, then matched ones, each by points. */
export interface TenantValuesQuery {
	/** Part of `attribute=value`; case does not matter. */
	readonly search?: string | undefined;
	readonly state: "all" | "matched" | "unmatched";
	/** Values of this key tenant alone. */
	readonly tenant?: string | undefined;
	readonly offset: number;
	readonly limit: number;
}

/** A value of an attribute that may name a tenant, as it came in streams that an SLO selects. */
export interface TenantValue {
	readonly attribute: string;
	readonly value: string;
	/** `bellwether.source`, `service.name` or `job` of the streams; "" when they have none. */
	readonly source: string;
	/** Key tenant that it belongs to, at whatever time and for whatever workload; "": nobody's. */
	readonly tenant: string;
	readonly streams: number;
	/** Counted since the thread loaded the catalogue. */
	readonly points: number;
	/** Streams were folded: `streams`, `points` and `lastSampleAt` are from samples. */
	readonly isEstimate: boolean;
	readonly lastSampleAt: number | undefined;
}

export interface TenantValues {
	/** Values that the query finds; `items` are a part of them. */
	readonly total: number;
	readonly unmatched: number;
	readonly items: readonly TenantValue[];
	/** Light values of folded streams that are no longer listed. */
	readonly rest: { readonly values: number; readonly streams: number; readonly points: number };
}
