import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
	type BurnRateTier,
	binomialTail,
	burnRateTiers,
	errorBudgetRatio,
	exceedsBurnRate,
	HOUR_MS,
	ManualClock,
	MINUTE_MS,
} from "@bellwether/model";
import { afterEach, describe, expect, it } from "vitest";
import {
	type Catalogue,
	type CatalogueFile,
	FORMATS,
	monitorFor,
	parseCatalogue,
	readCatalogue,
} from "../packages/server/src/catalogue/index.ts";
import { createDetection, type DetectionEngine, type DetectionPair } from "../packages/server/src/detection/index.ts";
import { FLEET, MemoryTelemetryStore, type Pair, Telemetry } from "../packages/server/src/telemetry/index.ts";
import { type CounterHistory, counterHistory } from "./support/incident-history.ts";
import { cleanUp, temporaryFolder } from "./support/server.ts";

afterEach(cleanUp);

const PROMTOOL = "/usr/bin/promtool";
const MINUTES = 110;
const seeds = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, k) => from + k);

/** So that minute 0 is the last one of an hour, and every fifth the last of a bucket of five. */
const START = Date.UTC(2026, 10, 22, 0, 59);

/** By value, by another attribute, by pattern, and nobody's: what the fleet alone counts. */
const TENANT_LABELS = [
	{ tenant_id: "id-of-woodgrove" },
	{ tenant_id: "id-of-contoso" },
	{ customer: "fabrikam-eu-1" },
	{ org_name: "Tailspin Toys (West)" },
	{ tenant_id: "somebody-else" },
];

const PAGES_ONLY: CatalogueFile = {
	path: "monitors/pages.yaml",
	text: `apiVersion: bellwether/v1
kind: Monitor
metadata: { name: pages }
spec: { tiers: [page-quick, page-slow] }
`,
};

const FILES: CatalogueFile[] = [
	{
		path: "tenants/tenants.yaml",
		text: `apiVersion: bellwether/v1
kind: KeyTenantList
spec:
  tenants:
    - { name: woodgrove, match: { tenant_id: [id-of-woodgrove] }, tier: gold }
    - { name: contoso, match: { tenant_id: [id-of-contoso] }, tier: gold, objectives: { requests: 0.995 } }
    - { name: fabrikam, match: { customer: [fabrikam-eu-1] }, tier: silver }
    - name: tailspin
      tier: silver
      match: {}
      aliases: [{ attribute: org_name, patterns: ["Tailspin Toys.*"] }]
---
apiVersion: bellwether/v1
kind: Tier
metadata: { name: gold }
spec: { rank: 1, objectives: { requests: 0.9995 } }
---
apiVersion: bellwether/v1
kind: Tier
metadata: { name: silver }
spec: { rank: 2 }
---
apiVersion: bellwether/v1
kind: Workload
metadata: { name: web }
spec: { owner: Web }
`,
	},
];

const REQUESTS = sloFile("requests", "bad", 'requests_total{code=~"5.."}', 0.999, "30d");
const GOOD_REQUESTS = sloFile("requests", "good", 'requests_total{code!~"5.."}', 0.99, "28d");

function sloFile(name: string, numerator: string, part: string, target: number, duration: string): CatalogueFile {
	const metric = (selector: string) => ({ metricSource: { spec: { selector } } });
	// JSON is YAML too.
	const text = JSON.stringify({
		apiVersion: "openslo/v1",
		kind: "SLO",
		metadata: { name },
		spec: {
			service: "web",
			indicator: { spec: { ratioMetric: { [numerator]: metric(part), total: metric("requests_total") } } },
			timeWindow: [{ duration, isRolling: true }],
			objectives: [{ target }],
		},
	});
	return { path: `slos/${name}.yaml`, text };
}

function catalogueOf(files: readonly CatalogueFile[]): Catalogue {
	const { catalogue, findings } = parseCatalogue(files);
	if (!catalogue)
		throw new Error(findings.map((finding) => `${finding.file}:${finding.line} ${finding.message}`).join("\n"));
	return catalogue;
}

async function rulesOf(catalogue: Catalogue): Promise<string> {
	const format = FORMATS.find(({ name }) => name === "prometheus-rules");
	const exporter = await format?.export?.load();
	const result = exporter?.(catalogue, { intervalMs: MINUTE_MS, lagMs: 0 });
	expect(result?.findings).toEqual([]);
	return result?.files[0]?.text ?? "";
}

