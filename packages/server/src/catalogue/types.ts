import type { BurnRateTier, SeverityKey } from "@bellwether/model";
import type { AgentPolicy } from "./agent-policy.ts";
import type { AttributeSettings } from "./attribute-settings.ts";
import type { Channel } from "./channels.ts";
import type { EscalationPolicy, Person, Team } from "./escalation-types.ts";
import type { Integration } from "./integration-types.ts";
import type { Matcher } from "./matcher-types.ts";
import type { RetentionSettings } from "./retention.ts";
import type { RoutingRules } from "./routing-types.ts";
import type { ScheduleLayer } from "./schedule-types.ts";
import type { WatchdogSettings } from "./watchdog-settings.ts";

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

export interface Settings {
	readonly organisation: string;
	/** Address people open the console under; links in pages and notices start with it. Undefined: the bound address. */
	readonly publicUrl?: string | undefined;
	/** Undefined `callbacks`: addresses that callers give must be public. */
	readonly egress: { readonly allow: readonly string[]; readonly callbacks?: readonly string[] | undefined };
	readonly smtp?: SmtpSettings | undefined;
	/** Undefined: at most 30 pages to one person in an hour. */
	readonly paging?: { readonly perPersonPerHour: number } | undefined;
	/** Undefined: DEFAULT_WATCHDOG. */
	readonly watchdog?: WatchdogSettings | undefined;
	readonly telemetry: {
		/** Points older or later than this are rejected; also the dedup horizon. ms. */
		readonly latenessMs: number;
		readonly futureMs: number;
		readonly maxStreams: number;
		/** Identities of events kept within the lateness limit; when full, new events are refused with 503. Undefined: 10 million. */
		readonly maxEventIds?: number | undefined;
		/** Delta streams of customers that are no key tenant kept one by one; those beyond are folded. Default: 50,000. */
		readonly maxOtherStreams?: number | undefined;
		/** Attributes that may name a tenant, besides those of the register; their values are listed for matching. */
		readonly tenantAttributes?: readonly string[] | undefined;
		readonly maxBodyBytes: number;
		/** Undefined: DEFAULT_RETENTION. */
		readonly retention?: RetentionSettings | undefined;
		/** Undefined: DEFAULT_ATTRIBUTES. */
		readonly attributes?: AttributeSettings | undefined;
		/** Undefined: DEFAULT_LIMITS. */
		readonly limits?: IngestLimits | undefined;
	};
	/** Undefined: an incident can be taken up again for an hour after it came to rest. */
	readonly incidents?: { readonly coolDownMs: number } | undefined;
	readonly baselines: {
		readonly autoDetectedShare: number;
		readonly ttdManualMs: number;
		readonly ttdAutoMs: number;
		/** How many tenants that are not key tenants the feeds of cases speak of. Undefined: not known. */
		readonly comparisonTenants?: number | undefined;
	};
}

/** What each tenant and each source may send. Undefined: no limit of its own. */
export interface IngestLimits {
	readonly tenants: TenantLimits;
	readonly sources: SourceLimits;
}

/** `streams` are kept at most; the fair share of `maxStreams` holds besides. */
export interface TenantLimits {
	readonly streams?: number | undefined;
	/** Points and events that an SLO may select, duplicates and rejected ones included. */
	readonly pointsPerSecond?: number | undefined;
}

/** Bytes as they come, compressed or not. */
export interface SourceLimits {
	readonly requestsPerSecond?: number | undefined;
	readonly pointsPerSecond?: number | undefined;
	readonly bytesPerSecond?: number | undefined;
}

