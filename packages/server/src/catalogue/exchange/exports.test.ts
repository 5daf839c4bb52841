import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { parseCatalogue } from "../reading.ts";
import type { Catalogue, CatalogueFile } from "../types.ts";
import { FORMATS } from "./formats.ts";
import type { ExportOptions, ExportResult } from "./types.ts";

const SLOS: CatalogueFile = {
	path: "slos/all.yaml",
	text: `apiVersion: openslo/v1
kind: SLO
metadata: { name: opens, displayName: File opening }
spec:
  service: files
  indicator:
    spec:
      ratioMetric:
        good: { metricSource: { spec: { metric: files.opens, where: { result: ok } } } }
        total: { metricSource: { spec: { metric: files.opens } } }
  objectives: [{ target: 0.999 }]
---
apiVersion: openslo/v1
kind: SLO
metadata: { name: fast }
spec:
  service: files
  indicator:
    spec:
      ratioMetric:
        good: { metricSource: { spec: { metric: files.duration, le: 1500 } } }
        total: { metricSource: { spec: { metric: files.duration } } }
  objectives: [{ target: 0.99 }]
---
apiVersion: openslo/v1
kind: SLO
metadata: { name: queue, annotations: { bellwether.dev/sli-kind: saturation } }
spec:
  service: files
  indicator: { spec: { thresholdMetric: { metricSource: { spec: { selector: 'queue_length{region=~"eu-.*"}' } } } } }
  objectives: [{ target: 0.99, op: lte, value: 100 }]
---
apiVersion: bellwether/v1
kind: Workload
metadata: { name: files, displayName: Files }
spec: { owner: Files engineering }
---
apiVersion: bellwether/v1
kind: Workload
metadata: { name: mail }
spec: { owner: Mail }
`,
};

/** Two ids per tenant; one tenant by pattern, one for a while, one with `$` and quotes in its id. */
function register(count: number): CatalogueFile {
	const plain = Array.from(
		{ length: count },
		(_, k) =>
			`    - { name: tenant-${k}, match: { tenant.id: [id-${k}], org: [org-${k}] }, workloads: [${k % 2 ? "files" : "files, mail"}] }`,
	);
	const special = [
		`    - { name: special, match: { tenant.id: ['a"b$c'] }, objectives: { opens: 0.9995 } }`,
		`    - { name: patterned, match: {}, aliases: [{ attribute: tenant.id, patterns: ["p-[0-9]+"] }] }`,
		`    - { name: dated, match: {}, aliases: [{ attribute: tenant.id, values: [old], from: "2026-01-01T00:00", until: "2026-07-01T00:00" }] }`,
	];
	const text = `apiVersion: bellwether/v1\nkind: KeyTenantList\nspec:\n  tenants:\n${[...plain, ...special].join("\n")}\n`;
	return { path: "tenants/all.yaml", text };
}

function catalogueWith(tenants: number, more: readonly CatalogueFile[] = []): Catalogue {
	const { catalogue, findings } = parseCatalogue([SLOS, register(tenants), ...more]);
	if (!catalogue) throw new Error(JSON.stringify(findings.slice(0, 3)));
	return catalogue;
}

async function exported(format: string, catalogue: Catalogue, options: ExportOptions = {}): Promise<ExportResult> {
	const found = FORMATS.find(({ name }) => name === format);
	if (!found?.export) throw new Error(`no export ${format}`);
	return (await found.export.load())(catalogue, options);
}

const textOf = (result: ExportResult) => result.files.map((file) => file.text).join("\n");

const OWN_WORD: CatalogueFile = {
	path: "slos/beat.yaml",
	text: `apiVersion: openslo/v1
kind: SLO
metadata: { name: sliced }
spec:
  service: files
  indicator:
    spec:
      ratioMetric:
        good: { metricSource: { spec: { metric: a } } }
        total: { metricSource: { spec: { metric: b } } }
  budgetingMethod: Timeslices
  objectives: [{ target: 0.99, timeSliceTarget: 0.95, timeSliceWindow: 1m }]
`,
};

