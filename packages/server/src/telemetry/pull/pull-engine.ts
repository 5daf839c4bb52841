import type { PullQuery, Slo } from "#catalogue";

/** From ≤ time < to, ms epoch, both multiples of the step. */
export interface PullRange {
	readonly from: number;
	readonly to: number;
	readonly stepMs: number;
}

/** A row as the engine gives it: column name to value. */
export type PulledRow = Readonly<Record<string, unknown>>;

/** Raw samples of one series, in time order: ms epoch and value. */
export interface PulledSeries {
	readonly labels: Readonly<Record<string, string>>;
	readonly samples: readonly (readonly [at: number, value: number])[];
}

export interface EngineQuery {
	readonly query: PullQuery;
	readonly slo: Slo;
}

/**
 * One existing engine that can be asked. What comes is counted elsewhere: an engine only asks, reads pages until there are no
 * more, and says in words what went wrong. Every method throws PullFailure, and stops soon after `signal` is aborted.
 */
export interface PullEngine {
	/** Rows of the query's columns, one per tenant and step (or one per event with `goodWhen`). */
	rows(query: EngineQuery, range: PullRange, signal: AbortSignal): AsyncIterable<PulledRow>;
	/** Raw samples of the SLO's own metrics, where the engine keeps samples and the query has no text of its own. */
	series?(query: EngineQuery, range: PullRange, signal: AbortSignal): AsyncIterable<PulledSeries>;
	/** Gives connections back. */
	close(): Promise<void>;
}

/** Why an engine gave no answer; fit for a metric label. */
export type PullFailureReason =
	| "blocked"
	| "unreached"
	| "timeout"
	| "denied"
	| "throttled"
	| "refused"
	| "failed"
	| "partial"
	| "too_large"
	| "malformed";

export class PullFailure extends Error {
	readonly reason: PullFailureReason;
	readonly remedy: string;
	/** The engine said when to come back. */
	readonly retryAfterMs: number | undefined;
	constructor(reason: PullFailureReason, message: string, remedy: string, retryAfterMs?: number) {
		super(message);
		this.reason = reason;
		this.remedy = remedy;
		this.retryAfterMs = retryAfterMs;
	}
}

/** One HTTP exchange; engines get it passed in, so that what may be called is decided in one place. */
export type PullHttp = (request: PullHttpRequest) => Promise<PullHttpAnswer>;

export interface PullHttpRequest {
	readonly url: string;
	readonly method: "GET" | "POST";
	readonly headers: Readonly<Record<string, string>>;
	readonly body?: string | undefined;
	readonly maxBytes: number;
	readonly timeoutMs: number;
	readonly signal: AbortSignal;
}

/** Headers by lower-case name. An answer longer than `maxBytes` is `too-large`, never cut. */
export type PullHttpAnswer =
	| {
			readonly status: "answered";
			readonly statusCode: number;
			readonly headers: Readonly<Record<string, string>>;
			readonly retryAfterMs: number | undefined;
			readonly body: Uint8Array;
	  }
	| { readonly status: "too-large"; readonly reason: string }
	| { readonly status: "blocked" | "unreached" | "unanswered"; readonly reason: string };
