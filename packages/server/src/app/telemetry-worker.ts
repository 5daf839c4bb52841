import { randomInt } from "node:crypto";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "@bellwether/model";
import { openTelemetryStore } from "../adapters/sqlite/telemetry-store.ts";
import { TelemetryHost } from "./telemetry-host.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./telemetry-protocol.ts";

/** Entry of the telemetry thread: joins the host to the message port, the system clock and the file. */
const port = parentPort;
if (!port) throw new Error("telemetry-worker.ts runs as a worker thread of telemetry-thread.ts only");
const start = workerData as WorkerStart;

const host = new TelemetryHost({
	catalogue: start.catalogue,
	openBreaches: start.openBreaches,
	openStore: () => openTelemetryStore(join(start.dataDir, "telemetry.db")),
	clock: systemClock,
	seed: randomInt(0x7fffffff),
	send: (message: FromWorker) => port.postMessage(message),
	closed: () => port.close(),
});
port.on("message", (message: ToWorker) => host.receive(message));
host.start();
