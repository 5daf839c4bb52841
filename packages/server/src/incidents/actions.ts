import type { Tx } from "#platform";
import { applyEvent, auditIncident, publish } from "./change.ts";
import type { IncidentEvent } from "./lifecycle.ts";
import { childrenOf, getIncident } from "./rows.ts";
import type { ChangeOutcome, Incident, IncidentDeps, IncidentRequest } from "./types.ts";

const MAX_NOTE_LENGTH = 4_000;

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
 * signal cleared first. Incidents under a platform incident end with it, with the same verdict.
 */
export function resolveIncident(
	tx: Tx,
	deps: IncidentDeps,
	request: IncidentRequest & { readonly verdict: string; readonly reason?: string | undefined },
): Promise<ChangeOutcome> {
	const { verdict, reason = "", principal } = request;
	return change(tx, deps, request, { type: "resolve", by: principal.name, verdict, reason });
}

/** A person's words in the timeline; at any state, and without touching the version. */
export async function addNote(
	tx: Tx,
	deps: IncidentDeps,
	request: IncidentRequest & { readonly text: string },
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
	await publish(tx, deps, incident, request.principal, request.now, { type: "incident.note_added", data: { text } });
	await auditRequest(tx, request, incident, "incident.note", {});
	return { status: "changed", incident };
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
	if (incident.kind === "platform" && event.type !== "investigate") {
		await changeChildren(tx, deps, request, next, event);
	}
	return { status: "changed", incident: next };
}

/** A child that cannot follow (resolved already, say) stays as it is. */
async function changeChildren(
	tx: Tx,
	deps: IncidentDeps,
	request: IncidentRequest,
	parent: Incident,
	event: IncidentEvent,
): Promise<void> {
	for (const child of await childrenOf(tx, request.scope, parent.id)) {
		await applyEvent(tx, deps, child, event, request.principal, request.now, { with: parent.id });
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
