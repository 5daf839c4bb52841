import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-grpc";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { AggregationTemporality, MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GRPC_STATUS, grpcClient } from "../packages/server/testing/grpc-client.ts";
import { catalogueFiles, idOf, writeCatalogue } from "./support/catalogue.ts";
import { cleanUp, onCleanUp, type RunningServer, request, serve, temporaryFolder } from "./support/server.ts";

afterAll(cleanUp);

async function serveGrpc(args: readonly string[] = []): Promise<RunningServer & { grpcUrl: string }> {
	const files = catalogueFiles({ tenants: [{ name: "woodgrove" }, { name: "tailspin" }] });
	const settings = `${files["bellwether.yaml"]}  telemetry: { maxBodyBytes: 1048576 }\n`;
	const catalogue = writeCatalogue({ ...files, "bellwether.yaml": settings });
	const server = await serve({ catalogue, data: temporaryFolder(), args: ["--grpc-port", "0", ...args] });
	return { ...server, grpcUrl: server.grpcUrl as string };
}

async function counted(server: RunningServer, tenant: string, slo: string): Promise<{ good: number; total: number }> {
	const now = Date.now();
	const { windows } = await server.read<{ windows: { good: number; total: number }[] }>(
		`/api/v1/tenants/${tenant}/slis/${slo}/windows?from=${now - 600_000}&to=${now + 60_000}&resolutionMs=10000`,
	);
	const sum = (of: "good" | "total") => windows.reduce((all, window) => all + window[of], 0);
	return { good: sum("good"), total: sum("total") };
}

function client(grpcUrl: string) {
	const { send, close } = grpcClient(grpcUrl);
	onCleanUp(close);
	return send;
}

describe("OTLP over gRPC", () => {
	let server: Awaited<ReturnType<typeof serveGrpc>>;
	beforeAll(async () => {
		server = await serveGrpc();
	});

	it.each([
		["delta, gzip", "woodgrove", AggregationTemporality.DELTA, "gzip"],
		["cumulative, plain", "tailspin", AggregationTemporality.CUMULATIVE, "none"],
	] as const)("takes what the official exporter sends: %s", async (_, tenant, temporalityPreference, compression) => {
		const exporter = new OTLPMetricExporter({
			url: server.grpcUrl,
			temporalityPreference,
			compression: compression as never,
		});
		const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 600_000 });
		const resource = resourceFromAttributes({ "tenant.id": idOf(tenant), "service.name": "mail" });
		const provider = new MeterProvider({ resource, readers: [reader] });
		const sends = provider.getMeter("scenario").createCounter("mail.sends");
		for (let round = 0; round < 3; round++) {
			sends.add(30, { result: "ok" });
			sends.add(2, { result: "failed" });
			await provider.forceFlush();
		}
		await provider.shutdown();
		expect(await counted(server, tenant, "send")).toEqual({ good: 90, total: 96 });
		const metrics = await request(`${server.url}/metrics`);
		expect(metrics.text).toMatch(/ingest_requests_total\{route="\/v1\/metrics",status="200"\} \d/);
	});

	it("needs a token where the server has one, and says so before it reads the message", async () => {
		const tokenFile = join(temporaryFolder(), "token");
		writeFileSync(tokenFile, "operator-token-of-the-scenario-0123456789\n", { mode: 0o600 });
		const send = client((await serveGrpc(["--token-file", tokenFile])).grpcUrl);
		expect(await send(Buffer.alloc(0))).toMatchObject({ code: GRPC_STATUS.UNAUTHENTICATED });
		expect(await send(Buffer.alloc(0), { authorization: "Bearer wrong" })).toMatchObject({
			code: GRPC_STATUS.UNAUTHENTICATED,
		});
		const bearer = { authorization: "Bearer operator-token-of-the-scenario-0123456789" };
		expect(await send(Buffer.alloc(0), bearer)).toMatchObject({ code: 0 });
		expect(await send(Buffer.alloc(0), { ...bearer, origin: "https://elsewhere.example" })).toMatchObject({
			code: GRPC_STATUS.PERMISSION_DENIED,
		});
	});

	it("answers what is wrong with a code that the sender does not try again", async () => {
		const send = client(server.grpcUrl);
		expect(await send(Buffer.from([0xff, 0xff]))).toMatchObject({
			code: GRPC_STATUS.INVALID_ARGUMENT,
			retryInfo: undefined,
		});
		expect(await send(Buffer.alloc(1024 * 1024 + 1))).toMatchObject({
			code: GRPC_STATUS.RESOURCE_EXHAUSTED,
			retryInfo: undefined,
		});
		expect(await send(Buffer.alloc(10), {}, "profiles.v1.ProfilesService")).toMatchObject({
			code: GRPC_STATUS.UNIMPLEMENTED,
		});
		// Still there.
		expect(await send(Buffer.alloc(0))).toMatchObject({ code: 0, answer: Buffer.alloc(0) });
	});

	it("tells a sender to wait when too many calls are on their way, and forgets those that went away", async () => {
		const { connect } = await import("node:http2");
		const session = connect(server.grpcUrl);
		onCleanUp(() => session.destroy());
		const open = () =>
			session.request({
				":method": "POST",
				":path": "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
				"content-type": "application/grpc",
				te: "trailers",
			});
		const waiting = Array.from({ length: 32 }, open);
		for (const stream of waiting) {
			stream.on("error", () => {});
			// The beginning of a message that never comes.
			stream.write(Buffer.from([0, 0, 0, 1, 0, 1]));
		}
		const send = client(server.grpcUrl);
		let refused = await send(Buffer.alloc(0));
		for (let tries = 0; refused.code === 0 && tries < 100; tries++) refused = await send(Buffer.alloc(0));
		expect(refused.code).toBe(GRPC_STATUS.RESOURCE_EXHAUSTED);
		expect(refused.retryInfo?.includes("google.rpc.RetryInfo")).toBe(true);
		for (const stream of waiting) stream.destroy();
		let answer = await send(Buffer.alloc(0));
		for (let tries = 0; answer.code !== 0 && tries < 100; tries++) answer = await send(Buffer.alloc(0));
		expect(answer.code).toBe(0);
	});

	it("refuses a message whose decoded size is over the limit", async () => {
		const { connect } = await import("node:http2");
		const session = connect(server.grpcUrl);
		onCleanUp(() => session.destroy());
		const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
		const head = Buffer.alloc(5);
		head.writeUInt8(1, 0);
		head.writeUInt32BE(bomb.length, 1);
		const stream = session.request({
			":method": "POST",
			":path": "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
			"content-type": "application/grpc",
			"grpc-encoding": "gzip",
			te: "trailers",
		});
		const code = new Promise<number>((resolve) => {
			stream.on("response", (headers) => headers["grpc-status"] && resolve(Number(headers["grpc-status"])));
			stream.on("trailers", (headers) => resolve(Number(headers["grpc-status"])));
		});
		stream.resume();
		stream.end(Buffer.concat([head, bomb]));
		expect(await code).toBe(GRPC_STATUS.RESOURCE_EXHAUSTED);
	});
});
