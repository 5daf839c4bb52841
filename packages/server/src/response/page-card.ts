import type { Catalogue, Person } from "#catalogue";
import { describeInstant, describePercent, describeSli, type Incident, incidentSentence, tenantName } from "#incidents";
import type { MessageCard } from "#platform";

export interface CardOptions {
	readonly publicUrl: string;
	readonly now: number;
	/** How this person acknowledges from outside. Undefined: by signing in. */
	readonly acknowledge?: MessageCard["acknowledge"];
}

/** What a page says of an incident, in parts; figures are those from the onset to the detection. */
export function pageCard(incident: Incident, person: Person, catalogue: Catalogue, options: CardOptions): MessageCard {
	const base = options.publicUrl.replace(/\/+$/, "");
	const reader = { now: options.now, timeZone: person.timeZone };
	const { evidence } = incident;
	const isPlatform = incident.kind === "platform";
	const nameOf = <T extends { readonly name: string; readonly displayName: string }>(list: readonly T[], of: string) =>
		list.find((each) => each.name === of)?.displayName ?? of;
	const hasFigures = evidence.drill === undefined && evidence.absence === undefined;
	const since = incident.onsetAt ?? incident.detectedAt;
	const facts = [
		{ label: "Severity", value: incident.severity.key },
		{ label: "Tenant", value: isPlatform ? "All tenants" : tenantName(catalogue, incident.tenant) },
		{ label: "Workload", value: nameOf(catalogue.workloads, incident.workload) },
		...(hasFigures ? [{ label: "Now", value: describeSli(evidence.episode, evidence.objective) }] : []),
		...(hasFigures && !isPlatform
			? [{ label: "Platform", value: describeSli(evidence.fleet.episode, evidence.objective) }]
			: []),
		...(hasFigures ? [{ label: "Objective", value: describePercent(evidence.objective, evidence.objective) }] : []),
		{ label: incident.onsetAt === undefined ? "Detected" : "Since", value: describeInstant(since, reader) },
	];
	const hasRunbook = isThereRunbook(incident, catalogue);
	const incidentUrl = `${base}/incidents/${incident.id}`;
	return {
		short: incident.title,
		sentence: incidentSentence(incident, catalogue, reader),
		facts,
		incidentUrl,
		...(hasRunbook ? { runbookUrl: `${incidentUrl}#runbook` } : {}),
		acknowledge: options.acknowledge ?? { url: `${base}/p/${incident.id}` },
	};
}

/** As the incident's page has it: a runbook that fits, or first steps of the workload. */
function isThereRunbook({ slo, workload }: Incident, { workloads, runbooks = [], slos }: Catalogue): boolean {
	const sliKind = slos.find(({ name }) => name === slo)?.sliKind;
	return (
		workloads.some(({ name, runbook }) => name === workload && runbook.length > 0) ||
		runbooks.some(
			({ for: of }) =>
				of.slos.includes(slo) ||
				of.workloads.includes(workload) ||
				(sliKind !== undefined && of.sliKinds.includes(sliKind)),
		)
	);
}
