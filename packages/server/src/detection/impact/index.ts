/**
 * Impact: when a tenant's trouble began, with an interval; when its error budget will be spent, as a range; and how severe
 * an incident may be called, with reasons.
 *
 * Promises: pure and deterministic; what is not known is `unknown` with a reason, never zero.
 * Refuses: series whose two columns differ in length.
 */

export type { OnsetBucket } from "./counts.ts";
export type { OnsetEstimate } from "./estimate-onset.ts";
export { estimateOnset, estimateOnsetInBuckets } from "./estimate-onset.ts";
export { type ForecastInput, forecastExhaustion } from "./forecast.ts";
export { type SeverityInput, type SeveritySuggestion, suggestSeverity } from "./severity.ts";