const TIERS = ["page-quick", "page-slow", "ticket-quick", "ticket-slow"] as const;

function pairsFor(catalogue: Catalogue, pairs: readonly Pair[]): DetectionPair[] {
	return pairs.map((pair) => {
		const monitor = monitorFor(catalogue, pair.slo);
		if (!monitor) throw new Error(`nobody watches ${pair.slo}`);
		const { name, mode, evidenceP, tiers = TIERS } = monitor;
		const fleetPair = pairs.findIndex((each) => each.tenant === FLEET && each.slo === pair.slo);
		return { ...pair, fleetPair, monitor: { name, mode, evidenceP, tiers } };
	});
}

/** What our own engine says of the same samples, by minute. */
interface Verdicts {
	/** `tier slo tenant` of every tier that is true, with evidence. */
	readonly burning: readonly ReadonlySet<string>[];
	/** `slo tenant` of breaches that open, but of those at low traffic, which rest on facts that no rule can tell apart. */
	readonly opened: readonly (readonly string[])[];
	/** Sums of one hour at the last minute, by `slo tenant`. */
	readonly lastHour: ReadonlyMap<string, { bad: number; total: number }>;
}

/** Minutes at which a tier's windows here and sliding windows hold the same: their buckets end there. */
const BUCKETS_END_EVERY = { "page-quick": 1, "page-slow": 5, "ticket-quick": 60, "ticket-slow": 60 } as const;

/** Runs telemetry and detection over the samples, minute by minute. */
function judge(catalogue: Catalogue, history: CounterHistory): Verdicts {
	const clock = new ManualClock(START);
	let engine: DetectionEngine | undefined;
	let pairs: readonly DetectionPair[] = [];
	const telemetry = new Telemetry({
		openStore: () => new MemoryTelemetryStore(),
		catalogue,
		clock,
		seed: 1,
		openWindows: (known) => {
			pairs = pairsFor(catalogue, known);
			engine = createDetection({ pairs, futureMs: 300_000, confirmMs: 0, openBreaches: [], now: START });
			return engine;
		},
	});
	const burning: Set<string>[] = [];
	const opened: string[][] = [];
	const sums = new Map<string, { bad: number; total: number }>();
	for (let minute = 0; minute < history.minutes; minute++) {
		const at = START + minute * MINUTE_MS;
		clock.advance(at - clock.now());
		engine?.tick(at);
		const body = otlpBody(history, minute, at);
		const [outcome] = telemetry.ingest([{ protocol: "otlp-json", encoding: undefined, body }]);
		if (outcome?.status !== "accepted" || outcome.rejected > 0) throw new Error(JSON.stringify(outcome));
		const news = engine?.evaluate(at) ?? [];
		const breaches = news.filter((each) => each.type === "breach.opened");
		opened.push(breaches.flatMap(({ slo, tenant, evidence }) => (evidence.facts ? [] : [`${slo} ${tenant}`])));
		burning.push(new Set());
		for (const [index, pair] of pairs.entries()) {
			const windows = (ms: number) => engine?.sums(index, ms) ?? { bad: 0, total: 0 };
			for (const tier of burnRateTiers(pair.periodMs))
				if (pair.monitor?.tiers.includes(tier.key) && isTrue(tier, pair.objective, windows))
					burning.at(-1)?.add(`${tier.key} ${pair.slo} ${pair.tenant}`);
			sums.set(`${pair.slo} ${pair.tenant}`, windows(HOUR_MS));
		}
	}
	return { burning, opened, lastHour: sums };
}

function otlpBody(history: CounterHistory, minute: number, at: number): Uint8Array {
	const dataPoints = history.series.flatMap(({ labels, values }) => {
		const value = values[minute];
		const attributes = Object.entries(labels).map(([key, stringValue]) => ({ key, value: { stringValue } }));
		return value === undefined ? [] : [{ attributes, timeUnixNano: `${at}000000`, asDouble: value }];
	});
	const sum = { aggregationTemporality: 2, isMonotonic: true, dataPoints };
	const scopeMetrics = [{ metrics: [{ name: "requests_total", sum }] }];
	return new TextEncoder().encode(JSON.stringify({ resourceMetrics: [{ scopeMetrics }] }));
}

