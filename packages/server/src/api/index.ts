/**
 * HTTP: routes with their wire schemas, sign-in, live events, and the pages that need no script.
 *
 * Promises: every route declares who may call it, and one that does not keeps the server from starting; every answer
 * passes through its schema, so nothing unlisted leaves; a foreign id and a nonexistent one answer alike; GET changes
 * nothing. Refuses: requests under a foreign host name, state changes started by another site, bodies over their limit.
 * When full or late: telemetry answers 429 or 503 with Retry-After before memory fills; a live stream that does not
 * take its bytes is cut and resumes.
 */

export { tokenDigestOf } from "./authenticate.ts";
export { channelsInUse } from "./channel-needs.ts";
export type {
	ActiveConfig,
	AddOutcome,
	ApiContext,
	ApplyOutcome,
	ConfigPort,
	NewKeyTenant,
	ReadyCheck,
	TelemetryPort,
} from "./context.ts";
export { createFleetSource, type FleetSource } from "./fleet-source.ts";
export { buildHttpServer, type HttpServerOptions } from "./http-server.ts";
export { openApiDocument } from "./openapi-document.ts";
export { type GrpcLibrary, type OtlpGrpcServer, startOtlpGrpc } from "./otlp-grpc.ts";
export { isLoopbackBind } from "./own-host.ts";
export { pageReach } from "./page-reach.ts";
export { powerAutomateFiles } from "./power-automate/index.ts";
export type { HealthDetails } from "./schemas-operations.ts";
export { secretFault } from "./secret-fault.ts";
export { type IngestSilence, ingestSilence, type SenderStatus } from "./sender-status.ts";
export { SourceGate } from "./source-gate.ts";
export type { FeedPullStatus, PullError, PullStatus, PullTrial, SourcesPort } from "./sources-port.ts";
export { StreamHub } from "./stream-hub.ts";
export type { HeartbeatStatus, SelfCheckResult, SignedHeartbeat, WatchdogStatus } from "./watchdog-port.ts";
export { watchdogWords } from "./watchdog-words.ts";
