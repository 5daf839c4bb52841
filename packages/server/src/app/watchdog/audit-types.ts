/** What could keep a page from going out, as read at one moment. Instants ms epoch. */
export interface AuditFacts {
	readonly now: number;
	/** Why the control store cannot write; undefined: it can. */
	readonly storeFault: string | undefined;
	/** Incidents that nobody has taken and that stand by themselves. */
	readonly unacknowledged: readonly UnacknowledgedIncident[];
	/** Due times of waiting timers that are overdue. */
	readonly overdueTimers: { readonly count: number; readonly oldestDueAt: number | undefined };
	/** Messages that should have been tried by now and were not: the oldest of each kind. */
	readonly waiting: readonly { readonly kind: "page" | "notice"; readonly count: number; readonly dueAt: number }[];
	/** Messages whose attempt began long ago and has no outcome. */
	readonly unfinished: { readonly count: number; readonly startedAt: number | undefined };
	/** Of each channel the attempts to page of the last minutes, the newest first. */
	readonly attempts: readonly PageAttempt[];
	/** Undefined: the telemetry thread does not answer. */
	readonly telemetry: TelemetryFacts | undefined;
	/** The same of the audit before; undefined: this is the first. */
	readonly telemetryBefore: TelemetryFacts | undefined;
	/** Nothing of what came is counted any more. */
	readonly allRejected: AllRejected | undefined;
	readonly configuration: { readonly isReloadOk: boolean; readonly firstError: string };
	/** Names that pages need and that could not be looked up, twice in a row. */
	readonly unresolved: readonly string[];
	/** The last step of the wall clock that was noticed; `at` by the clock after it. */
	readonly clockStep: { readonly stepMs: number; readonly at: number } | undefined;
	readonly diskFreeBytes: number | undefined;
}

export interface UnacknowledgedIncident {
	readonly id: string;
	readonly detectedAt: number;
	/** Of its newest chain; undefined: none was started. */
	readonly chain: string | undefined;
	/** Due times of the chain's next steps that wait. */
	readonly nextSteps: readonly number[];
	/** What routing decided that is no chain of its own: it pages nobody, or another incident pages for it. */
	readonly isQuiet: boolean;
	/** Its other timers that wait, such as those that hold it back. */
	readonly otherTimers: number;
}

export interface PageAttempt {
	readonly channel: string;
	readonly outcome: "sending" | "sent" | "failed" | "uncertain";
	/** The message will not be tried again. */
	readonly isGivenUp: boolean;
	readonly at: number;
}

export interface TelemetryFacts {
	readonly state: string;
	readonly failure: string | undefined;
	readonly evaluations: number;
	/** When a point was last counted, ms epoch. */
	readonly lastSampleAt: number | undefined;
	/** Points since memory was last built, without those that no SLO needs. */
	readonly rejected: number;
	/** Requests that could not be read, since the thread started. */
	readonly malformed: number;
}

/** `alarm`: paging cannot be relied on, so no heartbeat leaves. `notice`: worth knowing. */
export interface AuditFinding {
	readonly code: AuditCode;
	readonly level: "alarm" | "notice";
	readonly says: string;
	readonly remedy: string;
}

/** Small and closed: it is the label of a metric. */
export type AuditCode =
	| "control-store"
	| "no-next-step"
	| "several-next-steps"
	| "step-overdue"
	| "chain-exhausted"
	| "timers-late"
	| "outbox-stuck"
	| "channel-rejecting"
	| "telemetry"
	| "evaluator-stalled"
	| "telemetry-rejected"
	| "configuration"
	| "names"
	| "clock-step"
	| "disk";

/** That everything is rejected for so long, and how much it was. */
export interface AllRejected {
	readonly forMs: number;
	readonly points: number;
	readonly requests: number;
}
