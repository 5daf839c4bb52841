import { mkdir, statfs } from "node:fs/promises";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Worker } from "node:worker_threads";
import { type Clock, isOwnName } from "@bellwether/model";
import pino, { type Logger } from "pino";
import type { ApiContext, HttpServerOptions, ReadyCheck, SenderStatus, WatchdogStatus } from "#api";
import { type Catalogue, formatFinding } from "#catalogue";
import type { EngagementDeps } from "#engagement";
import { closeBreach, incidentTimers, listenInIncidents, openBreaches, openForBreach } from "#incidents";
import {
	createDispatcher,
	createTimerRunner,
	EventBus,
	type OutcomeListener,
	SYSTEM,
	scopeOf,
	sinceBoot,
	systemIds,
} from "#platform";
import type { ChannelState, ResponseDeps } from "#response";
import { openControlStore } from "../adapters/sqlite/control-store.ts";
import { DataDirLocked, type DataLock, lockDataDir } from "../adapters/sqlite/data-lock.ts";
import { isLoopbackBind } from "../api/own-host.ts";
import { StreamHub } from "../api/stream-hub.ts";
import { createBreachQueue } from "./breach-queue.ts";
import { openCatalogueCache } from "./catalogue-cache.ts";
import { createChangeTelling } from "./change-telling.ts";
import { startConfigControl } from "./config-control.ts";
import { issueStartTokens, readTokenFile, SettingRefused } from "./first-access.ts";
import { createLifecycle, type Lifecycle } from "./lifecycle.ts";
import type { PullControl } from "./pull-control.ts";
import { loadRest } from "./rest-of-program.ts";
import { startTelemetryThread, type TelemetryHealth, type TelemetryThread } from "./telemetry-thread.ts";
import { clockOf } from "./test-faults.ts";
import { VERSION } from "./version.ts";
import type { SelfCheck } from "./watchdog/self-check.ts";
import { selfCheckKey, selfCheckToken } from "./watchdog/self-check-rows.ts";
import { SELF_CHECK, withSelfCheck } from "./watchdog/synthetic.ts";

export interface StartOptions {
	readonly catalogueDir: string;
	readonly dataDir: string;
	readonly host: string;
	/** 0: a free one. */
	readonly port: number;
	/** 0: a free one. */
	readonly otlpPort: number;
	/** OTLP/gRPC; 0: a free one, undefined: none. */
	readonly grpcPort?: number | undefined;
	readonly clock: Clock;
	/** Shown in the console: the data are a demo's. */
	readonly demo: boolean;
	/** File with the operator's admin token; needed for a bind that others can reach. */
	readonly tokenFile?: string | undefined;
	/** Where the sheet for the time without this process is written. Default: the data folder. */
	readonly statusDir?: string | undefined;
	readonly logger?: Logger | undefined;
	/** See TelemetryThreadOptions. */
	readonly warmWorker?: Worker | undefined;
	readonly compileCacheDir?: string | undefined;
}

export interface Bellwether {
	readonly url: string;
	readonly otlpUrl: string;
	readonly grpcUrl: string | undefined;
	/** Undefined when a token file is configured: then that token is the way in. */
	readonly adminToken: string | undefined;
	readonly adminLink: string | undefined;
	stop(): Promise<void>;
}

const CONSOLE_DIR = fileURLToPath(new URL("../../../web/dist", import.meta.url));
const HEARTBEAT_MS = 15_000;
const BODY_TIMEOUT_MS = 30_000;
const MAX_INGEST_BYTES_IN_MEMORY = 256 * 1024 * 1024;
const LATE_MS = 5_000;
/** What the control plane writes in hours of an incident, with a margin. */
const RESERVE_BYTES = 4 * 1024 * 1024;

/**
 * Builds the product and starts it; resolves when it is ready. Each step that starts something says at once how it is
 * stopped; a step that fails stops what came before it, in reverse.
 */
export async function startBellwether(options: StartOptions): Promise<Bellwether> {
	const log = options.logger ?? pino({ level: "silent" });
	const lifecycle = createLifecycle((step, error) => log.error({ err: error, step }, "stop step failed"));
	try {
		return await start(options, lifecycle, log);
	} catch (error) {
		await lifecycle.stop();
		throw error;
	}
}

