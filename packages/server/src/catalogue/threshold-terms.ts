import { MINUTE_MS } from "@bellwether/model";
import type { ThresholdTerms } from "./types.ts";

const DEFAULT_LOOK_MS = 5 * MINUTE_MS;

/** All terms of one threshold, with defaults that follow from what is written. */
export function wholeThreshold(written: Partial<ThresholdTerms>): ThresholdTerms {
	const lookMs = written.lookMs ?? DEFAULT_LOOK_MS;
	const value = written.value ?? Number.NaN;
	return {
		measure: written.measure ?? "bad-ratio",
		is: written.is ?? "above",
		value,
		lookMs,
		minutes: written.minutes ?? Math.round(lookMs / MINUTE_MS),
		clear: written.clear ?? value,
		clearMs: written.clearMs ?? lookMs,
	};
}

/**
 * Terms of a workload, tier or tenant over those below. Another value clears at itself and another length asks for all its
 * minutes, unless they say otherwise: what was written below belongs to the other value.
 */
export function overThreshold(below: ThresholdTerms, written: Partial<ThresholdTerms>): ThresholdTerms {
	const { value, lookMs } = written;
	return {
		...below,
		...(value === undefined ? {} : { clear: value }),
		...(lookMs === undefined ? {} : { minutes: Math.round(lookMs / MINUTE_MS), clearMs: lookMs }),
		...written,
	};
}
