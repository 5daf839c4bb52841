// biome-ignore-all lint/suspicious/noTemplateCurlyInString: secrets are written so in a catalogue
import { burnRateTiers, DAY_MS, HOUR_MS, MINUTE_MS } from "@bellwether/model";
import { describe, expect, test } from "vitest";
import type { CatalogueFile } from "./index.ts";
import { effectiveObjective, escalationFor, formatFinding, monitorFor, parseCatalogue } from "./index.ts";
import { sampleFiles } from "./sample-files.ts";

const MINIMAL: CatalogueFile[] = [
	{
		path: "tenants/woodgrove.yaml",
		text: "apiVersion: bellwether/v1\nkind: KeyTenant\nmetadata: { name: woodgrove }\nspec: { match: { tenant.id: 3f2a } }\n",
	},
	{
		path: "workloads/purview.yaml",
		text: "apiVersion: bellwether/v1\nkind: Workload\nmetadata: { name: purview }\nspec: { owner: Purview team }\n",
	},
	{
		path: "slos/dlp.yaml",
		text: `apiVersion: openslo/v1
kind: SLO
metadata: { name: dlp-create }
spec:
  service: purview
  indicator:
    spec:
      ratioMetric:
        bad: { metricSource: { spec: { metric: dlp.create, where: { code: [500, 503], retried: false } } } }
        total: { metricSource: { spec: { metric: dlp.create } } }
  objectives: [{ target: 0.999 }]
`,
	},
];

function read(files: readonly CatalogueFile[]) {
	const reading = parseCatalogue(files);
	expect(reading.findings.map(formatFinding)).toEqual([]);
	if (!reading.catalogue) throw new Error("no catalogue");
	return reading.catalogue;
}

/** The minimal catalogue with more documents in a file of their own. */
function withText(text: string): CatalogueFile[] {
	return [...MINIMAL, { path: "more.yaml", text }];
}

describe("One tenant, one workload and one SLO are a whole catalogue", () => {
	const catalogue = read(MINIMAL);

	test("the tenant uses every workload, in the default tier, in UTC and English", () => {
		expect(catalogue.tenants).toEqual([
			{
				name: "woodgrove",
				displayName: "woodgrove",
				tier: "default",
				match: { "tenant.id": ["3f2a"] },
				workloads: ["purview"],
				timeZone: "UTC",
				language: "en",
				objectives: {},
				contacts: { customer: [] },
			},
		]);
		expect(catalogue.tiers).toEqual([{ name: "default", displayName: "Default", rank: 1_000, objectives: {} }]);
	});

	test("the SLO counts events over 28 days; numbers and booleans of attributes are texts", () => {
		expect(catalogue.slos).toEqual([
			{
				name: "dlp-create",
				displayName: "dlp-create",
				description: "",
				workload: "purview",
				sliKind: "availability",
				unit: "events",
				indicator: {
					kind: "ratio",
					numerator: "bad",
					part: {
						metric: "dlp.create",
						where: [
							{ name: "code", op: "=", values: ["500", "503"] },
							{ name: "retried", op: "=", values: ["false"] },
						],
					},
					total: { metric: "dlp.create", where: [] },
				},
				objective: 0.999,
				periodMs: 28 * DAY_MS,
				place: { file: "slos/dlp.yaml", line: 1, column: 1 },
			},
		]);
	});

	test("one live burn-rate monitor of severity 2.5 watches every SLO", () => {
		expect(catalogue.monitors).toEqual([
			{ name: "burn-rate", detector: "burn-rate", mode: "live", severity: "2.5", evidenceP: 1e-4 },
		]);
		expect(monitorFor(catalogue, "dlp-create")?.name).toBe("burn-rate");
	});

	test("a page goes to on-call on the phone panel, again every 5 min, to be acknowledged within 15", () => {
		expect(catalogue.people).toEqual([
			{
				name: "on-call",
				displayName: "On-call",
				timeZone: "UTC",
				contacts: [{ channel: "phone-panel", address: "on-call" }],
			},
		]);
		const [slo] = catalogue.slos;
		expect(slo && escalationFor(catalogue, slo, undefined)).toEqual({
			name: "default",
			repeatEveryMs: 5 * MINUTE_MS,
			acknowledgeWithinMs: 15 * MINUTE_MS,
			steps: [{ afterMs: 0, notify: { person: "on-call" } }],
			afterAcknowledge: { remindAfterMs: 30 * MINUTE_MS, escalateAfterMs: 15 * MINUTE_MS },
		});
		expect(catalogue.channels.map((channel) => channel.name)).toEqual(["mail", "phone-panel"]);
	});

	test("there is an English notice for each audience, and the customer's is calm", () => {
		expect(catalogue.templates.map((each) => `${each.name}.${each.audience}.${each.language}`)).toEqual([
			"breach.csam.en",
			"breach.customer.en",
			"breach.support.en",
		]);
		const customer = catalogue.templates.find((each) => each.audience === "customer");
		expect(customer?.body).toMatch(/^We detected an issue in your environment and are addressing it now\./);
	});

	test("settings are the documented defaults", () => {
		expect(catalogue.settings.telemetry).toEqual({
			latenessMs: 3 * HOUR_MS,
			futureMs: 5 * MINUTE_MS,
			maxStreams: 500_000,
			maxOtherStreams: 50_000,
			tenantAttributes: ["tenant", "tenant.id", "tenant_id"],
			maxEventIds: 10_000_000,
			maxBodyBytes: 20_971_520,
		});
		expect(catalogue.settings.baselines).toEqual({
			autoDetectedShare: 0.08,
			ttdManualMs: 6.7 * DAY_MS,
			ttdAutoMs: 2.5 * HOUR_MS,
		});
	});
});

