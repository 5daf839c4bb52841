import { afterEach, expect, it } from "vitest";
import { GRPC_STATUS, grpcClient } from "../packages/server/testing/grpc-client.ts";
import { catalogueFiles, idOf, writeCatalogue } from "./support/catalogue.ts";
import {
	cleanUp,
	eventually,
	onCleanUp,
	type RunningServer,
	request,
	serve,
	temporaryFolder,
} from "./support/server.ts";

afterEach(cleanUp);

const SETTINGS = `apiVersion: bellwether/v1
kind: Settings
spec:
  organisation: Scenario Cloud
  telemetry:
    limits: { tenants: { pointsPerSecond: 1000 } }
`;
const SOURCES = `apiVersion: bellwether/v1
kind: Source
metadata: { name: edge, displayName: Edge collector }
spec: { kind: otlp, limits: { requestsPerSecond: 1 } }
---
apiVersion: bellwether/v1
kind: Source
metadata: { name: core }
spec: { kind: otlp }
---
apiVersion: bellwether/v1
kind: Source
metadata: { name: prometheus }
spec: { kind: remote-write, limits: { requestsPerSecond: 1 } }
`;

function mails(tenant: string, at: number, points = 1) {
	const attributes = [
		{ key: "tenant.id", value: { stringValue: idOf(tenant) } },
		{ key: "result", value: { stringValue: "ok" } },
	];
	const dataPoints = Array.from({ length: points }, (_, k) => ({
		attributes,
		startTimeUnixNano: `${at + k - 1}000000`,
		timeUnixNano: `${at + k}000000`,
		asInt: "1",
	}));
	return { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: "mail.sends", sum: sum(dataPoints) }] }] }] };
}
const sum = (dataPoints: object[]) => ({ aggregationTemporality: 1, isMonotonic: true, dataPoints });

interface Book {
	readonly source: string;
	readonly received: number;
	readonly counted: number;
	readonly rejected: Record<string, number>;
}

async function started(args: readonly string[] = []) {
	const files = catalogueFiles({ tenants: [{ name: "woodgrove" }, { name: "tailspin" }], slos: ["send"] });
	const noisy = (files["tenants/key.yaml"] ?? "").replace(
		"workloads: [mail]",
		"limits: { pointsPerSecond: 10 }\n  workloads: [mail]",
	);
	const catalogue = writeCatalogue({
		...files,
		"bellwether.yaml": SETTINGS,
		"tenants/key.yaml": noisy,
		"sources/senders.yaml": SOURCES,
	});
	const data = temporaryFolder();
	return { server: await serve({ catalogue, data, args }), catalogue, data };
}

const books = (server: RunningServer, query: string) =>
	server.read<{ items: Book[] }>(`/api/v1/ingest/accounting?${query}`).then(({ items }) => items);

it("a source over its limit is told to wait before anything is taken, and nobody else is touched", async () => {
	const { server, catalogue, data } = await started();
	const at = Date.now() - 60_000;
	const send = (source: string, k: number) =>
		server.call("/v1/metrics", {
			method: "POST",
			headers: { "x-bellwether-source": source },
			json: mails("tailspin", at + k),
		});
	const answers = [];
	for (let k = 0; k < 14; k++) answers.push(await send("edge", k));
	const taken = answers.filter(({ status }) => status === 200).length;
	expect(taken).toBeGreaterThanOrEqual(10);
	const refused = answers.find(({ status }) => status === 429);
	expect(refused?.json.message).toMatch(/Source "edge" .*limits\.requestsPerSecond/);
	expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
	expect((await send("core", 100)).status).toBe(200);

	// Remote write is refused by 503: Prometheus would drop what is answered 429.
	const write = () =>
		server.call("/api/v1/write", {
			method: "POST",
			headers: { "content-type": "application/x-protobuf", "content-encoding": "snappy" },
			body: new Uint8Array([0]),
		});
	const statuses = [];
	for (let k = 0; k < 12; k++) statuses.push(await write());
	const later = statuses.find(({ status }) => status === 503);
	expect(later?.headers.get("retry-after")).toMatch(/^\d+$/);
	expect(statuses.map(({ status }) => status)).not.toContain(429);

	expect(await books(server, "tenant=tailspin&source=edge")).toMatchObject([
		{ source: "edge", received: taken, counted: taken },
	]);
	const { items } = await server.read<{ items: { name: string; isOverLimit: boolean }[] }>("/api/v1/sources");
	expect(items.map(({ name, isOverLimit }) => [name, isOverLimit])).toEqual([
		["core", false],
		["edge", true],
		["prometheus", true],
	]);
	const { checks } = (await request(`${server.url}/readyz`)).json;
	expect(checks).toContainEqual(expect.objectContaining({ name: "limits", ok: false, level: "warning" }));
	const metrics = (await server.call("/metrics")).text;
	expect(metrics).toMatch(/bellwether_source_refused_requests_total\{source="edge"\} [1-9]/);

	await server.stop("SIGKILL");
	const again = await serve({ catalogue, data });
	expect(await books(again, "source=edge&tenant=tailspin")).toMatchObject([{ received: taken, counted: taken }]);
});