export interface SmtpSettings {
	readonly host: string;
	readonly port: number;
	readonly secure: boolean;
	readonly from: string;
	readonly user?: string | undefined;
	/** Secret reference, `${env:X}` or `${file:/path}`; resolved where it is used, never stored. */
	readonly passwordRef?: string | undefined;
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

export type { Matcher, MatchOp } from "./matcher-types.ts";

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
	readonly measure: "events" | "bad-ratio";
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

export type {
	AfterAcknowledge,
	Contact,
	ContactRuleName,
	ContactRuleStep,
	EscalationAct,
	EscalationPolicy,
	EscalationStep,
	EscalationTarget,
	LocalNight,
	Person,
	StepCondition,
	Team,
	TimeCondition,
	TransientPause,
} from "./escalation-types.ts";

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

export type { Channel, ChannelKind, ChannelProvider } from "./channels.ts";

/** What a feed tells: the platform's own word about workloads, what was changed, or what customers reported. */
export type FeedGives = "platform-health" | "changes" | "cases";

/** The shape in which a feed speaks. */
export type FeedKind =
	| "alertmanager"
	| "status-json"
	| "m365-health"
	| "azure-service-health"
	| "cloudevents"
	| "github"
	| "azure-devops"
	| "json";

/** How a feed's messages prove where they come from. */
export type FeedAuth = "standard-webhooks" | "github" | "bearer" | "basic";

/** A source of facts beside the telemetry. */
export interface Feed {
	readonly name: string;
	readonly displayName: string;
	readonly kind: FeedKind;
	readonly gives: FeedGives;
	readonly auth: FeedAuth;
	/** Secret reference; undefined: nothing is taken by `POST /api/v1/feeds/NAME`, the feed is only pulled. */
	readonly secretRef?: string | undefined;
	/** Without a message for this long the feed is stale. Undefined: it has no rhythm. */
	readonly expectEveryMs?: number | undefined;
	/** A component as the source names it, in lower case → workloads. Empty: components are workloads' names. */
	readonly components: Readonly<Record<string, readonly string[]>>;
	/** Label of an alert that names its component. */
	readonly componentLabel: string;
	/** Our field → where it stands in the source's object, such as `data.customer.id`. */
	readonly fields: Readonly<Record<string, string>>;
	/** Where the list of objects stands; undefined: the body is one object or a list. */
	readonly items?: string | undefined;
	/** Path in the source's object → values; others are left out. */
	readonly only: Readonly<Record<string, readonly string[]>>;
	/** It is asked as well, on a schedule. Undefined: it only sends. */
	readonly pull?: FeedPullSettings | undefined;
}

/** How a feed is asked. All addresses must answer: what one of them does not tell is not known. */
export interface FeedPullSettings {
	readonly urls: readonly string[];
	readonly everyMs: number;
	readonly auth: SourceAuth;
	/** For one answer. */
	readonly timeoutMs: number;
	/** All pages of one address together. */
	readonly maxResponseBytes: number;
	/** Alertmanager: an answer without this alert tells nothing of what is well. */
	readonly expectAlert?: string | undefined;
	/** Azure Resource Graph: those that are asked for; empty: all that the identity may read. */
	readonly subscriptions: readonly string[];
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

export type PullKind = "prometheus" | "kusto" | "log-analytics" | "graph" | "postgresql" | "clickhouse";
export type PushKind = "otlp" | "remote-write" | "events";

/** An engine that is asked on a schedule (`pull`), or a sender that is only named. */
export interface Source {
	readonly name: string;
	readonly displayName: string;
	readonly kind: PullKind | PushKind;
	readonly pull?: PullSettings | undefined;
	/** Of a sender: what is left out is as in the settings. */
	readonly limits?: SourceLimits | undefined;
	/** Of a sender: without a request for this long it is late. Undefined: three times its usual interval. */
	readonly expectEveryMs?: number | undefined;
}

export interface PullSettings {
	/** Without a slash at the end; empty for graph and log-analytics: their public address. */
	readonly url: string;
	/** Database of kusto and clickhouse, workspace id of log-analytics. */
	readonly database?: string | undefined;
	readonly auth: SourceAuth;
	/** Of postgresql: TLS with a checked certificate. */
	readonly tls: boolean;
	readonly intervalMs: number;
	/** Length of the buckets that counts are asked for; a multiple of 10 s. */
	readonly stepMs: number;
	readonly overlapMs: number;
	/** Ripeness: data younger than this are not asked for. */
	readonly delayMs: number;
	readonly catchUpMs: number;
	readonly maxRangeMs: number;
	readonly maxQueriesPerMinute: number;
	readonly timeoutMs: number;
	readonly maxResponseBytes: number;
	readonly queries: readonly PullQuery[];
}

/** Names ending in Ref are `${env:X}` or `${file:/path}`; resolved where they are used, never stored. */
export type SourceAuth =
	| { readonly kind: "none" }
	| { readonly kind: "bearer"; readonly tokenRef: string }
	| { readonly kind: "basic"; readonly user: string; readonly passwordRef: string }
	| {
			readonly kind: "client-credentials";
			readonly tokenUrl: string;
			readonly clientId: string;
			readonly secretRef: string;
			readonly scope: string;
	  }
	| { readonly kind: "managed-identity"; readonly clientId?: string | undefined; readonly scope: string };

/** Counts the events of one SLO for all tenants. A prometheus query without `promql` takes the raw samples of the SLO's metrics. */
export interface PullQuery {
	readonly slo: string;
	/** With {{from}}, {{to}}, {{step}}. */
	readonly text?: string | undefined;
	readonly promql?:
		| {
				readonly good?: string | undefined;
				readonly bad?: string | undefined;
				readonly total?: string | undefined;
				readonly value?: string | undefined;
		  }
		| undefined;
	/** Of a ratio: total and one of good and bad, unless `goodWhen`; of a threshold: value. */
	readonly columns: {
		readonly tenant: string;
		readonly time: string;
		readonly good?: string | undefined;
		readonly bad?: string | undefined;
		readonly total?: string | undefined;
		readonly value?: string | undefined;
	};
	/** Each row is one event, good when every field has one of its values. */
	readonly goodWhen?: Readonly<Record<string, readonly string[]>> | undefined;
	/** Attribute of the tenant register that the tenant column is compared with. */
	readonly tenantAttribute: string;
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
