import type { ExchangeFormat } from "./types.ts";

/** Every format that catalogues are exchanged in, in the order in which help lists them. */
export const FORMATS: readonly ExchangeFormat[] = [
	{
		name: "sloth",
		about: "Sloth: prometheus/v1 files and PrometheusServiceLevel objects",
		loadImport: async () => (await import("./sloth.ts")).importSloth,
	},
	{
		name: "pyrra",
		about: "Pyrra: ServiceLevelObjective objects",
		loadImport: async () => (await import("./pyrra.ts")).importPyrra,
	},
	{
		name: "prometheus-rules",
		about: "Prometheus rule files: burn-rate and error-ratio alerts in; recording and burn-rate alert rules out",
		loadImport: async () => (await import("./rules-import.ts")).importRules,
		loadExport: async () => (await import("./rules-export.ts")).exportRules,
	},
	{
		name: "otel-collector",
		about: "OpenTelemetry Collector configuration that tags key tenants and routes what the SLIs need",
		loadExport: async () => (await import("./otel-collector.ts")).exportOtelCollector,
	},
	{
		name: "kql",
		about: "Azure Data Explorer: tenants table, per-minute materialized views, functions",
		loadExport: async () => (await import("./kql.ts")).exportKql,
	},
	{
		name: "grafana",
		about: "Grafana dashboards, one per workload, over the recording rules of prometheus-rules",
		loadExport: async () => (await import("./grafana.ts")).exportGrafana,
	},
];

export const importFormats = (): ExchangeFormat[] => FORMATS.filter((format) => format.loadImport);
export const exportFormats = (): ExchangeFormat[] => FORMATS.filter((format) => format.loadExport);
