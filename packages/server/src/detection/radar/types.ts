/**
 * What the radar is told and what it says. Times are ms epoch; a minute is named by its start. Counts are events.
 */

/** What of a workload is judged. A signal has one stream of observations per tenant. */
export interface RadarSignal {
	/** What an alert names. Several signals may share one workload: a tenant has one page per workload, whatever the SLI. */
	readonly workload: string;
	/** Tells signals of one workload apart. */
	readonly signal: string;
	/** Names of the attributes, in the order of a cell's values; may be empty. */
	readonly attributes: readonly string[];
	/** Attributes whose values may fail for many tenants at once (region, ring, build): the scope between tenant and platform. */
	readonly cohortAttributes: readonly string[];
	/** Judge `bad` ÷ `total`. */
	readonly errors?: { readonly sli: string } | undefined;
	/** Judge latency: from `buckets` where bounds are given, else from `slow` ÷ `total`. */
	readonly latency?: { readonly sli: string; readonly boundsMs?: readonly number[] | undefined } | undefined;
	/** Judge whether events come as they use to. */
	readonly volume?: { readonly sli: string } | undefined;
}

export interface RadarTenant {
	readonly tenant: string;
	/** False: it counts as a peer and never pages. Default true. */
	readonly isKey?: boolean | undefined;
	/** Its clock, minutes east of UTC; default 0. Days and weekends follow it. */
	readonly utcOffsetMinutes?: number | undefined;
}

export interface RadarCell {
	/** In the order of the signal's attributes; "" where one is missing; empty where only totals are known. */
	readonly values: readonly string[];
	readonly total: number;
	readonly bad?: number | undefined;
	/** Events slower than the objective's threshold. */
	readonly slow?: number | undefined;
	/** One per bound and one above the last. */
	readonly buckets?: readonly number[] | undefined;
}

/** One tenant's events of one signal in one minute. The same `id` again, or the same minute with less, changes nothing. */
export interface TenantMinute {
	readonly tenant: string;
	readonly workload: string;
	readonly signal: string;
	readonly minuteAt: number;
	/** Identity of the batch: parts of one minute have different ids and are added up. Left out: one batch per minute. */
	readonly id?: string | undefined;
	/** It is added up and never comes again, so nothing is remembered to tell it from a repetition. */
	readonly isOnce?: boolean | undefined;
	readonly cells: readonly RadarCell[];
}

export interface RadarChange {
	readonly id: string;
	readonly at: number;
	readonly kind: string;
	readonly workload?: string | undefined;
	/** Attribute values and `tenant` that it touched; a part that is left out: all of them. */
	readonly scope: Readonly<Record<string, string>>;
}

/** Announced work: whatever the tenant's workload does in it wakes nobody. */
export interface RadarMaintenance {
	readonly tenant: string;
	/** Left out: all of them. */
	readonly workload?: string | undefined;
	readonly from: number;
	readonly to: number;
}

/** One value of one attribute, or several that belong together. */
export interface RadarCulprit {
	readonly attribute: string;
	readonly value: string;
}

/** Numbers behind an alert. */
export interface RadarEvidence {
	readonly kind: "errors" | "latency" | "volume";
	/** From the onset until the judgement. */
	readonly since: number;
	readonly until: number;
	readonly total: number;
	/** Bad or slow events; for volume: those that are missing. */
	readonly bad: number;
	/** Bad (or slow, or all) events that were to be expected. */
	readonly expected: number;
	/** Evidence against "as usual", nats; and what it takes to page today. */
	readonly evidence: number;
	readonly threshold: number;
	/** The usual ratio; undefined for volume. */
	readonly usualRatio?: number | undefined;
	/** Peers of the same workload that can be judged, and how many of them are raised as well. */
	readonly peers: { readonly judged: number; readonly raised: number };
}

/** An alert as it stands. */
export interface RadarAlert {
	readonly id: string;
	readonly scope: "tenant" | "cohort" | "platform";
	/** The ill tenant; of a wide alert undefined. */
	readonly tenant?: string | undefined;
	/** What the ill tenants of a `cohort` have in common. */
	readonly cohort?: RadarCulprit | undefined;
	/** All that are hurt, by name. */
	readonly tenants: readonly string[];
	readonly workload: string;
	readonly sli: string;
	readonly onsetAt: number;
	/** Best first; empty: everything is raised alike, or too little to say. */
	readonly culprits: readonly RadarCulprit[];
	/** Ids of changes, best first; empty: none fits. */
	readonly changes: readonly string[];
	readonly evidence: RadarEvidence;
	/** A few sentences for the person who is woken. */
	readonly explanation: string;
}

/** `opened` is a page; `updated` is later knowledge of the same alert. */
export type RadarEvent =
	| { readonly type: "opened" | "updated"; readonly at: number; readonly alert: RadarAlert }
	| { readonly type: "closed"; readonly at: number; readonly id: string; readonly reason: "recovered" | "forgotten" };

export interface RadarOptions {
	readonly signals: readonly RadarSignal[];
	readonly tenants: readonly RadarTenant[];
	/** Minutes that come later than this after their end are not judged any more. Default 1 h. */
	readonly latenessMs?: number | undefined;
	/** Pages per key tenant and week that noise may cause: the one knob. Default 0.05. */
	readonly falsePagesPerTenantWeek?: number | undefined;
	/** Prefix of alert ids; default "radar-". */
	readonly idPrefix?: string | undefined;
}

/** Deterministic: the same calls in the same order give the same events. Order between two `advance` calls never matters. */
export interface Radar {
	/** False: nothing new (a repeat), too late, or not of a known tenant and signal. */
	observe(minute: TenantMinute): boolean;
	/** A change counts from its own time on; told later it is weighed from then on. */
	change(change: RadarChange): void;
	maintenance(window: RadarMaintenance): void;
	/** Judges what has come; call it once a minute, some 25 s after each full one. A clock that steps back is held. */
	advance(now: number): readonly RadarEvent[];
	/** Alerts that are open now, by id. */
	open(): readonly RadarAlert[];
}
