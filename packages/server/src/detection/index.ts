/**
 * Detection: keeps exact windows for every pair (tenant, SLO) and says when one burns its error budget too fast.
 *
 * Promises: every window equals a recomputation from all adds, in whatever order they came; the same adds, ticks and
 * evaluations give the same answers; one open breach per pair; no page without evidence; without events a pair is
 * `no-data`, never healthy, and an open breach stays open.
 * Refuses: events later than `futureMs` after the clock, and events older than a window, leave that window as it is.
 * When late: late events change every window that still holds their bucket, and the next evaluation judges them.
 * When full: memory is fixed by the number of pairs and their periods; there is no queue. See `bytesPerPair`.
 */

export { type Ailing, type Causes, type Change, type Peer, rankCauses } from "./cause/index.ts";
export { type Localisation, localise, localiseMarginals } from "./culprit/index.ts";
export { createDetection } from "./engine.ts";
export { forecastExhaustion, type SeverityInput, type SeveritySuggestion, suggestSeverity } from "./impact/index.ts";
export { createRadar } from "./radar/index.ts";
export type * from "./radar/types.ts";
export { createSeriesDetector, restoreSeriesDetector } from "./series/detector.ts";
export { explainSeries } from "./series/explain.ts";
export type * from "./series/types.ts";
export type { ShadowFiring } from "./shadow-firings.ts";
export type * from "./types.ts";
export { unwatchedBreaches } from "./unwatched.ts";