describe("What is written is what holds", () => {
	const catalogue = read(sampleFiles());

	test("a tenant's objective is stronger than its tier's, and that than the SLO's", () => {
		const [slo] = catalogue.slos;
		const [woodgrove] = catalogue.tenants;
		if (!slo || !woodgrove) throw new Error("the sample has both");
		expect(effectiveObjective(catalogue, slo, woodgrove)).toEqual({ objective: 0.9995, setBy: "tenant" });
		const plain = { ...woodgrove, objectives: {} };
		expect(effectiveObjective(catalogue, slo, plain)).toEqual({ objective: 0.999, setBy: "tier" });
		expect(effectiveObjective(catalogue, slo, undefined)).toEqual({ objective: 0.995, setBy: "slo" });
	});

	test("a name that objects inherit is not taken for an override, even after a copy gave them a prototype", () => {
		const [slo] = catalogue.slos;
		const [woodgrove] = structuredClone(catalogue.tenants);
		if (!slo || !woodgrove) throw new Error("the sample has both");
		const inherited = { ...slo, name: "toString" };
		expect(effectiveObjective(catalogue, inherited, woodgrove)).toEqual({ objective: 0.995, setBy: "slo" });
		expect(Object.getPrototypeOf(catalogue.tenants[0]?.objectives)).toBeNull();
	});

	test("a local start of a schedule is the zone's own, in winter and summer", () => {
		expect(catalogue.schedules[0]?.startsAt).toBe(Date.UTC(2026, 0, 5, 9));
		const summer = read(sampleFiles("oncall/cre.yaml", [["2026-01-05T09:00", "2026-07-06T09:00"]]));
		expect(summer.schedules[0]?.startsAt).toBe(Date.UTC(2026, 6, 6, 8));
		const instant = read(sampleFiles("oncall/cre.yaml", [["2026-01-05T09:00", "2026-01-05T09:00+02:00"]]));
		expect(instant.schedules[0]?.startsAt).toBe(Date.UTC(2026, 0, 5, 7));
	});

	test("secrets stay references", () => {
		expect(catalogue.settings.smtp?.passwordRef).toBe(["$", "{env:SMTP_PASSWORD}"].join(""));
		expect(catalogue.channels.find((each) => each.name === "pager")?.secretRef).toMatch(/^\$\{env:/);
	});

	test("a template of the catalogue's own stands beside the built-in ones", () => {
		const french = catalogue.templates.find((each) => each.language === "fr");
		expect(french?.subject).toBe("{{ workload }} : incident en cours");
		expect(french?.body).toBe("Nous avons détecté un problème dans votre environnement depuis {{ since }}.\n");
		expect(catalogue.templates).toHaveLength(4);
	});

	test.each([
		["4w", 28],
		["90d", 90],
		["48h", 2],
		["1w2d", 9],
	])("a window of %s is %i days", (written, days) => {
		const edited = read(sampleFiles("slos/dlp-create.yaml", [["28d", written]]));
		expect(edited.slos[0]?.periodMs).toBe(days * DAY_MS);
	});

	test("targetPercent is the same promise as its ratio, without the dust of binary division", () => {
		const edited = read(sampleFiles("slos/dlp-create.yaml", [["target: 0.995", "targetPercent: 99.9"]]));
		expect(edited.slos[0]?.objective).toBe(0.999);
	});

	test("a tenant list gives its defaults to tenants that leave fields out", () => {
		const text = `apiVersion: bellwether/v1
kind: KeyTenantList
spec:
  defaults: { timeZone: Europe/Paris, workloads: [purview], contacts: { customer: [] } }
  tenants:
    - { name: tailspin, displayName: Tailspin Toys, match: { tenant.id: b05e } }
    - { name: adatum, match: { tenant.id: [77aa, 77ab] }, timeZone: Asia/Tokyo }
`;
		const { tenants } = read(withText(text));
		expect(tenants.map(({ name, displayName, timeZone }) => [name, displayName, timeZone])).toEqual([
			["adatum", "adatum", "Asia/Tokyo"],
			["tailspin", "Tailspin Toys", "Europe/Paris"],
			["woodgrove", "woodgrove", "UTC"],
		]);
	});

	test("an SLI is shared by reference, and a gauge is compared as the objective says", () => {
		const text = `apiVersion: openslo/v1
kind: SLI
metadata: { name: queue }
spec: { thresholdMetric: { metricSource: { spec: { metric: queue.seconds } } } }
---
apiVersion: openslo/v1
kind: SLO
metadata: { name: queue-short, annotations: { bellwether.dev/sli-kind: latency, bellwether.dev/unit: samples } }
spec: { service: purview, indicatorRef: queue, objectives: [{ op: lte, value: 30, target: 0.99 }] }
`;
		const slo = read(withText(text)).slos.find((each) => each.name === "queue-short");
		expect(slo?.indicator).toEqual({
			kind: "threshold",
			metric: { metric: "queue.seconds", where: [] },
			op: "lte",
			value: 30,
		});
		expect(slo).toMatchObject({ sliKind: "latency", unit: "samples" });
	});

	test("histogram bounds are kept", () => {
		const edited = read(sampleFiles("slos/dlp-create.yaml", [["where: { result: ok }", "le: 1.5"]]));
		expect(edited.slos[0]?.indicator).toMatchObject({ part: { metric: "dlp.create", where: [], le: 1.5 } });
	});

	test("Windows line ends and a byte order mark change nothing", () => {
		const windows = sampleFiles().map(({ path, text }) => ({ path, text: `\uFEFF${text.replaceAll("\n", "\r\n")}` }));
		expect(read(windows).hash).toBe(catalogue.hash);
	});

	test("an empty document between two is nothing", () => {
		const files = sampleFiles("notify/channels.yaml", [["apiVersion", "# channels\n---\napiVersion"]]);
		expect(read(files).hash).toBe(catalogue.hash);
	});

	test("a monitor that names an SLO is stronger than the one for all", () => {
		const text = `apiVersion: bellwether/v1
kind: Monitor
metadata: { name: special }
spec: { slos: [dlp-create], severity: 2, tiers: [page-quick] }
`;
		const edited = read([...sampleFiles(), { path: "monitors/special.yaml", text }]);
		expect(monitorFor(edited, "dlp-create")).toMatchObject({ name: "special", severity: "2", tiers: ["page-quick"] });
		expect(monitorFor(edited, "another")?.name).toBe("burn-rate");
	});

	test("RACI is kept when each step has one accountable party", () => {
		const edited = read(
			sampleFiles("workloads/purview.yaml", [["  leadSlo", "  raci: { mitigate: { team: AR, cre: C } }\n  leadSlo"]]),
		);
		expect(edited.workloads[0]?.raci).toEqual({ mitigate: { cre: "C", team: "RA" } });
	});
});

describe("A warning does not stop a catalogue", () => {
	test.each([
		{
			name: "a tier that a total outage cannot reach is told with its factor",
			file: "slos/dlp-create.yaml",
			edit: [["0.995", "0.9"]] as const,
			says: `slos/dlp-create.yaml:19:15 warning "dlp-create" at 0.9 over 28d can never fire page-quick (factor 13.44): a total outage burns at 10.
  The other tiers still watch it; above 0.9256 all can fire.`,
		},
		{
			name: "a tenant's own objective is looked at too",
			file: "tenants/woodgrove.yaml",
			edit: [["0.9995", "0.9"]] as const,
			says: `tenants/woodgrove.yaml:12:17 warning "dlp-create" at 0.9 over 28d can never fire page-quick (factor 13.44): a total outage burns at 10.
  The other tiers still watch it; above 0.9256 all can fire.`,
		},
		{
			name: "an SLO that only a shadow monitor watches pages nobody",
			file: "monitors/burn-rate.yaml",
			edit: [["live", "shadow"]] as const,
			says: `slos/dlp-create.yaml:4:9 warning SLO "dlp-create" is watched by no live monitor, so it pages nobody.
  Name it in a monitor, or write a monitor without slos, which watches all.`,
		},
		{
			name: "addresses without a mail server lead nowhere",
			file: "bellwether.yaml",
			edit: [
				["  smtp:\n    host: mail.example.com\n    from: cre@example.com\n    password: ${env:SMTP_PASSWORD}\n", ""],
			] as const,
			says: `bellwether.yaml:3:1 warning No mail server is set, so mail (notices about woodgrove) cannot leave.
  Write spec.smtp in bellwether.yaml with host and from.`,
		},
		{
			name: "alert policies of the standard are left to other tools",
			file: "slos/dlp-create.yaml",
			edit: [["  objectives:", "  alertPolicies: [fast]\n  objectives:"]] as const,
			says: `slos/dlp-create.yaml:18:3 warning spec.alertPolicies is not used.
  Write a bellwether/v1 Monitor to say what pages.`,
		},
		{
			name: "an objective for a workload that the tenant does not use",
			file: "tenants/woodgrove.yaml",
			edit: [["workloads: [purview]", "workloads: [intune]"]] as const,
			says: `tenants/woodgrove.yaml:12:5 warning spec.objectives sets "dlp-create", but the tenant does not use purview.
  Add purview to workloads, or remove the objective.`,
		},
	])("$name", ({ file, edit, says }) => {
		const intune = {
			path: "slos/intune.yaml",
			text: "apiVersion: openslo/v1\nkind: Service\nmetadata: { name: intune }\n",
		};
		const files = file.startsWith("tenants") && edit[0][1].includes("intune") ? [intune] : [];
		const reading = parseCatalogue([...sampleFiles(file, edit), ...files]);
		expect(reading.findings.map(formatFinding)).toContain(says);
		expect(reading.findings.filter((finding) => finding.level === "error")).toEqual([]);
		expect(reading.catalogue).toBeDefined();
	});

	test("where no tier is declared a tier is a label, and a channel of a tenant has no effect yet; both are told", () => {
		const [tenant, ...rest] = MINIMAL as [CatalogueFile, ...CatalogueFile[]];
		const text = tenant.text.replace("{ match", "{ tier: mcs, channel: teams, match");
		const { catalogue, findings } = parseCatalogue([{ ...tenant, text }, ...rest]);
		expect(catalogue?.tenants.map(({ tier }) => tier)).toEqual(["mcs"]);
		expect(catalogue?.tiers).toMatchObject([{ name: "mcs", displayName: "mcs" }]);
		expect(findings.map(formatFinding)).toEqual([
			'tenants/woodgrove.yaml:4:15 warning spec.tier "mcs" is declared nowhere; it is taken as a label.\n  Write a document of kind Tier with this name for its order and objectives.',
			'tenants/woodgrove.yaml:4:29 warning spec.channel "teams" has no effect yet: notices to the customer go by mail.\n  Write the customer\'s addresses under contacts.customer.',
		]);
	});

	test("7-day promises keep their page tiers and are no cause for a word", () => {
		const edited = read(sampleFiles("slos/dlp-create.yaml", [["28d", "7d"]]));
		expect(burnRateTiers(edited.slos[0]?.periodMs ?? 0).map((tier) => tier.factor.toFixed(2))).toContain("3.36");
	});
});

describe("Errors", () => {
	test("of all files come at once, by file, line and column", () => {
		const files = sampleFiles("slos/dlp-create.yaml", [
			["0.995", "99.9"],
			["Occurrences", "Occurences"],
		]).map((file) => (file.path === "workloads/purview.yaml" ? { ...file, text: `${file.text}  ownr: x\n` } : file));
		expect(parseCatalogue(files).findings.map(formatFinding)).toEqual([
			'slos/dlp-create.yaml:17:20 error spec.budgetingMethod "Occurences" is unknown.\n  Did you mean "Occurrences"?',
			"slos/dlp-create.yaml:19:15 error spec.objectives.0.target 99.9 is not below 1.\n  Write 0.999, or use targetPercent: 99.9.",
			'workloads/purview.yaml:7:3 error spec.ownr is unknown.\n  Did you mean "owner"?',
		]);
	});

	test("never repeat a secret that was written out", () => {
		const files = sampleFiles("bellwether.yaml", [["${env:SMTP_PASSWORD}", "hunter2"]]);
		expect(JSON.stringify(parseCatalogue(files).findings)).not.toContain("hunter2");
		const broken = sampleFiles("bellwether.yaml", [["${env:SMTP_PASSWORD}", 'x\n  "hunter2"']]);
		const told = parseCatalogue(broken).findings;
		expect(told.length).toBeGreaterThan(0);
		expect(JSON.stringify(told)).not.toContain("hunter2");
	});

	test("of a file that is no YAML do not make its neighbours' references unknown", () => {
		const { findings } = parseCatalogue(
			sampleFiles("workloads/purview.yaml", [["owner: Purview team", "owner: [Purview"]]),
		);
		expect(new Set(findings.map((finding) => finding.file))).toEqual(new Set(["workloads/purview.yaml"]));
	});

	test("no file at all is no catalogue", () => {
		const { catalogue, findings } = parseCatalogue([]);
		expect(catalogue).toBeUndefined();
		expect(findings.map((finding) => finding.message)).toEqual(["The folder holds no catalogue."]);
	});
});