/** The rule of the monitors, from the definitions: both windows burn strictly faster, and the long one is no chance. */
function isTrue(
	tier: BurnRateTier,
	objective: number,
	windows: (ms: number) => { bad: number; total: number },
): boolean {
	const [short, long] = [windows(tier.shortMs), windows(tier.longMs)];
	if (!exceedsBurnRate(short.bad, short.total, objective, tier.factor)) return false;
	if (!exceedsBurnRate(long.bad, long.total, objective, tier.factor)) return false;
	return binomialTail(long.bad, long.total, errorBudgetRatio(objective)) < 1e-4;
}

/** One test of promtool: these samples, and which alerts fire at every minute. */
function promtoolTest(history: CounterHistory, { burning, lastHour }: Verdicts, name: string): object {
	const expected = burning.flatMap((set, minute) =>
		TIERS.filter((tier) => minute % BUCKETS_END_EVERY[tier] === 0).map((tier) => ({
			expr: `count by (bellwether_slo, bellwether_tenant) (ALERTS{alertstate="firing",bellwether_burn="${tier}"})`,
			eval_time: `${minute}m`,
			exp_samples: [...set].flatMap((each) => {
				const [key, slo, tenant] = each.split(" ");
				return key === tier ? [{ labels: labelsText(slo, tenant), value: 1 }] : [];
			}),
		})),
	);
	const sums = (["total", "bad"] as const).map((which) => ({
		expr: `sum by (bellwether_slo, bellwether_tenant) (bellwether:sli_${which}:sum{bellwether_window="1h"})`,
		eval_time: `${history.minutes - 1}m`,
		exp_samples: [...lastHour].map(([pair, counts]) => {
			const [slo, tenant] = pair.split(" ");
			return { labels: labelsText(slo, tenant), value: counts[which] };
		}),
	}));
	return {
		name,
		interval: "1m",
		input_series: history.series.map(({ labels, values }) => ({
			series: `requests_total{${Object.entries(labels).map(([key, value]) => `${key}=${JSON.stringify(value)}`)}}`,
			values: values.map((value) => value ?? "_").join(" "),
		})),
		promql_expr_test: [...expected, ...sums],
	};
}

function labelsText(slo: string | undefined, tenant: string | undefined): string {
	const own = tenant === "" ? "" : `, bellwether_tenant="${tenant}"`;
	return `{bellwether_slo="${slo}"${own}}`;
}

function promtool(...args: string[]): { readonly code: number | null; readonly text: string } {
	const { status, stdout, stderr, error } = spawnSync(PROMTOOL, args, { encoding: "utf8", maxBuffer: 64 << 20 });
	if (error) throw new Error(`${PROMTOOL} cannot run (${error.message}): npm test -- scenario installs it`);
	return { code: status, text: stdout + stderr };
}

