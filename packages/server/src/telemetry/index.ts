/**
 * Telemetry in: bytes of OTLP and remote write become counts per (tenant, SLO), each exactly once within the lateness limit.
 * What was answered `accepted` is on disk. Malformed requests change nothing; points that cannot be used are rejected one by
 * one with a reason and are accounted for. When streams are full new ones are refused and known ones go on; when the store
 * fails the answer is `unavailable` until memory has been rebuilt from it.
 */
export { release } from "./content.ts";
export * from "./feeds/index.ts";
export { CSV_OPTIONS, delimiterOf, headerFault, type ImportFormat, jsonFields } from "./import-lines.ts";
export { IMPORT_FIELDS, type ImportRow, importRow } from "./import-row.ts";
export type { DamagedLeaves, LeafKind, LeafStore, LeafWriter, StoredLeafName } from "./leaf-store.ts";
export { MemoryTelemetryStore } from "./memory-store.ts";
export { type SenderKind, senderKind, unnamedSource } from "./origins.ts";
export * from "./packed-totals.ts";
export * from "./pull/asking.ts";
export type * from "./pull/feed-engine.ts";
export { backOffMs, type PullPlan, type PullState, planPull, queryWaitMs } from "./pull/planner.ts";
export * from "./pull/pull-engine.ts";
export type { PulledAnswer, PullOutcome } from "./pull/pulling.ts";
export { CountRows } from "./pull/rows.ts";
export { SeriesBytes } from "./pull/samples.ts";
export type { IngestRequest } from "./request-intake.ts";
export type * from "./store.ts";
export { StoreFailure, Telemetry, type TelemetryOptions } from "./telemetry.ts";
export * from "./types.ts";
export { keepsLatency, latencyUnit } from "./uses.ts";
export type * from "./window-snapshots.ts";
export { Malformed } from "./wire.ts";
