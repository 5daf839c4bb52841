import { describe, expect, test } from "vitest";
import { formatFinding } from "../finding.ts";
import { parseCatalogue } from "../reading.ts";
import { formatSelector } from "../selector.ts";
import type { Catalogue, Slo } from "../types.ts";
import { FORMATS } from "./formats.ts";
import type { ImportOptions, ImportResult } from "./types.ts";

async function imported(format: string, text: string, options: ImportOptions = {}): Promise<ImportResult> {
	const found = FORMATS.find(({ name }) => name === format);
	if (!found?.import) throw new Error(`no import ${format}`);
	return (await found.import.load())([{ path: "given.yml", text }], options);
}

/** What was taken, read as the catalogue that it will be. */
function catalogueOf(result: ImportResult): Catalogue {
	const { catalogue, findings } = parseCatalogue(result.files);
	if (!catalogue) throw new Error(findings.map(formatFinding).join("\n"));
	return catalogue;
}

/** `bad x{} of y{}`, or `up gte 1`. */
function eventsOf({ indicator }: Slo): string {
	if (indicator.kind === "ratio")
		return `${indicator.numerator} ${formatSelector(indicator.part)}${indicator.part.le === undefined ? "" : ` ≤ ${indicator.part.le}`} of ${formatSelector(indicator.total)}`;
	return indicator.kind === "threshold"
		? `${formatSelector(indicator.metric)} ${indicator.op} ${indicator.value}`
		: indicator.kind;
}

function summary(result: ImportResult): string[] {
	return catalogueOf(result).slos.map(
		(slo) => `${slo.workload}/${slo.name}: ${eventsOf(slo)}, ${slo.objective} over ${slo.periodMs / 86_400_000} d`,
	);
}

const told = (result: ImportResult) => result.findings.map(formatFinding);

function sloth(errorQuery: string, totalQuery: string, more = ""): string {
	return `version: prometheus/v1
service: shop
labels: { owner: shop-team }
slos:
  - name: requests
    objective: 99.9
    sli:
      events:
        error_query: ${errorQuery}
        total_query: ${totalQuery}
${more}`;
}

