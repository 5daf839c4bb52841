import { Worker } from "node:worker_threads";

/** What a worker needs before it knows its work. */
export interface WarmStart {
	readonly compileCacheDir: string | undefined;
}

/** A thread that loads the program's telemetry part meanwhile; it touches no file of the data folder until it is told to start. */
export function warmTelemetryWorker(compileCacheDir: string | undefined): Worker {
	const worker = new Worker(new URL("./telemetry-worker.ts", import.meta.url), {
		workerData: { compileCacheDir } satisfies WarmStart,
		name: "telemetry",
	});
	// Nobody waits for it before it has its work: a start that ends early ends the process.
	worker.unref();
	return worker;
}