describe("exported Prometheus rules", () => {
	it.each(["demo", "microsoft-security"])("of the example %s are right by promtool", async (example) => {
		const { catalogue } = await readCatalogue(fileURLToPath(new URL(`../examples/${example}`, import.meta.url)));
		const file = join(temporaryFolder(), "rules.yml");
		writeFileSync(file, await rulesOf(catalogue as Catalogue));
		expect(promtool("check", "rules", file)).toMatchObject({ code: 0, text: expect.stringContaining("SUCCESS") });
	});

	it("count below a bucket bound, and samples of a gauge one by one, in Prometheus' own names", async () => {
		const metric = (spec: string) => `{ metricSource: { spec: { ${spec} } } }`;
		const slo = (name: string, kind: string, indicator: string, objective: string): CatalogueFile => ({
			path: `slos/${name}.yaml`,
			text: `apiVersion: openslo/v1
kind: SLO
metadata: { name: ${name}, annotations: { bellwether.dev/sli-kind: ${kind} } }
spec: { service: web, indicator: { spec: { ${indicator} } }, objectives: [{ ${objective} }] }
`,
		});
		const duration = "metric: web.duration, where: { route: [a, b] }";
		const ratio = `ratioMetric: { good: ${metric(`${duration}, le: 250`)}, total: ${metric(duration)} }`;
		const gauge = `thresholdMetric: ${metric("metric: web.queue")}`;
		const catalogue = catalogueOf([
			...FILES,
			REQUESTS,
			slo("fast", "latency", ratio, "target: 0.99"),
			slo("queue", "saturation", gauge, "target: 0.99, op: lte, value: 100"),
		]);
		const dir = temporaryFolder();
		writeFileSync(join(dir, "rules.yml"), await rulesOf(catalogue));
		const labels = 'tenant_id="id-of-woodgrove"';
		const series = (name: string, values: string) => ({ series: name, values });
		const sums = (slo: string, which: string, value: number) => ({
			expr: `bellwether:sli_${which}:sum{bellwether_slo="${slo}",bellwether_tenant="woodgrove",bellwether_window="5m"}`,
			eval_time: "9m",
			exp_samples: [
				{
					labels: `bellwether:sli_${which}:sum{bellwether_slo="${slo}", bellwether_tenant="woodgrove", bellwether_window="5m", bellwether_workload="web"}`,
					value,
				},
			],
		});
		const test = {
			interval: "1m",
			input_series: [
				series(`web_duration_count{${labels},route="a"}`, "0+10x9"),
				series(`web_duration_bucket{${labels},route="a",le="250.0"}`, "0+8x9"),
				series(`web_duration_bucket{${labels},route="a",le="500.0"}`, "0+9x9"),
				series(`web_duration_count{${labels},route="c"}`, "0+10x9"),
				series(`web_queue{${labels}}`, "1 1 1 1 1 100 101 _ 500 20"),
			],
			promql_expr_test: [
				sums("fast", "total", 50),
				sums("fast", "bad", 10),
				sums("queue", "total", 4),
				sums("queue", "bad", 2),
			],
		};
		const file = join(dir, "tests.yml");
		const groups = ["bellwether-tenants", "bellwether-fast", "bellwether-queue", "bellwether-requests"];
		const shared = { rule_files: ["rules.yml"], evaluation_interval: "1m", group_eval_order: groups };
		writeFileSync(file, JSON.stringify({ ...shared, tests: [test] }));
		expect(promtool("test", "rules", file)).toMatchObject({ code: 0, text: expect.stringContaining("SUCCESS") });
	});

	// The long windows of tickets cost promtool most of its time: they are in the last incidents only.
	it.each([
		{ what: "bad events, page tiers", seeds: seeds(1, 10), files: [...FILES, REQUESTS, PAGES_ONLY] },
		{ what: "good events, page tiers", seeds: seeds(11, 20), files: [...FILES, GOOD_REQUESTS, PAGES_ONLY] },
		{ what: "all tiers", seeds: seeds(21, 22), files: [...FILES, REQUESTS] },
	])(
		"fire at the same evaluation as the monitors over random incidents: $what",
		async ({ seeds, files }) => {
			const dir = temporaryFolder();
			const catalogue = catalogueOf(files);
			writeFileSync(join(dir, "rules.yml"), await rulesOf(catalogue));
			const kinds = { burning: 0, opened: 0 };
			const tests = seeds.map((seed) => {
				const history = counterHistory(seed, TENANT_LABELS, MINUTES);
				const verdicts = judge(catalogue, history);
				kinds.opened += verdicts.opened.flat().length;
				for (const set of verdicts.burning) kinds.burning += set.size;
				// A breach opens where a page tier is true.
				verdicts.opened.forEach((pairs, minute) => {
					for (const pair of pairs) {
						const isPage = ["page-quick", "page-slow"].some((tier) => verdicts.burning[minute]?.has(`${tier} ${pair}`));
						expect({ seed, minute, pair, isPage }).toEqual({ seed, minute, pair, isPage: true });
					}
				});
				return promtoolTest(history, verdicts, `seed ${seed}`);
			});
			expect(kinds.opened).toBeGreaterThanOrEqual(seeds.length);
			expect(kinds.burning).toBeGreaterThan(20 * seeds.length);
			const file = join(dir, "tests.yml");
			const groups = ["bellwether-tenants", ...catalogue.slos.map((slo) => `bellwether-${slo.name}`)];
			const shared = { rule_files: ["rules.yml"], evaluation_interval: "1m", group_eval_order: groups };
			writeFileSync(file, JSON.stringify({ ...shared, tests }));
			const { code, text } = promtool("test", "rules", file);
			expect(text.slice(0, 4_000)).toContain("SUCCESS");
			expect(code).toBe(0);
		},
		240_000,
	);
});