describe("Sloth", () => {
	test.each<[says: string, errors: string, total: string, events: string]>([
		[
			"errors of all",
			'sum(rate(http_requests_total{code=~"(5..|429)"}[{{.window}}]))',
			"sum(rate(http_requests_total[{{ .window }}]))",
			'bad http_requests_total{code=~"(5..|429)"} of http_requests_total',
		],
		[
			"all less the fast ones: events above a bucket's bound",
			'(sum(rate(d_count[{{.window}}])) - sum(rate(d_bucket{le="0.4"}[{{.window}}])))',
			"sum(rate(d_count[{{.window}}]))",
			'good d_bucket{le="0.4"} of d_count',
		],
		[
			"a zero where there is no series",
			"sum(increase(e[{{.window}}])) or on() vector(0)",
			"sum(increase(t[{{.window}}]))",
			"bad e of t",
		],
		[
			"two codes of one metric",
			'sum(rate(r{code="500"}[{{.window}}])) + sum(rate(r{code="503"}[{{.window}}]))',
			"sum(rate(r[{{.window}}]))",
			'bad r{code=~"500|503"} of r',
		],
		[
			"zeros of a gauge",
			"sum(count_over_time(up[{{.window}}])) - sum(sum_over_time(up[{{.window}}]))",
			"sum(count_over_time(up[{{.window}}]))",
			"up gte 1",
		],
	])("takes %s", async (_says, errors, total, events) => {
		const result = await imported("sloth", sloth(JSON.stringify(errors), JSON.stringify(total)));
		expect(told(result)).toEqual([]);
		expect(summary(result)).toEqual([`shop/shop-requests: ${events}, 0.999 over 30 d`]);
		expect(catalogueOf(result).workloads[0]).toMatchObject({ name: "shop", owner: "shop-team" });
	});

	test.each<[errors: string, total: string, column: number, message: string]>([
		[
			"sum(rate(e[5m]))",
			"sum(avg_over_time(t[5m]))",
			26,
			"total_query is avg_over_time(...), not rate(...) or increase(...)",
		],
		["rate(e[5m])", "sum(rate(t[5m]))", 22, "error_query is not summed, so there is one ratio per series"],
		["sum(rate(e[1m]))", "sum(rate(t[5m]))", 22, "error_query counts over another window than what it is divided by"],
		[
			"sum by (a) (rate(e[5m]))",
			"sum(rate(t[5m]))",
			22,
			"error_query is grouped by other labels than what it is divided by",
		],
		[
			"sum(rate(e[5m])) + sum(rate(f[5m]))",
			"sum(rate(t[5m]))",
			22,
			"error_query adds e and f; an SLI here reads one metric",
		],
		[
			"sum(rate(e[5m] offset 1h))",
			"sum(rate(t[5m]))",
			31,
			"error_query reads an offset, which is no plain range of a counter",
		],
		["sum(rate(e[5m])", "sum(rate(t[5m]))", 37, "error_query ends too early"],
		["sum(t - e)", "sum(rate(t[5m]))", 26, "error_query is an expression with -"],
		[
			"1 - sum(rate(g[5m])) / sum(rate(t[5m]))",
			"sum(rate(t[5m]))",
			22,
			"error_query is a number, not a sum of rates of a counter",
		],
	])("refuses %s of %s at its place", async (errors, total, column, message) => {
		const result = await imported("sloth", sloth(errors, total));
		expect(result).toMatchObject({ taken: 0, refused: 1, files: [] });
		const line = message.startsWith("total") ? 10 : 9;
		expect(told(result)[0]).toContain(`given.yml:${line}:${column} error slos.0.sli.events.${message}`);
	});

	test("tells a fault inside a block of lines at its line and column", async () => {
		const block = `|
          sum(
            rate(e[5m] offset 1h)
          )`;
		const result = await imported("sloth", sloth(block, "sum(rate(t[5m]))"));
		expect(told(result)[0]).toMatch(/^given\.yml:11:18 error .* reads an offset/);
	});

	test("takes the right SLOs of a file and refuses the others by name", async () => {
		const more = `  - name: raw
    objective: 99
    sli: { raw: { error_ratio_query: "1 - sum(rate(g[{{.window}}])) / sum(rate(t[{{.window}}]))" } }
  - name: plugged
    objective: 99
    sli: { plugin: { id: some/plugin } }
  - name: whole
    objective: 100
    sli: { events: { error_query: "sum(rate(e[5m]))", total_query: "sum(rate(t[5m]))" } }
`;
		const result = await imported("sloth", sloth("sum(rate(e[5m]))", "sum(rate(t[5m]))", more));
		expect(result).toMatchObject({ taken: 2, refused: 2 });
		expect(summary(result)[0]).toBe("shop/shop-raw: good g of t, 0.99 over 30 d");
		expect(told(result)).toEqual([
			expect.stringContaining('given.yml:16:20 error The SLI comes from the plugin "some/plugin"'),
			expect.stringContaining("given.yml:18:16 error slos.3.objective 100 is not a percentage between 0 and 100."),
		]);
	});

	test("reads the Kubernetes form, and keeps who is not to be paged", async () => {
		const text = `apiVersion: sloth.slok.dev/v1
kind: PrometheusServiceLevel
metadata: { name: s }
spec:
  service: shop
  slos:
    - name: requests
      objective: 99.5
      sli: { events: { errorQuery: "sum(rate(e[{{.window}}]))", totalQuery: "sum(rate(t[{{.window}}]))" } }
      alerting: { pageAlert: { disable: true } }
`;
		const result = await imported("sloth", text, { periodMs: 28 * 86_400_000 });
		expect(summary(result)).toEqual(["shop/shop-requests: bad e of t, 0.995 over 28 d"]);
		expect(catalogueOf(result).monitors).toMatchObject([
			{ name: "burn-rate", mode: "live" },
			{ name: "imported-tickets-only", slos: ["shop-requests"], tiers: ["ticket-quick", "ticket-slow"] },
		]);
	});
});

function pyrra(indicator: string, more = ""): string {
	return `apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: { name: api-errors, namespace: shop, labels: { pyrra.dev/team: web } }
spec:
  target: "99.5"
  window: 2w
  indicator: ${indicator}
${more}`;
}

