/**
 * What the incidents teach: the durations of each, and the six numbers of the programme.
 *
 * Promises: every number with its definition, baseline, sample size, and how many incidents are pending or unknown;
 * a missing time is never zero, a small sample never a trend. Refuses: nothing; it only reads, within the scope.
 * When there is much: reads all incidents of the scope page by page, in the order of their opening.
 */
export { measuresOf } from "./measures.ts";
export { programReport, reportOn } from "./program-report.ts";
export { median, wilsonInterval } from "./statistics.ts";
export * from "./types.ts";
