import type { PulledRow, PullFailureReason } from "#telemetry";
import type { SenderStatus } from "./sender-status.ts";

/** How one pulled source fares. Instants ms epoch; counts since its thread started. */
export interface PullStatus {
	readonly source: string;
	readonly state: "starting" | "ok" | "behind" | "failing";
	readonly lastAttemptAt: number | undefined;
	readonly lastSuccessAt: number | undefined;
	readonly nextAt: number | undefined;
	/** All its SLOs have data up to here; undefined: one never answered. */
	readonly watermarkAt: number | undefined;
	/** Queries that are due and not asked yet. */
	readonly queue: number;
	readonly queries: number;
	readonly rows: number;
	readonly rejected: number;
	readonly revised: number;
	readonly vanished: number;
	readonly failures: Readonly<Partial<Record<PullFailureReason, number>>>;
	/** Time that lies longer ago than the catch-up limit and will not be asked for, ms. */
	readonly skippedMs: number;
	/** Of the last failure that no success has followed. */
	readonly error: PullError | undefined;
	/** What the last answers had to say besides. */
	readonly note: string;
}

/** How one feed that is asked fares. Instants ms epoch; counts since its thread started. */
export interface FeedPullStatus {
	readonly feed: string;
	readonly state: "starting" | "ok" | "failing";
	readonly lastAttemptAt: number | undefined;
	/** Asked then, answered whole, and kept. */
	readonly lastSuccessAt: number | undefined;
	readonly nextAt: number | undefined;
	readonly requests: number;
	/** Answers that the system said to be as before. */
	readonly unchanged: number;
	/** Failures since the last success. */
	readonly misses: number;
	readonly failures: Readonly<Partial<Record<PullFailureReason, number>>>;
	/** Of the last failure that no success has followed. */
	readonly error: Omit<PullError, "slo"> | undefined;
}

export interface PullError {
	readonly at: number;
	readonly slo: string;
	readonly reason: PullFailureReason;
	readonly message: string;
	readonly remedy: string;
}

/** What one trial query brought; nothing of it is counted. */
export interface PullTrial {
	readonly slo: string;
	readonly from: number;
	readonly to: number;
	readonly tookMs: number;
	readonly rows: number;
	/** The first of them. */
	readonly sample: readonly PulledRow[];
	readonly error: Omit<PullError, "at" | "slo"> | undefined;
}

/** What the API needs of those who ask other systems, and of those who are sent to. */
export interface SourcesPort {
	statuses(): readonly PullStatus[];
	/** Feeds that are asked. */
	feeds(): readonly FeedPullStatus[];
	/** Undefined: no such source, or no such SLO in it. Rejects when the pull thread is down. */
	test(source: string, slo: string | undefined): Promise<PullTrial | undefined>;
	/** Sources that have sent. Rejects when the telemetry thread is down. */
	senders(): Promise<readonly SenderStatus[]>;
	readonly startedAt: number;
}
