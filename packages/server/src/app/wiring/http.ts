import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { type ApiContext, buildHttpServer, type HttpServerOptions } from "#api";
import { integrationStates, ticketsLeftBehind } from "#incidents";
import { SYSTEM, scopeOf } from "#platform";
import type { BreachQueue } from "../breach-queue.ts";
import type { ConfigControl } from "../config-control.ts";
import { openGrpcPort } from "../grpc-port.ts";
import { closeServer, listen, urlOf } from "../ports.ts";
import { readiness } from "../readiness.ts";
import { createSelfMetrics } from "../self-metrics.ts";
import { VERSION } from "../version.ts";
import type { Watchdog } from "../watchdog/watchdog.ts";
import type { Ground } from "./ground.ts";
import type { Incoming } from "./incoming.ts";
import type { Outgoing } from "./outgoing.ts";
import type { Rooms } from "./rooms.ts";
import type { Watches } from "./watches.ts";

const CONSOLE_DIR = fileURLToPath(new URL("../../../../web/dist", import.meta.url));
const BODY_TIMEOUT_MS = 30_000;
const MAX_INGEST_BYTES_IN_MEMORY = 256 * 1024 * 1024;

/** What is shown and measured of the parts. */
interface Parts {
	readonly config: ConfigControl;
	readonly breaches: BreachQueue;
	readonly incoming: Incoming;
	readonly rooms: Rooms;
	readonly watches: Watches;
	readonly outgoing: Outgoing;
	readonly watchdog: Watchdog;
}

export interface HttpOptions {
	readonly host: string;
	/** 0: a free one. */
	readonly port: number;
	/** 0: a free one. */
	readonly otlpPort: number;
	/** OTLP/gRPC; 0: a free one, undefined: none. */
	readonly grpcPort?: number | undefined;
	readonly tokenDigest: string | undefined;
	readonly demo: boolean;
	/** Told before anything else is opened. */
	readonly onListening: (url: string) => void;
}

/** Builds what answers requests and opens its ports: the console's with the API, OTLP, and OTLP/gRPC where it is asked for. */
export async function openHttp(ground: Ground, parts: Parts, options: HttpOptions) {
	const { log, lifecycle } = ground;
	const { host, port, otlpPort, grpcPort, tokenDigest } = options;
	const metrics = metricsOf(ground, parts);
	const context = contextOf(ground, parts, { metrics, demo: options.demo });
	const telemetry = ingestOf(ground, { gate: parts.incoming.gate, observe: metrics.observeIngest });
	const { api, otlp, mayWrite } = await buildHttpServer({
		context,
		host,
		tokenDigest,
		logger: log as never,
		telemetry,
	});
	await api.listen({ host, port });
	lifecycle.onStop("HTTP", () => api.close());
	const url = urlOf(host, (api.server.address() as AddressInfo).port);
	options.onListening(url);
	await listen(otlp, host, otlpPort);
	lifecycle.onStop("OTLP port", () => closeServer(otlp));
	const otlpUrl = urlOf(host, (otlp.address() as AddressInfo).port);
	const grpc =
		grpcPort === undefined ? undefined : await openGrpcPort({ ...telemetry, mayWrite, host, port: grpcPort });
	lifecycle.onStop("gRPC port", () => grpc?.stop());
	return { url, otlpUrl, grpcUrl: grpc && urlOf(host, grpc.port) };
}

function metricsOf({ store, clock, hub, telemetry, catalogue }: Ground, parts: Parts) {
	const { config, breaches, incoming, watches, outgoing, watchdog } = parts;
	return createSelfMetrics({
		store,
		now: () => clock.now(),
		timers: () => outgoing.timers.counters,
		dispatcher: () => outgoing.dispatcher.counters,
		breachQueueDepth: () => breaches.depth,
		streams: () => hub.size,
		isConfigOk: () => config.active().isReloadOk,
		pulled: () => incoming.pulled.statuses(),
		pulledFeeds: () => incoming.pulled.feedStatuses(),
		senders: () => watches.senders.senders().catch(() => []),
		channels: async () => {
			await watches.channels.look().catch(() => undefined);
			return watches.channels.states();
		},
		telemetry: () => telemetry.health().catch(() => undefined),
		accounting: () => telemetry.accounting().catch(() => []),
		watchdog: () => watchdog.status(),
		tickets: async () => {
			const all = scopeOf(SYSTEM);
			const integrations = await integrationStates(store.db, all, catalogue());
			return { integrations, leftBehind: await ticketsLeftBehind(store.db, all, catalogue()) };
		},
	});
}

function contextOf(ground: Ground, parts: Parts, own: Pick<ApiContext, "metrics" | "demo">): ApiContext {
	const { clock, ids, bus, store, hub, telemetry, catalogue, publicUrl, diskFreeBytes } = ground;
	const { config, rooms, watches, watchdog } = parts;
	const { pulled, startedAt } = parts.incoming;
	const sources: ApiContext["sources"] = {
		statuses: () => pulled.statuses(),
		feeds: () => pulled.feedStatuses(),
		test: (source, slo) => pulled.test(source, slo),
		senders: () => watches.senders.senders(),
		startedAt,
	};
	return {
		...own,
		clock,
		ids,
		bus,
		store,
		telemetry,
		sources,
		hub,
		ticketSystem: rooms.ticketing.system,
		catalogue,
		config,
		fleet: watches.fleet,
		watchdog,
		readiness: () => readiness({ clock, store, telemetry, config, sources, watchdog, channels: watches.channels }),
		diskFreeBytes,
		baseUrl: publicUrl,
		consoleDir: CONSOLE_DIR,
		version: VERSION,
	};
}

type IngestOptions = HttpServerOptions["telemetry"];

function ingestOf({ telemetry, catalogue }: Ground, own: Pick<IngestOptions, "gate" | "observe">): IngestOptions {
	return {
		...own,
		takeMemory: (bytes) => telemetry.bodies.take(bytes),
		giveMemory: (memory) => telemetry.bodies.give(memory),
		ingest: (kind, encoding, body, more) =>
			telemetry.ingest(kind, encoding === "identity" ? undefined : encoding, body, more),
		maxBodyBytes: () => catalogue().settings.telemetry.maxBodyBytes,
		bodyTimeoutMs: BODY_TIMEOUT_MS,
		maxBytesInMemory: MAX_INGEST_BYTES_IN_MEMORY,
	};
}
