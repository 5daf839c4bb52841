import type { Catalogue } from "#catalogue";
import type { BreachClosed, BreachOpened, Drill, PairState, PairStatus, RadarChange, ShadowFiring } from "#detection";
import type {
	Accounting,
	AttributeCounts,
	AttributesQuery,
	ColumnsQuery,
	ImportFormat,
	ImportOutcome,
	IngestOptions,
	IngestOutcome,
	Latencies,
	LatenciesQuery,
	Protocol,
	PulledAnswer,
	PullOutcome,
	PullState,
	SourceState,
	TelemetryCounters,
	TenantValues,
	TenantValuesQuery,
	WindowBucket,
	WindowsQuery,
} from "#telemetry";

/** A breach that the control plane holds open; the detector then opens no second one and reports its end. */
export interface OpenBreach {
	readonly tenant: string;
	readonly slo: string;
	readonly detector: string;
	readonly openedAt: number;
}

/** Counters of the thread since it started, and what its store holds. Instants ms epoch. */
export interface TelemetryHealth extends TelemetryCounters {
	/** `rebuilding`: a commit failed and memory is being rebuilt from the store; ingest answers 503 until then. */
	readonly state: "ready" | "rebuilding";
	readonly failure: string | undefined;
	/** Resident memory of the whole process, bytes; 0 while the thread is down. */
	readonly rssBytes: number;
	/** Heap of the telemetry thread alone, bytes. */
	readonly heapBytes: number;
	readonly evaluations: number;
	/** CPU time of the thread spent in evaluating, ms. */
	readonly evaluationMs: number;
	/** Evaluations that came ten seconds late or never, since the thread started. */
	readonly missedEvaluations: number;
	/** Share of what is usual that the radar has learnt since the start; below 1 it claims nothing. */
	readonly radarLearnt: number;
}

/** Worst state of one pair in each of the last 24 hours, oldest first. */
export interface HourStrip {
	readonly tenant: string;
	readonly slo: string;
	readonly hours: PairState[];
}

export interface WorkerStart {
	readonly bodyMemory: SharedArrayBuffer;
	readonly dataDir: string;
	readonly catalogue: Catalogue;
	readonly openBreaches: readonly OpenBreach[];
}

/** Calls of the main thread; each has exactly one answer with the same id. */
export type Call =
	| ({
			readonly kind: "ingest";
			readonly protocol: Protocol;
			readonly encoding: string | undefined;
			/** A view on the shared body memory, or `body` with memory of its own. */
			readonly slot?: { readonly at: number; readonly length: number };
			readonly body?: Uint8Array;
	  } & IngestOptions)
	| {
			readonly kind: "import";
			readonly key: string;
			readonly body: Uint8Array;
			readonly format?: ImportFormat | undefined;
	  }
	| { readonly kind: "pull"; readonly answer: Omit<PulledAnswer, "body">; readonly body: Uint8Array }
	| { readonly kind: "pull-state"; readonly source: string; readonly slo: string }
	| { readonly kind: "windows"; readonly query: WindowsQuery }
	| { readonly kind: "columns"; readonly query: ColumnsQuery }
	| { readonly kind: "latencies"; readonly query: LatenciesQuery }
	| { readonly kind: "accounting"; readonly tenant: string | undefined; readonly source?: string | undefined }
	| { readonly kind: "hour-strips" }
	| { readonly kind: "source-states" }
	| { readonly kind: "attributes"; readonly queries: readonly AttributesQuery[] }
	| { readonly kind: "tenant-values"; readonly query: TenantValuesQuery }
	| { readonly kind: "configure"; readonly catalogue: Catalogue; readonly openBreaches: readonly OpenBreach[] }
	/** Of the platform or of tenants; those that are known already are left out. */
	| { readonly kind: "changes"; readonly changes: readonly RadarChange[] }
	| { readonly kind: "drill"; readonly asked: Drill }
	| { readonly kind: "health" }
	/** Somebody reads the statuses: for a while they are told every second. */
	| { readonly kind: "watch" }
	| { readonly kind: "close" };

export type Answer =
	| IngestOutcome
	| ImportOutcome
	| PullOutcome
	| PullState
	| WindowBucket[]
	| Latencies
	| Float64Array
	| (AttributeCounts | undefined)[]
	| Accounting[]
	| HourStrip[]
	| SourceState[]
	| TenantValues
	| TelemetryHealth
	| boolean
	| undefined;

export type ToWorker = { readonly id: number; readonly call: Call };

export type FromWorker =
	| { readonly kind: "ready"; readonly statuses: readonly PairStatus[] }
	| { readonly kind: "answer"; readonly id: number; readonly answer: Answer }
	| { readonly kind: "fault"; readonly id: number; readonly message: string }
	| { readonly kind: "breach"; readonly event: BreachOpened | BreachClosed }
	| { readonly kind: "shadow-firings"; readonly firings: readonly ShadowFiring[] }
	/** `all`: replaces the mirror (after a change of the catalogue) instead of patching it. */
	| { readonly kind: "statuses"; readonly all: boolean; readonly statuses: readonly PairStatus[] }
	| { readonly kind: "failure"; readonly message: string };
