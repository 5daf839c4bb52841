import { stringify } from "yaml";
import { Findings } from "../finding.ts";
import { escapePattern } from "../selector.ts";
import type { Selector, Slo } from "../types.ts";
import { type TenantId, tenantIds } from "./tenant-ids.ts";
import type { Exporter } from "./types.ts";

/** Attribute that tells whose a point is, for the vendor's own systems; Bellwether itself goes by the ids. */
const TENANT = "bellwether.tenant";
const DEFAULT_ENDPOINT = "http://127.0.0.1:4318";

/**
 * Configuration of an OpenTelemetry Collector (contrib, 0.120 or later) to be merged into the vendor's own: it picks the
 * metrics of the SLIs, tags the points of key tenants, sends those on as they are, and all others summed for the fleet.
 * One statement per tenant and attribute; nothing else grows with the register.
 */
export const exportOtelCollector: Exporter = (catalogue, options) => {
	const findings = new Findings();
	const slos = catalogue.slos.filter((slo) => {
		const signals = new Set(selectorsOf(slo).map((selector) => selector.signal ?? "metric"));
		const other = [...signals].find((signal) => signal !== "metric");
		if (other !== undefined) {
			const message = `The SLO "${slo.name}" counts ${other}s, which this configuration does not route.`;
			findings.error(slo.place, message, `Send the ${other}s to Bellwether by a pipeline of their own.`);
		}
		return other === undefined;
	});
	const ids = tenantIds(catalogue, findings);
	const metrics = [...new Set(slos.flatMap((slo) => selectorsOf(slo).map((selector) => selector.metric)))].toSorted();
	const config = configOf(slos, ids, metrics, options.endpoint ?? DEFAULT_ENDPOINT);
	const text = `${HEADER}${stringify(config, { lineWidth: 0, aliasDuplicateObjects: false })}`;
	return { files: [{ path: "bellwether-collector.yaml", text }], findings: findings.sorted() };
};

const HEADER = `# Written by bellwether export otel-collector. Change the catalogue, not this file.
# Start the collector with it beside your own: --config yours.yaml --config bellwether-collector.yaml
# and add routing/bellwether to the exporters of your metrics pipeline. BELLWETHER_TOKEN: a token with the role ingest.
# Other tenants' sums and histograms become deltas and are added up per batch at the time they pass here; all points of
# one series must pass the same collector.
`;

function configOf(
	slos: readonly Slo[],
	ids: readonly TenantId[],
	metrics: readonly string[],
	endpoint: string,
): object {
	const kept = [
		...new Set(slos.flatMap((slo) => selectorsOf(slo).flatMap((selector) => selector.where.map((each) => each.name)))),
	].toSorted();
	const keptList = kept.map(ottl).join(", ");
	const isSummed = "(metric.type == METRIC_DATA_TYPE_SUM or metric.type == METRIC_DATA_TYPE_HISTOGRAM)";
	return {
		connectors: {
			"routing/bellwether": {
				error_mode: "ignore",
				table: [
					{ context: "metric", condition: `IsMatch(name, ${ottl(anyOf(metrics))})`, pipelines: ["metrics/bellwether"] },
				],
			},
			"routing/bellwether_tenant": {
				error_mode: "ignore",
				default_pipelines: ["metrics/bellwether_fleet"],
				table: [
					{
						context: "datapoint",
						condition: `attributes[${ottl(TENANT)}] != nil`,
						pipelines: ["metrics/bellwether_tenants"],
					},
					// Samples of gauges are events one by one: they cannot be added up.
					{ context: "metric", condition: "type == METRIC_DATA_TYPE_GAUGE", pipelines: ["metrics/bellwether_tenants"] },
				],
			},
		},
		processors: {
			"transform/bellwether_tenant": {
				error_mode: "ignore",
				metric_statements: [{ context: "datapoint", statements: tagging(slos, ids) }],
			},
			"cumulativetodelta/bellwether": { max_staleness: "24h" },
			"transform/bellwether_strip": {
				error_mode: "ignore",
				metric_statements: [
					{ context: "resource", statements: [`keep_keys(resource.attributes, [${keptList}])`] },
					{
						context: "datapoint",
						conditions: [isSummed],
						statements: [
							`keep_keys(datapoint.attributes, [${keptList}])`,
							// Points are added up by time: until they are, they have none.
							"set(datapoint.start_time_unix_nano, 0)",
							"set(datapoint.time_unix_nano, 0)",
						],
					},
				],
			},
			"groupbyattrs/bellwether": { keys: [] },
			"transform/bellwether_sum": {
				error_mode: "ignore",
				metric_statements: [
					{ context: "metric", conditions: [isSummed], statements: [`aggregate_on_attributes("sum", [${keptList}])`] },
					{ context: "datapoint", conditions: [isSummed], statements: ["set(datapoint.time, Now())"] },
				],
			},
			"resource/bellwether": {
				// One writer per stream: two collectors' sums are two streams.
				attributes: [{ key: "service.instance.id", value: env("HOSTNAME"), action: "upsert" }],
			},
			"batch/bellwether": { timeout: "5s", send_batch_max_size: 8192 },
		},
		exporters: {
			"otlphttp/bellwether": {
				endpoint,
				compression: "zstd",
				headers: { authorization: `Bearer ${env("BELLWETHER_TOKEN")}` },
			},
		},
		service: {
			pipelines: {
				"metrics/bellwether": {
					receivers: ["routing/bellwether"],
					processors: ["transform/bellwether_tenant"],
					exporters: ["routing/bellwether_tenant"],
				},
				"metrics/bellwether_tenants": {
					receivers: ["routing/bellwether_tenant"],
					processors: ["batch/bellwether"],
					exporters: ["otlphttp/bellwether"],
				},
				"metrics/bellwether_fleet": {
					receivers: ["routing/bellwether_tenant"],
					processors: [
						"cumulativetodelta/bellwether",
						"transform/bellwether_strip",
						"groupbyattrs/bellwether",
						"transform/bellwether_sum",
						"resource/bellwether",
						"batch/bellwether",
					],
					exporters: ["otlphttp/bellwether"],
				},
			},
		},
	};
}

