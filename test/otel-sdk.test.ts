import { OTLPMetricExporter as JsonExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPMetricExporter as ProtobufExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
	AggregationTemporality,
	MeterProvider,
	PeriodicExportingMetricReader,
	type PushMetricExporter,
	type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import { afterEach, describe, expect, it } from "vitest";
import { catalogueFiles, idOf, writeCatalogue } from "./support/catalogue.ts";
import { cleanUp, type RunningServer, serve, temporaryFolder } from "./support/server.ts";

afterEach(cleanUp);

interface Counts {
	good: number;
	total: number;
}

/** The official SDK as a program that knows nothing of us: one resource per tenant, several collections. */
async function recordWithSdk(
	server: RunningServer,
	exporterKind: typeof JsonExporter | typeof ProtobufExporter,
	temporalityPreference: AggregationTemporality,
	tenantId: string,
) {
	const recorded: Record<"send" | "latency" | "queue", Counts> = {
		send: { good: 0, total: 0 },
		latency: { good: 0, total: 0 },
		queue: { good: 0, total: 0 },
	};
	const failures: unknown[] = [];
	const exporter = new exporterKind({ url: `${server.otlpUrl}/v1/metrics`, temporalityPreference });
	countGauges(exporter, failures, (value) => {
		recorded.queue.total++;
		if (value < 100) recorded.queue.good++;
	});
	const reader = new PeriodicExportingMetricReader({
		exporter,
		exportIntervalMillis: 600_000,
		exportTimeoutMillis: 10_000,
	});
	const provider = new MeterProvider({
		resource: resourceFromAttributes({ "tenant.id": tenantId, "service.name": "mail" }),
		readers: [reader],
	});
	const meter = provider.getMeter("scenario");
	const sends = meter.createCounter("mail.sends");
	const duration = meter.createHistogram("mail.duration", { advice: { explicitBucketBoundaries: [50, 250, 1000] } });
	const queue = meter.createGauge("mail.queue");
	for (let round = 0; round < 4; round++) {
		for (let mail = 0; mail < 25; mail++) {
			const isGood = (mail + round) % 5 !== 0;
			sends.add(3, { result: isGood ? "ok" : "failed", region: mail % 2 === 0 ? "eu" : "us" });
			recorded.send.total += 3;
			if (isGood) recorded.send.good += 3;
			const ms = mail * 20 + round;
			duration.record(ms);
			recorded.latency.total++;
			if (ms <= 250) recorded.latency.good++;
		}
		queue.record(round * 40);
		await provider.forceFlush();
	}
	await provider.shutdown();
	expect(failures).toEqual([]);
	return recorded;
}

/** A gauge's every exported point is one event, so what counts is how many points were exported. */
function countGauges(exporter: PushMetricExporter, failures: unknown[], onGauge: (value: number) => void): void {
	const send = exporter.export.bind(exporter);
	exporter.export = (metrics: ResourceMetrics, done) => {
		for (const metric of metrics.scopeMetrics.flatMap((scope) => scope.metrics)) {
			if (metric.descriptor.name !== "mail.queue") continue;
			for (const point of metric.dataPoints) onGauge(point.value as number);
		}
		send(metrics, (result) => {
			if (result.code !== 0) failures.push(result.error);
			done(result);
		});
	};
}

async function counted(server: RunningServer, tenant: string, slo: string): Promise<Counts> {
	const now = Date.now();
	const { windows } = await server.read<{ windows: { good: number; total: number }[] }>(
		`/api/v1/tenants/${tenant}/slis/${slo}/windows?from=${now - 600_000}&to=${now + 60_000}&resolutionMs=10000`,
	);
	return {
		good: windows.reduce((sum, window) => sum + window.good, 0),
		total: windows.reduce((sum, window) => sum + window.total, 0),
	};
}

describe("a program with the official OpenTelemetry SDK", () => {
	const cases: [string, typeof JsonExporter | typeof ProtobufExporter, AggregationTemporality][] = [
		["protobuf and delta", ProtobufExporter, AggregationTemporality.DELTA],
		["protobuf and cumulative", ProtobufExporter, AggregationTemporality.CUMULATIVE],
		["JSON and delta", JsonExporter, AggregationTemporality.DELTA],
		["JSON and cumulative", JsonExporter, AggregationTemporality.CUMULATIVE],
	];
	it.each(cases)("finds in the windows what it recorded, over %s", async (_name, exporter, temporality) => {
		const server = await serve({
			catalogue: writeCatalogue(catalogueFiles({ tenants: [{ name: "woodgrove" }] })),
			data: temporaryFolder(),
		});
		const key = await recordWithSdk(server, exporter, temporality, idOf("woodgrove"));
		const other = await recordWithSdk(server, exporter, temporality, "somebody-else");
		for (const slo of ["send", "latency", "queue"] as const) {
			expect(key[slo].total).toBeGreaterThan(0);
			expect([slo, await counted(server, "woodgrove", slo)]).toEqual([slo, key[slo]]);
			const fleet = { good: key[slo].good + other[slo].good, total: key[slo].total + other[slo].total };
			expect([slo, await counted(server, "~fleet", slo)]).toEqual([slo, fleet]);
		}
		const { items } = await server.read<{
			items: { received: number; counted: number; duplicate: number; rejected: Record<string, number> }[];
		}>("/api/v1/ingest/accounting");
		for (const item of items)
			expect(item.received).toBe(
				item.counted + item.duplicate + Object.values(item.rejected).reduce((sum, count) => sum + count, 0),
			);
		expect(await server.stop()).toBe(0);
	});
});
