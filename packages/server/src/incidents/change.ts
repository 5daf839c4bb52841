import { audit, type Principal, type Tx } from "#platform";
import { type Fact, type IncidentEvent, type Transition, transition } from "./lifecycle.ts";
import { stateColumns } from "./rows.ts";
import type { Incident, IncidentDeps } from "./types.ts";

/** States a fact about an incident, in the transaction that makes it true. */
export async function publish(
	tx: Tx,
	deps: Pick<IncidentDeps, "bus">,
	incident: Pick<Incident, "id" | "tenant">,
	actor: Principal,
	at: number,
	fact: Fact,
): Promise<void> {
	await deps.bus.publish(tx, {
		type: fact.type,
		at,
		tenant: incident.tenant,
		incidentId: incident.id,
		actor,
		data: fact.data,
	});
}

/** Moves an incident by one event: row, facts and their listeners. `extra` goes into every fact. */
export async function applyEvent(
	tx: Tx,
	deps: IncidentDeps,
	incident: Incident,
	event: IncidentEvent,
	actor: Principal,
	now: number,
	extra: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly step: Transition; readonly incident: Incident }> {
	const step = transition(incident, event, now);
	if (step.status !== "changed") return { step, incident };
	const { pagedAt, parentId } = step.next;
	await tx
		.updateTable("incidents")
		.set({
			...stateColumns(step.next),
			// A page may have gone out since the incident was read: only what this step moves is written.
			...(pagedAt === incident.pagedAt ? {} : { paged_at: pagedAt ?? null }),
			...(parentId === incident.parentId ? {} : { parent_id: parentId ?? null }),
		})
		.where("id", "=", incident.id)
		.execute();
	for (const fact of step.facts) {
		await publish(tx, deps, incident, actor, now, { ...fact, data: { ...fact.data, ...extra } });
	}
	return { step, incident: step.next };
}

/** The audit entry of a request or of the product's own step; one per request. */
export async function auditIncident(
	tx: Tx,
	entry: {
		readonly at: number;
		readonly actor: Principal;
		readonly action: string;
		readonly incident: Pick<Incident, "id" | "tenant">;
		readonly requestId?: string | undefined;
		readonly detail: Readonly<Record<string, unknown>>;
	},
): Promise<void> {
	await audit(tx, {
		at: entry.at,
		actor: entry.actor.name,
		action: entry.action,
		tenant: entry.incident.tenant,
		subject: entry.incident.id,
		requestId: entry.requestId ?? "",
		detail: entry.detail,
	});
}
