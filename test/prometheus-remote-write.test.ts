import { afterEach, expect, it } from "vitest";
import type { Family } from "../packages/server/testing/exposition.ts";
import { catalogueFiles, writeCatalogue } from "./support/catalogue.ts";
import { labels, startExporter } from "./support/exporter.ts";
import { type Prometheus, startPrometheus } from "./support/prometheus.ts";
import { cleanUp, eventually, type RunningServer, serve, temporaryFolder } from "./support/server.ts";

afterEach(cleanUp);

const TENANTS = ["woodgrove", "tailspin"] as const;
const STEP_MS = 15_000;
const STEPS = 40;
/** Scrapes at which the program "starts again": its counters begin at nothing. */
const RESTARTS: readonly number[] = [13, 27];
/** Scrapes in which one tenant's series are missing. */
const MISSING: readonly number[] = [18, 19, 20];

/**
 * A program that counts. Its samples carry their own times, a quarter of a minute apart: so ten minutes of scenario go by in
 * the seconds that Prometheus needs for forty scrapes. The times lie ahead, because Prometheus writes no sample remotely
 * that is older than its own start; it takes up to ten minutes ahead, the product what its settings say.
 */
class Program {
	readonly #startAt: number | undefined;
	#scrapes = 0;
	#last: Family[] = [];
	#random = 7;
	#counts = new Map<string, { requests: number; failed: number; buckets: number[] }>();

	/** Without a start, samples have the time of their scrape, and series that go missing are marked stale. */
	constructor(startAt?: number) {
		this.#startAt = startAt;
	}

	scrape(): Family[] {
		const step = this.#scrapes++;
		// The last samples stay for a while, so that a scrape that is lost loses none of them for good.
		if (step >= STEPS) return this.#scrapes < STEPS + 5 ? this.#last : [];
		if (RESTARTS.includes(step)) this.#counts.clear();
		const isLive = this.#startAt === undefined;
		const timestampMs = this.#startAt === undefined ? undefined : this.#startAt + step * STEP_MS;
		const requests: object[] = [];
		const classic: object[] = [];
		const native: object[] = [];
		for (const tenant of TENANTS) {
			const count = this.#advance(tenant);
			if (tenant === "tailspin" && MISSING.includes(step)) continue;
			const label = (more: Record<string, string> = {}) => labels({ tenant_id: `${tenant}-id`, ...more });
			requests.push(
				{ label: label({ code: "200" }), counter: { value: count.requests - count.failed }, timestampMs },
				{ label: label({ code: "500" }), counter: { value: count.failed }, timestampMs },
			);
			const sampleCount = count.buckets.reduce((a, b) => a + b, 0);
			const below = (n: number) => count.buckets.slice(0, n).reduce((a, b) => a + b, 0);
			const bucket = [0.25, 0.5, 1].map((upperBound, k) => ({ upperBound, cumulativeCount: below(k + 1) }));
			classic.push({ label: label(), histogram: { sampleCount, sampleSum: 1, bucket }, timestampMs });
			// Schema 0: buckets −2 … 1 end at 0.25, 0.5, 1 and 2.
			const positiveDelta = count.buckets.map((each, k) => each - (count.buckets[k - 1] ?? 0));
			const positiveSpan = [{ offset: -2, length: 4 }];
			const histogram = {
				sampleCount,
				sampleSum: 1,
				schema: 0,
				zeroThreshold: 1e-9,
				zeroCount: 0,
				positiveSpan,
				positiveDelta,
			};
			native.push({ label: label(), histogram, timestampMs });
		}
		if (isLive) this.#last = [{ name: "live_total", type: 0, metric: requests }];
		else
			this.#last = [
				{ name: "requests_total", type: 0, metric: requests },
				{ name: "classic_seconds", type: 4, metric: classic },
				{ name: "native_seconds", type: 4, metric: native },
			];
		return this.#last;
	}

	#advance(tenant: string) {
		const count = this.#counts.get(tenant) ?? { requests: 0, failed: 0, buckets: [0, 0, 0, 0] };
		this.#counts.set(tenant, count);
		const next = (most: number) => {
			this.#random = (this.#random * 48_271) % 2_147_483_647;
			return this.#random % most;
		};
		count.requests += 50 + next(50);
		count.failed += next(5);
		count.buckets = count.buckets.map((each) => each + next(20));
		return count;
	}
}

