import type { BurnRateTier, SeverityKey } from "@bellwether/model";
import type {
	AbsenceTerms,
	CalendarPeriod,
	DetectorKind,
	RadarTerms,
	SeasonalTerms,
	Span,
	ThresholdTerms,
} from "#catalogue";
import type { Pair, PercentileQuery, PercentileStep, WindowSink } from "#telemetry";
import type { RadarChange, RadarCulprit, RadarEvidence } from "./radar/types.ts";
import type { ReadMinutes } from "./radar-history.ts";
import type { ShadowFiring } from "./shadow-firings.ts";

export type PairState = "breach" | "at-risk" | "no-data" | "healthy";

export type { DetectorKind } from "#catalogue";

/** Who wants to see a monitor fire, and where. */
export interface Drill {
	readonly monitor: string;
	readonly tenant: string;
	readonly slo: string;
	readonly by: string;
}

/** Why events are missing; `quiet-hours` is none of them, because it is claimed by nobody. */
export type AbsenceAnswer = "tenant-stopped" | "source-down" | "everything-stopped";

/** The radar's numbers behind a claim, who else is hurt, which slice of the events it is and what changed before. */
export interface RadarSeen extends RadarEvidence {
	readonly scope: "tenant" | "cohort" | "platform";
	readonly cohort?: RadarCulprit | undefined;
	readonly culprits: readonly RadarCulprit[];
	/** Ids of changes, best first. */
	readonly changes: readonly string[];
}

/** What a detector saw when it claimed a breach. Ratios, no percent; times ms epoch. */
export interface Evidence {
	/** Of burn-rate alone. */
	readonly tier?: BurnRateTier | undefined;
	/** Of the others: what they saw, in a sentence. */
	readonly says?: string | undefined;
	readonly absence?: { readonly answer: AbsenceAnswer; readonly tenants: number } | undefined;
	readonly radar?: RadarSeen | undefined;
	/** A test that somebody asked for: nothing is known to be wrong. */
	readonly drill?: { readonly by: string } | undefined;
	/** No detector saw it: `who` says it, as a person or for a customer. Nothing was measured, and all counts are 0. */
	readonly reported?:
		| {
				readonly by: "person" | "customer";
				readonly who: string;
				readonly severity: SeverityKey;
				readonly title?: string | undefined;
		  }
		| undefined;
	readonly objective: number;
	readonly long: BurnWindow;
	readonly short: BurnWindow;
	/** From `since` to the detection. */
	readonly episode: BurnWindow;
	/** P(this many bad or more | objective just met): over the long window, or of `facts`. */
	readonly p: number;
	/**
	 * At low traffic: what the claim rests on, a failing call with its retries as one; those of the last run of events where
	 * that says more than the long window. Undefined: the long window's own counts.
	 */
	readonly facts?: { readonly bad: number; readonly total: number } | undefined;
	readonly fleet: { readonly long: BurnWindow; readonly short: BurnWindow; readonly episode: BurnWindow };
	/** Tenant's share of the fleet's events in the long window. */
	readonly share: number;
	/** Below this share a total outage can never trip the fleet's rule: factor × (1 − objective). */
	readonly maskingShare: number;
	/** Other key tenants burning on the same SLO at the same time, in the register's order; the first hundred. */
	readonly alsoBurning: readonly string[];
	/** When it began: the first bad bucket of the episode where `onset` agrees with it, else the middle of that. */
	readonly since: number;
	/** Where a change point lies in the windows of the last day: 90 % interval. Undefined: not asked, or not known. */
	readonly onset?:
		| {
				readonly from: number;
				readonly to: number;
				readonly shape: "step" | "ramp" | "intermittent";
				/** It may have begun before `from`. */
				readonly isOpen: boolean;
		  }
		| undefined;
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
	readonly detector: DetectorKind;
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
	readonly detector: DetectorKind;
	readonly closedAt: number;
	/** `unwatched`: nobody looks there any more, so nobody can say that it recovered. */
	readonly reason: "recovered" | "unwatched";
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
	/** The calendar period that the budget belongs to; undefined: it rolls. */
	readonly period?: Span | undefined;
	readonly lastAt: number | undefined;
	/** When the open breach was detected. */
	readonly breachSince: number | undefined;
}

/** A pair with what judges it. `fleetPair` is the index of the SLO's fleet pair; its own index for the fleet's pair. */
export interface DetectionPair extends Pair {
	/** The budget runs from the start of such a period; undefined: it rolls. */
	readonly calendar?: CalendarPeriod | undefined;
	/** Its events are slices of this length, each in its last bucket: news of a slice is as old as it is long. ms. */
	readonly sliceMs?: number | undefined;
	readonly fleetPair: number;
	/** Undefined: no monitor applies; the pair has a state (at worst `at-risk`) and never a breach. */
	readonly monitor:
		| {
				readonly name: string;
				readonly mode: "live" | "shadow" | "draft";
				readonly evidenceP: number;
				readonly tiers: readonly BurnRateTier["key"][];
				/** It claims nothing before this. */
				readonly pausedUntil?: number | undefined;
		  }
		| undefined;
	/** Monitors with other detectors. */
	readonly also?: readonly PairMonitor[] | undefined;
}

