/**
 * One combination of attribute values in the window of an incident, beside what is usual for it. Counts are events and may
 * be fractions; `values` are in the order of the input's attributes, "" where the attribute is missing.
 */
export interface Leaf {
	readonly values: readonly string[];
	readonly bad: number;
	readonly total: number;
	/** Counts of the same combination in healthy times, any length; left out or 0: it has no history. */
	readonly usualBad?: number | undefined;
	readonly usualTotal?: number | undefined;
}

export interface LocaliseInput {
	/** 1 to 8 names. */
	readonly attributes: readonly string[];
	/** Up to 100,000 or so; a combination that is named twice is added up. */
	readonly leaves: readonly Leaf[];
	/** Error ratio for what has no history at all; default: that of the whole baseline, else one bad event of all that is usual. */
	readonly usualErrorRatio?: number | undefined;
}

/** Where only each attribute by itself is counted. Every attribute's values add up to the same events. */
export interface MarginalInput {
	readonly attributes: readonly {
		readonly name: string;
		readonly values: readonly (Omit<Leaf, "values"> & { readonly value: string })[];
	}[];
	readonly usualErrorRatio?: number | undefined;
}

/** Events that did not come. `total` is what came in the window, `expected` what was expected in it. */
export interface LossInput {
	readonly attributes: readonly string[];
	readonly leaves: readonly {
		readonly values: readonly string[];
		readonly total: number;
		readonly expected: number;
	}[];
}

/** A conjunction of attribute values: `{ "cloud.region": "eu", build: "b7" }` is what has both. */
export interface Culprit {
	readonly values: Readonly<Record<string, string>>;
	/** Of the incident's window; for a loss `bad` is what is missing. */
	readonly bad: number;
	readonly total: number;
	/** Bad events that were to be expected of it without the incident. */
	readonly expectedBad: number;
	/** Share of all excess bad events that it holds, 0-1. */
	readonly coverage: number;
	/** Its error ratio ÷ that of everything else in the window; Infinity where everything else has no bad event. */
	readonly lift: number;
	/** Evidence for it against "everything is raised alike", nats. Above 5 it is hardly luck. */
	readonly evidence: number;
}

export interface Localisation {
	/** `unknown`: nothing is raised, or too little to say. */
	readonly answer: "culprit" | "whole-tenant" | "unknown";
	readonly isWholeTenant: boolean;
	/** What together explains the bad events, the largest share first; empty unless `answer` is `culprit`. */
	readonly culprits: readonly Culprit[];
	/** Single conjunctions by evidence, the answer's first one first: at most five. Filled for every answer. */
	readonly candidates: readonly Culprit[];
	readonly excessBad: number;
	/** One or two sentences. */
	readonly explanation: string;
}