const SLOS = {
	requests: {
		good: 'requests_total{code="200"}',
		total: "requests_total",
		text: `good: { metricSource: { spec: { metric: requests_total, where: { code: "200" } } } }
        total: { metricSource: { spec: { metric: requests_total } } }`,
	},
	classic: {
		good: 'classic_seconds_bucket{le="0.5"}',
		total: "classic_seconds_count",
		text: `good: { metricSource: { spec: { metric: classic_seconds, le: 0.5 } } }
        total: { metricSource: { spec: { metric: classic_seconds } } }`,
	},
	live: {
		good: 'live_total{code="200"}',
		total: "live_total",
		text: `good: { metricSource: { spec: { metric: live_total, where: { code: "200" } } } }
        total: { metricSource: { spec: { metric: live_total } } }`,
	},
	native: {
		good: undefined,
		total: "native_seconds",
		text: `good: { metricSource: { spec: { metric: native_seconds, le: 0.5 } } }
        total: { metricSource: { spec: { metric: native_seconds } } }`,
	},
};

function catalogue(): string {
	const files = catalogueFiles({ tenants: TENANTS.map((name) => ({ name })), slos: [] });
	const tenants = TENANTS.map(
		(name) => `apiVersion: bellwether/v1
kind: KeyTenant
metadata: { name: ${name}, displayName: ${name} }
spec:
  match: { tenant_id: ${name}-id }
  workloads: [mail]
`,
	).join("---\n");
	const slos = Object.entries(SLOS).map(([name, { text }]) => [
		`slos/${name}.yaml`,
		`apiVersion: openslo/v1
kind: SLO
metadata:
  name: ${name}
  displayName: ${name}
  annotations: { bellwether.dev/per-tenant: "true", bellwether.dev/sli-kind: availability, bellwether.dev/unit: requests }
spec:
  service: mail
  indicator:
    metadata: { name: ${name} }
    spec:
      ratioMetric:
        counter: true
        ${text}
  timeWindow: [ { duration: 28d, isRolling: true } ]
  budgetingMethod: Occurrences
  objectives:
    - target: 0.999
`,
	]);
	const settings = `${files["bellwether.yaml"]}  telemetry: { future: 15m }\n`;
	const workload = files["workloads/mail.yaml"]?.replace("  leadSlo: send\n", "") as string;
	return writeCatalogue({
		...files,
		"bellwether.yaml": settings,
		"tenants/key.yaml": tenants,
		"workloads/mail.yaml": workload,
		...Object.fromEntries(slos),
	});
}

type Counts = Record<string, readonly [good: number, total: number]>;

/** The product's windows of 10 s that have events: start → counts. */
async function windowsOf(
	server: RunningServer,
	tenant: string,
	slo: string,
	from: number,
	to: number,
): Promise<Counts> {
	const { windows } = await server.read<{ windows: { at: number; good: number; total: number }[] }>(
		`/api/v1/tenants/${tenant}/slis/${slo}/windows?from=${from}&to=${to}&resolutionMs=10000`,
	);
	const counted = windows.filter(({ total }) => total > 0);
	return Object.fromEntries(counted.map(({ at, good, total }) => [new Date(at).toISOString(), [good, total]]));
}

/**
 * The same windows by Prometheus: for each sample of a tenant, the increase since the sample before. A range that begins and
 * ends exactly at samples is not extrapolated, so the increase is a whole number.
 */
