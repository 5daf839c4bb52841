/**
 * From a detector's claim to the record that people work on, and its life until the verdict.
 *
 * Promises: one incident per episode of a (tenant, SLO), however often, in whatever order and across whatever crash a
 * breach is told; one platform incident per SLO with the tenants' incidents under it; every change in the caller's
 * transaction together with its timeline and its audit entry; the second acknowledgement learns who was first.
 * Refuses: to reopen after the cool-down or after a review, to merge across tenants, to resolve without a verdict, to
 * resolve a real one that still burns; each as an outcome with a reason and a remedy. An incident of another tenant, one
 * that is private to others, and one that does not exist answer alike.
 * When late: a claim that arrives after a restart is taken with its own detection time. Nothing is dropped when full;
 * a store that cannot write throws and leaves nothing behind.
 */
export * from "./actions.ts";
export * from "./causes/index.ts";
export { publish as publishIncidentFact } from "./change.ts";
export { rankClaims } from "./claims.ts";
export { coolDownOf } from "./continuing.ts";
export { respondersOf } from "./cost/acts.ts";
export * from "./cost/responder-time.ts";
export { describeFactsFor } from "./facts-for.ts";
export * from "./family/links.ts";
export { burningParts, mergeIncident } from "./family/merge.ts";
export { putUnderParent, takeFromParent } from "./family/parents.ts";
export * from "./feeds/index.ts";
export { goesOn, type IncidentEvent, isOver, isResolved, transition } from "./lifecycle.ts";
export { incidentTimers, listenInIncidents } from "./listen.ts";
export * from "./marks.ts";
export { closeBreach, openForBreach } from "./opening.ts";
export * from "./queries.ts";
export { type Report, type ReportOutcome, reportIncident } from "./reporting.ts";
export { childrenOf, getIncident, readersOf } from "./rows.ts";
export { type ItemState, type KeptRunbook, runbooksOf, tickItem } from "./runbooks/keep.ts";
export { type ParsedRunbook, parseRunbook, type RunbookItem } from "./runbooks/parse.ts";
export { incidentsToRevise, reviseSeverity, setSeverity } from "./severity/change.ts";
export { type JudgedSeverity, judgeSeverity, risen, type SeverityFacts } from "./severity/derive.ts";
export { keepShadowFirings, shadowFirings } from "./shadow-firings.ts";
export { keepCulprits, type SimilarIncident, similarIncidents } from "./similar/find.ts";
export { type CulpritValue, rankSimilar } from "./similar/rank.ts";
export * from "./tickets/index.ts";
export * from "./types.ts";
export * from "./unseen.ts";
export * from "./words.ts";
export type { WorkDeps } from "./work/acting.ts";
export * from "./work/privacy.ts";
export * from "./work/roles.ts";
export * from "./work/tasks.ts";
