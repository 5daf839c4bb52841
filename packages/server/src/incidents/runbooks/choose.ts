import type { Catalogue } from "#catalogue";
import type { Incident } from "../types.ts";
import { type ParsedRunbook, parseRunbook } from "./parse.ts";

/** A runbook as an incident keeps it. */
export interface RunbookDocument extends ParsedRunbook {
	readonly name: string;
	readonly title: string;
	/** What links it to the incident: "SLO policy-create". */
	readonly why: string;
	/** Safe HTML of what is to be known about the incident's tenant. */
	readonly notes: string | undefined;
}

const AT_MOST = 5;

/**
 * The runbooks that fit an incident, the nearest first: of its SLO, its workload, its kind of SLI. First steps written
 * with the workload come last, as a checklist.
 */
export async function runbooksFor(
	catalogue: Catalogue,
	incident: Pick<Incident, "slo" | "workload" | "tenant">,
): Promise<RunbookDocument[]> {
	const slo = catalogue.slos.find(({ name }) => name === incident.slo);
	const found = (catalogue.runbooks ?? []).flatMap((runbook) => {
		const links = [
			{ fits: runbook.for.slos.includes(incident.slo), why: `SLO ${slo?.displayName ?? incident.slo}` },
			{ fits: runbook.for.workloads.includes(incident.workload), why: `workload ${incident.workload}` },
			{ fits: slo !== undefined && runbook.for.sliKinds.includes(slo.sliKind), why: `SLIs of ${slo?.sliKind}` },
		];
		const rank = links.findIndex(({ fits }) => fits);
		return rank < 0 ? [] : [{ runbook, rank, why: links[rank]?.why ?? "" }];
	});
	const documents: RunbookDocument[] = [];
	for (const { runbook, why } of found.sort((a, b) => a.rank - b.rank).slice(0, AT_MOST)) {
		const notes = Object.hasOwn(runbook.notes, incident.tenant) ? runbook.notes[incident.tenant] : undefined;
		documents.push({
			name: runbook.name,
			title: runbook.displayName,
			why,
			...(await parseRunbook(runbook.text)),
			notes: notes === undefined ? undefined : (await parseRunbook(notes)).html,
		});
	}
	const workload = catalogue.workloads.find(({ name }) => name === incident.workload);
	if (!workload || workload.runbook.length === 0) return documents;
	const text = workload.runbook.map((step) => `- [ ] ${step.replaceAll(/\s+/g, " ")}`).join("\n");
	return [
		...documents,
		{
			name: `workload.${workload.name}`,
			title: `First steps for ${workload.displayName}`,
			why: `workload ${workload.name}`,
			...(await parseRunbook(text)),
			notes: undefined,
		},
	];
}
