import { resolve } from "node:path";
import type { Worker } from "node:worker_threads";
import { systemClock } from "@bellwether/model";
import pino from "pino";
import { formatFinding } from "#catalogue";
import { ControlStoreRefused } from "../adapters/sqlite/control-store.ts";
import { DataDirLocked } from "../adapters/sqlite/data-lock.ts";
import { keepCompiled } from "../app/compile-cache.ts";
import { CatalogueRefused } from "../app/config-control.ts";
import { SettingRefused } from "../app/first-access.ts";
import { type Bellwether, startBellwether } from "../app/start.ts";
import { EXIT } from "./command-options.ts";

export interface ServeOptions {
	readonly catalogue: string;
	readonly data: string;
	readonly host: string;
	readonly port: number;
	readonly otlpPort: number;
	/** OTLP/gRPC as well; undefined: not. */
	readonly grpcPort?: number | undefined;
	readonly tokenFile?: string | undefined;
	/** Default: the data folder. */
	readonly statusDir?: string | undefined;
	readonly demo: boolean;
	/** Prints one JSON line when ready instead of words. */
	readonly json: boolean;
	readonly logLevel: string;
	readonly out: (text: string) => void;
	/** For what keeps the server from starting. */
	readonly err: (text: string) => void;
	readonly warmWorker?: Worker | undefined;
	readonly compileCacheDir?: string | undefined;
}

/** A stop that takes longer is cut: the store is safe at any instant. */
const STOP_WITHIN_MS = 10_000;

/** Serves until SIGTERM or SIGINT; resolves with the exit code. */
export async function runServe(options: ServeOptions): Promise<number> {
	const logger = pino(
		{ level: options.logLevel, base: null, redact: ["req.headers.authorization", "req.headers.cookie"] },
		pino.destination(2),
	);
	const asked = stopAsked();
	let product: Bellwether;
	try {
		product = await startBellwether({
			catalogueDir: resolve(options.catalogue),
			dataDir: resolve(options.data),
			host: options.host,
			port: options.port,
			otlpPort: options.otlpPort,
			grpcPort: options.grpcPort,
			clock: systemClock,
			demo: options.demo,
			tokenFile: options.tokenFile,
			statusDir: options.statusDir === undefined ? undefined : resolve(options.statusDir),
			logger,
			warmWorker: options.warmWorker,
			compileCacheDir: options.compileCacheDir,
		});
	} catch (error) {
		options.err(`${explain(error)}\n`);
		return EXIT.findings;
	}
	announce(options, product);
	if (options.compileCacheDir !== undefined) keepCompiled();
	await asked;
	const cut = setTimeout(() => {
		options.err(`bellwether: did not stop within ${STOP_WITHIN_MS / 1000} s; what was acknowledged is stored.\n`);
		process.exit(EXIT.findings);
	}, STOP_WITHIN_MS);
	await product.stop();
	clearTimeout(cut);
	return EXIT.fine;
}

function announce(options: ServeOptions, product: Bellwether): void {
	const { url, otlpUrl, grpcUrl, adminToken, adminLink } = product;
	if (options.json) {
		options.out(
			`${JSON.stringify({ url, otlpUrl, ...(grpcUrl === undefined ? {} : { grpcUrl }), pid: process.pid, adminToken: adminToken ?? null, adminLink: adminLink ?? null })}\n`,
		);
		return;
	}
	const lines = [
		`Bellwether serves ${url}`,
		adminLink === undefined
			? `Sign in at ${url}/sign-in with the token of ${options.tokenFile}.`
			: `Sign in once with ${adminLink}`,
		`Telemetry: OTLP/HTTP at ${otlpUrl}/v1/metrics, remote write at ${otlpUrl}/api/v1/write`,
		...(grpcUrl === undefined ? [] : [`OTLP/gRPC at ${grpcUrl}`]),
		"Ctrl-C stops it.",
	];
	options.out(`${lines.join("\n")}\n`);
}

/** One sentence for what people can meet; what nobody foresaw keeps its trace. */
function explain(error: unknown): string {
	if (error instanceof CatalogueRefused) {
		const findings = error.findings.map(formatFinding).join("\n");
		return `${findings}\nbellwether: ${error.message}. Correct it; bellwether validate checks it without starting.`;
	}
	if (error instanceof DataDirLocked || error instanceof ControlStoreRefused || error instanceof SettingRefused)
		return `bellwether: ${error.message}.`;
	const { code, message, port, address } = error as NodeJS.ErrnoException & { port?: number; address?: string };
	if (code === "EADDRINUSE")
		return `bellwether: the port ${port} on ${address} is in use; choose another with --port or --otlp-port (0 picks a free one).`;
	if (code === "EACCES" || code === "EPERM" || code === "EADDRNOTAVAIL" || code === "ENOTFOUND")
		return `bellwether: could not start: ${message}.`;
	return `bellwether: could not start: ${error instanceof Error ? (error.stack ?? message) : String(error)}`;
}

/** Resolves at the first signal to stop, or when the process that started this one through a channel is gone. */
function stopAsked(): Promise<void> {
	return new Promise((resolveAsked) => {
		for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => resolveAsked());
		if (process.channel) {
			process.on("disconnect", () => resolveAsked());
			process.channel.unref();
		}
	});
}
