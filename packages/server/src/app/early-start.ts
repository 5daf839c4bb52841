import type { Worker } from "node:worker_threads";
import { useCompileCache } from "./compile-cache.ts";
import { warmTelemetryWorker } from "./warm-worker.ts";

/** What a start has under way before its bulk is loaded. */
export interface EarlyStart {
	readonly compileCacheDir: string | undefined;
	/** Loads the telemetry part meanwhile. */
	readonly warmWorker: Worker;
}

let early: (EarlyStart & { readonly dataDir: string }) | undefined;

/**
 * For `serve --data DIR`: opens the cache of compiled code and lets the telemetry thread load, before this thread loads
 * anything: a start after a crash should be short. Whatever else the arguments say is for the command line to judge.
 */
export function beginEarly(args: readonly string[]): void {
	const dataDir = args[0] === "serve" ? dataOf(args) : undefined;
	if (dataDir !== undefined) early = { dataDir, ...begin(dataDir) };
}

/** What began early for this data folder, or begins now. */
export function takeEarly(dataDir: string): EarlyStart {
	const taken = early;
	early = undefined;
	if (taken?.dataDir === dataDir) return taken;
	taken?.warmWorker.terminate();
	return begin(dataDir);
}

function begin(dataDir: string): EarlyStart {
	const compileCacheDir = useCompileCache(dataDir);
	return { compileCacheDir, warmWorker: warmTelemetryWorker(compileCacheDir) };
}

function dataOf(args: readonly string[]): string | undefined {
	const at = args.lastIndexOf("--data");
	const joined = args.findLast((arg) => arg.startsWith("--data="))?.slice("--data=".length);
	return at >= 0 ? args[at + 1] : joined;
}
