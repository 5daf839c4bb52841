import { mkdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import type { Clock } from "@bellwether/model";
import pino, { type Logger } from "pino";
import { type Catalogue, formatFinding } from "#catalogue";
import type { ShadowFiring } from "#detection";
import { keepShadowFirings, openBreaches } from "#incidents";
import { EventBus, SYSTEM, scopeOf, systemIds } from "#platform";
import { openControlStore } from "../adapters/sqlite/control-store.ts";
import { DataDirLocked, type DataLock, lockDataDir } from "../adapters/sqlite/data-lock.ts";
import { isLoopbackBind } from "../api/own-host.ts";
import { StreamHub } from "../api/stream-hub.ts";
import { createBreachQueue } from "./breach-queue.ts";
import { openCatalogueCache } from "./catalogue-cache.ts";
import { startConfigControl } from "./config-control.ts";
import { issueStartTokens, readTokenFile, SettingRefused } from "./first-access.ts";
import { createLifecycle, type Lifecycle } from "./lifecycle.ts";
import { startTelemetryThread, type TelemetryThread } from "./telemetry-thread.ts";
import { selfCheckKey } from "./watchdog/self-check-rows.ts";
import { withSelfCheck } from "./watchdog/synthetic.ts";
import type { Ground } from "./wiring/ground.ts";

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
	const { clock, dataDir, host } = options;
	const all = scopeOf(SYSTEM);

	// Who may speak to us, before anything opens.
	const tokenDigest = await ownAccess(options);

	// Data folder and control store.
	const lock = await takeDataDir(dataDir, clock);
	lifecycle.onStop("data lock", () => lock.release());
	const store = await openControlStore({ path: join(dataDir, "control.db"), clock, reserveBytes: RESERVE_BYTES });
	lifecycle.onStop("control store", () => store.close());
	const ids = systemIds(clock);

	// Telemetry alone knows the tenants with which the system checks itself.
	const ownKey = await selfCheckKey(store, ids);

	// Configuration. What holds a catalogue asks for it each time, except the threads, which are told. None is applied
	// before the server listens, and by then whoever is told of it is there.
	const config = await startConfigControl({
		dir: options.catalogueDir,
		cache: openCatalogueCache(dataDir),
		store,
		clock,
		onApplied: async (catalogue) => {
			log.info({ hash: catalogue.hash }, "catalogue applied");
			// A thread that is down starts again with the catalogue it was told last.
			await telemetry
				.configure(withSelfCheck(catalogue, ownKey), await openBreaches(store.db, all))
				.catch((error) => log.error({ err: error }, "the telemetry thread takes the catalogue when it is back"));
			incoming.pulled.configure(catalogue);
			await rooms.ticketing.carrier.reconsider();
			watches.fleet.controlChanged();
		},
		onRefused: (findings) =>
			log.error(
				{ findings: findings.slice(0, 20).map(formatFinding) },
				"the catalogue was refused; the one that runs stays",
			),
	});
	const catalogue = (): Catalogue => config.catalogue();

	// Telemetry and detection, on their own thread; history is loaded when this resolves. Claims are kept from the first
	// moment on, and taken when the address is known that pages link to.
	const breaches = createBreachQueue({
		take: (event) => rooms.takeBreach(event),
		onError: (error, event) =>
			log.error({ err: error, slo: event.slo, type: event.type }, "a breach could not be stored; trying again"),
	});
	lifecycle.onStop("breach queue", () => breaches.stop());
	// What a shadow would have claimed wakes nobody: one that cannot be kept is lost.
	const keepShadows = (firings: readonly ShadowFiring[]) =>
		store
			.transaction((tx) => keepShadowFirings(tx, firings))
			.catch((error) => log.warn({ err: error, count: firings.length }, "claims in shadow could not be kept"));
	const starting = startTelemetryThread({
		dataDir,
		catalogue: withSelfCheck(catalogue(), ownKey),
		openBreaches: await openBreaches(store.db, all),
		warmWorker: options.warmWorker,
		compileCacheDir: options.compileCacheDir,
	}).then((started) => {
		started.on({ breach: (event) => breaches.push(event), shadowFirings: keepShadows });
		return started;
	});
	const { telemetry, rest } = await withRest(starting, dataDir);
	lifecycle.onStop("telemetry", () => telemetry.close());

	// The parts, wired from left to right.
	let boundUrl = "";
	const ground: Ground = {
		...{ clock, log, lifecycle, store, ids, telemetry, catalogue },
		bus: new EventBus(),
		hub: new StreamHub(clock),
		publicUrl: () => (catalogue().settings.publicUrl ?? boundUrl).replace(/\/$/, ""),
		diskFreeBytes: async () => {
			const { bavail, bsize } = await statfs(dataDir);
			return bavail * bsize;
		},
	};
	const incoming = rest.startIncoming(ground);
	const rooms = rest.wireRooms(ground, ownKey);
	const watches = await rest.startWatches(ground, incoming, rooms, options.demo);
	const outgoing = rest.createOutgoing(ground, rooms);
	const ownWatch = rest.createOwnWatch(ground, rooms, { config, statusDir: options.statusDir ?? dataDir });

	// The ports; then whatever sends something, because it links to them.
	const { watchdog } = ownWatch;
	const parts = { config, breaches, incoming, rooms, watches, outgoing, watchdog };
	const { port, otlpPort, grpcPort, demo } = options;
	const onListening = (url: string) => {
		boundUrl = url;
	};
	const { otlpUrl, grpcUrl } = await rest.openHttp(ground, parts, {
		...{ host, port, otlpPort, grpcPort, tokenDigest, demo },
		onListening,
	});
	breaches.start();
	watches.causes.start();
	watches.incidents.start();
	outgoing.start();
	rest.startHousekeeping(ground);
	config.watch();
	lifecycle.onStop("catalogue watch", () => config.stop());
	ownWatch.start(otlpUrl);

	const tokens = await issueStartTokens(store, ids, clock.now(), tokenDigest);
	return {
		url: boundUrl,
		otlpUrl,
		grpcUrl,
		adminToken: tokens?.adminToken,
		adminLink: tokens && `${boundUrl}/sign-in?token=${tokens.linkToken}`,
		stop: () => lifecycle.stop(),
	};
}

/** Digest of the operator's token; undefined where none is configured, which is refused for a bind that others can reach. */
async function ownAccess({ tokenFile, host }: StartOptions): Promise<string | undefined> {
	if (tokenFile !== undefined) return readTokenFile(tokenFile);
	if (isLoopbackBind(host)) return undefined;
	throw new SettingRefused(
		`the address ${host} can be reached by other machines, and no authentication is configured: give --token-file PATH (a file with an admin token), or use --host 127.0.0.1`,
	);
}

/** The telemetry thread with its history, and the rest of the program. Both are waited for: what fails here is said of the store first. */
async function withRest(starting: Promise<TelemetryThread>, dataDir: string) {
	const [loaded, rest] = await Promise.allSettled([starting, import("./rest-of-program.ts")]);
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
	return { telemetry: loaded.value, rest: rest.value };
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
