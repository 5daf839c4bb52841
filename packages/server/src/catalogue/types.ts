import type { AgentPolicy } from "./agent-policy.ts";
import type { Channel } from "./channels.ts";
import type { EscalationPolicy, Person, Team } from "./escalation-types.ts";
import type { Integration } from "./integration-types.ts";
import type { Matcher } from "./matcher-types.ts";
import type { Monitor, MonitorOverrides } from "./monitor-types.ts";
import type { RoutingRules } from "./routing-types.ts";
import type { ScheduleLayer } from "./schedule-types.ts";
import type { Settings, TenantLimits } from "./settings-types.ts";
import type { Feed, Source } from "./source-types.ts";

export type { Channel, ChannelKind, ChannelProvider } from "./channels.ts";
export type * from "./escalation-types.ts";
export type * from "./matcher-types.ts";
export type * from "./monitor-types.ts";
export type * from "./settings-types.ts";
export type * from "./source-types.ts";

/** The whole validated configuration. Immutable; a reload makes a new one. `hash` names the content. */
export interface Catalogue {
	readonly hash: string;
	readonly settings: Settings;
	readonly tiers: readonly Tier[];
	readonly tenants: readonly KeyTenant[];
	readonly cohorts?: readonly Cohort[] | undefined;
	readonly workloads: readonly Workload[];
	readonly slos: readonly Slo[];
	readonly monitors: readonly Monitor[];
	readonly people: readonly Person[];
	readonly teams?: readonly Team[] | undefined;
	readonly schedules: readonly Schedule[];
	readonly escalations: readonly EscalationPolicy[];
	readonly channels: readonly Channel[];
	readonly templates: readonly NoticeTemplate[];
	/** Where telemetry comes from, as far as it is declared. */
	readonly sources: readonly Source[];
	readonly feeds: readonly Feed[];
	readonly runbooks?: readonly Runbook[] | undefined;
	/** What agents may do by themselves; undefined: nothing. */
	readonly agentPolicies?: readonly AgentPolicy[] | undefined;
	/** Undefined: none is written; every incident pages at once and by itself. */
	readonly routing?: RoutingRules | undefined;
	/** Systems that incidents are carried to. Undefined: none. */
	readonly integrations?: readonly Integration[] | undefined;
	/**
	 * Where values are written that hold for some and not for all, `file:line` by `kind/name/field`, such as
	 * `Tier/gold/monitors/burn-rate/severity`. No part of the content.
	 */
	readonly places?: Readonly<Record<string, string>> | undefined;
}

export interface Tier {
	readonly name: string;
	readonly displayName: string;
	readonly rank: number;
	readonly objectives: Readonly<Record<string, number>>;
	readonly monitors?: MonitorOverrides | undefined;
}

export interface KeyTenant {
	readonly name: string;
	readonly displayName: string;
	readonly tier: string;
	/** Attribute name → values; a point belongs to the tenant when any resource or point attribute equals one of them. */
	readonly match: Readonly<Record<string, readonly string[]>>;
	/** More ids, with conditions: other attributes, patterns, single workloads or sources, effective dates. */
	readonly aliases?: readonly TenantAlias[] | undefined;
	/** What routes and mutes can match besides, such as region and ring. */
	readonly labels?: Readonly<Record<string, string>> | undefined;
	/** Workload names the tenant uses; others show "not in use". */
	readonly workloads: readonly string[];
	readonly timeZone: string;
	readonly holidays?: Holidays | undefined;
	readonly language: string;
	readonly objectives: Readonly<Record<string, number>>;
	readonly monitors?: MonitorOverrides | undefined;
	/** What is left out is as in the settings. */
	readonly limits?: TenantLimits | undefined;
	/** People who use its workloads; undefined: not known. */
	readonly users?: number | undefined;
	readonly contacts: {
		readonly csam?: string | undefined;
		readonly support?: string | undefined;
		readonly customer: readonly string[];
	};
}

/** Days on which a tenant's people are away. */
export interface Holidays {
	/** Names of TimeIntervals; a day belongs to them when one holds at noon of the tenant's clock. */
	readonly during: readonly string[];
	/** The weekday that such days resemble; 0 is Sunday. */
	readonly likeWeekday: number;
}

/**
 * Ids of a tenant: points whose attribute equals one of `values` or fits one of `patterns` (RE2, the whole value). Each
 * condition that is left out always holds. A point is judged by its own time: from ≤ time < until, ms epoch.
 */
export interface TenantAlias {
	readonly attribute: string;
	readonly values: readonly string[];
	readonly patterns: readonly string[];
	/** Only for SLOs of this workload. */
	readonly workload?: string | undefined;
	/** Only from this source: `bellwether.source`, else `service.name`, else `job` of the stream. */
	readonly source?: string | undefined;
	readonly from?: number | undefined;
	readonly until?: number | undefined;
}

/**
 * A dimension that aggregates tenants, known and unknown: each group has windows of its own for every SLO, under the
 * tenant name `~dimension:group`. Aggregates never page and are no tenants.
 */
export type Cohort = { readonly name: string; readonly displayName: string } & (
	| { readonly by: "tier" }
	/** Group → values of the attribute. Points with another value are in no group. */
	| {
			readonly by: "attribute";
			readonly attribute: string;
			readonly groups: Readonly<Record<string, readonly string[]>>;
	  }
);

