/** The tenant of the fleet's own aggregate in every table and message; no key tenant may have this name. */
export const FLEET = "";

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
}

export type Protocol = "otlp-protobuf" | "otlp-json" | "remote-write-1";

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
	/** The sender says itself that there is no value (OTLP flag, Prometheus stale marker); not an error. */
	| "no_value"
	/** No SLO selects it; not an error. */
	| "no_sli";

/** received = counted + duplicate + Σ rejected, exactly. `tenant` is FLEET for points of no key tenant. */
export interface Accounting {
	readonly tenant: string;
	readonly protocol: Protocol | "import";
	readonly received: number;
	readonly counted: number;
	readonly duplicate: number;
	readonly rejected: Readonly<Partial<Record<RejectReason, number>>>;
}

/** What the sender is told. `rejected` counts only what the sender must know (never `no_sli`, `no_value`); `message` names the first place. */
export type IngestOutcome =
	| { readonly status: "accepted"; readonly points: number; readonly rejected: number; readonly message: string }
	| { readonly status: "malformed"; readonly message: string }
	| { readonly status: "too-large"; readonly message: string }
	| { readonly status: "unsupported"; readonly message: string }
	| { readonly status: "unavailable"; readonly message: string; readonly retryAfterS: number };

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
	readonly commits: number;
	readonly commitFailures: number;
	readonly foldAt: number | undefined;
}
