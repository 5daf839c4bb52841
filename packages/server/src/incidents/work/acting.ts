import type { Catalogue } from "#catalogue";
import type { Tx } from "#platform";
import { auditIncident } from "../change.ts";
import { getIncident } from "../rows.ts";
import type { ChangeOutcome, Incident, IncidentDeps, IncidentRequest, RefusalReason } from "../types.ts";

export interface WorkDeps extends IncidentDeps {
	readonly catalogue: () => Catalogue;
}

/** What became of an act. `detail` stands in its audit entry. */
export type Acted =
	| {
			readonly status: "changed";
			readonly incident: Incident;
			readonly detail: Readonly<Record<string, unknown>>;
	  }
	| { readonly status: "unchanged"; readonly by?: string | undefined; readonly at?: number | undefined }
	| {
			readonly status: "refused";
			readonly reason: RefusalReason;
			readonly message: string;
			readonly remedy: string;
	  };

/**
 * One act of a person on an incident: looked up in the person's scope, refused when the incident has changed since it
 * was read, audited when it changes something.
 */
export async function act(
	tx: Tx,
	request: IncidentRequest,
	action: string,
	work: (incident: Incident) => Promise<Acted>,
): Promise<ChangeOutcome> {
	const incident = await getIncident(tx, request.scope, request.incidentId);
	if (!incident) return { status: "not-found" };
	const { expectedVersion } = request;
	if (expectedVersion !== undefined && expectedVersion !== incident.version) return { status: "conflict", incident };
	const acted = await work(incident);
	if (acted.status === "refused") return { ...acted, incident };
	if (acted.status === "unchanged") return { status: "unchanged", incident, by: acted.by, at: acted.at };
	await auditIncident(tx, {
		at: request.now,
		actor: request.principal,
		action,
		incident,
		requestId: request.requestId,
		detail: acted.detail,
	});
	return { status: "changed", incident: acted.incident };
}

export function refuse(reason: RefusalReason, message: string, remedy: string): Acted {
	return { status: "refused", reason, message, remedy };
}

/** Of another incident that a request names: nonexistent and unseen ones answer alike. */
export function unseen(id: string): Acted {
	return refuse("target-unfit", `There is no incident "${id}" that you may see.`, "Check the id.");
}

/** Somebody can be named who is in the catalogue, or who asks; undefined: fit. */
export function unknownPerson(deps: WorkDeps, request: IncidentRequest, name: string): Acted | undefined {
	if (name === request.principal.name) return undefined;
	if (deps.catalogue().people.some((person) => person.name === name)) return undefined;
	return refuse(
		"person-unknown",
		`The catalogue has no person "${name}".`,
		"Name a Person of the catalogue, or yourself.",
	);
}
