import type { AuditFinding } from "./audit-types.ts";
import type { SignedHeartbeat } from "./heartbeat.ts";
import type { SelfCheckResult } from "./self-check.ts";

/** How the system's watch over itself stands. Instants ms epoch. */
export interface WatchdogStatus {
	/** `starting`: no round has ended yet; `stalled`: rounds do not end any more. Only `well` is well. */
	readonly state: "starting" | "well" | "failing" | "stalled";
	/** When a heartbeat was last earned: the check passed and the audit found nothing that keeps pages back. */
	readonly passedAt: number | undefined;
	/** Since when none leaves. */
	readonly withheldSince: number | undefined;
	/** Why: the failed stage, then each alarm. */
	readonly reasons: readonly { readonly code: string; readonly says: string; readonly remedy: string }[];
	readonly everyMs: number;
	readonly check: SelfCheckResult | undefined;
	readonly checks: { readonly passed: number; readonly failed: number };
	readonly findings: readonly AuditFinding[];
	readonly heartbeats: readonly HeartbeatStatus[];
	/** The newest statement, for those who ask for it instead of being told. */
	readonly latest: SignedHeartbeat | undefined;
}

export interface HeartbeatStatus {
	/** Host and port. */
	readonly to: string;
	readonly method: "POST" | "GET";
	readonly sentAt: number | undefined;
	/** Why the last one did not arrive; undefined: it did, or none was sent. */
	readonly failure: string | undefined;
}
