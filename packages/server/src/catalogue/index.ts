/**
 * Key tenants, workloads, SLOs, monitors and on-call as code: a folder of YAML read into one immutable Catalogue.
 *
 * Promises: every error of every file at once, each with file, line, column and remedy; the same content gives the
 * same hash in whatever order and files it stands. Refuses: unknown fields and references, secrets written out,
 * files over 1 MiB, anchors that multiply; a reading with one error has no catalogue, so a bad file cannot replace a
 * good running one. Bad content is never an exception.
 */
export * from "./agent-policy.ts";
export { instantOf } from "./assemble-oncall.ts";
export * from "./attribute-settings.ts";
export { periodAt, type Span, UNIT_DAYS } from "./calendar-period.ts";
export * from "./change.ts";
export { CHANNEL_FACTS } from "./channels.ts";
export * from "./choose.ts";
export * from "./effective-monitor.ts";
export * from "./exchange/index.ts";
export { formatFinding } from "./finding.ts";
export { type FolderSignature, folderSignature } from "./folder.ts";
export * from "./integration-types.ts";
export * from "./label-domain.ts";
export { formatMatchers, type Labels, labelOf, matchesLabels, parseMatchers } from "./label-matchers.ts";
export { keepsLatency } from "./latency.ts";
export * from "./limits.ts";
export { compilePattern, MAX_PATTERN_LENGTH, matcherTest, patternFault } from "./matcher.ts";
export * from "./notice-facts.ts";
export * from "./objective.ts";
export { PatternIndex } from "./pattern-index.ts";
export * from "./pauses.ts";
export { isPlannedFor, type PlannedSpan, plannedSpans } from "./planned-spans.ts";
export { definitionWords, promiseWords } from "./promise-words.ts";
export * from "./reading.ts";
export * from "./reference.ts";
export * from "./retention.ts";
export * from "./route-tests.ts";
export * from "./routing-types.ts";
export * from "./schedule-types.ts";
export * from "./selector.ts";
export * from "./sli-kinds.ts";
export * from "./starter.ts";
export { peopleOfTarget } from "./target-people.ts";
export { intervalHolds, whenIntervals } from "./time-interval.ts";
export * from "./types.ts";
export * from "./watchdog-settings.ts";
