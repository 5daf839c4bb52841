import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "@bellwether/model";
import { METRIC_BAD, METRIC_TOTAL, writeCatalogue } from "./catalogue.ts";
import { sleep, startServer, stopServer, usage } from "./server-process.ts";
import { gzip, otlpSums, remoteWrite, type Sample } from "./wire.ts";

export interface IngestResult {
	readonly protocol: "otlp-gzip" | "remote-write";
	readonly tenants: number;
	readonly series: number;
	readonly samples: number;
	readonly cpuUsPerSample: number;
	readonly samplesPerCpuSecond: number;
	readonly rssMiB: number;
	/** All samples, first round included. */
	readonly sent: number;
	/** `samples_total` of /metrics: must equal what was sent. */
	readonly counted: number;
	readonly allCounted: boolean;
}

export const SLOS = Array.from({ length: 10 }, (_, i) => `sli-${i}`);

/** CPU of the whole product per sample, durable acknowledgement on: one sample per series and request, as a scrape brings them. */
export async function benchIngest(
	protocol: IngestResult["protocol"],
	tenants: number,
	target: number,
): Promise<IngestResult> {
	const dir = mkdtempSync(join(tmpdir(), "bellwether-bench-"));
	const names = Array.from({ length: tenants }, (_, i) => `tenant-${i.toString(16).padStart(12, "0")}`);
	writeCatalogue(join(dir, "catalogue"), { tenants: names, slos: SLOS });
	const server = await startServer({ catalogue: join(dir, "catalogue"), data: join(dir, "data") });
	try {
		const series = tenants * SLOS.length * 2;
		const rounds = Math.max(5, Math.round(target / series));
		const stepMs = Math.min(15_000, Math.floor((100 * 60_000) / rounds));
		const startAt = Date.now() - rounds * stepMs;
		const next = counters(names);
		const round = async (r: number) => {
			for (const samples of next(startAt + r * stepMs, startAt - 86_400_000))
				await push(
					server.url,
					protocol,
					protocol === "remote-write" ? remoteWrite(samples) : gzip(otlpSums(samples, 2)),
				);
		};
		await round(0);
		await settle(server.pid);
		const before = usage(server.pid);
		for (let r = 1; r < rounds; r++) await round(r);
		await settle(server.pid);
		const after = usage(server.pid);
		const samples = series * (rounds - 1);
		const counted = await samplesTotal(server.url);
		const cpuS = after.cpuS - before.cpuS;
		return {
			protocol,
			tenants,
			series,
			samples,
			cpuUsPerSample: (cpuS / samples) * 1e6,
			samplesPerCpuSecond: samples / cpuS,
			rssMiB: after.rssMiB,
			sent: series * rounds,
			counted,
			allCounted: counted === series * rounds,
		};
	} finally {
		await stopServer(server);
		rmSync(dir, { recursive: true, force: true });
	}
}

/** Two cumulative counters for each tenant and SLO; each call gives the next sample of every series, in requests of 2,000. */
export function counters(names: readonly string[]): (at: number, startAt: number) => Generator<Sample[]> {
	const values = new Float64Array(names.length * SLOS.length * 2);
	const random = seededRandom(1);
	return function* (at, startAt) {
		let samples: Sample[] = [];
		let i = 0;
		for (const tenant of names)
			for (const slo of SLOS) {
				for (const metric of [METRIC_TOTAL, METRIC_BAD]) {
					const more = metric === METRIC_TOTAL ? 40 + Math.floor(20 * random()) : random() < 0.03 ? 1 : 0;
					const value = (values[i] as number) + more;
					values[i++] = value;
					samples.push({ metric, labels: { slo, tenant, workload: "bench" }, startAt, at, value });
				}
				if (samples.length >= 2000) {
					yield samples;
					samples = [];
				}
			}
		if (samples.length > 0) yield samples;
	};
}

export async function samplesTotal(url: string): Promise<number> {
	const metrics = await (await fetch(`${url}/metrics`)).text();
	return Number(/^samples_total (\d+)/m.exec(metrics)?.[1] ?? Number.NaN);
}

export async function push(url: string, protocol: IngestResult["protocol"], body: Buffer): Promise<void> {
	const isRemoteWrite = protocol === "remote-write";
	const answer = await fetch(url + (isRemoteWrite ? "/api/v1/write" : "/v1/metrics"), {
		method: "POST",
		body: new Uint8Array(body),
		headers: {
			"content-type": "application/x-protobuf",
			"content-encoding": isRemoteWrite ? "snappy" : "gzip",
			...(isRemoteWrite ? { "x-prometheus-remote-write-version": "0.1.0" } : {}),
		},
	});
	if (!answer.ok) throw new Error(`push: ${answer.status} ${(await answer.text()).slice(0, 300)}`);
	await answer.arrayBuffer();
}

/** Waits until the process is nearly idle, so that background work is charged to the round that caused it. */
export async function settle(pid: number): Promise<void> {
	let last = usage(pid).cpuS;
	for (let i = 0; i < 30; i++) {
		await sleep(1000);
		const now = usage(pid).cpuS;
		if (now - last < 0.05) return;
		last = now;
	}
}
