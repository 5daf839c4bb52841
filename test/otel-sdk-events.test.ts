import { SeverityNumber } from "@opentelemetry/api-logs";
import { OTLPLogExporter as JsonLogExporter } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPLogExporter as ProtobufLogExporter } from "@opentelemetry/exporter-logs-otlp-proto";
import { OTLPTraceExporter as JsonTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { afterEach, describe, expect, it } from "vitest";
import { catalogueFiles, idOf, writeCatalogue } from "./support/catalogue.ts";
import { cleanUp, type RunningServer, serve, temporaryFolder } from "./support/server.ts";

afterEach(cleanUp);

/** As the OpenTelemetry API numbers them. */
const SERVER_KIND = 1;
const CLIENT_KIND = 2;
const ERROR_STATUS = 2;

interface Counts {
	good: number;
	total: number;
}
type Recorded = Record<"logins" | "quick" | "audits", Counts>;

const source = (spec: string): string => `{ metricSource: { spec: ${spec} } }`;

function sloText(name: string, part: string, total: string): string {
	return `apiVersion: openslo/v1
kind: SLO
metadata: { name: ${name} }
spec:
  service: mail
  indicator:
    metadata: { name: ${name} }
    spec:
      ratioMetric: { ${part}, total: ${total} }
  objectives: [ { target: 0.99 } ]
`;
}

function folder(): string {
	return writeCatalogue({
		...catalogueFiles({ tenants: [{ name: "woodgrove" }], slos: ["send"] }),
		"slos/logins.yaml": sloText(
			"logins",
			`bad: ${source('{ span: "POST /login", where: { span.status_code: ERROR } }')}`,
			source('{ span: "POST /login", where: { span.kind: SERVER } }'),
		),
		"slos/quick.yaml": sloText(
			"quick",
			`good: ${source('{ span: "POST /login", le: 250 }')}`,
			source(`{ signal: span, selector: '{"POST /login","span.kind"="SERVER","http.route"!~"/internal.*"}' }`),
		),
		"slos/audits.yaml": sloText(
			"audits",
			`good: ${source("{ log: audit, where: { log.severity: [DEBUG, INFO] } }")}`,
			source("{ log: audit }"),
		),
	});
}

/** Every batch is exported twice, as after an answer that was lost. */
function twice<E extends { export(items: never, done: (result: { code: number; error?: Error }) => void): void }>(
	exporter: E,
	failures: unknown[],
): E {
	const send = exporter.export.bind(exporter);
	exporter.export = (items, done) => {
		send(items, () =>
			send(items, (result) => {
				if (result.code !== 0) failures.push(result.error);
				done(result);
			}),
		);
	};
	return exporter;
}

/** The official SDK as a program that knows nothing of us. */
async function recordWithSdk(server: RunningServer, isJson: boolean, tenantId: string, recorded: Recorded) {
	const failures: unknown[] = [];
	const resource = resourceFromAttributes({ "tenant.id": tenantId, "service.name": "mail" });
	const [Traces, Logs] = isJson ? [JsonTraceExporter, JsonLogExporter] : [ProtobufTraceExporter, ProtobufLogExporter];
	const traces = twice(new Traces({ url: `${server.otlpUrl}/v1/traces` }), failures);
	const logs = twice(new Logs({ url: `${server.otlpUrl}/v1/logs` }), failures);
	const tracers = new TracerProvider({
		resource,
		spanProcessors: [new BatchSpanProcessor({ exporter: traces, scheduledDelayMillis: 600_000 })],
	});
	const loggers = new LoggerProvider({
		resource,
		processors: [new BatchLogRecordProcessor({ exporter: logs, scheduledDelayMillis: 600_000 })],
	});
	const tracer = tracers.getTracer("scenario", "1.0");
	const logger = loggers.getLogger("scenario");
	const now = Date.now();
	for (let k = 0; k < 60; k++) {
		const isServer = k % 6 !== 0;
		const isInternal = k % 7 === 0;
		const ms = (k % 10) * 50;
		const isFailed = k % 9 === 0;
		const span = tracer.startSpan("POST /login", {
			kind: isServer ? SERVER_KIND : CLIENT_KIND,
			startTime: now - 30_000 + k * 100 - ms,
			attributes: { "http.route": isInternal ? "/internal/login" : "/login", "user.id": k },
		});
		span.addEvent("checked", { attempt: k });
		if (isFailed) span.setStatus({ code: ERROR_STATUS, message: "no answer" });
		span.end(now - 30_000 + k * 100);
		tracer.startSpan("SELECT mail").end();
		if (isServer) count(recorded.logins, !isFailed);
		if (isServer && !isInternal) count(recorded.quick, ms <= 250);
		const isCalm = k % 4 !== 0;
		logger.emit({
			eventName: k % 3 === 0 ? "page.viewed" : "audit",
			severityNumber: isCalm ? SeverityNumber.INFO2 : SeverityNumber.WARN,
			body: { what: "sign in", round: k % 5 },
			attributes: { "user.id": k % 2 },
			timestamp: now - 10_000,
		});
		if (k % 3 !== 0) count(recorded.audits, isCalm);
	}
	await tracers.forceFlush();
	await loggers.forceFlush();
	await tracers.shutdown();
	await loggers.shutdown();
	expect(failures).toEqual([]);
}

function count(counts: Counts, isGood: boolean): void {
	counts.total++;
	if (isGood) counts.good++;
}

const none = (): Recorded => ({
	logins: { good: 0, total: 0 },
	quick: { good: 0, total: 0 },
	audits: { good: 0, total: 0 },
});

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

describe("a program with the official OpenTelemetry SDK for traces and logs", () => {
	it.each([
		["protobuf", false],
		["JSON", true],
	])(
		"finds in the windows what it recorded, over %s, each batch sent twice, the server killed in between",
		async (_, isJson) => {
			const options = { catalogue: folder(), data: temporaryFolder() };
			const key = none();
			const other = none();
			let server = await serve(options);
			await recordWithSdk(server, isJson, idOf("woodgrove"), key);
			await server.stop("SIGKILL");
			server = await serve(options);
			await recordWithSdk(server, isJson, idOf("woodgrove"), key);
			await recordWithSdk(server, isJson, "somebody-else", other);
			for (const slo of ["logins", "quick", "audits"] as const) {
				expect(key[slo].total).toBeGreaterThan(key[slo].good);
				expect([slo, await counted(server, "woodgrove", slo)]).toEqual([slo, key[slo]]);
				const fleet = { good: key[slo].good + other[slo].good, total: key[slo].total + other[slo].total };
				expect([slo, await counted(server, "~fleet", slo)]).toEqual([slo, fleet]);
			}
			const { items } = await server.read<{
				items: {
					tenant: string;
					protocol: string;
					received: number;
					counted: number;
					duplicate: number;
					rejected: Record<string, number>;
				}[];
			}>("/api/v1/ingest/accounting");
			const traces = items.find((item) => item.tenant === "woodgrove" && item.protocol === "otlp-traces");
			expect(traces).toMatchObject({ received: 480, duplicate: traces?.counted });
			for (const item of items)
				expect(item.received).toBe(
					item.counted + item.duplicate + Object.values(item.rejected).reduce((sum, each) => sum + each, 0),
				);
			expect(await server.stop()).toBe(0);
		},
	);
});