export interface Workload {
	readonly name: string;
	readonly displayName: string;
	readonly owner: string;
	/** SLO whose value the platform cell shows; the first SLO of the workload when unset. */
	readonly leadSlo?: string | undefined;
	readonly escalation?: string | undefined;
	readonly monitors?: MonitorOverrides | undefined;
	readonly runbook: readonly string[];
	/** Step → party → R, A, C, I or RA; each step has exactly one A. */
	readonly raci?: Readonly<Record<string, Readonly<Record<string, string>>>> | undefined;
	/** What it is to its users. Undefined: ordinary. */
	readonly criticality?: "critical" | "ordinary" | "low" | undefined;
}

export type SliKind = "availability" | "latency" | "freshness" | "throughput" | "correctness" | "saturation";

/** Where events come from: points of metrics, or spans, log records and events that are counted one by one. */
export type Signal = "metric" | "span" | "log" | "event";

/** Which streams: metric name, conditions that must all hold, and for histograms the bucket bound (events ≤ `le`). */
export interface Selector {
	readonly metric: string;
	readonly where: readonly Matcher[];
	readonly le?: number | undefined;
	/** Undefined: metric. */
	readonly signal?: Signal | undefined;
}

export type Indicator =
	| { readonly kind: "ratio"; readonly numerator: "good" | "bad"; readonly part: Selector; readonly total: Selector }
	| {
			readonly kind: "threshold";
			readonly metric: Selector;
			readonly op: "lt" | "lte" | "gt" | "gte";
			readonly value: number;
	  }
	| Heartbeat;

/**
 * Events are expected: each interval of `everyMs` (counted from the epoch) with at least `atLeast` of them is one good
 * event, each without one bad event, beginning with the first interval that had any, or with `effectiveAt` (ms epoch).
 */
export interface Heartbeat {
	readonly kind: "heartbeat";
	readonly metric: Selector;
	readonly everyMs: number;
	readonly atLeast: number;
	readonly effectiveAt?: number | undefined;
}

/**
 * Slices of time that the budget is counted in, as OpenSLO names the methods. `timeslices`: a slice whose ratio of good
 * events is at least `target` is one good event, another is one bad event. `ratio-timeslices`: each slice counts alike
 * with its own ratio. A slice without events is neither good nor bad: it does not count.
 */
export type Slicing =
	| { readonly method: "timeslices"; readonly sliceMs: number; readonly target: number }
	| { readonly method: "ratio-timeslices"; readonly sliceMs: number };

/** Periods of `count` units that follow each other from `startsAt` (ms epoch) on the calendar of a zone. */
export interface CalendarPeriod {
	readonly unit: "day" | "week" | "month" | "quarter" | "year";
	readonly count: number;
	readonly timeZone: string;
	readonly startsAt: number;
}

export interface Slo {
	readonly name: string;
	readonly displayName: string;
	readonly description: string;
	readonly workload: string;
	readonly sliKind: SliKind;
	/** What one event is, plural, for sentences: "sign-ins". */
	readonly unit: string;
	readonly indicator: Indicator;
	/** Ratio, 0–1 exclusive. */
	readonly objective: number;
	/** Nominal length: burn-rate tiers derive from it. A calendar month is 30 d, a quarter 90 d, a year 365 d. */
	readonly periodMs: number;
	/** The budget runs from the start of such a period; undefined: it rolls. */
	readonly calendar?: CalendarPeriod | undefined;
	/** Undefined: by occurrences, every event counts alike. */
	readonly slicing?: Slicing | undefined;
	/** Attributes whose values are counted by themselves, to tell where it fails; undefined: those of the settings. */
	readonly keep?: readonly string[] | undefined;
	/** Of the bound of a threshold, for sentences: s, ms, min, h, d, % or another. */
	readonly valueUnit?: string | undefined;
	readonly place: Place;
}

/** A rotation: `people[k]` is on call in shift k of length `shiftMs` counted from `startsAt` (ms epoch). */
export interface Schedule {
	readonly name: string;
	readonly displayName: string;
	readonly timeZone: string;
	readonly startsAt: number;
	readonly shiftMs: number;
	/** Everybody who may be on call by the catalogue. */
	readonly people: readonly string[];
	/** Undefined: the rotation above, alone. */
	readonly layers?: readonly ScheduleLayer[] | undefined;
	/** `24x7`: somebody is primary at every instant; undefined: nothing is promised. */
	readonly coverage?: "24x7" | undefined;
}

/** What to do about a breach, in Markdown. It is linked by whatever of `for` fits; with none of them it is nobody's. */
export interface Runbook {
	readonly name: string;
	readonly displayName: string;
	readonly text: string;
	readonly for: {
		readonly slos: readonly string[];
		readonly sliKinds: readonly SliKind[];
		readonly workloads: readonly string[];
	};
	/** Key tenant → what is to be known about it, in Markdown. */
	readonly notes: Readonly<Record<string, string>>;
}

export interface NoticeTemplate {
	readonly name: string;
	readonly audience: "csam" | "support" | "customer";
	readonly language: string;
	readonly subject: string;
	readonly body: string;
}

export interface CatalogueFile {
	/** Relative to the catalogue's folder, with `/` between the parts. */
	readonly path: string;
	readonly text: string;
}

/** Where something is written: file relative to the catalogue, 1-based line and column. */
export interface Place {
	readonly file: string;
	readonly line: number;
	readonly column: number;
}

export interface Finding extends Place {
	readonly level: "error" | "warning";
	/** What is wrong, naming the path and the value. */
	readonly message: string;
	/** What to write instead. */
	readonly remedy: string;
}

export type Provenance = "slo" | "tier" | "tenant";