async function start(options: StartOptions, lifecycle: Lifecycle, log: Logger): Promise<Bellwether> {
	const { clock, dataDir } = options;
	const all = scopeOf(SYSTEM);

	// Who may speak to us, before anything opens.
	const tokenDigest = options.tokenFile === undefined ? undefined : await readTokenFile(options.tokenFile);
	if (!isLoopbackBind(options.host) && tokenDigest === undefined) {
		throw new SettingRefused(
			`the address ${options.host} can be reached by other machines, and no authentication is configured: give --token-file PATH (a file with an admin token), or use --host 127.0.0.1`,
		);
	}

	// Data folder and control store.
	const lock = await takeDataDir(dataDir, clock);
	lifecycle.onStop("data lock", () => lock.release());
	const store = await openControlStore({ path: join(dataDir, "control.db"), clock, reserveBytes: RESERVE_BYTES });
	lifecycle.onStop("control store", () => store.close());
	const ids = systemIds(clock);
	const bus = new EventBus();
	const hub = new StreamHub(clock);
	// Telemetry alone knows the tenants with which the system checks itself.
	const ownKey = await selfCheckKey(store, ids);
	let selfCheck: SelfCheck | undefined;

	// Configuration. What holds a catalogue asks for it each time, except the telemetry thread, which is told.
	let telemetry: TelemetryThread | undefined;
	let pull: PullControl | undefined;
	let tickets: { reconsider(): Promise<void> } | undefined;
	const config = await startConfigControl({
		dir: options.catalogueDir,
		cache: openCatalogueCache(dataDir),
		store,
		clock,
		onApplied: async (catalogue) => {
			log.info({ hash: catalogue.hash }, "catalogue applied");
			// A thread that is down starts again with the catalogue it was told last.
			await telemetry
				?.configure(withSelfCheck(catalogue, ownKey), await openBreaches(store.db, all))
				.catch((error) => log.error({ err: error }, "the telemetry thread takes the catalogue when it is back"));
			pull?.configure(catalogue);
			await tickets?.reconsider();
			fleet.controlChanged();
		},
		onRefused: (findings) =>
			log.error(
				{ findings: findings.slice(0, 20).map(formatFinding) },
				"the catalogue was refused; the one that runs stays",
			),
	});
	const catalogue = (): Catalogue => config.catalogue();
	let boundUrl = "";
	const baseUrl = () => (catalogue().settings.publicUrl ?? boundUrl).replace(/\/$/, "");

	// Telemetry and detection, on their own thread; history is loaded when this resolves. Claims are kept from the first
	// moment on, and taken when the address is known that pages link to.
	const breaches = createBreachQueue({
		take: async (event) => {
			if (isOwnName(event.slo)) return selfCheck?.takeBreach(event);
			await store.transaction(async (tx) => {
				if (event.type === "breach.opened") {
					const outcome = await openForBreach(tx, { ids, bus }, event, catalogue());
					await stateBreach(tx, deps, event, outcome);
				} else await closeBreach(tx, { ids, bus }, event);
			});
		},
		onError: (error, event) =>
			log.error({ err: error, slo: event.slo, type: event.type }, "a breach could not be stored; trying again"),
	});
	lifecycle.onStop("breach queue", () => breaches.stop());
	const starting = startTelemetryThread({
		dataDir,
		catalogue: withSelfCheck(catalogue(), ownKey),
		openBreaches: await openBreaches(store.db, all),
		warmWorker: options.warmWorker,
		compileCacheDir: options.compileCacheDir,
	}).then((started) => {
		started.on({ breach: (event) => breaches.push(event) });
		return started;
	});
	// Both are waited for: what fails here is said of the store first.
	const [loaded, rest] = await Promise.allSettled([starting, loadRest()]);
	if (rest.status === "rejected") {
		if (loaded.status === "fulfilled") await loaded.value.close();
		throw rest.reason;
	}
	if (loaded.status === "rejected") {
		const error = loaded.reason as Error;
		throw new SettingRefused(
			`the counted events in ${join(dataDir, "telemetry.db")} cannot be used (${error.message}): restore that file from a backup, or move it away to begin without history; incidents are kept elsewhere`,
		);
	}
	const thread = loaded.value;
	const { buildHttpServer, createFleetSource, SourceGate } = rest.value.api;
	const { listenToIncidents: listenForNotices, recordNoticeOutcome } = rest.value.engagement;
	const { createTeller, recordSubscriptionOutcome, stateBreach } = rest.value.engagement;
	const { escalationTimers, listenToIncidents: listenForPages, recordPageOutcome, swapTimers } = rest.value.response;
	const { createCauseWatch, createFeedKeeping, startForgetting, openGrpcPort, startLiveEvents, startPullControl } =
		rest.value;
	const { createSelfMetrics, startSenderWatch, channelSenders } = rest.value;
	const { createSelfCheck, createWatchdog, startStatusFiles } = rest.value;
	const { createTicketing } = rest.value;
	telemetry = thread;
	lifecycle.onStop("telemetry", () => thread.close());

	// Sources that are asked, on a thread of their own; what they answer goes to the telemetry thread.
	const diskFreeBytes = async () => {
		const { bavail, bsize } = await statfs(dataDir);
		return bavail * bsize;
	};
	const pulled = startPullControl({
		catalogue: catalogue(),
		telemetry: thread,
		keepFeed: createFeedKeeping({ store, bus, catalogue, diskFreeBytes }),
		onError: (error) => log.error({ err: error }, "the pull thread failed; it restarts by itself"),
	});
	pull = pulled;
	lifecycle.onStop("pulled sources", () => pulled.stop());
	const gate = new SourceGate({
		sources: () => catalogue().sources,
		limits: () => catalogue().settings.telemetry.limits,
		monotonic: () => clock.monotonic(),
	});
	const startedAt = clock.now();
	const senderWatch = startSenderWatch({
		clock,
		telemetry: thread,
		gate,
		catalogue,
		pulled: () => pulled.statuses(),
		onChange: (silence) => {
			if (silence) log.error(silence, "nothing comes in: all sources that used to send are silent");
			fleet.controlChanged();
		},
	});
	lifecycle.onStop("senders", () => senderWatch.stop());

	// Rooms, wired from left to right.
	const deps: ResponseDeps & EngagementDeps = { ids, bus, catalogue, publicUrl: baseUrl };
	listenInIncidents(bus, deps);
	listenForPages(bus, deps);
	listenForNotices(bus, deps);
	const ticketing = createTicketing({
		store,
		clock,
		deps,
		onError: (error, ticket) => log.error({ err: error, ticket }, "a ticket could not be carried; trying again"),
	});
	tickets = ticketing.carrier;
	const ownCheck = createSelfCheck({
		store,
		clock,
		ids,
		telemetry: thread,
		catalogue,
		publicUrl: baseUrl,
		listenForPages,
		key: ownKey,
	});
	selfCheck = ownCheck;
	const onOutcome: OutcomeListener = async (tx, message, outcome) => {
		ownCheck.onOutcome(message, outcome);
		await recordPageOutcome(tx, deps, message, outcome);
		await recordNoticeOutcome(tx, deps, message, outcome);
		await recordSubscriptionOutcome(tx, message, outcome);
	};
	// Ways out that fail for long.
	const channelWatch = rest.value.startChannelWatch({
		store,
		bus,
		clock,
		catalogue,
		onChange: ({ name, lastFailure }, isFailing) => {
			if (isFailing)
				log.error(
					{ channel: name, detail: lastFailure?.detail },
					"a channel has failed for long: pages by it do not arrive",
				);
			else log.warn({ channel: name }, "a channel that failed delivers again");
			fleet.controlChanged();
		},
		onError: (error) => log.error({ err: error }, "how the channels fare could not be read"),
	});
	lifecycle.onStop("channel watch", () => channelWatch.stop());
	// The fleet view and what tells open consoles of changes.
	const fleet = createFleetSource({
		clock,
		store,
		catalogue,
		telemetry: thread,
		demo: options.demo,
		ingestSilence: () => senderWatch.silence(),
		failingChannels: () => channelWatch.failing(),
		onChange: (version) => hub.publish("fleet", { version }),
	});
	lifecycle.onStop("fleet view", () => fleet.stop());
	const changes = createChangeTelling({
		store,
		telemetry: thread,
		catalogue,
		now: () => clock.now(),
		onError: (error) => log.error({ err: error }, "the radar could not be told what changed"),
	});
	lifecycle.onStop("changes", () => changes.stop());
	const causes = createCauseWatch({
		store,
		deps,
		telemetry: thread,
		catalogue,
		now: () => clock.now(),
		onJudged: ({ id, tenant, readers }) => hub.publish("incident", { id }, tenant, readers),
		onError: (error) => log.error({ err: error }, "which change may be the cause could not be judged"),
	});
	lifecycle.onStop("causes", () => causes.stop());
	const incidentWatch = rest.value.createIncidentWatch({
		store,
		deps,
		telemetry: thread,
		catalogue,
		now: () => clock.now(),
		onError: (error) => log.error({ err: error }, "what became of an incident could not be looked at"),
	});
	lifecycle.onStop("incident watch", () => incidentWatch.stop());
	const live = await startLiveEvents({
		store,
		hub,
		onChange: () => {
			fleet.controlChanged();
			changes.tell();
			causes.tell();
		},
		onError: (error) => log.error({ err: error }, "the event log could not be read"),
	});
	lifecycle.onStop("live events", () => live.stop());
	changes.tell();
	thread.on({
		statuses: (changed) => fleet.statusesChanged(changed),
		failure: (error) => log.error({ err: error }, "the telemetry thread failed; it restarts by itself"),
	});

	// Timers and outgoing messages; both start when the address is known that pages link to.
	const timers = createTimerRunner({
		store,
		clock: clockOf("timers", clock),
		handlers: { ...escalationTimers(deps), ...swapTimers(deps), ...incidentTimers(deps), ...ownCheck.timers },
		onError: (error, timer) => log.error({ err: error, timer: timer?.id }, "a timer failed; trying again"),
		sinceBoot,
		onWallStep: (stepMs) => log.warn({ stepMs }, "the wall clock stepped; due times moved along"),
	});
	const senders = channelSenders({
		store,
		clock,
		catalogue,
		deps,
		onPhoneMessage: ({ id, tenant }) => hub.publish("phone", { id }, tenant),
	});
	const dispatcher = createDispatcher({
		store,
		clock: clockOf("outbox", clock),
		senders: (name) => (name === SELF_CHECK ? ownCheck.sender : senders(name)),
		onOutcome,
		onError: (error, message) => log.error({ err: error, message: message?.id }, "sending failed; trying again"),
	});

	const watchdog = createWatchdog({
		store,
		clock,
		ids,
		selfCheck: ownCheck,
		telemetry: thread,
		catalogue,
		config,
		diskFreeBytes,
		publicUrl: baseUrl,
		version: VERSION,
		onChange: (reasons) => {
			if (reasons.length === 0) log.warn("the system's check of itself passes again; heartbeats leave");
			else log.error({ reasons }, "the system's check of itself failed; no heartbeat leaves");
		},
	});

	const teller = createTeller({
		store,
		deps,
		onError: (error) => log.error({ err: error }, "subscribers could not be told; trying again"),
	});

	// HTTP.
	const metrics = createSelfMetrics({
		store,
		now: () => clock.now(),
		timers: () => timers.counters,
		dispatcher: () => dispatcher.counters,
		breachQueueDepth: () => breaches.depth,
		streams: () => hub.size,
		isConfigOk: () => config.active().isReloadOk,
		configHash: () => catalogue().hash,
		pulled: () => pulled.statuses(),
		pulledFeeds: () => pulled.feedStatuses(),
		senders: () => senderWatch.senders().catch(() => []),
		channels: async () => {
			await channelWatch.look().catch(() => undefined);
			return channelWatch.states();
		},
		telemetry: () => thread.health().catch(() => undefined),
		accounting: () => thread.accounting().catch(() => []),
		watchdog: () => watchdog.status(),
	});
	const context: ApiContext = {
		clock,
		ids,
		bus,
		store,
		telemetry: thread,
		sources: {
			statuses: () => pulled.statuses(),
			feeds: () => pulled.feedStatuses(),
			test: (source, slo) => pulled.test(source, slo),
			senders: () => senderWatch.senders(),
			startedAt,
		},
		hub,
		ticketSystem: ticketing.system,
		catalogue,
		config,
		fleet,
		watchdog,
		readiness: async () => [...(await readiness(context, thread)), channelsCheck(channelWatch.states())],
		diskFreeBytes,
		metrics,
		baseUrl,
		demo: options.demo,
		consoleDir: CONSOLE_DIR,
		version: VERSION,
	};
	const ingestOptions: HttpServerOptions["telemetry"] = {
		takeMemory: (bytes) => thread.bodies.take(bytes),
		giveMemory: (memory) => thread.bodies.give(memory),
		ingest: async (kind, encoding, body, more) => {
			return thread.ingest(kind, encoding === "identity" ? undefined : encoding, body, more);
		},
		gate,
		maxBodyBytes: () => catalogue().settings.telemetry.maxBodyBytes,
		bodyTimeoutMs: BODY_TIMEOUT_MS,
		maxBytesInMemory: MAX_INGEST_BYTES_IN_MEMORY,
		observe: metrics.observeIngest,
	};
	const { api, otlp, mayWrite } = await buildHttpServer({
		context,
		host: options.host,
		tokenDigest,
		logger: log as never,
		telemetry: ingestOptions,
	});
	await api.listen({ host: options.host, port: options.port });
	lifecycle.onStop("HTTP", () => api.close());
	boundUrl = urlOf(options.host, (api.server.address() as AddressInfo).port);
	await listen(otlp, options.host, options.otlpPort);
	lifecycle.onStop("OTLP port", () => closeServer(otlp));
	const { host, grpcPort } = options;
	const grpc =
		grpcPort === undefined ? undefined : await openGrpcPort({ ...ingestOptions, mayWrite, host, port: grpcPort });
	lifecycle.onStop("gRPC port", () => grpc?.stop());
	breaches.start();
	causes.start();
	incidentWatch.start();
	timers.start();
	lifecycle.onStop("timers", () => timers.stop());
	teller.start();
	lifecycle.onStop("subscribers", () => teller.stop());
	dispatcher.start();
	lifecycle.onStop("dispatcher", () => dispatcher.stop());
	ticketing.carrier.start();
	lifecycle.onStop("tickets", () => ticketing.carrier.stop());
	const heartbeat = setInterval(() => hub.heartbeat(), HEARTBEAT_MS);
	lifecycle.onStop("live streams", () => {
		clearInterval(heartbeat);
		hub.close();
	});
	const forgetting = startForgetting(store, clock, (error) =>
		log.error({ err: error }, "old rows could not be removed"),
	);
	lifecycle.onStop("forgetting", () => forgetting.stop());
	const calendars = rest.value.startCalendarPulls({
		store,
		clock,
		catalogue,
		onError: (error) => log.error({ err: error }, "an on-call calendar could not be kept"),
	});
	lifecycle.onStop("calendars", () => calendars.stop());
	config.watch();
	lifecycle.onStop("catalogue watch", () => config.stop());
	const otlpUrl = urlOf(options.host, (otlp.address() as AddressInfo).port);
	watchdog.start(async () => ownCheck.open({ otlpUrl, token: await selfCheckToken(store, ids, clock.now()) }));
	lifecycle.onStop("watchdog", () => watchdog.stop());
	const statusFiles = startStatusFiles({
		dir: options.statusDir ?? dataDir,
		store,
		clock,
		catalogue,
		status: () => watchdog.status(),
		publicUrl: baseUrl,
		response: rest.value.response,
		onError: (error) => log.error({ err: error }, "the sheet for the time without this process could not be written"),
	});
	lifecycle.onStop("status files", () => statusFiles.stop());

	const tokens = await issueStartTokens(store, ids, clock.now(), tokenDigest);
	return {
		url: boundUrl,
		otlpUrl,
		grpcUrl: grpc && urlOf(options.host, grpc.port),
		adminToken: tokens?.adminToken,
		adminLink: tokens && `${boundUrl}/sign-in?token=${tokens.linkToken}`,
		stop: () => lifecycle.stop(),
	};
}

