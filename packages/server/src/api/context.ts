import type { Clock } from "@bellwether/model";
import type {
	FastifyBaseLogger,
	FastifyInstance,
	RawReplyDefaultExpression,
	RawRequestDefaultExpression,
	RawServerDefault,
} from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { Catalogue, CatalogueFile, Finding } from "#catalogue";
import type { Drill, PairStatus } from "#detection";
import type { TicketSystem } from "#incidents";
import type { ControlStore, EventBus, Ids, Principal, TenantScope } from "#platform";
import type {
	Accounting,
	AttributeCounts,
	AttributesQuery,
	ColumnsQuery,
	ImportFormat,
	ImportOutcome,
	IngestOutcome,
	Latencies,
	LatenciesQuery,
	Protocol,
	TelemetryCounters,
	TenantValues,
	TenantValuesQuery,
	WindowBucket,
	WindowsQuery,
} from "#telemetry";
import type { FleetView } from "./schemas.ts";
import { Problem } from "./schemas.ts";
import type { SourcesPort } from "./sources-port.ts";
import type { StreamHub } from "./stream-hub.ts";
import type { WatchdogPort } from "./watchdog-port.ts";

export type Api = FastifyInstance<
	RawServerDefault,
	RawRequestDefaultExpression,
	RawReplyDefaultExpression,
	FastifyBaseLogger,
	ZodTypeProvider
>;

/** What the API needs of the telemetry thread. */
export interface TelemetryPort {
	ingest(protocol: Protocol, encoding: string | undefined, body: Uint8Array): Promise<IngestOutcome>;
	importEvents(idempotencyKey: string, body: Uint8Array, format?: ImportFormat): Promise<ImportOutcome>;
	windows(query: WindowsQuery): Promise<WindowBucket[] | undefined>;
	columns(query: ColumnsQuery): Promise<Float64Array>;
	latencies(query: LatenciesQuery): Promise<Latencies | undefined>;
	/** False: there is no such pair. */
	drill(asked: Drill): Promise<boolean>;
	attributes(queries: readonly AttributesQuery[]): Promise<(AttributeCounts | undefined)[]>;
	accounting(tenant?: string, source?: string): Promise<Accounting[]>;
	tenantValues(query: TenantValuesQuery): Promise<TenantValues>;
	health(): Promise<TelemetryCounters & { readonly state: string; readonly failure: string | undefined }>;
	statuses(): PairStatus[];
}

/** The configuration that runs, and how it is replaced. A refused one changes nothing but `lastRefusal`. */
export interface ConfigPort {
	active(): ActiveConfig;
	validate(files: readonly CatalogueFile[]): {
		readonly hash: string | undefined;
		readonly findings: readonly Finding[];
	};
	/** `files` undefined: read the catalogue's folder again. */
	apply(files: readonly CatalogueFile[] | undefined, principal: Principal, requestId: string): Promise<ApplyOutcome>;
	/** Adds one tenant to what runs: as a new file in the folder, where the folder runs, else to the files that were sent. */
	addKeyTenant(tenant: NewKeyTenant, principal: Principal, requestId: string): Promise<AddOutcome>;
}

export interface ActiveConfig {
	readonly hash: string;
	readonly appliedAt: number;
	readonly appliedBy: string;
	readonly source: "folder" | "api";
	readonly isReloadOk: boolean;
	/** Of the last attempt: errors when it was refused, warnings when it was taken. */
	readonly findings: readonly Finding[];
	readonly files: readonly CatalogueFile[];
}

/** A value of an attribute becomes a key tenant. What is left out is the reader's default. */
export interface NewKeyTenant {
	readonly name: string;
	readonly displayName?: string | undefined;
	readonly attribute: string;
	readonly value: string;
	readonly tier?: string | undefined;
	readonly workloads?: readonly string[] | undefined;
}

export type AddOutcome =
	| (ApplyOutcome & { readonly file: CatalogueFile })
	/** The folder cannot be written: nothing changed. */
	| { readonly status: "unwritable"; readonly file: CatalogueFile; readonly message: string };

export type ApplyOutcome =
	| { readonly status: "applied" | "unchanged"; readonly hash: string; readonly findings: readonly Finding[] }
	| { readonly status: "refused"; readonly findings: readonly Finding[] };

export interface ReadyCheck {
	readonly name: string;
	readonly ok: boolean;
	/** A warning leaves the server ready. */
	readonly level: "error" | "warning";
	readonly reason: string;
}

export interface ApiContext {
	readonly clock: Clock;
	readonly ids: Ids;
	readonly bus: EventBus;
	readonly store: ControlStore;
	readonly telemetry: TelemetryPort;
	readonly sources: SourcesPort;
	readonly hub: StreamHub;
	/** The adapter behind an integration's name. */
	readonly ticketSystem?: ((integration: string) => TicketSystem | undefined) | undefined;
	readonly catalogue: () => Catalogue;
	readonly config: ConfigPort;
	readonly fleet: { view(scope: TenantScope): Promise<FleetView>; version(): number };
	/** Undefined: nothing watches over this server. */
	readonly watchdog?: WatchdogPort | undefined;
	readonly readiness: () => Promise<readonly ReadyCheck[]>;
	/** Room on the disk of the data folder; undefined: not watched. */
	readonly diskFreeBytes?: (() => Promise<number>) | undefined;
	readonly metrics: {
		readonly contentType: string /** `isNamed`: with what bears names. */;
		text(isNamed: boolean): Promise<string>;
	};
	/** Address people use, without a slash at the end. */
	readonly baseUrl: () => string;
	readonly demo: boolean;
	/** Folder of the built console; may be missing. */
	readonly consoleDir: string;
	readonly version: string;
}

/** Answers that every route can give besides its own. */
export const PROBLEMS = { "4xx": Problem, "5xx": Problem };