describe("Pyrra", () => {
	test.each<[kind: string, indicator: string, events: string]>([
		["ratio", "{ ratio: { errors: { metric: 'r{code=~\"5..\"}' }, total: { metric: r } } }", 'bad r{code=~"5.."} of r'],
		[
			"latency",
			"{ latency: { success: { metric: 'd_bucket{le=\"0.1\"}' }, total: { metric: d_count } } }",
			'good d_bucket{le="0.1"} of d_count',
		],
		["latencyNative", "{ latencyNative: { latency: 250ms, total: { metric: d } } }", "good d ≤ 0.25 of d"],
		["bool_gauge", "{ bool_gauge: { metric: 'probe_success{job=\"x\"}' } }", 'probe_success{job="x"} gte 1'],
	])("takes %s", async (_kind, indicator, events) => {
		const result = await imported("pyrra", pyrra(indicator));
		expect(told(result)).toEqual([]);
		expect(summary(result)).toEqual([`shop/api-errors: ${events}, 0.995 over 14 d`]);
		expect(catalogueOf(result).workloads[0]?.owner).toBe("web");
	});

	test.each<[indicator: string, says: RegExp]>([
		[
			"{ latency: { success: { metric: d_bucket }, total: { metric: d_count } } }",
			/^given\.yml:7:46 error The success metric names no bucket/,
		],
		[
			"{ ratio: { errors: { metric: 'sum(r)' }, total: { metric: r } } }",
			/^given\.yml:7:44 error .* is more than a selector/,
		],
		["{ future: {} }", /^given\.yml:7:16 error spec\.indicator has no known indicator/],
		[
			"{ ratio: { errors: { metric: r }, total: { metric: r } } }",
			/cannot be an SLO here: .* selects the same events as total/,
		],
	])("refuses %s", async (indicator, says) => {
		const result = await imported("pyrra", pyrra(indicator));
		expect(result).toMatchObject({ taken: 0, refused: 1 });
		expect(told(result)).toEqual([expect.stringMatching(says)]);
	});

	test("says what means something else here", async () => {
		const indicator = "{ ratio: { errors: { metric: e }, total: { metric: r }, grouping: [handler] } }";
		const result = await imported("pyrra", pyrra(indicator, "  alerting: { disabled: true }\n"));
		expect(result.taken).toBe(1);
		expect(told(result)).toEqual([
			expect.stringMatching(/^given\.yml:7:70 warning Pyrra alerts on each handler/),
			expect.stringMatching(/^given\.yml:8:15 warning "api-errors" has its burn-rate alerts disabled/),
		]);
	});
});

const rules = (...lines: string[]) =>
	`groups:\n  - name: shop\n    rules:\n${lines.map((line) => `      ${line}\n`).join("")}`;