/** Takes the folder for this process. Tenants' health data lie there: whatever is made from now on is for its owner alone. */
async function takeDataDir(dataDir: string, clock: Clock): Promise<DataLock> {
	process.umask(0o077);
	try {
		await mkdir(dataDir, { recursive: true, mode: 0o700 });
		return lockDataDir(dataDir, { clock, holder: `bellwether serve --data ${dataDir}` });
	} catch (error) {
		if (error instanceof DataDirLocked) throw error;
		throw new SettingRefused(
			`the data folder ${dataDir} cannot be used (${(error as Error).message}): make it a writable folder with free space, or choose another with --data`,
		);
	}
}

async function readiness(context: ApiContext, thread: TelemetryThread): Promise<ReadyCheck[]> {
	const now = context.clock.now();
	const health = await thread.health().catch((error: Error) => ({ state: "down", failure: error.message }));
	const { isReloadOk, findings } = context.config.active();
	const late = await context.store.db
		.selectFrom("timers")
		.select((select) => select.fn.min("due_at").as("dueAt"))
		.where("state", "=", "pending")
		.executeTakeFirst()
		.catch((error: Error) => error);
	const storeFault = late instanceof Error ? late.message : context.store.writeFault();
	const overdueMs = !(late instanceof Error) && late?.dueAt != null ? now - late.dueAt : 0;
	const first = findings.find((finding) => finding.level === "error");
	const watched = context.watchdog?.status();
	return [
		{
			name: "telemetry",
			ok: health.state === "ready",
			level: "error",
			reason: health.state === "ready" ? "takes data" : `${health.state}: ${health.failure ?? "starting"}`,
		},
		storageCheck(health),
		limitsCheck(await context.sources.senders().catch(() => []), health),
		{
			name: "control-store",
			ok: storeFault === undefined,
			level: "error",
			reason: storeFault === undefined ? "answers" : `cannot write: ${storeFault}`,
		},
		{
			name: "timers",
			ok: overdueMs < LATE_MS,
			level: "warning",
			reason: overdueMs < LATE_MS ? "none is overdue" : `the oldest is ${Math.round(overdueMs / 1000)} s overdue`,
		},
		{
			name: "catalogue",
			ok: isReloadOk,
			level: "warning",
			reason: isReloadOk
				? "the last change was taken"
				: `the last change was refused, the one before goes on${first ? `: ${formatFinding(first).replaceAll("\n", " ")}` : ""}`,
		},
		{
			name: "self-check",
			ok: watched?.state === "well" || watched?.state === "starting",
			level: "warning",
			reason: ownWords(watched),
		},
	];
}

