import { randomInt } from "node:crypto";
import { enableCompileCache, flushCompileCache } from "node:module";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import type { FromWorker, ToWorker, WorkerStart } from "./telemetry-protocol.ts";
import { clockOf } from "./test-faults.ts";
import type { WarmStart } from "./warm-worker.ts";

/** Entry of the telemetry thread: joins the host to the message port, the system clock and the file. */
const port = parentPort;
if (!port) throw new Error("telemetry-worker.ts runs as a worker thread of telemetry-thread.ts only");
const { compileCacheDir } = workerData as WarmStart;
if (compileCacheDir !== undefined) enableCompileCache(compileCacheDir);
// Loaded only now, so that the cache holds them, and while the main thread reads the catalogue.
const [{ systemClock }, { openTelemetryStore }, { TelemetryHost }] = await Promise.all([
	import("@bellwether/model"),
	import("../adapters/sqlite/telemetry-store.ts"),
	import("./telemetry-host.ts"),
]);

port.once("message", (start: WorkerStart) => {
	const host = new TelemetryHost({
		catalogue: start.catalogue,
		openBreaches: start.openBreaches,
		openStore: () => openTelemetryStore(join(start.dataDir, "telemetry.db")),
		bodyMemory: start.bodyMemory,
		clock: clockOf("evaluator", systemClock),
		seed: randomInt(0x7fffffff),
		send: (message: FromWorker) => port.postMessage(message),
		closed: () => port.close(),
	});
	port.on("message", (message: ToWorker) => host.receive(message));
	host.start();
	if (compileCacheDir !== undefined) flushCompileCache();
});
