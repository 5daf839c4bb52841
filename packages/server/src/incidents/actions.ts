import type { Catalogue } from "#catalogue";
import { SYSTEM, scopeOf, type Tx } from "#platform";
import { applyEvent, auditIncident, publish } from "./change.ts";
import { coolDownOf } from "./continuing.ts";
import { leaveParent } from "./family/parents.ts";
import type { IncidentEvent } from "./lifecycle.ts";
import { childrenOf, getIncident } from "./rows.ts";
import type { ChangeOutcome, Incident, IncidentDeps, IncidentRequest, RefusalReason } from "./types.ts";

const MAX_NOTE_LENGTH = 4_000;
const ALL = scopeOf(SYSTEM);
/** What is done to a platform incident and thereby to the incidents under it. */
const WITH_CHILDREN: readonly IncidentEvent["type"][] = ["acknowledge", "investigate", "mitigate", "resolve"];

/** Takes the incident: whoever comes second is told who was first. With it, the incidents under a platform incident. */
export function acknowledgeIncident(tx: Tx, deps: IncidentDeps, request: IncidentRequest): Promise<ChangeOutcome> {
	return change(tx, deps, request, { type: "acknowledge", by: request.principal.name });
}

/** Says that someone looks for the cause; also takes back a mitigation. Acknowledges if nobody did. */
export function investigateIncident(tx: Tx, deps: IncidentDeps, request: IncidentRequest): Promise<ChangeOutcome> {
	return change(tx, deps, request, { type: "investigate", by: request.principal.name });
}

/** Says that the impact ended; TTM stops here. Acknowledges if nobody did. */
export function mitigateIncident(tx: Tx, deps: IncidentDeps, request: IncidentRequest): Promise<ChangeOutcome> {
	return change(tx, deps, request, { type: "mitigate", by: request.principal.name });
}

/**
 * Ends the incident with a verdict. `noise` and `expected-change` need a reason; a real one must be mitigated or its
 * signal cleared first. Incidents under a platform incident end with it, with the same verdict. `duplicateOf` names the
 * incident of the same tenant, or the platform's, that this one is a duplicate of.
 */
export async function resolveIncident(
	tx: Tx,
	deps: IncidentDeps,
	request: IncidentRequest & {
		readonly verdict: string;
		readonly reason?: string | undefined;
		readonly duplicateOf?: string | undefined;
	},
): Promise<ChangeOutcome> {
	const { verdict, reason = "", principal, duplicateOf } = request;
	const event = { type: "resolve", by: principal.name, verdict, reason, duplicateOf } as const;
	const unfit = duplicateOf === undefined ? undefined : await unfitOriginal(tx, request, verdict, duplicateOf);
	return unfit ?? change(tx, deps, request, event);
}

async function unfitOriginal(
	tx: Tx,
	request: IncidentRequest,
	verdict: string,
	original: string,
): Promise<ChangeOutcome | undefined> {
	const incident = await getIncident(tx, request.scope, request.incidentId);
	if (!incident) return { status: "not-found" };
	const of = await getIncident(tx, request.scope, original);
	const refused = (reason: RefusalReason, message: string, remedy: string): ChangeOutcome => {
		return { status: "refused", incident, reason, message, remedy };
	};
	if (!of) return refused("target-unfit", `There is no incident "${original}" that you may see.`, "Check the id.");
	if (of.id === incident.id)
		return refused("same-incident", `${incident.id} cannot be a duplicate of itself.`, "Name another incident.");
	if (verdict !== "duplicate")
		return refused("verdict-unknown", `The verdict ${verdict} has no original.`, "Give the verdict duplicate with it.");
	if (of.tenant !== incident.tenant && of.kind !== "platform")
		return refused(
			"other-tenant",
			`${incident.id} and ${of.id} are not of the same tenant.`,
			"What one tenant has is no duplicate of another's: link them instead.",
		);
	return undefined;
}

/** Takes a resolved incident up again within its cool-down; who does so works on it, so nobody is paged. */
export function reopenIncident(
	tx: Tx,
	deps: IncidentDeps & { readonly catalogue: () => Catalogue },
	request: IncidentRequest & { readonly reason?: string | undefined },
): Promise<ChangeOutcome> {
	const { principal, reason = "" } = request;
	const coolDownMs = coolDownOf(deps.catalogue());
	return change(tx, deps, request, { type: "reopen", by: principal.name, reason, coolDownMs });
}

/** Closes a resolved incident for good, with what was learned in a line. */
export function reviewIncident(
	tx: Tx,
	deps: IncidentDeps,
	request: IncidentRequest & { readonly finding?: string | undefined },
): Promise<ChangeOutcome> {
	const { principal, finding = "" } = request;
	return change(tx, deps, request, { type: "review", by: principal.name, finding });
}

