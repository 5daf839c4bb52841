import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "@bellwether/model";
import { openTelemetryStore } from "../packages/server/src/adapters/sqlite/telemetry-store.ts";
import { FIELDS, packBuckets } from "../packages/server/src/telemetry/history/packed.ts";
import { TIERS } from "../packages/server/src/telemetry/history/retention.ts";
import type { RollUp } from "../packages/server/src/telemetry/store/store.ts";
import { writeCatalogue } from "./catalogue.ts";
import { counters, push, SLOS, samplesTotal } from "./ingest.ts";
import { api, type RunningServer, sleep, startServer, stopServer, usage } from "./server-process.ts";
import { gzip, otlpSums } from "./wire.ts";

export interface RecoveryResult {
	readonly pairs: number;
	readonly historyDays: number;
	readonly fileMiB: number;
	readonly samples: number;
	readonly trials: number;
	/** From the start of the process after SIGKILL to ready, ms. */
	readonly readyMedianMs: number;
	readonly readyP99Ms: number;
	/** CPU of the whole start, s. */
	readonly cpuMedianS: number;
	/** After every start: must equal what was acknowledged before. */
	readonly counted: number;
	readonly allCounted: boolean;
	/** After every start: the 28 d budget of a pair, from the windows in memory, is what was stored. */
	readonly evaluationsRight: boolean;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** What waits in the journal at the kill. */
const LIVE_MS = 4 * 60_000;
const STEP_MS = 60_000;

/**
 * Seven days of roll-ups of tenants × 10 SLOs, a sample a minute, and some minutes in the journal; then kills the product and
 * starts it again. `fineDays`: how much of it is in 10 s buckets; of these, a start reads the last hours.
 */
export async function benchRecovery(tenants: number, trials: number, fineDays: number): Promise<RecoveryResult> {
	const dir = mkdtempSync(join(tmpdir(), "bellwether-bench-"));
	const names = Array.from({ length: tenants }, (_, i) => `tenant-${i.toString(16).padStart(12, "0")}`);
	const at = { catalogue: join(dir, "catalogue"), data: join(dir, "data") };
	writeCatalogue(at.catalogue, { tenants: names, slos: SLOS });
	// The first start makes the pairs.
	let server = await startServer(at);
	await stopServer(server, "SIGTERM");
	const stored = seedHistory(join(at.data, "telemetry.db"), 7, fineDays);
	server = await startServer(at);
	await untilWindowsAreStored(server);
	try {
		const from = Date.now() - LIVE_MS;
		const next = counters(names);
		let samples = 0;
		for (let time = from; time < from + LIVE_MS; time += STEP_MS)
			for (const part of next(time, from - STEP_MS)) {
				await push(server.url, "otlp-gzip", gzip(otlpSums(part, 2)));
				samples += part.length;
			}
		const readyMs: number[] = [];
		const cpuS: number[] = [];
		let counted = await samplesTotal(server.url);
		let allCounted = counted === samples;
		let evaluationsRight = true;
		for (let trial = 0; trial < trials; trial++) {
			await stopServer(server, "SIGKILL");
			server = await startServer(at);
			readyMs.push(server.readyMs);
			cpuS.push(usage(server.pid).cpuS);
			counted = await samplesTotal(server.url);
			allCounted &&= counted === samples;
			const { windows } = await api<{ windows: { total: number }[] }>(
				server,
				`/api/v1/tenants/t0/slis/${SLOS[0]}/windows?from=${from - 8 * DAY_MS}&to=${from - 2 * HOUR_MS}&resolutionMs=${HOUR_MS}`,
			);
			const total = windows.reduce((sum, window) => sum + window.total, 0);
			evaluationsRight &&= total >= stored.least && total <= stored.most;
		}
		const sorted = readyMs.toSorted((a, b) => a - b);
		return {
			pairs: tenants * SLOS.length + SLOS.length,
			historyDays: 7,
			fileMiB: Math.round(statSync(join(at.data, "telemetry.db")).size / 1024 ** 2),
			samples,
			trials,
			readyMedianMs: Math.round(sorted[sorted.length >> 1] as number),
			readyP99Ms: Math.round(sorted.at(-1) as number),
			cpuMedianS: cpuS.toSorted((a, b) => a - b)[cpuS.length >> 1] as number,
			counted,
			allCounted,
			evaluationsRight,
		};
	} finally {
		await stopServer(server);
		rmSync(dir, { recursive: true, force: true });
	}
}

/** A second after a start without them, windows are stored, as every fold does; under load it takes a while. */
async function untilWindowsAreStored(server: RunningServer): Promise<void> {
	type Details = { telemetry: { journal: { foldedAt: string | null } } };
	const foldedAt = async () => (await api<Details>(server, "/api/v1/health/details")).telemetry.journal.foldedAt;
	while ((await foldedAt()) === null) await sleep(500);
}

/** Fifty events a minute of every pair, one in twenty of them bad, in the tiers that hold their age. Answers what an hour's reader may find. */
function seedHistory(path: string, days: number, fineDays: number): { least: number; most: number } {
	const store = openTelemetryStore(path);
	const random = seededRandom(3);
	const now = Date.now();
	const from = Math.floor((now - days * DAY_MS) / HOUR_MS) * HOUR_MS;
	const to = Math.floor(now / HOUR_MS) * HOUR_MS - HOUR_MS;
	const pairs = store.pairs();
	const write = (kind: RollUp, first: number, last: number, perBucket: number, everyMs: number): void => {
		const { bucketMs, blockMs } = TIERS[kind];
		for (let block = Math.floor(first / blockMs); block * blockMs < last; block++) {
			// Some shapes for all pairs: packing each by itself would take longer than all trials.
			const shapes = Array.from({ length: 16 }, () => {
				const buckets = new Float64Array((blockMs / bucketMs) * FIELDS);
				for (
					let time = Math.max(first, block * blockMs);
					time < Math.min(last, (block + 1) * blockMs);
					time += everyMs
				) {
					const k = Math.floor((time - block * blockMs) / bucketMs) * FIELDS;
					buckets[k] = random() < 0.5 ? Math.floor(perBucket * 0.1 * random()) : 0;
					buckets[k + 1] = perBucket;
				}
				return packBuckets(buckets);
			});
			store.fold((writer) => {
				for (const [n, { id }] of pairs.entries()) writer.writeRollUp(kind, id, block, shapes[n % 16] as Uint8Array);
			});
		}
	};
	const fineFrom = Math.floor((now - fineDays * DAY_MS) / DAY_MS) * DAY_MS;
	write("hours", from, to, 3000, HOUR_MS);
	write("ten-seconds", fineFrom, to, 50, STEP_MS);
	store.close();
	const hours = (to - from) / HOUR_MS;
	return { least: (hours - 4) * 3000, most: (hours + 1) * 3000 };
}