describe("Prometheus rules", () => {
	const ratio = (w: string) => `sum(rate(e[${w}])) / sum(rate(t[${w}]))`;

	test("recordings and the burn-rate alert on them are one SLO, its period told by the factor", async () => {
		const text = rules(
			`- { record: "job:e:ratio1h", expr: "${ratio("1h")}" }`,
			`- { record: "job:e:ratio5m", expr: "${ratio("5m")}" }`,
			`- { alert: ShopBurn, expr: "job:e:ratio1h > (13.44 * 0.001) and job:e:ratio5m > (13.44 * 0.001)" }`,
		);
		const result = await imported("prometheus-rules", text);
		expect(told(result)).toEqual([]);
		expect(summary(result)).toEqual(["shop/shop-burn: bad e of t, 0.999 over 28 d"]);
	});

	test("alerts as Sloth writes them: page and ticket are one SLO, names and period from the recordings", async () => {
		const labels = "labels: { sloth_id: web-api, sloth_service: web, sloth_slo: api }";
		const windows = ["5m", "30m", "1h", "2h", "6h", "1d", "3d"];
		const pair = (short: string, long: string, factor: number) =>
			`(max(slo:sli_error:ratio_rate${short}{sloth_id=\\"web-api\\"} > (${factor} * 0.0005)) without (sloth_window) and max(slo:sli_error:ratio_rate${long}{sloth_id=\\"web-api\\"} > (${factor} * 0.0005)) without (sloth_window))`;
		const text = rules(
			...windows.map((w) => `- { record: "slo:sli_error:ratio_rate${w}", expr: "(${ratio(w)})", ${labels} }`),
			`- { record: "slo:time_period:days", expr: vector(30), ${labels} }`,
			`- { record: "slo:current_burn_rate:ratio", expr: x, ${labels} }`,
			`- { alert: Api, expr: "${pair("5m", "1h", 14.4)} or ${pair("30m", "6h", 6)}" }`,
			`- { alert: Api, expr: "${pair("2h", "1d", 3)} or ${pair("6h", "3d", 1)}" }`,
		);
		const result = await imported("prometheus-rules", text);
		expect(told(result)).toEqual([]);
		expect(summary(result)).toEqual(["web/web-api: bad e of t, 0.9995 over 30 d"]);
	});

	test("alerts as Pyrra writes them: conditions go down to the series, other factors are told", async () => {
		const recorded = (w: string) =>
			`- { record: "r:burnrate${w}", expr: "sum by (job) (rate(e[${w}])) / sum by (job) (rate(t[${w}]))", labels: { slo: api } }`;
		const alert =
			'- { alert: ErrorBudgetBurn, expr: "r:burnrate5m{job=\\"x\\",slo=\\"api\\"} > (14 * (1-0.99)) and r:burnrate1h{job=\\"x\\",slo=\\"api\\"} > (14 * (1-0.99))", labels: { slo: api, exhaustion: 2d } }';
		const result = await imported("prometheus-rules", rules(recorded("5m"), recorded("1h"), alert));
		expect(summary(result)).toEqual(['shop/api: bad e{job="x"} of t{job="x"}, 0.99 over 28 d']);
		expect(told(result)).toEqual([
			expect.stringContaining('"ErrorBudgetBurn" alerts on each job; here windows are kept by key tenant.'),
			expect.stringContaining("burns at other rates there (14 over 1h and 5m) than here (13.44 over 1h and 5m"),
		]);
	});

	test.each<[expr: string, events: string, objective: number]>([
		[`${ratio("5m")} > 0.05`, "bad e of t", 0.95],
		[`100 * ${ratio("5m")} > 5`, "bad e of t", 0.95],
		[`100 * (${ratio("5m")}) > 5 and sum(rate(t[5m])) > 1`, "bad e of t", 0.95],
		[`0.99 > ${ratio("5m")}`, "good e of t", 0.99],
		[`1 - ${ratio("5m")} > 0.01`, "good e of t", 0.99],
		[`${ratio("1h")} > 0.0144 and ${ratio("5m")} > 0.0144`, "bad e of t", 0.999],
	])("%s is a promise of its own, told as such", async (expr, events, objective) => {
		const result = await imported("prometheus-rules", rules(`- { alert: A, expr: "${expr}" }`));
		expect(summary(result)).toEqual([`shop/a: ${events}, ${objective} over 30 d`]);
		expect(told(result).every((text) => text.includes(" warning "))).toBe(true);
		expect(told(result).join()).toContain(`taken as an objective of ${objective}`.replace("taken as an ", ""));
	});

	test.each<[expr: string, column: number, message: string]>([
		["up == 0", 28, "is an expression with ==, not a ratio above a limit"],
		["histogram_quantile(0.9, sum by (le) (rate(d_bucket[5m]))) > 1", 28, "is a quantile"],
		["absent(up)", 28, "is absent(...), not a ratio above a limit"],
		[`${ratio("5m")} > scalar(limit)`, 66, "is compared with scalar(...), not with a number"],
		[`${ratio("5m")} > 2`, 66, "is an error ratio of 2, which cannot be an error budget"],
		["missing:ratio5m > 0.1", 28, "is the value of missing:ratio5m, not a ratio of two counters"],
		[`${ratio("5m")} > 0.1 unless on () up`, 28, "is an expression with unless"],
	])("refuses %s at its place", async (expr, column, message) => {
		const result = await imported("prometheus-rules", rules(`- { alert: A, expr: "${expr}" }`));
		expect(result).toMatchObject({ taken: 0, refused: 1 });
		expect(told(result)[0]).toContain(
			`given.yml:4:${column} error The alert "A" is not taken over: groups.0.rules.0.expr ${message}`,
		);
	});

	test("recordings that nothing taken uses are told", async () => {
		const result = await imported("prometheus-rules", rules("- { record: a, expr: sum(b) }"));
		expect(told(result)).toEqual([expect.stringContaining('The recording "a" is left out')]);
	});
});

describe("An import", () => {
	test.each(["sloth", "pyrra", "prometheus-rules"])("by %s never throws, whatever it is given", async (format) => {
		for (const text of [
			"",
			"1",
			"[]",
			"a: [",
			"groups: 1",
			"version: prometheus/v1",
			"version: prometheus/v1\nslos: [1, {}]",
			"groups: [{ rules: [1, { alert: A }, { record: r }] }]",
			"apiVersion: pyrra.dev/v1\nkind: ServiceLevelObjective\nspec: []",
			`groups: [{ rules: [{ alert: A, expr: "${"(".repeat(5_000)}" }] }]`,
		]) {
			const result = await imported(format, text);
			expect(result.taken).toBe(0);
		}
	});

	test("writes no workload and no general monitor that the catalogue has already", async () => {
		const first = await imported(
			"sloth",
			sloth("sum(rate(e[5m]))", "sum(rate(t[5m]))", "    alerting: { page_alert: { disable: true } }\n"),
		);
		const again = await imported("sloth", sloth("sum(rate(f[5m]))", "sum(rate(t[5m]))"), {
			existing: catalogueOf(first),
		});
		expect(again.files.map((file) => file.path)).toEqual(["slos/shop/shop-requests.yaml"]);
	});
});
