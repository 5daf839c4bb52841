import type { ExchangeFormat } from "./types.ts";

/** Every format that catalogues are exchanged in, in the order in which help lists them. */
export const FORMATS: readonly ExchangeFormat[] = [
	{
		name: "openslo",
		import: {
			about: "OpenSLO v1: SLO, SLI, Service and DataSource objects; queries in PromQL become selectors",
			load: async () => (await import("./openslo-import.ts")).importOpenSlo,
		},
		export: {
			about: "OpenSLO v1: SLOs and Services; importing them again gives the same SLOs",
			load: async () => (await import("./openslo-export.ts")).exportOpenSlo,
		},
	},
	{
		name: "sloth",
		import: {
			about: "Sloth: prometheus/v1 files and PrometheusServiceLevel objects",
			load: async () => (await import("./sloth.ts")).importSloth,
		},
	},
	{
		name: "pyrra",
		import: {
			about: "Pyrra: ServiceLevelObjective objects",
			load: async () => (await import("./pyrra.ts")).importPyrra,
		},
	},
	{
		name: "prometheus-rules",
		import: {
			about: "Prometheus rule files: burn-rate and error-ratio alerts",
			load: async () => (await import("./rules-import.ts")).importRules,
		},
		export: {
			about: "recording and burn-rate alert rules per key tenant, as the monitors judge",
			load: async () => (await import("./rules-export.ts")).exportRules,
		},
	},
	{
		name: "otel-collector",
		export: {
			about: "OpenTelemetry Collector configuration that tags key tenants and routes what the SLIs need",
			load: async () => (await import("./otel-collector.ts")).exportOtelCollector,
		},
	},
	{
		name: "kql",
		export: {
			about: "Azure Data Explorer: tenants table, per-minute materialized views, functions",
			load: async () => (await import("./kql.ts")).exportKql,
		},
	},
	{
		name: "grafana",
		export: {
			about: "Grafana dashboards, one per workload, over the recording rules of prometheus-rules",
			load: async () => (await import("./grafana.ts")).exportGrafana,
		},
	},
];