/** No names: anybody may ask. */
function ownWords(watched: WatchdogStatus | undefined): string {
	if (watched?.state === "well") return "passes, and heartbeats leave";
	if (watched?.state === "starting") return "is about to begin";
	const codes = watched?.reasons.map(({ code }) => code).join(", ");
	return `no heartbeat leaves: ${codes || "the checks came to a halt"}; see /api/v1/health/details`;
}

/** Names are for who is signed in: anybody may ask. */
function channelsCheck(states: readonly ChannelState[]): ReadyCheck {
	const failing = states.filter(({ state }) => state === "failing").length;
	const reason = failing === 0 ? "none has failed for long" : `${failing} have failed for long: see /api/v1/channels`;
	return { name: "channels", ok: failing === 0, level: "warning", reason };
}

/** Whoever sends more than it may: that is something to look at, and nobody else's trouble. No names: anybody may ask. */
function limitsCheck(senders: readonly SenderStatus[], health: object): ReadyCheck {
	const sources = senders.filter(({ isOver }) => isOver).length;
	const tenants =
		"overQuota" in health ? (health as TelemetryHealth).overQuota.filter(({ isOver }) => isOver).length : 0;
	const ok = sources === 0 && tenants === 0;
	const what = `${sources} sources and ${tenants} key tenants send more than their limits: see /api/v1/sources and the accounts of over_quota`;
	return { name: "limits", ok, level: "warning", reason: ok ? "nobody sends more than allowed" : what };
}