async function promqlWindows(
	prometheus: Prometheus,
	tenant: string,
	slo: keyof typeof SLOS,
	lastAt: number,
): Promise<Counts> {
	const { good, total } = SLOS[slo];
	const of = (selector: string) =>
		selector.replace(/\{|$/, (brace) => (brace ? `{tenant_id="${tenant}-id",` : `{tenant_id="${tenant}-id"}`));
	const [series] = (await prometheus.query(`${of(total)}[20m]`, lastAt)).result;
	const times = (series?.values ?? series?.histograms ?? []).map(([seconds]) => Math.round(seconds * 1000));
	const counts: Record<string, [number, number]> = {};
	for (let k = 1; k < times.length; k++) {
		const at = times[k] as number;
		const range = `[${at - (times[k - 1] as number)}ms]`;
		const ask = async (promql: string) => {
			const [sum] = (await prometheus.query(promql, at)).result;
			return Math.round(Number(sum?.value?.[1]) * 1e6) / 1e6;
		};
		const whole = `increase(${of(total)}${range})`;
		const all = await ask(good === undefined ? `histogram_count(${whole})` : `sum(${whole})`);
		const fine = await ask(
			good === undefined
				? `histogram_fraction(-Inf, 0.5, ${whole}) * histogram_count(${whole})`
				: `sum(increase(${of(good)}${range}))`,
		);
		const bucket = new Date(Math.floor(at / 10_000) * 10_000).toISOString();
		const [goodBefore, allBefore] = counts[bucket] ?? [0, 0];
		if (all > 0) counts[bucket] = [goodBefore + fine, allBefore + all];
	}
	return counts;
}

/** Of the key tenants. */
async function staleMarkers(server: RunningServer): Promise<number> {
	const { items } = await server.read<{ items: { tenant: string; rejected: Record<string, number> }[] }>(
		"/api/v1/ingest/accounting",
	);
	return items.reduce((sum, { tenant, rejected }) => sum + (tenant === "" ? 0 : (rejected.no_value ?? 0)), 0);
}

it("windows of what a real Prometheus scraped and wrote are its own answers to the same PromQL", async () => {
	const server = await serve({ catalogue: catalogue(), data: temporaryFolder() });
	const startAt = Math.floor(Date.now() / 1000) * 1000 + 5_000;
	const program = new Program(startAt);
	const live = new Program();
	const target = await startExporter(() => program.scrape());
	const liveTarget = await startExporter(() => live.scrape());
	const prometheus = await startPrometheus(
		`global: { scrape_interval: 200ms, scrape_timeout: 200ms }
scrape_configs:
  - job_name: program
    static_configs: [ { targets: ["${target}", "${liveTarget}"] } ]
remote_write:
  - url: ${server.otlpUrl}/api/v1/write
    send_native_histograms: true
    queue_config: { batch_send_deadline: 200ms, max_shards: 1 }
`,
		["--enable-feature=native-histograms"],
	);
	const lastAt = startAt + (STEPS - 1) * STEP_MS;
	const from = startAt - 10_000;
	const to = lastAt + 20_000;
	// The last sample of the last series has arrived.
	const lastBucket = new Date(Math.floor(lastAt / 10_000) * 10_000).toISOString();
	await eventually(
		"the last sample is counted",
		async () => {
			const last = await Promise.all(
				(["requests", "classic", "native"] as const).map((slo) => windowsOf(server, "tailspin", slo, from, to)),
			);
			return last.every((windows) => lastBucket in windows);
		},
		40_000,
	);
	await eventually(
		"the last series of the live program are marked stale",
		async () => (await staleMarkers(server)) >= 2 + 4,
	);
	const isLiveOver = Date.now();
	for (const tenant of TENANTS) {
		const expected = await promqlWindows(prometheus, tenant, "live", isLiveOver);
		expect(Object.values(expected).reduce((sum, [, total]) => sum + total, 0)).toBeGreaterThan(1000);
		expect([tenant, await windowsOf(server, tenant, "live", from - 60_000, to)]).toEqual([tenant, expected]);
		for (const slo of ["requests", "classic", "native"] as const) {
			const expected = await promqlWindows(prometheus, tenant, slo, lastAt);
			expect(Object.keys(expected).length).toBeGreaterThan(STEPS / 2);
			expect([tenant, slo, await windowsOf(server, tenant, slo, from, to)]).toEqual([tenant, slo, expected]);
		}
	}
	const { items } = await server.read<{
		items: { received: number; counted: number; rejected: Record<string, number> }[];
	}>("/api/v1/ingest/accounting");
	for (const { rejected } of items)
		expect(Object.keys(rejected).filter((reason) => reason !== "no_sli" && reason !== "no_value")).toEqual([]);
	expect(prometheus.log()).not.toMatch(/non-recoverable error/);
});
