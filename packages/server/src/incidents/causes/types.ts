/** Share of events by value of what a change can be limited to, as telemetry names the values; left out: not known. */
export interface Slices {
	readonly region?: Readonly<Record<string, number>> | undefined;
	readonly ring?: Readonly<Record<string, number>> | undefined;
	readonly build?: Readonly<Record<string, number>> | undefined;
}

/** Which slice of the events explains the bad ones; values as telemetry names them. */
export type Culprit =
	| { readonly answer: "whole-tenant" | "unknown" }
	| {
			readonly answer: "culprit";
			readonly region?: string | undefined;
			readonly build?: string | undefined;
			/** Some other attribute is named. */
			readonly hasOther: boolean;
	  };

/** Another tenant that uses the workload. `isIll` undefined: too little to tell, or it was ill long before. */
export interface OtherTenant {
	readonly tenant: string;
	readonly slices: Slices;
	readonly isIll: boolean | undefined;
}

/** What is known around an incident when its causes are judged. */
export interface Surroundings {
	/** Of the tenant; for the platform's incident of the fleet. */
	readonly slices: Slices;
	/** Of the whole fleet: tells which names of regions and builds telemetry knows. */
	readonly fleet: Slices;
	readonly culprit: Culprit;
	readonly others: readonly OtherTenant[];
	/** Feeds of changes that are stale or were never heard, by name for people: what they would tell is not known. */
	readonly silentFeeds: readonly string[];
}

/** A change that may have brought an incident about. */
export interface JudgedCause {
	readonly feed: string;
	readonly id: string;
	/** Whose change it is; empty: of no single tenant. */
	readonly tenant: string;
	readonly workload: string;
	/** 0-1 */
	readonly probability: number;
	/** Onset − start of the change; 0 when it is not before. */
	readonly leadMs: number;
	/** In words, the strongest first. */
	readonly reasons: readonly string[];
	/** Likely enough to say that it was this one. */
	readonly isBlamed: boolean;
}

/** The changes that may have brought an incident about, the likeliest first. Probabilities and `none` add up to about 1. */
export interface IncidentCauses {
	readonly judgedAt: number;
	readonly ranked: readonly JudgedCause[];
	/** Probability that it was none of them. */
	readonly none: number;
	readonly silentFeeds: readonly string[];
}