it("a tenant over its limit gets 429 for requests of its own, and loses only its own points in those of others", async () => {
	const { server } = await started();
	const at = Date.now() - 60_000;
	const send = (json: object) => server.call("/v1/metrics", { method: "POST", json });
	expect((await send(mails("woodgrove", at, 500))).status).toBe(200);
	// It is noticed a quarter of a second later at most; what comes until then is counted.
	let small = 0;
	const refused = await eventually("the tenant is refused", async () => {
		const answer = await send(mails("woodgrove", at + 1_000 + small));
		if (answer.status === 429) return answer;
		small++;
		return undefined;
	});
	expect([refused.status, Number(refused.headers.get("retry-after")) > 30]).toEqual([429, true]);
	const [own, others] = [mails("woodgrove", at + 2_000, 5), mails("tailspin", at, 3)];
	const mixed = await send({ resourceMetrics: [...own.resourceMetrics, ...others.resourceMetrics] });
	expect([mixed.status, mixed.json.partialSuccess.rejectedDataPoints]).toEqual([200, "5"]);
	expect(mixed.json.partialSuccess.errorMessage).toMatch(/over_quota/);
	expect(await books(server, "tenant=woodgrove")).toMatchObject([
		{ source: "otlp", received: 505 + small, counted: 500 + small, rejected: { over_quota: 5 } },
	]);
	expect(await books(server, "tenant=tailspin")).toMatchObject([{ received: 3, counted: 3, rejected: {} }]);
	expect((await request(`${server.url}/metrics`)).text).toMatch(/bellwether_tenants_over_quota 1\n/);
});

it("over gRPC a source is named by its token or its metadata, and its refusal says when to come again", async () => {
	const { server } = await started(["--grpc-port", "0"]);
	const { send, close } = grpcClient(server.grpcUrl as string);
	onCleanUp(close);
	const issued = await server.call("/api/v1/tokens", { method: "POST", json: { name: "edge", role: "ingest" } });
	const asToken = { authorization: `Bearer ${issued.json.token}`, "bellwether-token": "core" };
	const empty = Buffer.alloc(0);
	const answers = [];
	// As its token says, whatever else is claimed; then as the metadata says.
	for (let k = 0; k < 7; k++) answers.push(await send(empty, { ...asToken, "x-bellwether-source": "core" }));
	for (let k = 0; k < 7; k++) answers.push(await send(empty, { "x-bellwether-source": "edge" }));
	const refused = answers.find(({ code }) => code === GRPC_STATUS.RESOURCE_EXHAUSTED);
	expect(refused?.details).toMatch(/Source "edge" .*limits\.requestsPerSecond/);
	expect(refused?.retryInfo?.toString("latin1")).toContain("google.rpc.RetryInfo");
	expect((await send(empty, { "x-bellwether-source": "core" })).code).toBe(0);
	const { items } = await server.read<{ items: { name: string; refusedRequests: number }[] }>("/api/v1/sources");
	expect(items.find(({ name }) => name === "core")?.refusedRequests).toBe(0);
});