describe("every export", () => {
	test.each(["prometheus-rules", "otel-collector", "kql", "grafana"])(
		"%s gives the same text for the same catalogue",
		async (format) => {
			const [one, two] = [await exported(format, catalogueWith(3)), await exported(format, catalogueWith(3))];
			expect(one).toEqual(two);
			expect(one.findings).toEqual([]);
			expect(textOf(one).length).toBeGreaterThan(500);
		},
	);

	test.each(["prometheus-rules", "kql", "grafana"])(
		"%s tells which SLO it has no words for, and writes the others",
		async (format) => {
			const result = await exported(format, catalogueWith(2, [OWN_WORD]));
			expect(result.findings).toMatchObject([
				{
					level: "error",
					file: "slos/beat.yaml",
					message: expect.stringContaining('The SLO "sliced" counts its budget by timeslices'),
				},
			]);
			expect(textOf(result)).toContain("opens");
			expect(textOf(result)).not.toContain("sliced");
		},
	);
});

interface RuleFile {
	readonly groups: readonly {
		readonly name: string;
		readonly rules: readonly { record?: string; alert?: string; expr: string; labels?: Record<string, string> }[];
	}[];
}

describe("Prometheus rules", () => {
	const rulesOf = async (catalogue: Catalogue, options?: ExportOptions): Promise<RuleFile> =>
		parse(textOf(await exported("prometheus-rules", catalogue, options)));

	test("are as many per SLO for a thousand tenants as for one", async () => {
		const [few, many] = [await rulesOf(catalogueWith(1)), await rulesOf(catalogueWith(1_000))];
		const perSlo = ({ groups }: RuleFile) =>
			groups.filter(({ name }) => name !== "bellwether-tenants").map(({ name, rules }) => [name, rules.length]);
		expect(perSlo(many)).toEqual(perSlo(few));
		expect(perSlo(many)).toEqual([
			["bellwether-fast", 23],
			["bellwether-opens", 23],
			["bellwether-queue", 23],
		]);
		expect(many.groups[0]?.rules.length).toBe(1_003 + 2_002 + 1);
	});

	test("name series as OpenTelemetry's exporters do, and read them when they are there", async () => {
		const text = textOf(await exported("prometheus-rules", catalogueWith(1)));
		expect(text).toContain(
			'files_opens_total{result="ok"} offset 10s - last_over_time(files_opens_total{result="ok"}[1h] offset 1m10s)',
		);
		expect(text).toContain('files_duration_bucket{le=~"1500|1500\\\\.0"}');
		expect(text).toContain("files_duration_count");
		expect(text).toContain('queue_length{region=~"eu-.*"} offset 10s > 100');
	});

	test("hold a dated id to its dates, and an objective of its own to its tenant", async () => {
		const { groups } = await rulesOf(catalogueWith(1));
		const rules = groups[0]?.rules ?? [];
		expect(rules.find(({ labels }) => labels?.tenant_id === "old")?.expr).toBe(
			"vector(1) and vector(time()) >= 1767225600 and vector(time()) < 1782864000",
		);
		expect(rules.find(({ record }) => record?.endsWith("override"))).toMatchObject({
			expr: "vector(0.0005)",
			labels: { bellwether_slo: "opens", bellwether_tenant: "special" },
		});
	});

	test("without a live monitor record and do not alert", async () => {
		const draft = `apiVersion: bellwether/v1\nkind: Monitor\nmetadata: { name: m }\nspec: { mode: shadow }\n`;
		const catalogue = catalogueWith(1, [{ path: "monitors/m.yaml", text: draft }]);
		const { groups } = await rulesOf(catalogue);
		expect(groups.flatMap(({ rules }) => rules).filter((rule) => rule.alert)).toEqual([]);
	});
});

/** What the configuration may hold: settings by component type. Anything else is a slip. */
const COMPONENTS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
	connectors: { routing: ["error_mode", "default_pipelines", "table"] },
	processors: {
		transform: ["error_mode", "metric_statements"],
		cumulativetodelta: ["max_staleness"],
		groupbyattrs: ["keys"],
		resource: ["attributes"],
		batch: ["timeout", "send_batch_max_size"],
	},
	exporters: { otlphttp: ["endpoint", "compression", "headers"] },
};