/**
 * A person's words in the timeline; at any state, and without touching the version. The same `requestKey` of the same
 * person again adds nothing; with other words it is refused.
 */
export async function addNote(
	tx: Tx,
	deps: IncidentDeps,
	request: IncidentRequest & { readonly text: string; readonly requestKey?: string | undefined },
): Promise<ChangeOutcome> {
	const incident = await getIncident(tx, request.scope, request.incidentId);
	if (!incident) return { status: "not-found" };
	const text = request.text.trim();
	if (text === "" || text.length > MAX_NOTE_LENGTH) {
		return {
			status: "refused",
			incident,
			reason: "note-empty",
			message: `The note has ${text.length} characters.`,
			remedy: `Write 1 to ${MAX_NOTE_LENGTH} characters.`,
		};
	}
	const { requestKey } = request;
	const before = requestKey === undefined ? undefined : await noteOf(tx, request, requestKey);
	if (before?.text === text) return { status: "unchanged", incident, by: request.principal.name, at: before.at };
	if (before)
		return {
			status: "refused",
			incident,
			reason: "note-repeated",
			message: "Idempotency-Key was sent before, with another note.",
			remedy: "Send a new key with each note, and the same one only to repeat it.",
		};
	const data = requestKey === undefined ? { text } : { text, requestKey };
	await publish(tx, deps, incident, request.principal, request.now, { type: "incident.note_added", data });
	await auditRequest(tx, request, incident, "incident.note", {});
	return { status: "changed", incident };
}

async function noteOf(
	tx: Tx,
	{ incidentId, principal }: IncidentRequest,
	requestKey: string,
): Promise<{ readonly text: string; readonly at: number } | undefined> {
	const rows = await tx
		.selectFrom("events")
		.select(["at", "data"])
		.where("incident_id", "=", incidentId)
		.where("type", "=", "incident.note_added")
		.where("actor", "=", principal.name)
		.execute();
	return rows
		.map(({ at, data }) => ({ at, ...(JSON.parse(data) as { text: string; requestKey?: string }) }))
		.find((note) => note.requestKey === requestKey);
}

async function change(
	tx: Tx,
	deps: IncidentDeps,
	request: IncidentRequest,
	event: IncidentEvent & { readonly by: string },
): Promise<ChangeOutcome> {
	const incident = await getIncident(tx, request.scope, request.incidentId);
	if (!incident) return { status: "not-found" };
	// A second acknowledgement says the same whatever the reader saw before: it cannot conflict.
	const isStale = request.expectedVersion !== undefined && request.expectedVersion !== incident.version;
	if (isStale && event.type !== "acknowledge") return { status: "conflict", incident };

	const { step, incident: next } = await applyEvent(tx, deps, incident, event, request.principal, request.now);
	if (step.status === "refused") return { ...step, incident };
	if (step.status === "unchanged") return { status: "unchanged", incident, by: step.by, at: step.at };
	await auditRequest(tx, request, incident, `incident.${event.type}`, {
		before: { state: incident.state, version: incident.version },
		after: { state: next.state, version: next.version },
	});
	if (incident.kind === "platform" && WITH_CHILDREN.includes(event.type)) {
		// Who looks for the platform's cause has those under it; that a person looks into each of them nobody said.
		const below = event.type === "investigate" ? ({ type: "acknowledge", by: event.by } as const) : event;
		await changeChildren(tx, deps, request, next, below);
	}
	return { status: "changed", incident: next };
}

/** A child that cannot follow stays as it is; one that still burns when its parent ends is nobody's child any more. */
async function changeChildren(
	tx: Tx,
	deps: IncidentDeps,
	request: IncidentRequest,
	parent: Incident,
	event: IncidentEvent,
): Promise<void> {
	// Those that are private to others come along: they have no page of their own.
	for (const child of await childrenOf(tx, ALL, parent.id)) {
		const { step } = await applyEvent(tx, deps, child, event, request.principal, request.now, { with: parent.id });
		if (step.status === "refused" && step.reason === "signal-open")
			await leaveParent(tx, deps, child, request.now, true);
	}
}

async function auditRequest(
	tx: Tx,
	request: IncidentRequest,
	incident: Incident,
	action: string,
	detail: Readonly<Record<string, unknown>>,
): Promise<void> {
	await auditIncident(tx, {
		at: request.now,
		actor: request.principal,
		action,
		incident,
		requestId: request.requestId,
		detail,
	});
}
