import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeCatalogue } from "./catalogue.ts";
import { counters, push, SLOS, samplesTotal } from "./ingest.ts";
import { startServer, stopServer, usage } from "./server-process.ts";
import { gzip, otlpSums } from "./wire.ts";

export interface RecoveryResult {
	readonly pairs: number;
	readonly samples: number;
	readonly trials: number;
	/** From the start of the process after SIGKILL to ready, ms. */
	readonly readyMedianMs: number;
	readonly readyMaxMs: number;
	/** CPU of the whole start, s. */
	readonly cpuMedianS: number;
	/** After every start: must equal what was acknowledged before. */
	readonly counted: number;
	readonly allCounted: boolean;
}

const HISTORY_MS = 2 * 3_600_000;
const STEP_MS = 60_000;

/** Two hours of history of 1,000 tenants × 10 SLOs, one sample a minute; then kills the product and starts it again. */
export async function benchRecovery(tenants: number, trials: number): Promise<RecoveryResult> {
	const dir = mkdtempSync(join(tmpdir(), "bellwether-bench-"));
	const names = Array.from({ length: tenants }, (_, i) => `tenant-${i.toString(16).padStart(12, "0")}`);
	const at = { catalogue: join(dir, "catalogue"), data: join(dir, "data") };
	writeCatalogue(at.catalogue, { tenants: names, slos: SLOS });
	let server = await startServer(at);
	try {
		const from = Date.now() - HISTORY_MS;
		const next = counters(names);
		let samples = 0;
		for (let time = from; time < from + HISTORY_MS; time += STEP_MS)
			for (const part of next(time, from - STEP_MS)) {
				await push(server.url, "otlp-gzip", gzip(otlpSums(part, 2)));
				samples += part.length;
			}
		const readyMs: number[] = [];
		const cpuS: number[] = [];
		let counted = await samplesTotal(server.url);
		let allCounted = counted === samples;
		for (let trial = 0; trial < trials; trial++) {
			await stopServer(server, "SIGKILL");
			server = await startServer(at);
			readyMs.push(server.readyMs);
			cpuS.push(usage(server.pid).cpuS);
			counted = await samplesTotal(server.url);
			allCounted &&= counted === samples;
		}
		const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] as number;
		return {
			pairs: tenants * SLOS.length + SLOS.length,
			samples,
			trials,
			readyMedianMs: median(readyMs),
			readyMaxMs: Math.max(...readyMs),
			cpuMedianS: median(cpuS),
			counted,
			allCounted,
		};
	} finally {
		await stopServer(server);
		rmSync(dir, { recursive: true, force: true });
	}
}
