import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { METRIC_TOTAL, writeCatalogue } from "./catalogue.ts";
import { bombs } from "./fuzz/bombs.ts";
import { SLOS } from "./ingest.ts";
import { startServer, stopServer, usage } from "./server-process.ts";
import { otlpSums, remoteWrite, type Sample } from "./wire.ts";

export interface StallResult {
	readonly phase: string;
	readonly bodies: number;
	readonly mib: number;
	readonly seconds: number;
	/** Of the main thread, which runs timers and answers; as measured between ticks of 10 ms, so that idle is about 10. */
	readonly loopP99Ms: number;
	readonly loopMaxMs: number;
	/** Delays of more than a second. */
	readonly stalls: number;
	readonly answers: Readonly<Record<string, number>>;
	readonly rssMiB: number;
}

interface Body {
	readonly path: string;
	readonly headers: Readonly<Record<string, string>>;
	readonly bytes: Uint8Array;
}

const PROTOBUF = { "content-type": "application/x-protobuf" };
const JSON_TYPE = { "content-type": "application/json" };
const SNAPPY = { ...PROTOBUF, "content-encoding": "snappy" };
const NEW_STREAMS = 1_000_000;
const STREAMS_PER_BODY = 10_000;
const AT_ONCE = 2;

/** Event-loop delay of the timer thread while the largest bodies, bodies made to hurt, and a million new streams arrive. */
export async function* benchStall(): AsyncGenerator<StallResult> {
	const dir = mkdtempSync(join(tmpdir(), "bellwether-stall-"));
	const names = Array.from({ length: 100 }, (_, i) => `tenant-${i}`);
	writeCatalogue(join(dir, "catalogue"), { tenants: names, slos: SLOS });
	const server = await startServer({ catalogue: join(dir, "catalogue"), data: join(dir, "data") });
	try {
		for (const [phase, make] of PHASES) {
			// Made before the clock starts: making them keeps a core busy, which the server would miss.
			const source = [...make()].values();
			await loopDelay(server.url);
			const startedAt = performance.now();
			const answers: Record<string, number> = {};
			let bodies = 0;
			let bytes = 0;
			const send = async () => {
				for (let next = source.next(); !next.done; next = source.next()) {
					const body = next.value;
					bodies++;
					bytes += body.bytes.length;
					const answer = await fetch(server.url + body.path, {
						method: "POST",
						headers: body.headers,
						body: new Uint8Array(body.bytes),
					});
					await answer.arrayBuffer();
					answers[answer.status] = (answers[answer.status] ?? 0) + 1;
				}
			};
			await Promise.all(Array.from({ length: AT_ONCE }, send));
			const { p99Ms, maxMs } = await loopDelay(server.url);
			yield {
				phase,
				bodies,
				mib: Math.round(bytes / 1024 / 1024),
				seconds: (performance.now() - startedAt) / 1000,
				loopP99Ms: p99Ms,
				loopMaxMs: maxMs,
				stalls: maxMs > 1_000 ? 1 : 0,
				answers,
				rssMiB: usage(server.pid).rssMiB,
			};
		}
	} finally {
		await stopServer(server);
		rmSync(dir, { recursive: true, force: true });
	}
}

const PHASES: readonly (readonly [string, () => Generator<Body>])[] = [
	["idle", idle],
	["bodies of 20 MiB", largeBodies],
	["bombs", hurtingBodies],
	["a million new streams", newStreams],
];

function* idle(): Generator<Body> {
	for (let k = 0; k < 20; k++) yield { path: "/v1/metrics", headers: JSON_TYPE, bytes: new TextEncoder().encode("{}") };
}

function* largeBodies(): Generator<Body> {
	const startAt = Date.now() - 600_000;
	const samples = Array.from({ length: 220_000 }, (_, k) => sample(k % 2_000, startAt + Math.floor(k / 2_000) * 1_000));
	const plain = otlpSums(samples, 2);
	for (let k = 0; k < 5; k++) {
		yield { path: "/v1/metrics", headers: PROTOBUF, bytes: plain };
		yield { path: "/v1/metrics", headers: { ...PROTOBUF, "content-encoding": "gzip" }, bytes: gzipSync(plain) };
		yield { path: "/api/v1/write", headers: SNAPPY, bytes: remoteWrite(samples) };
	}
}

function* hurtingBodies(): Generator<Body> {
	const zeros = Buffer.alloc(256 * 1024 * 1024);
	yield { path: "/v1/metrics", headers: { ...PROTOBUF, "content-encoding": "gzip" }, bytes: gzipSync(zeros) };
	yield { path: "/v1/metrics", headers: { ...PROTOBUF, "content-encoding": "zstd" }, bytes: zstdCompressSync(zeros) };
	for (const bytes of bombs.otlpProtobuf()) yield { path: "/v1/metrics", headers: PROTOBUF, bytes };
	for (const bytes of bombs.json()) yield { path: "/v1/metrics", headers: JSON_TYPE, bytes };
	for (const bytes of bombs.snappy()) yield { path: "/api/v1/write", headers: SNAPPY, bytes };
}

function* newStreams(): Generator<Body> {
	for (let from = 0; from < NEW_STREAMS; from += STREAMS_PER_BODY) {
		const samples = Array.from({ length: STREAMS_PER_BODY }, (_, k) => sample(from + k, Date.now()));
		yield { path: "/v1/metrics", headers: PROTOBUF, bytes: otlpSums(samples, 1) };
	}
}

function sample(stream: number, at: number): Sample {
	const labels = {
		slo: SLOS[stream % SLOS.length] as string,
		tenant: `tenant-${stream % 100}`,
		host: `host-${stream}`,
	};
	return { metric: METRIC_TOTAL, labels, startAt: at - 10_000, at, value: 1 };
}

/** Since the call before. */
async function loopDelay(url: string): Promise<{ p99Ms: number; maxMs: number }> {
	const metrics = await (await fetch(`${url}/metrics`)).text();
	const lines = metrics.split("\n");
	const read = (name: string) => {
		const line = lines.find((each) => each.startsWith(`bellwether_nodejs_eventloop_lag_${name}_seconds `));
		return Number(line?.split(" ")[1]) * 1000;
	};
	return { p99Ms: read("p99"), maxMs: read("max") };
}
