import type { BurnRateTier, SeverityKey } from "@bellwether/model";

export type DetectorKind = "burn-rate" | "threshold" | "absence" | "seasonal" | "radar";

/** What a workload, tier or tenant may set otherwise for itself. */
export interface MonitorTerms {
	readonly mode: "live" | "shadow" | "draft";
	readonly severity: SeverityKey;
	/** Of burn-rate; undefined: all four. */
	readonly tiers?: readonly BurnRateTier["key"][] | undefined;
	/** A page needs evidence: P(bad or more | objective just met) below this. */
	readonly evidenceP: number;
	readonly escalation?: string | undefined;
	readonly threshold?: ThresholdTerms | undefined;
	readonly absence?: AbsenceTerms | undefined;
	readonly seasonal?: SeasonalTerms | undefined;
	readonly radar?: RadarTerms | undefined;
	readonly pause?: MonitorPause | undefined;
}

export interface Monitor extends MonitorTerms {
	readonly name: string;
	readonly detector: DetectorKind;
	/** SLO names it applies to; undefined: every SLO. */
	readonly slos?: readonly string[] | undefined;
}

/** Whole minutes are compared with a value: `minutes` of the last `lookMs` beyond it claim, `clearMs` without one end it. */
export interface ThresholdTerms {
	readonly measure: "bad-ratio" | "bad-events" | "events";
	readonly is: "above" | "below";
	readonly value: number;
	readonly lookMs: number;
	readonly minutes: number;
	readonly clear: number;
	readonly clearMs: number;
}

export interface AbsenceTerms {
	/** Undefined: what cannot be chance at the tenant's own rhythm. */
	readonly afterMs?: number | undefined;
	/** Hours that were without events before are no absence. */
	readonly quietHours: boolean;
}

/** Five minutes beside what is usual at that hour of the week. */
export interface SeasonalTerms {
	readonly measure: "events" | "bad-ratio" | "latency";
	/** Of latency, and always there: 90 is the p90. */
	readonly percentile?: number | undefined;
	/** Of latency never `both`. */
	readonly direction: "up" | "down" | "both";
}

export interface RadarTerms {
	readonly watches: readonly ("errors" | "volume")[];
	/** What noise may cause. The radar of all tenants has one such line: the lowest that is written. */
	readonly falsePagesPerTenantWeek: number;
}

/** It claims nothing before `until`, ms epoch. */
export interface MonitorPause {
	readonly until: number;
	readonly reason: string;
	readonly owner: string;
}

/** Fields that hold instead of the monitor's own; of `threshold` and `absence` only what is written. */
export type MonitorOverride = Partial<Omit<MonitorTerms, "threshold" | "absence" | "seasonal" | "radar">> & {
	readonly threshold?: Partial<ThresholdTerms> | undefined;
	readonly absence?: Partial<AbsenceTerms> | undefined;
};

/** Monitor → what holds here instead. */
export type MonitorOverrides = Readonly<Record<string, MonitorOverride>>;
