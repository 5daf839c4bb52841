/**
 * Telemetry in: bytes of OTLP and remote write become counts per (tenant, SLO), each exactly once within the lateness limit.
 * What was answered `accepted` is on disk. Malformed requests change nothing; points that cannot be used are rejected one by
 * one with a reason and are accounted for. When streams are full new ones are refused and known ones go on; when the store
 * fails the answer is `unavailable` until memory has been rebuilt from it.
 */

export * from "./feeds/index.ts";
export * from "./history/packed-totals.ts";
export { CSV_OPTIONS, delimiterOf, headerFault, type ImportFormat, jsonFields } from "./import/import-lines.ts";
export { IMPORT_FIELDS, type ImportRow, importRow } from "./import/import-row.ts";
export { release } from "./intake/content.ts";
export { type SenderKind, senderKind, unnamedSource } from "./intake/origins.ts";
export type { IngestRequest } from "./intake/request-intake.ts";
export { Malformed } from "./intake/wire.ts";
export type { DamagedLeaves, LeafKind, LeafStore, LeafWriter, StoredLeafName } from "./leaves/leaf-store.ts";
export * from "./pull/asking.ts";
export type * from "./pull/feed-engine.ts";
export { backOffMs, type PullPlan, type PullState, planPull, queryWaitMs } from "./pull/planner.ts";
export * from "./pull/pull-engine.ts";
export type { PulledAnswer, PullOutcome } from "./pull/pulling.ts";
export { CountRows } from "./pull/rows.ts";
export { SeriesBytes } from "./pull/samples.ts";
export { keepsLatency, latencyUnit } from "./selection/uses.ts";
export { MemoryTelemetryStore } from "./store/memory-store.ts";
export type * from "./store/store.ts";
export { StoreFailure, Telemetry, type TelemetryOptions } from "./telemetry.ts";
export * from "./types.ts";
export type * from "./windows/window-snapshots.ts";
