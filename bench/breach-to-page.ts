import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "@bellwether/model";
import { METRIC_BAD, METRIC_TOTAL, writeCatalogue } from "./catalogue.ts";
import { push } from "./ingest.ts";
import { api, sleep, startServer, stopServer } from "./server-process.ts";
import { gzip, otlpSums } from "./wire.ts";

export interface LatencyResult {
	readonly trials: number;
	/** From the acknowledgement of the batch that makes the rule true to the page's arrival at the webhook, ms. */
	readonly minMs: number;
	readonly medianMs: number;
	readonly p95Ms: number;
	readonly maxMs: number;
	/** From the first bad batch's acknowledgement, seconds: the rule's own floor included. */
	readonly fromFirstBadMedianS: number;
	readonly falsePages: number;
}

/**
 * Each trial tenant fails totally at its own phase, pushing every 5 s of event time with an hour of healthy history before.
 * Event time is compressed: batches of the last ten minutes are sent back to back, so a trial needs no minute of waiting.
 * The batch that makes the rule true is computed here, apart from the product: Σbad/Σtotal over 1 h > 13.44 × 0.001.
 */
export async function benchBreachToPage(trials: number): Promise<LatencyResult> {
	const dir = mkdtempSync(join(tmpdir(), "bellwether-bench-"));
	const arrivals = new Map<string, number>();
	const receiver = createServer((request, response) => {
		const at = performance.now();
		const chunks: Buffer[] = [];
		request.on("data", (chunk) => chunks.push(chunk));
		request.on("end", () => {
			const body = JSON.parse(Buffer.concat(chunks).toString()) as { data?: { tenant?: string } };
			const tenant = body.data?.tenant ?? "?";
			if (!arrivals.has(tenant)) arrivals.set(tenant, at);
			response.end();
		});
	});
	await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
	const pageUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/page`;
	const ids = Array.from({ length: trials * 4 }, (_, i) => `tenant-${i}`);
	writeCatalogue(join(dir, "catalogue"), { tenants: ids, slos: ["login"], pageUrl, repeatEvery: "1h" });
	const server = await startServer({ catalogue: join(dir, "catalogue"), data: join(dir, "data") });
	try {
		const stepMs = 5_000;
		const perStep = 20;
		const random = seededRandom(7);
		const now = Math.floor(Date.now() / stepMs) * stepMs;
		const from = now - 3_600_000;
		const rows: string[] = [];
		for (let t = 0; t < ids.length; t++)
			for (let at = from; at < now; at += 10_000)
				rows.push(JSON.stringify({ tenant: `t${t}`, slo: "login", at, good: perStep * 2, total: perStep * 2 }));
		await api(server, "/api/v1/import", {
			method: "POST",
			body: rows.join("\n"),
			headers: { "content-type": "application/x-ndjson", "idempotency-key": "bench-history" },
		});
		const latencies: number[] = [];
		const sinceFirstBad: number[] = [];
		for (let t = 0; t < trials; t++) {
			await sleep(Math.floor(random() * 400));
			const id = ids[t] as string;
			let bad = 0;
			let trueAt = 0;
			let firstBadAt = 0;
			const totalHour = (3_600_000 / stepMs) * perStep;
			for (let step = 0; trueAt === 0; step++) {
				bad += perStep;
				const at = now - 600_000 + step * stepMs;
				const labels = { slo: "login", tenant: id };
				const sample = (metric: string) => ({ metric, labels, startAt: at - stepMs, at, value: perStep });
				await push(server.otlpUrl, "otlp-gzip", gzip(otlpSums([sample(METRIC_TOTAL), sample(METRIC_BAD)], 1)));
				if (firstBadAt === 0) firstBadAt = step * stepMs;
				// The window also holds the healthy hour that the import brought: bad events come on top of it.
				if (bad / (totalHour + bad) > 13.44 * 0.001) {
					trueAt = performance.now();
					sinceFirstBad.push((step + 1) * stepMs);
				}
			}
			const tenant = `t${t}`;
			const deadline = performance.now() + 20_000;
			while (!arrivals.has(tenant) && performance.now() < deadline) await sleep(2);
			const arrived = arrivals.get(tenant);
			if (arrived === undefined)
				throw new Error(`no page for ${tenant} within 20 s of the batch that makes the rule true`);
			latencies.push(arrived - trueAt);
		}
		latencies.sort((a, b) => a - b);
		sinceFirstBad.sort((a, b) => a - b);
		const at = (values: number[], p: number) =>
			values[Math.min(values.length - 1, Math.floor(p * values.length))] as number;
		return {
			trials,
			minMs: at(latencies, 0),
			medianMs: at(latencies, 0.5),
			p95Ms: at(latencies, 0.95),
			maxMs: at(latencies, 1),
			fromFirstBadMedianS: at(sinceFirstBad, 0.5) / 1000,
			falsePages: [...arrivals.keys()].filter((tenant) => Number(tenant.slice(1)) >= trials).length,
		};
	} finally {
		await stopServer(server);
		receiver.closeAllConnections();
		receiver.close();
		rmSync(dir, { recursive: true, force: true });
	}
}
