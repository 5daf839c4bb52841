import { SEVERITIES } from "@bellwether/model";
import type { Catalogue, Integration, TicketState } from "#catalogue";
import { type Incident, PLATFORM } from "../types.ts";
import { incidentSentence, tenantName } from "../words.ts";
import type { TicketContent } from "./types.ts";

const MAX_TITLE_LENGTH = 200;

const STATES: Readonly<Record<Incident["state"], TicketState>> = {
	detected: "open",
	acknowledged: "acknowledged",
	investigating: "acknowledged",
	mitigated: "mitigated",
	resolved: "resolved",
	reviewed: "resolved",
};

export type WantsAnswer =
	| { readonly wanted: true }
	| {
			readonly wanted: false;
			readonly reason: "test" | "private" | "part-of-another" | "severity" | "workload" | "tenant";
	  };

/**
 * Whether an incident gets a ticket there. Tests, private incidents and those under a platform incident, which has one of
 * its own, never do by themselves.
 */
export function wantsTicket(integration: Pick<Integration, "when">, incident: Incident): WantsAnswer {
	const { severity, workloads, tenants } = integration.when;
	const no = (reason: (WantsAnswer & { wanted: false })["reason"]): WantsAnswer => ({ wanted: false, reason });
	if (incident.evidence.drill !== undefined) return no("test");
	if (incident.readers !== undefined) return no("private");
	if (incident.parentId !== undefined || incident.mergedInto !== undefined) return no("part-of-another");
	if (incident.severity.rank > SEVERITIES[severity].rank) return no("severity");
	if (workloads.length > 0 && !workloads.includes(incident.workload)) return no("workload");
	if (tenants.length > 0 && (incident.tenant === PLATFORM || !tenants.includes(incident.tenant))) return no("tenant");
	return { wanted: true };
}

/** Everything of an incident that a ticket says. Names no tenant but the incident's own. */
export function ticketContent(incident: Incident, key: string, catalogue: Catalogue, publicUrl: string): TicketContent {
	const workload = catalogue.workloads.find((each) => each.name === incident.workload);
	const state = STATES[incident.state];
	const link = `${publicUrl}/incidents/${incident.id}`;
	const title = `[${incident.id}] ${incident.title}`.replace(/\s+/g, " ").slice(0, MAX_TITLE_LENGTH);
	const tenant = incident.tenant === PLATFORM ? "" : incident.tenant;
	// As of the detection, so that the text does not change with the clock.
	const sentence = incidentSentence(incident, catalogue, { now: incident.detectedAt });
	const text = [
		sentence,
		"",
		`Severity: ${incident.severity.key}`,
		`Tenant: ${tenantName(catalogue, incident.tenant)}`,
		`Workload: ${workload?.displayName ?? incident.workload}`,
		`SLO: ${incident.slo}`,
		`Detected: ${new Date(incident.detectedAt).toISOString()} by ${incident.monitor}`,
		`Bellwether: ${link}`,
		`Key: ${key}`,
	].join("\n");
	return {
		title,
		text,
		link,
		severity: incident.severity.key,
		state,
		resolution: resolutionOf(incident),
		facts: {
			key,
			incident: incident.id,
			title,
			text,
			link,
			organisation: catalogue.settings.organisation,
			tenant,
			tenantName: tenantName(catalogue, incident.tenant),
			workload: incident.workload,
			workloadName: workload?.displayName ?? incident.workload,
			slo: incident.slo,
			monitor: incident.monitor,
			severity: incident.severity.key,
			state,
			detectedAt: new Date(incident.detectedAt).toISOString(),
		},
	};
}

const VERDICT_WORDS: Readonly<Record<string, string>> = {
	"real-impact": "real, with customer impact",
	"real-no-impact": "real, without customer impact",
	noise: "noise",
	"expected-change": "an expected change",
	duplicate: "a duplicate",
};

function resolutionOf(incident: Incident): string {
	if (incident.verdict === undefined) return "";
	const reason = incident.verdictReason === undefined ? "" : ` ${incident.verdictReason}`;
	return `Resolved by ${incident.verdictBy ?? "bellwether"} as ${VERDICT_WORDS[incident.verdict] ?? incident.verdict}.${reason}`;
}
