import { afterEach, expect, it } from "vitest";
import { catalogueFiles, writeCatalogue } from "./support/catalogue.ts";
import { type Family, labels, startExporter } from "./support/exporter.ts";
import { frontDoor } from "./support/front-door.ts";
import { startPrometheus } from "./support/prometheus.ts";
import { cleanUp, eventually, type RunningServer, serve, temporaryFolder } from "./support/server.ts";

afterEach(cleanUp);

const TENANTS = ["woodgrove", "tailspin"] as const;
const SLOS = ["requests", "classic", "depth"] as const;
const STEP_MS = 600;
const STEPS = 20;
/** Scrapes at which the program starts again. */
const RESTARTS: readonly number[] = [6, 14];
const MISSING: readonly number[] = [9, 10];

/** A program that counts. Its samples carry their own times, so that scraping need not keep to them; Prometheus writes only what is newer than its start. */
function program(startAt: number): () => Family[] {
	let scrapes = 0;
	let random = 7;
	let counts = new Map<string, { requests: number; failed: number; buckets: number[] }>();
	const next = (most: number) => {
		random = (random * 48_271) % 2_147_483_647;
		return random % most;
	};
	return () => {
		const step = scrapes++;
		if (step >= STEPS) return [];
		if (RESTARTS.includes(step)) counts = new Map();
		const timestampMs = startAt + step * STEP_MS;
		const requests: object[] = [];
		const classic: object[] = [];
		const depth: object[] = [];
		for (const tenant of [...TENANTS, "somebody"]) {
			const count = counts.get(tenant) ?? { requests: 0, failed: 0, buckets: [0, 0, 0] };
			counts.set(tenant, count);
			count.requests += 50 + next(50);
			count.failed += next(5);
			count.buckets = count.buckets.map((each) => each + next(20));
			if (tenant === "tailspin" && MISSING.includes(step)) continue;
			const label = (more: Record<string, string> = {}) => labels({ tenant_id: `${tenant}-id`, ...more });
			requests.push(
				{ label: label({ code: "200" }), counter: { value: count.requests - count.failed }, timestampMs },
				{ label: label({ code: "500" }), counter: { value: count.failed }, timestampMs },
			);
			const [first = 0, second = 0, third = 0] = count.buckets;
			const bucket = [
				{ upperBound: 0.5, cumulativeCount: first },
				{ upperBound: 1, cumulativeCount: first + second },
			];
			const sampleCount = first + second + third;
			classic.push({ label: label(), histogram: { sampleCount, sampleSum: 1, bucket }, timestampMs });
			depth.push({ label: label(), gauge: { value: next(100) }, timestampMs });
		}
		return [
			{ name: "requests_total", type: 0, metric: requests },
			{ name: "classic_seconds", type: 4, metric: classic },
			{ name: "queue_depth", type: 1, metric: depth },
		];
	};
}

const INDICATORS = {
	requests: `ratioMetric:
        good: { metricSource: { spec: { metric: requests_total, where: { code: "200" } } } }
        total: { metricSource: { spec: { metric: requests_total } } }`,
	classic: `ratioMetric:
        good: { metricSource: { spec: { metric: classic_seconds, le: 1 } } }
        total: { metricSource: { spec: { metric: classic_seconds } } }`,
	depth: `thresholdMetric: { metricSource: { spec: { metric: queue_depth } } }`,
};

function catalogue(source: Record<string, string> = {}): string {
	const files = catalogueFiles({ tenants: [], slos: [] });
	const tenants = TENANTS.map(
		(name) =>
			`apiVersion: bellwether/v1\nkind: KeyTenant\nmetadata: { name: ${name} }\nspec: { match: { tenant_id: ${name}-id }, workloads: [mail] }\n`,
	);
	const slos = SLOS.map((name) => [
		`slos/${name}.yaml`,
		`apiVersion: openslo/v1
kind: SLO
metadata: { name: ${name}, annotations: { bellwether.dev/sli-kind: ${name === "depth" ? "saturation" : "availability"}, bellwether.dev/unit: requests } }
spec:
  service: mail
  indicator:
    metadata: { name: ${name} }
    spec:
      ${INDICATORS[name]}
  timeWindow: [ { duration: 28d, isRolling: true } ]
  budgetingMethod: Occurrences
  objectives:
    - { target: 0.95${name === "depth" ? ", op: lt, value: 90" : ""} }
`,
	]);
	return writeCatalogue({
		...files,
		"tenants/key.yaml": tenants.join("---\n"),
		"workloads/mail.yaml": (files["workloads/mail.yaml"] as string).replace("  leadSlo: send\n", ""),
		...Object.fromEntries(slos),
		...source,
	});
}