/** Never silently: what is kept for shorter than it should be, and what was found damaged. */
function storageCheck(health: object): ReadyCheck {
	const check = (ok: boolean, reason: string): ReadyCheck => ({ name: "storage", ok, level: "warning", reason });
	if (!("storage" in health)) return check(true, "is not known while telemetry is down");
	const { damaged, shortenings, isOverfull, usedBytes, limitBytes } = (health as TelemetryHealth).storage;
	const room = `${Math.round(usedBytes / 1e6)} MB of ${Math.round(limitBytes / 1e6)} MB`;
	if (damaged.length > 0)
		return check(
			false,
			`${damaged.length} stored ranges were found damaged and are left out: bellwether verify names them, a backup may have them`,
		);
	if (isOverfull)
		return check(false, `${room} are used although everything is kept as short as it may be: raise retention.maxBytes`);
	if (shortenings > 0)
		return check(
			false,
			`${room} are used, so key tenants' fine counts are kept for shorter than configured: raise retention.maxBytes, or write a shorter retention`,
		);
	return check(true, `${room} are used`);
}

function urlOf(host: string, port: number): string {
	const name = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
	return `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
}

function listen(server: Server, host: string, port: number): Promise<void> {
	return new Promise((resolve, reject) => {
		server.once("error", reject);
		server.listen({ host, port }, () => {
			server.off("error", reject);
			resolve();
		});
	});
}

function closeServer(server: Server): Promise<void> {
	return new Promise((resolve) => {
		server.close(() => resolve());
		server.closeIdleConnections();
		// Requests under way are answered; a connection that stays open after that holds nobody up.
		setTimeout(() => server.closeAllConnections(), 3_000).unref();
	});
}
