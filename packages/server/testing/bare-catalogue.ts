import { DAY_MS, HOUR_MS, MINUTE_MS } from "@bellwether/model";
import type { Catalogue, Slo } from "#catalogue";

/** A catalogue with nothing in it but settings; `parts` are what a test is about. */
export function bareCatalogue(parts: Partial<Catalogue> = {}): Catalogue {
	return {
		hash: "one",
		settings: {
			organisation: "Test",
			egress: { allow: [] },
			telemetry: { latenessMs: 3 * HOUR_MS, futureMs: 5 * MINUTE_MS, maxStreams: 1_000, maxBodyBytes: 1024 * 1024 },
			baselines: { autoDetectedShare: 0, ttdManualMs: 0, ttdAutoMs: 0 },
		},
		tiers: [],
		tenants: [],
		workloads: [],
		slos: [],
		monitors: [],
		people: [],
		schedules: [],
		escalations: [],
		channels: [],
		templates: [],
		sources: [],
		feeds: [],
		...parts,
	};
}

/** The workload of `mailSlo`. */
export const MAIL = { name: "mail", displayName: "Mail", owner: "", runbook: [] };

/** 99.9 % of requests over 28 days, from the counters `total` and, of bad ones, `errors`. */
export function mailSlo(name: string, total: string, errors: string, more: Partial<Slo> = {}): Slo {
	return {
		name,
		displayName: name,
		description: "",
		workload: MAIL.name,
		sliKind: "availability",
		unit: "requests",
		indicator: {
			kind: "ratio",
			numerator: "bad",
			part: { metric: errors, where: [] },
			total: { metric: total, where: [] },
		},
		objective: 0.999,
		periodMs: 28 * DAY_MS,
		place: { file: "slos.yaml", line: 1, column: 1 },
		...more,
	};
}
