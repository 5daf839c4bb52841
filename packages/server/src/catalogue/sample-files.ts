import type { CatalogueFile } from "./types.ts";

/** A small right catalogue for tests, one file per kind, short lines so that places are easy to count. */
export const SAMPLE: Readonly<Record<string, string>> = {
	"bellwether.yaml": `apiVersion: bellwether/v1
kind: Settings
spec:
  organisation: Contoso
  smtp:
    host: mail.example.com
    from: cre@example.com
    password: \${env:SMTP_PASSWORD}
`,
	"tenants/tiers.yaml": `apiVersion: bellwether/v1
kind: Tier
metadata: { name: mcs }
spec:
  rank: 1
  objectives:
    dlp-create: 0.999
`,
	"tenants/woodgrove.yaml": `apiVersion: bellwether/v1
kind: KeyTenant
metadata: { name: woodgrove, displayName: Woodgrove Bank }
spec:
  tier: mcs
  match:
    tenant.id: [3f2a, 9c1e]
    host.domain: woodgrove.example
  workloads: [purview]
  timeZone: America/New_York
  objectives:
    dlp-create: 0.9995
  contacts:
    csam: j.park@example.com
`,
	"workloads/purview.yaml": `apiVersion: bellwether/v1
kind: Workload
metadata: { name: purview }
spec:
  owner: Purview team
  leadSlo: dlp-create
`,
	"slos/dlp-create.yaml": `apiVersion: openslo/v1
kind: SLO
metadata:
  name: dlp-create
  annotations:
    bellwether.dev/sli-kind: availability
spec:
  service: purview
  indicator:
    spec:
      ratioMetric:
        good: { metricSource: { metricSourceRef: otlp, spec: { metric: dlp.create, where: { result: ok } } } }
        total: { metricSource: { spec: { metric: dlp.create } } }
  timeWindow:
    - duration: 28d
      isRolling: true
  budgetingMethod: Occurrences
  objectives:
    - target: 0.995
`,
	"monitors/burn-rate.yaml": `apiVersion: bellwether/v1
kind: Monitor
metadata: { name: burn-rate }
spec:
  severity: "2.5"
  mode: live
`,
	"oncall/cre.yaml": `apiVersion: bellwether/v1
kind: Person
metadata: { name: ada }
spec:
  contacts:
    - channel: pager
      address: https://pager.example.com/ada
---
apiVersion: bellwether/v1
kind: Schedule
metadata: { name: cre }
spec:
  timeZone: Europe/London
  startsAt: 2026-01-05T09:00
  people: [ada]
---
apiVersion: bellwether/v1
kind: EscalationPolicy
metadata: { name: default }
spec:
  steps:
    - notify: { schedule: cre }
    - after: 15m
      notify: { person: ada }
`,
	"notify/channels.yaml": `apiVersion: bellwether/v1
kind: Channel
metadata: { name: pager }
spec: { kind: webhook, secret: "\${env:PAGER_SECRET}" }
`,
	"notify/templates/breach.customer.fr.liquid": `Subject: {{ workload }} : incident en cours

Nous avons détecté un problème dans votre environnement depuis {{ since }}.
`,
};

export type Edit = readonly [from: string, to: string];

/** One mistake in the sample, and every line that must be told of it. */
export interface BadCase {
	readonly name: string;
	readonly file: string;
	/** Edits of the sample, or the whole text. */
	readonly write: string | readonly Edit[];
	readonly says: readonly string[];
}

/** The sample with one file edited (each `from` must stand in it) or, with a text, written anew. */
export function sampleFiles(path?: string, change?: string | readonly Edit[]): CatalogueFile[] {
	const texts: Record<string, string> = { ...SAMPLE };
	if (path !== undefined && change !== undefined)
		texts[path] = typeof change === "string" ? change : edited(path, change);
	return Object.entries(texts).map(([each, text]) => ({ path: each, text }));
}

function edited(path: string, edits: readonly Edit[]): string {
	return edits.reduce((text, [from, to]) => {
		if (!text.includes(from)) throw new Error(`${path} does not contain ${JSON.stringify(from)}`);
		return text.replace(from, () => to);
	}, SAMPLE[path] ?? "");
}