/** Asks in ranges of ten seconds, so that two minutes take many queries. */
function pulling({ host, url }: { host: string; url: string }): Record<string, string> {
	return {
		"bellwether.yaml": `apiVersion: bellwether/v1
kind: Settings
spec: { organisation: Scenario Cloud, egress: { allow: ["${host}"] } }
`,
		"sources/prometheus.yaml": `apiVersion: bellwether/v1
kind: Source
metadata: { name: scrapes }
spec:
  kind: prometheus
  url: ${url}
  interval: 1s
  step: 10s
  delay: 0s
  overlap: 1m
  catchUp: 2m
  maxRange: 10s
  maxQueriesPerMinute: 600
  queries: [ ${SLOS.map((slo) => `{ slo: ${slo} }`).join(", ")} ]
`,
	};
}

async function windowsOf(server: RunningServer, from: number, to: number) {
	const all: Record<string, unknown> = {};
	for (const tenant of [...TENANTS, "~fleet"])
		for (const slo of SLOS) {
			const { windows } = await server.read<{ windows: { at: number; good: number; total: number }[] }>(
				`/api/v1/tenants/${tenant}/slis/${slo}/windows?from=${from}&to=${to}&resolutionMs=10000`,
			);
			all[`${tenant} ${slo}`] = windows.map(({ at, good, total }) => [at, good, total]);
		}
	return all;
}

interface SourceItem {
	readonly name: string;
	readonly state: string;
	readonly queue: number;
	readonly rows: number;
	readonly watermarkAt: number | null;
	readonly error: unknown;
}

async function source(server: RunningServer): Promise<SourceItem> {
	const { items } = await server.read<{ items: SourceItem[] }>("/api/v1/sources");
	return items.find(({ name }) => name === "scrapes") as SourceItem;
}

it("pull counts what push counts: the same Prometheus, resets and gaps included, though the server is killed while it asks", async () => {
	const pushed = await serve({ catalogue: catalogue(), data: temporaryFolder() });
	const startAt = Math.floor(Date.now() / 1_000) * 1_000 + 4_000;
	const target = await startExporter(program(startAt));
	const prometheus = await startPrometheus(`global: { scrape_interval: 100ms, scrape_timeout: 100ms }
scrape_configs:
  - job_name: program
    static_configs: [ { targets: ["${target}"] } ]
remote_write:
  - url: ${pushed.otlpUrl}/api/v1/write
    queue_config: { batch_send_deadline: 200ms, max_shards: 1 }
`);
	const lastAt = startAt + (STEPS - 1) * STEP_MS;
	const [from, to] = [startAt - 60_000, lastAt + 60_000];
	// Every sample of a gauge is one event.
	await eventually("all samples are pushed", async () => {
		const { windows } = await pushed.read<{ windows: { total: number }[] }>(
			`/api/v1/tenants/~fleet/slis/depth/windows?from=${from}&to=${to}&resolutionMs=10000`,
		);
		return windows.reduce((sum, { total }) => sum + total, 0) === 3 * STEPS - MISSING.length;
	});
	const expected = await windowsOf(pushed, from, to);

	const door = await frontDoor(prometheus.url);
	const options = { catalogue: catalogue(pulling(door)), data: temporaryFolder() };
	const first = await serve(options);
	await eventually("some samples are pulled", async () => (await source(first)).rows > 0, 30_000);
	door.holdFrom(2);
	await eventually("a query waits for its answer", async () => door.waiting() > 0);
	await first.stop("SIGKILL");
	door.release();

	const second = await serve(options);
	const caughtUp = async () => {
		const { state, queue, watermarkAt } = await source(second);
		return state === "ok" && queue === 0 && (watermarkAt ?? 0) > lastAt;
	};
	await eventually("it has caught up", caughtUp, 40_000);
	expect(await windowsOf(second, from, to)).toEqual(expected);

	// It asked for the minute before its watermark again and again: known samples are duplicates, nothing is an error.
	const { items } = await second.read<{
		items: { protocol: string; duplicate: number; rejected: Record<string, number> }[];
	}>("/api/v1/ingest/accounting");
	expect(items.every(({ duplicate }) => duplicate > 0)).toBe(true);
	expect(items.map(({ protocol, rejected }) => [protocol, rejected])).toEqual(items.map(() => ["pull", {}]));
}, 120_000);
