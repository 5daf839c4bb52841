import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { temporaryFolder } from "./server.ts";

export interface CatalogueOptions {
	readonly tenants: readonly { readonly name: string; readonly csam?: string }[];
	/** Which of its SLOs; all by default. */
	readonly slos?: readonly ("send" | "latency" | "queue")[];
	readonly webhook?: { readonly url: string; readonly leadUrl?: string };
	readonly smtpPort?: number;
	readonly repeatEvery?: string;
	readonly leadAfter?: string;
}

/** Of each tenant's `tenant.id`. */
export const idOf = (tenant: string) => `id-of-${tenant}`;

/** Files of a small catalogue: availability, latency and saturation of one workload, and who is paged. */
export function catalogueFiles(options: CatalogueOptions): Record<string, string> {
	const ports = [options.webhook?.url, options.webhook?.leadUrl]
		.filter((url) => url !== undefined)
		.map((url) => `"${new URL(url).host}"`);
	const smtp =
		options.smtpPort === undefined
			? ""
			: `\n  smtp: { host: 127.0.0.1, port: ${options.smtpPort}, from: cre@bellwether.example }`;
	const egress = ports.length === 0 ? "" : `\n  egress: { allow: [${ports.join(", ")}] }`;
	const { slos = ["send", "latency", "queue"] } = options;
	return {
		"bellwether.yaml": `apiVersion: bellwether/v1
kind: Settings
spec:
  organisation: Scenario Cloud${egress}${smtp}
`,
		"tenants/key.yaml": options.tenants.map(tenantText).join("---\n"),
		"workloads/mail.yaml": `apiVersion: bellwether/v1
kind: Workload
metadata: { name: mail, displayName: Mail }
spec:
  owner: Mail flow team
  leadSlo: send
  runbook: [Look at the queue., Ask what changed., Fail over.]
`,
		...Object.fromEntries(slos.map((slo) => [`slos/${slo}.yaml`, SLOS[slo]])),
		"oncall/cre.yaml": onCallText(options),
		...(options.webhook
			? {
					"notify/pager.yaml":
						// biome-ignore lint/suspicious/noTemplateCurlyInString: the catalogue's own way to name a secret
						'apiVersion: bellwether/v1\nkind: Channel\nmetadata: { name: pager }\nspec: { kind: webhook, secret: "${env:PAGER_SECRET}" }\n',
				}
			: {}),
	};
}

export function writeCatalogue(files: Readonly<Record<string, string>>, dir: string = temporaryFolder()): string {
	for (const [path, text] of Object.entries(files)) {
		mkdirSync(dirname(join(dir, path)), { recursive: true });
		writeFileSync(join(dir, path), text);
	}
	return dir;
}

function tenantText({ name, csam }: CatalogueOptions["tenants"][number]): string {
	const contacts = csam === undefined ? "" : `\n  contacts: { csam: ${csam}, customer: [admin@${name}.example] }`;
	return `apiVersion: bellwether/v1
kind: KeyTenant
metadata: { name: ${name}, displayName: ${name[0]?.toUpperCase()}${name.slice(1)} Ltd }
spec:
  match: { tenant.id: ${idOf(name)} }
  workloads: [mail]${contacts}
`;
}

function sloText(name: string, kind: string, metric: string, threshold = ""): string {
	return `apiVersion: openslo/v1
kind: SLO
metadata:
  name: ${name}
  displayName: Mail ${name}
  annotations: { bellwether.dev/per-tenant: "true", bellwether.dev/sli-kind: ${kind}, bellwether.dev/unit: mails }
spec:
  service: mail
  indicator:
    metadata: { name: ${name} }
    spec:
      ${metric}
  timeWindow: [ { duration: 28d, isRolling: true } ]
  budgetingMethod: Occurrences
  objectives:
    - target: 0.999${threshold}
`;
}

function onCallText({ webhook, repeatEvery = "1m", leadAfter = "5m" }: CatalogueOptions): string {
	const contact = (url: string | undefined) =>
		url === undefined ? "{ channel: phone-panel }" : `{ channel: pager, address: "${url}" }`;
	return `apiVersion: bellwether/v1
kind: Person
metadata: { name: ada, displayName: Ada }
spec: { contacts: [ ${contact(webhook?.url)} ] }
---
apiVersion: bellwether/v1
kind: Person
metadata: { name: lead, displayName: The lead }
spec: { contacts: [ ${contact(webhook?.leadUrl ?? webhook?.url)} ] }
---
apiVersion: bellwether/v1
kind: Schedule
metadata: { name: cre }
spec: { startsAt: 2026-01-05T09:00, people: [ada] }
---
apiVersion: bellwether/v1
kind: EscalationPolicy
metadata: { name: default }
spec:
  repeatEvery: ${repeatEvery}
  acknowledgeWithin: 15m
  steps:
    - notify: { schedule: cre }
    - { after: ${leadAfter}, notify: { person: lead } }
`;
}

const SLOS = {
	send: sloText(
		"send",
		"availability",
		`ratioMetric:
        counter: true
        good: { metricSource: { metricSourceRef: otlp, spec: { metric: mail.sends, where: { result: ok } } } }
        total: { metricSource: { metricSourceRef: otlp, spec: { metric: mail.sends } } }`,
	),
	latency: sloText(
		"latency",
		"latency",
		`ratioMetric:
        counter: true
        good: { metricSource: { metricSourceRef: otlp, spec: { metric: mail.duration, le: 250 } } }
        total: { metricSource: { metricSourceRef: otlp, spec: { metric: mail.duration } } }`,
	),
	queue: sloText(
		"queue",
		"saturation",
		`thresholdMetric: { metricSource: { metricSourceRef: otlp, spec: { metric: mail.queue } } }`,
		"\n      op: lt\n      value: 100",
	),
};