describe("OpenTelemetry Collector configuration", () => {
	type Config = Record<string, Record<string, Record<string, unknown>>>;
	const configOf = async (catalogue: Catalogue): Promise<Config> =>
		parse(textOf(await exported("otel-collector", catalogue, { endpoint: "https://cre.example:4318" })));

	test("has known components with known settings, and pipelines of what it declares", async () => {
		const config = await configOf(catalogueWith(2));
		expect(Object.keys(config)).toEqual(["connectors", "processors", "exporters", "service"]);
		const declared = new Set<string>();
		for (const [section, types] of Object.entries(COMPONENTS)) {
			for (const [name, settings] of Object.entries(config[section] ?? {})) {
				const known = types[name.split("/")[0] as string];
				expect([name, Object.keys(settings).filter((key) => !known?.includes(key))]).toEqual([name, []]);
				declared.add(name);
			}
		}
		const pipelines = config.service?.pipelines as Record<
			string,
			Record<"receivers" | "processors" | "exporters", string[]>
		>;
		const used = Object.values(pipelines).flatMap(({ receivers, processors, exporters }) => [
			...receivers,
			...processors,
			...exporters,
		]);
		expect(new Set(used)).toEqual(declared);
		const routed = Object.values(config.connectors ?? {}).flatMap((connector) => [
			...((connector.default_pipelines ?? []) as string[]),
			...(connector.table as { pipelines: string[] }[]).flatMap((row) => row.pipelines),
		]);
		expect(new Set(routed)).toEqual(new Set(Object.keys(pipelines)));
		expect(config.exporters?.["otlphttp/bellwether"]?.endpoint).toBe("https://cre.example:4318");
	});

	test("tags by values, patterns and dates; quotes and $ arrive as they are", async () => {
		const config = await configOf(catalogueWith(1));
		const groups = config.processors?.["transform/bellwether_tenant"]?.metric_statements as { statements: string[] }[];
		const statements = groups.flatMap((group) => group.statements);
		const of = (tenant: string) => statements.filter((statement) => statement.includes(`"${tenant}") where`));
		expect(of("tenant-0")).toHaveLength(2);
		expect(of("special")[0]).toContain('datapoint.attributes["tenant.id"] == "a\\"b$$c"');
		expect(of("patterned")[0]).toContain('IsMatch(resource.attributes["tenant.id"], "^(?:(?:p-[0-9]+))$$")');
		expect(of("dated")[0]).toMatch(
			/ and datapoint\.time_unix_nano >= 1767225600000000000 and datapoint\.time_unix_nano < 1782864000000000000$/,
		);
	});

	test("grows by one short line per tenant and attribute, and stays below half a mebibyte for a thousand", async () => {
		const result = await exported("otel-collector", catalogueWith(1_000));
		expect(textOf(result).length).toBeLessThan(524_288);
		expect(textOf(result).match(/set\(datapoint\.attributes\["bellwether\.tenant"\]/g)).toHaveLength(2_003);
	});
});

describe("KQL", () => {
	/** Brackets and strings, as a tokenizer sees them; the depth at which commands are separated is 0. */
	function checkBalance(command: string): void {
		const open: string[] = [];
		const bare = command.replace(/@'[^']*'|"(?:[^"\\]|\\.)*"/g, '""').replace(/\/\/.*$/gm, "");
		expect(bare.match(/"/g)?.length ?? 0).toSatisfy((quotes: number) => quotes % 2 === 0);
		for (const char of bare) {
			if ("([{".includes(char)) open.push(char);
			else if (")]}".includes(char))
				expect([command.slice(0, 60), open.pop()]).toEqual([command.slice(0, 60), "([{"[")]}".indexOf(char)]]);
		}
		expect([command.slice(0, 60), open]).toEqual([command.slice(0, 60), []]);
	}

	test("each command begins with one and is balanced", async () => {
		const text = textOf(await exported("kql", catalogueWith(3)));
		const commands = text
			.replace(/^\/\/.*\n/gm, "")
			.trim()
			.split("\n\n");
		expect(
			commands.map(
				(command) => /^\.[a-z-]+(?: ifnotexists)?(?: (?:table|function|materialized-view))?/.exec(command)?.[0],
			),
		).toEqual([
			".set-or-replace",
			".set-or-replace",
			".set-or-replace",
			".create-merge table",
			".create-or-alter function",
			".create-or-alter function",
			".alter table",
			".create ifnotexists materialized-view",
			".set-or-replace",
			".create-or-alter function",
			".create-or-alter function",
		]);
		for (const command of commands) checkBalance(command);
	});

	test("says what each SLO counts", async () => {
		const text = textOf(await exported("kql", catalogueWith(1)));
		const opens =
			'iff(MetricName == "files.opens", MetricValue, 0.0) - iff(MetricName == "files.opens" and tostring(Attributes["result"]) == "ok", MetricValue, 0.0)';
		expect(text).toContain(`Bad = ${opens}`);
		expect(text).toContain('MetricName == "files.duration_bucket" and tostring(Attributes["le"]) == "1500"');
		expect(text).toContain('tostring(Attributes["region"]) matches regex "^(?:eu-.*)$"');
		expect(text).toContain("Bad = iff(MetricValue <= 100, 0.0, 1.0), Total = 1.0");
		expect(text).toContain('"tenant.id", "value", "a\\"b$c", "special"');
	});
});

describe("Grafana dashboards", () => {
	test("are one per workload with SLOs, with a tenant to choose", async () => {
		const { files } = await exported("grafana", catalogueWith(2));
		expect(files.map((file) => file.path)).toEqual(["bellwether-files.json"]);
		const dashboard = JSON.parse(files[0]?.text ?? "");
		expect(dashboard).toMatchObject({
			uid: "bellwether-files",
			title: expect.any(String),
			schemaVersion: expect.any(Number),
			time: { from: "now-6h", to: "now" },
			templating: {
				list: [
					{ name: "datasource", type: "datasource" },
					{ name: "tenant", type: "query", includeAll: true },
				],
			},
		});
		expect(dashboard.uid.length).toBeLessThanOrEqual(40);
		const { panels } = dashboard as {
			panels: {
				id: number;
				type: string;
				gridPos: Record<string, number>;
				targets?: { refId: string; expr: string }[];
			}[];
		};
		expect(new Set(panels.map((panel) => panel.id)).size).toBe(panels.length);
		const taken = new Set<string>();
		for (const { gridPos, type, targets } of panels) {
			const { x = -1, y = -1, w = 0, h = 0 } = gridPos;
			expect(x >= 0 && y >= 0 && w > 0 && h > 0 && x + w <= 24).toBe(true);
			for (let dx = x; dx < x + w; dx++)
				for (let dy = y; dy < y + h; dy++) {
					expect(taken.has(`${dx},${dy}`)).toBe(false);
					taken.add(`${dx},${dy}`);
				}
			expect(["row", "timeseries", "stat"]).toContain(type);
			expect(new Set(targets?.map((each) => each.refId)).size).toBe(targets?.length ?? 0);
		}
	});

	test("ask only for what the rules record", async () => {
		const catalogue = catalogueWith(2);
		const rules: RuleFile = parse(textOf(await exported("prometheus-rules", catalogue)));
		const recorded = new Set([...rules.groups.flatMap(({ rules }) => rules.map((rule) => rule.record)), "ALERTS"]);
		const text = textOf(await exported("grafana", catalogue));
		const { panels } = JSON.parse(text) as { panels: { targets?: { expr: string }[] }[] };
		const names = panels.flatMap(({ targets = [] }) =>
			targets.flatMap(({ expr }) => expr.match(/[a-zA-Z_:]+(?=\{)/g) ?? []),
		);
		expect(names.length).toBeGreaterThan(10);
		for (const name of names) expect(recorded).toContain(name);
	});
});
