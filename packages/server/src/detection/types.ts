import type { BurnRateTier } from "@bellwether/model";

export type PairState = "breach" | "at-risk" | "no-data" | "healthy";

/** What a detector saw when it claimed a breach. Ratios, no percent; times ms epoch. */
export interface Evidence {
	readonly tier: BurnRateTier;
	readonly objective: number;
	readonly long: BurnWindow;
	readonly short: BurnWindow;
	/** P(this many bad or more | objective just met) over the long window. */
	readonly p: number;
	readonly fleet: { readonly long: BurnWindow; readonly short: BurnWindow };
	/** Tenant's share of the fleet's events in the long window. */
	readonly share: number;
	/** Below this share a total outage can never trip the fleet's rule: factor × (1 − objective). */
	readonly maskingShare: number;
	/** Other key tenants burning on the same SLO at the same time. */
	readonly alsoBurning: readonly string[];
	/** First bad bucket of the episode, from the windows. */
	readonly since: number;
}

export interface BurnWindow {
	readonly ms: number;
	readonly bad: number;
	readonly total: number;
	/** Undefined without events. */
	readonly burn: number | undefined;
}

/** A detector's claim about one tenant (or the platform, tenant = FLEET). */
export interface BreachOpened {
	readonly type: "breach.opened";
	readonly tenant: string;
	readonly slo: string;
	readonly detector: "burn-rate";
	readonly monitor: string;
	/** `platform`: most tenants burn alike, this is not the tenant's own problem. */
	readonly scope: "tenant" | "platform";
	readonly detectedAt: number;
	readonly evidence: Evidence;
}
export interface BreachClosed {
	readonly type: "breach.closed";
	readonly tenant: string;
	readonly slo: string;
	readonly detector: "burn-rate";
	readonly closedAt: number;
	readonly reason: "recovered";
}

/** What is known of one pair now; what the fleet page shows. */
export interface PairStatus {
	readonly tenant: string;
	readonly slo: string;
	readonly objective: number;
	readonly state: PairState;
	/** Of the last hour: good ÷ total; undefined without events. */
	readonly sli: number | undefined;
	/** Burn over the short window of the worst tier, else over 1 h. */
	readonly burn: number | undefined;
	readonly total1h: number;
	/** Share of the period's budget left; undefined without events. */
	readonly budgetRemaining: number | undefined;
	readonly lastAt: number | undefined;
	readonly breachSince: number | undefined;
}
