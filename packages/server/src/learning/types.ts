import type { CaseRecord } from "#incidents";

/** `pending`: the end has not come yet; `unknown`: an end is missing and will not be known. Never zero for either. */
export type Measure =
	| { readonly status: "recorded"; readonly ms: number }
	| { readonly status: "pending" | "unknown"; readonly ms: null };

/** Durations of one incident, each by the glossary's definition; `onset` is how long ago (before detection) the impact started. */
export interface Measures {
	/** detectedAt − impactStartedAt, told as the onset's own state: recorded when the onset is known. */
	readonly onset: Measure;
	/** detectedAt − impactStartedAt. */
	readonly ttd: Measure;
	/** acknowledgedAt − pagedAt. */
	readonly tta: Measure;
	/** firstNoticeAt − detectedAt. */
	readonly firstNotice: Measure;
	/** mitigatedAt − impactStartedAt. */
	readonly ttm: Measure;
}

export type ProgramKey =
	| "auto-detected-share"
	| "time-to-detect"
	| "time-to-mitigate"
	| "customer-reported-critical"
	| "escalation-rate"
	| "tenants-covered";

export interface ProgramNumber {
	readonly key: ProgramKey;
	readonly name: string;
	readonly definition: string;
	readonly unit: "ratio" | "ms" | "count";
	readonly baseline: number | null;
	readonly baselineText: string;
	readonly value: number | null;
	readonly valueText: string;
	readonly n: number;
	/** Incidents whose number is not known yet. */
	readonly pending: number;
	/** Incidents whose number can not be known. */
	readonly unknown: number;
	/** What the sample size allows to say. */
	readonly note: string;
}

export interface ProgramReport {
	readonly at: number;
	/** The first incident's detection, or `at` when there is none. */
	readonly from: number;
	readonly numbers: readonly ProgramNumber[];
	/** Open, or resolved without a verdict. */
	readonly unreviewed: number;
	/** Cases that no incident stands behind, the last to open first; at most 100. */
	readonly missed: readonly CaseRecord[];
}
