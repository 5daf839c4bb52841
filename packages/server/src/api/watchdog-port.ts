/** How the system's watch over itself stands. Instants ms epoch. */
export interface WatchdogStatus {
	/** `starting`: no round has ended yet; `stalled`: rounds do not end any more. Only `well` is well. */
	readonly state: "starting" | "well" | "failing" | "stalled";
	/** When a heartbeat was last earned: the check passed, and the audit found nothing that keeps pages back. */
	readonly passedAt: number | undefined;
	/** Since when none leaves. */
	readonly withheldSince: number | undefined;
	/** Why: the failed stage, then each alarm of the audit. */
	readonly reasons: readonly WatchdogReason[];
	/** From one round to the next. */
	readonly everyMs: number;
	/** The newest check from end to end. */
	readonly check: SelfCheckResult | undefined;
	/** Since the start. */
	readonly checks: { readonly passed: number; readonly failed: number };
	/** Of the audit that keep no page back. */
	readonly notices: readonly WatchdogReason[];
	readonly heartbeats: readonly HeartbeatStatus[];
	/** The newest statement, for those who ask for it instead of being told. */
	readonly latest: SignedHeartbeat | undefined;
}

export interface WatchdogReason {
	/** `self-check:` and the stage, or what the audit found. */
	readonly code: string;
	readonly says: string;
	readonly remedy: string;
}

export interface SelfCheckResult {
	readonly id: string;
	readonly startedAt: number;
	readonly tookMs: number;
	/** Of the stages that were reached, in their order, ms. */
	readonly stages: Readonly<Record<string, number>>;
	/** Undefined: it passed. */
	readonly failure: { readonly stage: string; readonly detail: string } | undefined;
}

export interface HeartbeatStatus {
	/** Host and port. */
	readonly to: string;
	readonly method: "POST" | "GET";
	readonly sentAt: number | undefined;
	/** Why the last one did not arrive; undefined: it did, or none was sent. */
	readonly failure: string | undefined;
}

/** A statement as it is sent: the text that was signed, and the headers of Standard Webhooks. */
export interface SignedHeartbeat {
	readonly body: string;
	readonly headers: Readonly<Record<string, string>>;
}

/** What the API needs of the watchdog. */
export interface WatchdogPort {
	status(): WatchdogStatus;
	/** Checks that are kept, the newest first. */
	checks(): Promise<
		readonly (Omit<SelfCheckResult, "tookMs"> & { readonly state: string; readonly endedAt: number | undefined })[]
	>;
}
