import { burnRateTiers, formatDuration } from "@bellwether/model";
import { Findings } from "../finding.ts";
import type { Catalogue, Slo, Workload } from "../types.ts";
import { promqlString, whyNotSeries } from "./prometheus-names.ts";
import { RECORDED } from "./rules-export.ts";
import type { Exporter } from "./types.ts";

/** Schema of dashboards that Grafana 10 and later read without change. */
const SCHEMA_VERSION = 39;
const DATA_SOURCE = { type: "prometheus", uid: "$datasource" };
const FULL_WIDTH = 24;

/** One dashboard per workload over what `export prometheus-rules` records, for a key tenant or the fleet. */
export const exportGrafana: Exporter = (catalogue) => {
	const findings = new Findings();
	const files = catalogue.workloads.flatMap((workload) => {
		const slos = catalogue.slos.filter((slo) => slo.workload === workload.name);
		const known = slos.filter((slo) => {
			const reason = whyNotSeries(slo);
			if (reason !== undefined)
				findings.error(
					slo.place,
					`The SLO "${slo.name}" ${reason}, so Prometheus has nothing to show.`,
					"See it in the console.",
				);
			return reason === undefined;
		});
		if (known.length === 0) return [];
		const text = `${JSON.stringify(dashboard(catalogue, workload, known), undefined, 2)}\n`;
		return [{ path: `bellwether-${workload.name}.json`, text }];
	});
	return { files, findings: findings.sorted() };
};

function dashboard(catalogue: Catalogue, workload: Workload, slos: readonly Slo[]): object {
	let id = 0;
	let y = 0;
	const panels: object[] = [];
	const add = (panel: object, height: number, width: number, x: number): void => {
		id += 1;
		panels.push({ id, gridPos: { h: height, w: width, x, y }, ...panel });
	};
	for (const slo of slos) {
		add({ type: "row", title: slo.displayName, collapsed: false, panels: [] }, 1, FULL_WIDTH, 0);
		y += 1;
		add(burnPanel(slo), 8, 12, 0);
		add(eventsPanel(slo), 8, 8, 12);
		add(alertsPanel(slo), 8, 4, 20);
		y += 8;
	}
	return {
		uid: `bellwether-${workload.name}`.slice(0, 40),
		title: `${workload.displayName} by key tenant`,
		description: `SLOs of ${workload.displayName}, ${catalogue.settings.organisation}. Owner: ${workload.owner}.`,
		tags: ["bellwether", "slo"],
		timezone: "browser",
		editable: true,
		graphTooltip: 1,
		schemaVersion: SCHEMA_VERSION,
		version: 1,
		refresh: "1m",
		time: { from: "now-6h", to: "now" },
		templating: { list: [dataSourceVariable(), tenantVariable(workload)] },
		annotations: { list: [] },
		panels,
	};
}

function dataSourceVariable(): object {
	return {
		name: "datasource",
		label: "Data source",
		type: "datasource",
		query: "prometheus",
		hide: 0,
		refresh: 1,
		current: {},
	};
}

/** "Fleet" is the empty tenant: the sum of all, which has no tenant label. */
function tenantVariable(workload: Workload): object {
	const definition = `label_values(${RECORDED.tenant}{bellwether_workloads=~${promqlString(`.*,${workload.name},.*`)}}, bellwether_tenant)`;
	return {
		name: "tenant",
		label: "Key tenant",
		type: "query",
		datasource: DATA_SOURCE,
		definition,
		query: { query: definition, refId: "tenants" },
		refresh: 2,
		sort: 1,
		multi: true,
		includeAll: true,
		allValue: ".*",
		hide: 0,
		current: { selected: true, text: ["All"], value: ["$__all"] },
	};
}

function target(expr: string, legendFormat: string, refId: string): object {
	return { refId, datasource: DATA_SOURCE, expr, legendFormat, range: true, instant: false };
}

const LEGEND = "{{bellwether_tenant}}";

function burnPanel(slo: Slo): object {
	const tiers = burnRateTiers(slo.periodMs).filter((tier) => tier.response === "page");
	const windows = [...new Set(tiers.flatMap((tier) => [tier.shortMs, tier.longMs]))].toSorted((a, b) => a - b);
	const targets = windows.map((ms, k) => {
		const of = `{bellwether_slo=${promqlString(slo.name)},bellwether_window=${promqlString(formatDuration(ms))},bellwether_tenant=~"$tenant"}`;
		const budget = `${RECORDED.budget}{bellwether_slo=${promqlString(slo.name)}}`;
		const expr = `${RECORDED.badSum}${of} / ${RECORDED.totalSum}${of} / on (bellwether_tenant) group_left () ${budget}`;
		return target(expr, `${LEGEND} ${formatDuration(ms)}`, String.fromCharCode(65 + k));
	});
	const steps = [
		{ color: "green", value: null },
		...tiers
			.map((tier, k) => ({ color: k === 0 ? "red" : "orange", value: Number(tier.factor.toPrecision(6)) }))
			.toSorted((a, b) => a.value - b.value),
	];
	return {
		type: "timeseries",
		title: "Burn rate",
		description: `Error ratio ÷ error budget. Pages above ${tiers.map((tier) => `${Number(tier.factor.toPrecision(6))} over ${formatDuration(tier.longMs)} and ${formatDuration(tier.shortMs)}`).join(", or ")}.`,
		datasource: DATA_SOURCE,
		targets,
		fieldConfig: {
			defaults: {
				unit: "none",
				min: 0,
				custom: { thresholdsStyle: { mode: "line" }, spanNulls: false },
				thresholds: { mode: "absolute", steps },
			},
			overrides: [],
		},
		options: {
			legend: { displayMode: "list", placement: "bottom", showLegend: true },
			tooltip: { mode: "multi", sort: "desc" },
		},
	};
}

function eventsPanel(slo: Slo): object {
	const of = `{bellwether_slo=${promqlString(slo.name)},bellwether_window="5m",bellwether_tenant=~"$tenant"}`;
	return {
		type: "timeseries",
		title: `${capital(slo.unit)} in 5 minutes`,
		datasource: DATA_SOURCE,
		targets: [
			target(`${RECORDED.totalSum}${of}`, `${LEGEND} all`, "A"),
			target(`${RECORDED.badSum}${of}`, `${LEGEND} bad`, "B"),
		],
		fieldConfig: { defaults: { unit: "short", min: 0, custom: { spanNulls: false } }, overrides: [] },
		options: {
			legend: { displayMode: "list", placement: "bottom", showLegend: true },
			tooltip: { mode: "multi", sort: "desc" },
		},
	};
}

function alertsPanel(slo: Slo): object {
	const alerts = `ALERTS{alertstate="firing",bellwether_slo=${promqlString(slo.name)},bellwether_tenant=~"$tenant"}`;
	return {
		type: "stat",
		title: "Burning tiers",
		datasource: DATA_SOURCE,
		targets: [{ ...target(`count(${alerts}) or vector(0)`, "", "A"), range: false, instant: true }],
		fieldConfig: {
			defaults: {
				unit: "none",
				thresholds: {
					mode: "absolute",
					steps: [
						{ color: "green", value: null },
						{ color: "red", value: 1 },
					],
				},
			},
			overrides: [],
		},
		options: {
			reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
			colorMode: "background",
			graphMode: "none",
		},
	};
}

function capital(text: string): string {
	return text.slice(0, 1).toUpperCase() + text.slice(1);
}
