import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ManualClock } from "@bellwether/model";
import { openTelemetryStore } from "../packages/server/src/adapters/sqlite/telemetry-store.ts";
import { parseCatalogue } from "../packages/server/src/catalogue/index.ts";
import { createDetection } from "../packages/server/src/detection/index.ts";
import { Telemetry } from "../packages/server/src/telemetry/index.ts";
import { otlpSums, type Sample } from "./wire.ts";

const KEY_TENANTS = 100;
const POINTS_PER_REQUEST = 2_000;
const ROUND_MS = 60_000;
const START = Date.UTC(2026, 10, 23, 12);

export interface TenantsRow {
	readonly tenants: number;
	readonly points: number;
	readonly counted: number;
	readonly allCounted: boolean;
	/** CPU of the telemetry thread's work per point: the round in which every stream is new, and the rounds after it. */
	readonly firstRoundNs: number;
	readonly laterRoundsNs: number;
	readonly streams: number;
	/** Of the process, after garbage collection, beyond what it had before. */
	readonly memoryBytes: number;
	readonly storeBytes: number;
}

/**
 * Delta points through decoding, streams, journal and folds: each round one point of each tenant, of which a hundred are
 * key tenants. `tenants` 1: as many points in a round, from a thousand streams of one tenant.
 */
export function benchTenants(tenants: number, pointsPerRound: number, rounds: number): TenantsRow {
	const dir = mkdtempSync(join(tmpdir(), "bellwether-bench-"));
	const { catalogue, findings } = parseCatalogue(FILES);
	if (!catalogue) throw new Error(findings.map((finding) => finding.message).join("\n"));
	const clock = new ManualClock(START);
	const before = memoryBytes();
	const telemetry = new Telemetry({
		openStore: () => openTelemetryStore(join(dir, "telemetry.db")),
		catalogue,
		clock,
		seed: 1,
		openWindows: (pairs) =>
			createDetection({
				pairs: pairs.map((pair) => ({ ...pair, fleetPair: 0, monitor: undefined })),
				futureMs: catalogue.settings.telemetry.futureMs,
				confirmMs: 300,
				openBreaches: [],
				now: START,
			}),
	});
	const perRound: number[] = [];
	const requests = Math.ceil(pointsPerRound / POINTS_PER_REQUEST);
	let points = 0;
	for (let round = 0; round < rounds; round++) {
		let ns = 0;
		for (let request = 0; request < requests; request++) {
			clock.advance(ROUND_MS / requests);
			const body = bodyOf(tenants, request, clock.now());
			points += POINTS_PER_REQUEST;
			const began = process.cpuUsage();
			telemetry.ingest([{ protocol: "otlp-protobuf", encoding: undefined, body: Uint8Array.from(body) }]);
			if (request % 10 === 0) telemetry.tick();
			while (telemetry.hasWork) telemetry.work();
			const { user, system } = process.cpuUsage(began);
			ns += (user + system) * 1000;
		}
		perRound.push(ns / (requests * POINTS_PER_REQUEST));
	}
	telemetry.fold();
	const counted = telemetry.accounting().reduce((sum, account) => sum + account.counted, 0);
	const row = {
		tenants,
		points,
		counted,
		allCounted: counted === points,
		firstRoundNs: Math.round(perRound[0] as number),
		laterRoundsNs: Math.round(perRound.slice(1).reduce((sum, ns) => sum + ns, 0) / (rounds - 1)),
		streams: telemetry.counters().streams,
		memoryBytes: memoryBytes() - before,
		storeBytes: sizeOf(join(dir, "telemetry.db")),
	};
	telemetry.close();
	rmSync(dir, { recursive: true });
	return row;
}

function bodyOf(tenants: number, request: number, now: number): Buffer {
	const samples: Sample[] = [];
	for (let k = 0; k < POINTS_PER_REQUEST; k++) {
		const n = request * POINTS_PER_REQUEST + k;
		const isOne = tenants === 1;
		// One tenant: two points of each of a thousand streams, one after the other.
		const at = isOne && k >= POINTS_PER_REQUEST / 2 ? now : now - 1;
		samples.push({
			metric: "bench.requests",
			labels: isOne
				? { "tenant.id": "id-0", operation: `operation-${k % (POINTS_PER_REQUEST / 2)}` }
				: { "tenant.id": `id-${n % tenants}`, operation: "create" },
			startAt: at - 1,
			at,
			value: 1,
		});
	}
	return otlpSums(samples, 1);
}

function memoryBytes(): number {
	setFlagsFromString("--expose-gc");
	(runInNewContext("gc") as () => void)();
	const { heapUsed, external } = process.memoryUsage();
	return heapUsed + external;
}

function sizeOf(path: string): number {
	return statSync(path).size;
}

const FILES = [
	{
		path: "workloads/bench.yaml",
		text: "apiVersion: bellwether/v1\nkind: Workload\nmetadata: { name: bench }\nspec: { owner: Bench }\n",
	},
	{
		path: "tenants/key.yaml",
		text: `apiVersion: bellwether/v1\nkind: KeyTenantList\nspec:\n  tenants:\n${Array.from(
			{ length: KEY_TENANTS },
			(_, k) => `    - { name: key-${k}, match: { tenant.id: id-${k} } }\n`,
		).join("")}`,
	},
	{
		path: "slos/bench.yaml",
		text: `apiVersion: openslo/v1
kind: SLO
metadata: { name: bench }
spec:
  service: bench
  indicator:
    spec:
      ratioMetric:
        bad: { metricSource: { spec: { metric: bench.requests, where: { result: bad } } } }
        total: { metricSource: { spec: { metric: bench.requests } } }
  objectives: [{ target: 0.999 }]
`,
	},
];
