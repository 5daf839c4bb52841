import { MINUTE_MS } from "@bellwether/model";
import { type Catalogue, impactWords, type KeyTenant, NOTICE_FACTS } from "#catalogue";
import { describeInstant, describePercent, describeSli, type Incident } from "#incidents";
import type { NoticeFacts } from "./render.ts";
import type { Audience } from "./types.ts";

/** The customer hears again within the hour; told as a quarter of an hour, because nobody promises 03:58. */
const NEXT_UPDATE_MS = 60 * MINUTE_MS;
const QUARTER_MS = 15 * MINUTE_MS;

/**
 * What templates of an audience may name, about this tenant alone: exactly the catalogue's list for the audience, as
 * text in the tenant's time zone. Nothing of any other tenant goes in, so nothing of it can come out.
 */
export function noticeFacts(options: {
	readonly catalogue: Catalogue;
	readonly tenant: KeyTenant;
	readonly incident: Incident;
	readonly audience: Audience;
	readonly publicUrl: string;
	readonly now: number;
}): NoticeFacts {
	const { catalogue, tenant, incident, audience, now } = options;
	const slo = catalogue.slos.find((each) => each.name === incident.slo);
	const workload = catalogue.workloads.find((each) => each.name === incident.workload);
	const reader = { timeZone: tenant.timeZone, now };
	const { evidence } = incident;
	const all: NoticeFacts = {
		organisation: catalogue.settings.organisation,
		tenant: tenant.displayName,
		workload: workload?.displayName ?? incident.workload,
		impact: impactWords(slo ?? UNKNOWN_SLO, shareOf(incident)),
		since: describeInstant(incident.onsetAt ?? incident.detectedAt, reader),
		state: "Investigating",
		nextUpdate: describeInstant(Math.ceil((now + NEXT_UPDATE_MS) / QUARTER_MS) * QUARTER_MS, reader),
		incident: incident.id,
		severity: incident.severity.key,
		slo: slo?.displayName ?? incident.slo,
		// Nobody measured what a person or a customer reports.
		sli: evidence.reported ? "an unknown level" : describeSli(evidence.episode, evidence.objective),
		objective: describePercent(evidence.objective, evidence.objective),
		owner: workload?.owner ?? "nobody named",
		link: `${options.publicUrl.replace(/\/+$/, "")}/incidents/${incident.id}`,
	};
	return Object.fromEntries(NOTICE_FACTS[audience].map((name) => [name, all[name] ?? ""]));
}

/** Of an SLO that is no longer in the catalogue. */
const UNKNOWN_SLO = {
	sliKind: "availability",
	unit: "requests",
	indicator: { kind: "threshold", metric: { metric: "", where: [] }, op: "gte", value: 0 },
} as const;

function shareOf(incident: Incident): "all" | "most" | "some" {
	const { bad, total } = incident.evidence.episode;
	if (!(total > 0)) return "some";
	if (bad >= total) return "all";
	return bad > total / 2 ? "most" : "some";
}