/**
 * An instant (ms epoch) on a tenant's clock, ms as if that clock were UTC. On a holiday it is the same time of an earlier day
 * of the weekday that its holidays resemble.
 */
export type TenantClock = (at: number) => number;

/** When work is planned between two instants, ms epoch; `until` undefined: no end is in sight. */
export type Planned = (
	from: number,
	to: number,
) => readonly { readonly from: number; readonly until: number | undefined }[];

/** A monitor whose detector is not burn-rate, as it holds for one pair. */
export interface PairMonitor {
	readonly name: string;
	/** Undefined: what follows tells. */
	readonly detector?: DetectorKind | undefined;
	readonly mode: "live" | "shadow" | "draft";
	readonly pausedUntil?: number | undefined;
	readonly threshold?: ThresholdTerms | undefined;
	readonly absence?: AbsenceTerms | undefined;
	readonly seasonal?:
		| (SeasonalTerms & {
				readonly clock: TenantClock;
				/** Of measure latency: whose it is, for people, and what stands behind its numbers, such as " ms". */
				readonly latency?: { readonly of: string; readonly unit: string } | undefined;
		  })
		| undefined;
	readonly radar?:
		| (RadarTerms & {
				readonly workload: string;
				/** What people call them; default: their names. */
				readonly called?: { readonly tenant: string; readonly workload: string; readonly slo: string } | undefined;
				/** The tenant's clock, minutes east of UTC. */
				readonly utcOffsetMinutes: number;
				/** Whatever the tenant's workload does meanwhile is neither claimed nor learnt. Undefined: never. */
				readonly planned?: Planned | undefined;
		  })
		| undefined;
}

/** Steps whose percentile of the latencies can be told, in the order of time. */
export type ReadPercentiles = (query: PercentileQuery) => readonly PercentileStep[];

export interface DetectionOptions {
	readonly pairs: readonly DetectionPair[];
	/** Events later than this after the last `tick` are not kept. ms. */
	readonly futureMs: number;
	/** How long a new claim, or its end, must hold before it is told. ms. */
	readonly confirmMs: number;
	/**
	 * Until which event time the counts of a pair rest on every source that feeds it, ms epoch: a breach opens only where its
	 * rule is true without what is newer. Default: everything is whole as it comes.
	 */
	readonly completeUntil?: ((pair: number, now: number) => number) | undefined;
	/** What was open before a restart; it is not announced again. Entries of pairs that no longer exist are ignored. */
	readonly openBreaches: readonly {
		readonly tenant: string;
		readonly slo: string;
		readonly detector: string;
		readonly openedAt: number;
	}[];
	/** Minutes from before the start, from which the radar learns what is usual. Undefined: it begins without. */
	readonly history?: ReadMinutes | undefined;
	/** Latencies of now and before the start; needed where a seasonal monitor judges them, which throws without. */
	readonly percentiles?: ReadPercentiles | undefined;
	readonly now: number;
}

export interface DetectionEngine extends WindowSink {
	/** Any order. Live, recovery and replay use this one call. Outside every window the counts are ignored. */
	add(pair: number, at: number, bad: number, total: number): void;
	/** Moves windows forward; a clock that steps back is held where it was. */
	tick(now: number): void;
	/** Ticks, judges every pair that changed, and returns what opened and closed: fleet pairs first, then tenants, by index. */
	evaluate(now: number): (BreachOpened | BreachClosed)[];
	statuses(now: number): PairStatus[];
	/** Of the pairs whose counts or state changed since the last call (all, the first time). */
	changedStatuses(now: number): PairStatus[];
	/** `windowMs` is one of 5 m, 30 m, 1 h, 2 h, 6 h, 24 h, 72 h or the pair's period; others throw. */
	sums(pair: number, windowMs: number): { bad: number; total: number };
	/** Worst state in each of the last 24 hours of the clock, oldest first; the last one is the hour that is running. */
	hourStrip(pair: number, now: number): PairState[];
	/** Breaches that the pair's shadow monitor would have opened since the start. */
	shadowBreaches(pair: number): number;
	/** Those of all pairs since the last call, oldest first. */
	takeShadowFirings(): readonly ShadowFiring[];
	/** Work that waits for a moment of leisure, some milliseconds of it; true while there is more. */
	work(): boolean;
	/** Share of what is usual that the radar has learnt since the start; 1 without a radar. */
	learnt(): number;
	/** A change of the platform or of a tenant, which may be why something fails. */
	change(change: RadarChange): void;
	/** A claim that says it is a test, with what the windows hold; nothing stays open of it. Undefined: no such pair. */
	drill(asked: Drill, now: number): BreachOpened | undefined;
	/** Memory of windows and detector states as allocated now, in bytes. */
	bytesPerPair(): number;
}
