import type { Localisation, LocaliseInput, LossInput, MarginalInput } from "./types.ts";

/** Which conjunctions of 1-3 attribute values, at most three of them, explain the bad events. */
export function localise(_input: LocaliseInput): Localisation {
	return UNKNOWN;
}

/** The same where only each attribute by itself is known: culprits of one attribute. */
export function localiseMarginals(_input: MarginalInput): Localisation {
	return UNKNOWN;
}

/** Which conjunction explains events that did not come. */
export function localiseLoss(_input: LossInput): Localisation {
	return UNKNOWN;
}

const UNKNOWN: Localisation = {
	answer: "unknown",
	isWholeTenant: false,
	culprits: [],
	candidates: [],
	excessBad: 0,
	explanation: "Nothing is raised.",
};
