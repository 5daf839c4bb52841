import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The metrics of the work: two cumulative counters per (tenant, SLO), as a collector would send them. */
export const METRIC_TOTAL = "cre_sli_events_total";
export const METRIC_BAD = "cre_sli_errors_total";

export interface BenchCatalogue {
	readonly tenants: readonly string[];
	readonly slos: readonly string[];
	/** Webhook that receives pages, http://127.0.0.1:port/…; none: the phone panel. */
	readonly pageUrl?: string;
	readonly repeatEvery?: string;
	readonly escalateAfter?: string;
}

/** Writes a catalogue folder: every tenant a key tenant of one workload with all SLOs at 99.9 % over 28 d. */
export function writeCatalogue(dir: string, o: BenchCatalogue): void {
	for (const folder of ["tenants", "workloads", "slos", "oncall", "notify"])
		mkdirSync(join(dir, folder), { recursive: true });
	const write = (file: string, text: string) => writeFileSync(join(dir, file), text);
	const allow = o.pageUrl ? `\n  egress: { allow: ["${new URL(o.pageUrl).host}"] }` : "";
	write(
		"bellwether.yaml",
		`apiVersion: bellwether/v1\nkind: Settings\nmetadata: { name: bench }\nspec:\n  organisation: Bench${allow}\n`,
	);
	const tenants = o.tenants.map(
		(id, i) =>
			`apiVersion: bellwether/v1\nkind: KeyTenant\nmetadata: { name: t${i}, displayName: Tenant ${i} }\nspec:\n  match: { tenant: ["${id}"] }\n  workloads: [bench]\n`,
	);
	// One file may be a mebibyte.
	for (let from = 0; from < tenants.length; from += 2000)
		write(`tenants/from-${from}.yaml`, tenants.slice(from, from + 2000).join("---\n"));
	write(
		"workloads/bench.yaml",
		"apiVersion: bellwether/v1\nkind: Workload\nmetadata: { name: bench, displayName: Bench }\nspec: { owner: bench-team }\n",
	);
	for (const slo of o.slos) {
		const source = (metric: string) =>
			`{ metricSource: { metricSourceRef: otlp, spec: { metric: ${metric}, where: { slo: ${slo} } } } }`;
		write(
			`slos/${slo}.yaml`,
			`apiVersion: openslo/v1
kind: SLO
metadata: { name: ${slo}, annotations: { bellwether.dev/per-tenant: "true" } }
spec:
  service: bench
  indicator:
    metadata: { name: ${slo} }
    spec:
      ratioMetric:
        counter: true
        bad: ${source(METRIC_BAD)}
        total: ${source(METRIC_TOTAL)}
  timeWindow: [ { duration: 28d, isRolling: true } ]
  budgetingMethod: Occurrences
  objectives: [ { target: 0.999 } ]
`,
		);
	}
	if (!o.pageUrl) return;
	// Written in two parts: the catalogue's own placeholder is no template of this language.
	const secret = `$${"{env:BENCH_WEBHOOK_SECRET}"}`;
	write(
		"notify/channels.yaml",
		`apiVersion: bellwether/v1\nkind: Channel\nmetadata: { name: pager }\nspec: { kind: webhook, secret: "${secret}" }\n`,
	);
	write(
		"oncall/bench.yaml",
		`apiVersion: bellwether/v1
kind: Person
metadata: { name: ada, displayName: Ada }
spec: { timeZone: UTC, contacts: [ { channel: pager, address: "${o.pageUrl}" } ] }
---
apiVersion: bellwether/v1
kind: Schedule
metadata: { name: cre, displayName: CRE }
spec: { timeZone: UTC, startsAt: 2026-01-05T09:00:00Z, shift: 7d, people: [ada] }
---
apiVersion: bellwether/v1
kind: EscalationPolicy
metadata: { name: default }
spec:
  repeatEvery: ${o.repeatEvery ?? "5m"}
  acknowledgeWithin: 15m
  steps: [ { after: 0s, notify: { schedule: cre } }, { after: ${o.escalateAfter ?? "10m"}, notify: { person: ada } } ]
`,
	);
}