/** One statement per tenant, attribute and condition. */
function tagging(slos: readonly Slo[], ids: readonly TenantId[]): string[] {
	const groups = new Map<string, TenantId[]>();
	for (const id of ids) {
		const key = JSON.stringify([id.tenant, id.attribute, id.workload, id.from, id.until]);
		groups.set(key, [...(groups.get(key) ?? []), id]);
	}
	return [...groups.values()].map((group) => {
		const { tenant, attribute, workload, from, until } = group[0] as TenantId;
		const conditions = [
			`(${["datapoint", "resource"].map((where) => matching(`${where}.attributes[${ottl(attribute)}]`, group)).join(" or ")})`,
			...(workload === "" ? [] : [`IsMatch(metric.name, ${ottl(anyOf(metricsOf(slos, workload)))})`]),
			...(from === undefined ? [] : [`datapoint.time_unix_nano >= ${BigInt(from) * 1_000_000n}`]),
			...(until === undefined ? [] : [`datapoint.time_unix_nano < ${BigInt(until) * 1_000_000n}`]),
		];
		return `set(datapoint.attributes[${ottl(TENANT)}], ${ottl(tenant)}) where ${conditions.join(" and ")}`;
	});
}

/** One value is compared; several, and patterns, are one pattern. */
function matching(path: string, group: readonly TenantId[]): string {
	const [only] = group;
	if (group.length === 1 && only?.kind === "value") return `${path} == ${ottl(only.text)}`;
	const alternatives = group.map((id) => (id.kind === "value" ? escapePattern(id.text) : `(?:${id.text})`));
	return `(${path} != nil and IsMatch(${path}, ${ottl(`^(?:${alternatives.join("|")})$`)}))`;
}

function metricsOf(slos: readonly Slo[], workload: string): string[] {
	const own = slos.filter((slo) => slo.workload === workload);
	return [...new Set(own.flatMap((slo) => selectorsOf(slo).map((selector) => selector.metric)))].toSorted();
}

function selectorsOf({ indicator }: Slo): Selector[] {
	return indicator.kind === "ratio" ? [indicator.part, indicator.total] : [indicator.metric];
}

function anyOf(texts: readonly string[]): string {
	return `^(?:${texts.map(escapePattern).join("|")})$`;
}

/** A string of OTTL. The collector expands `$` in its configuration, so that it is doubled. */
function ottl(text: string): string {
	return JSON.stringify(text).replaceAll("$", "$$$$");
}

/** A variable that the collector puts in when it starts. */
function env(name: string): string {
	return `\${env:${name}}`;
}
