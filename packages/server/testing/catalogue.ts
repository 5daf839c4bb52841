import { burnRateTiers, DAY_MS, MINUTE_MS } from "@bellwether/model";
import type { Catalogue, KeyTenant, NoticeTemplate, Slo } from "#catalogue";
import type { BreachClosed, BreachOpened, BurnWindow, Evidence } from "#detection";

/** 22 Nov 2026, 02:00 UTC, a Sunday. */
export const START = Date.UTC(2026, 10, 22, 2);

export function exampleTenant(name: string, displayName: string, overrides: Partial<KeyTenant> = {}): KeyTenant {
	return {
		name,
		displayName,
		tier: "mcs",
		match: { "tenant.id": [`id-of-${name}`] },
		workloads: ["policy"],
		timeZone: "Europe/Berlin",
		language: "en",
		objectives: {},
		contacts: { csam: `csam-${name}@vendor.example`, customer: [`ops@${name}.example`] },
		...overrides,
	};
}

export function exampleSlo(name: string, overrides: Partial<Slo> = {}): Slo {
	return {
		name,
		displayName: "Policy creation",
		description: "",
		workload: "policy",
		sliKind: "availability",
		unit: "policy creations",
		indicator: {
			kind: "ratio",
			numerator: "bad",
			part: { metric: "policy.create", where: [{ name: "result", op: "=", values: ["error"] }] },
			total: { metric: "policy.create", where: [] },
		},
		objective: 0.999,
		periodMs: 28 * DAY_MS,
		place: { file: "slos/policy.yaml", line: 1, column: 1 },
		...overrides,
	};
}

const TEMPLATES: readonly NoticeTemplate[] = [
	{
		name: "breach",
		audience: "csam",
		language: "en",
		subject: "{{ tenant }}: {{ workload }} ({{ incident }})",
		body: "{{ impact }} Since {{ since }}. {{ sli }} of {{ objective }}. {{ link }}",
	},
	{
		name: "breach",
		audience: "customer",
		language: "en",
		subject: "{{ workload }}: we are working on an issue in your environment",
		body: "{{ impact }}\nSince {{ since }}. Next update by {{ nextUpdate }}.\n{{ organisation }}",
	},
];

/**
 * A small catalogue in memory: two tenants, one workload, two people who take weekly turns and a lead who is paged
 * after five minutes.
 */
export function exampleCatalogue(overrides: Partial<Catalogue> = {}): Catalogue {
	return {
		hash: "example",
		settings: {
			organisation: "Example Cloud",
			egress: { allow: [] },
			smtp: { host: "mail.example", port: 25, secure: false, from: "cre@vendor.example" },
			telemetry: { latenessMs: 0, futureMs: 0, maxStreams: 1, maxBodyBytes: 1 },
			baselines: { autoDetectedShare: 0.08, ttdManualMs: 6.7 * DAY_MS, ttdAutoMs: 150 * MINUTE_MS },
		},
		tiers: [{ name: "mcs", displayName: "MCS", rank: 1, objectives: {} }],
		tenants: [exampleTenant("woodgrove", "Woodgrove Bank"), exampleTenant("city-power", "City Power")],
		workloads: [{ name: "policy", displayName: "Policy", owner: "Policy team", runbook: ["Look."] }],
		slos: [exampleSlo("policy-create")],
		monitors: [{ name: "burn", detector: "burn-rate", mode: "live", severity: "2.5", evidenceP: 1e-4 }],
		people: [
			{
				name: "m-ito",
				displayName: "M. Ito",
				timeZone: "Europe/London",
				contacts: [
					{ channel: "phone", address: "m-ito" },
					{ channel: "hook", address: "https://pager.example/m-ito" },
				],
			},
			{
				name: "s-haas",
				displayName: "S. Haas",
				timeZone: "UTC",
				contacts: [{ channel: "phone", address: "s-haas" }],
			},
			{
				name: "lead",
				displayName: "K. Abara",
				timeZone: "UTC",
				contacts: [{ channel: "phone", address: "lead" }],
			},
		],
		schedules: [
			{
				name: "primary",
				displayName: "Primary",
				timeZone: "Europe/London",
				startsAt: Date.UTC(2026, 10, 16, 9),
				shiftMs: 7 * DAY_MS,
				people: ["m-ito", "s-haas"],
			},
		],
		escalations: [
			{
				name: "default",
				repeatEveryMs: 2 * MINUTE_MS,
				acknowledgeWithinMs: 15 * MINUTE_MS,
				steps: [
					{ afterMs: 0, notify: { schedule: "primary" } },
					{ afterMs: 5 * MINUTE_MS, notify: { person: "lead" } },
				],
			},
		],
		channels: [
			{ name: "phone", kind: "phone-panel" },
			{ name: "hook", kind: "webhook" },
			{ name: "mail", kind: "mail" },
		],
		templates: TEMPLATES,
		feeds: [],
		sources: [],
		...overrides,
	};
}

function burnWindow(ms: number, bad: number, total: number): BurnWindow {
	return { ms, bad, total, burn: total > 0 ? bad / total / 0.001 : undefined };
}

export function exampleEvidence(overrides: Partial<Evidence> = {}): Evidence {
	const [tier] = burnRateTiers(28 * DAY_MS);
	if (!tier) throw new Error("a period has tiers");
	return {
		tier,
		objective: 0.999,
		long: burnWindow(60 * MINUTE_MS, 59, 4_000),
		short: burnWindow(5 * MINUTE_MS, 59, 2_000),
		episode: burnWindow(2 * MINUTE_MS, 59, 1_000),
		p: 1e-9,
		fleet: {
			long: burnWindow(60 * MINUTE_MS, 100, 400_000),
			short: burnWindow(5 * MINUTE_MS, 70, 250_000),
			episode: burnWindow(2 * MINUTE_MS, 40, 100_000),
		},
		share: 0.01,
		maskingShare: 0.0134,
		alsoBurning: [],
		since: START - 2 * MINUTE_MS,
		...overrides,
	};
}

export function breachOpened(tenant: string, overrides: Partial<BreachOpened> = {}): BreachOpened {
	return {
		type: "breach.opened",
		tenant,
		slo: "policy-create",
		detector: "burn-rate",
		monitor: "burn",
		scope: "tenant",
		detectedAt: START,
		evidence: exampleEvidence(),
		...overrides,
	};
}

export function breachClosed(tenant: string, closedAt: number, slo = "policy-create"): BreachClosed {
	return { type: "breach.closed", tenant, slo, detector: "burn-rate", closedAt, reason: "recovered" };
}
