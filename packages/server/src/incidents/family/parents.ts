import { type Principal, SYSTEM, type Tx } from "#platform";
import { applyEvent, publish } from "../change.ts";
import { isResolved } from "../lifecycle.ts";
import { getIncident } from "../rows.ts";
import type { ChangeOutcome, Incident, IncidentDeps, IncidentRequest } from "../types.ts";
import { type Acted, act, refuse, unseen, type WorkDeps } from "../work/acting.ts";

/** Puts a tenant's incident under a platform incident, which pages for it from then on. */
export function putUnderParent(
	tx: Tx,
	deps: WorkDeps,
	request: IncidentRequest & { readonly parent: string },
): Promise<ChangeOutcome> {
	return act(tx, request, "incident.parent", async (incident) => {
		const parent = await getIncident(tx, request.scope, request.parent);
		if (!parent) return unseen(request.parent);
		if (incident.parentId === parent.id) return { status: "unchanged" };
		const unfit = unfitParent(incident, parent);
		if (unfit) return unfit;
		const linked = await linkToParent(tx, deps, incident, parent, request.principal, request.now);
		return { status: "changed", incident: linked, detail: { parent: parent.id } };
	});
}

/** Takes an incident out of its platform incident. What nobody has taken yet pages by itself again. */
export function takeFromParent(tx: Tx, deps: WorkDeps, request: IncidentRequest): Promise<ChangeOutcome> {
	return act(tx, request, "incident.parent", async (incident) => {
		const { parentId } = incident;
		if (parentId === undefined) return { status: "unchanged" };
		if (isResolved(incident))
			return refuse("already-resolved", `${incident.id} is resolved; it stays where it was.`, "Nothing needs doing.");
		await tx.updateTable("incidents").set({ parent_id: null }).where("id", "=", incident.id).execute();
		await publish(tx, deps, incident, request.principal, request.now, {
			type: "incident.unlinked",
			data: { parentId },
		});
		return { status: "changed", incident: { ...incident, parentId: undefined }, detail: { taken: parentId } };
	});
}

function unfitParent(incident: Incident, parent: Incident): Acted | undefined {
	const message = `${incident.id} cannot be put under ${parent.id}`;
	if (incident.kind === "platform")
		return refuse("target-unfit", `${message}: it is a platform incident itself.`, "Merge the two instead.");
	if (parent.kind !== "platform")
		return refuse("target-unfit", `${message}, which is a tenant's.`, "Name a platform incident, or link the two.");
	if (isResolved(incident)) return refuse("already-resolved", `${message}: it is resolved.`, "Link the two instead.");
	if (isResolved(parent))
		return refuse("target-unfit", `${message}, which is resolved: nobody would be paged.`, "Reopen it first.");
	return undefined;
}

/** Under a platform incident; who took that has taken this as well. One that has a parent stays where it is, unless a person moves it. */
export async function linkToParent(
	tx: Tx,
	deps: IncidentDeps,
	incident: Incident,
	parent: Incident,
	by: Principal,
	now: number,
): Promise<Incident> {
	await tx.updateTable("incidents").set({ parent_id: parent.id }).where("id", "=", incident.id).execute();
	const data = { parentId: parent.id, byHand: by.role !== "system" };
	await publish(tx, deps, incident, by, now, { type: "incident.linked", data });
	return followParent(tx, deps, { ...incident, parentId: parent.id }, parent, now, data.byHand);
}

/**
 * Who took the platform's incident has taken what comes under it later; of a mitigated one only what a person puts there,
 * as whoever said that the impact ended expects nothing to fail any more.
 */
export async function followParent(
	tx: Tx,
	deps: IncidentDeps,
	incident: Incident,
	parent: Incident,
	now: number,
	isByHand = false,
): Promise<Incident> {
	if (parent.acknowledgedBy === undefined || (parent.state === "mitigated" && !isByHand)) return incident;
	const by = { name: parent.acknowledgedBy, role: "system" as const };
	const event = { type: "acknowledge" as const, by: by.name };
	return (await applyEvent(tx, deps, incident, event, by, now, { with: parent.id })).incident;
}

/** It no longer belongs to its platform incident, and no person said so. `isOver`: that ended, and this one still burns. */
export async function leaveParent(
	tx: Tx,
	deps: IncidentDeps,
	incident: Incident,
	now: number,
	isOver = false,
): Promise<Incident> {
	const { parentId } = incident;
	await tx.updateTable("incidents").set({ parent_id: null }).where("id", "=", incident.id).execute();
	const alone = { ...incident, parentId: undefined };
	const data = { parentId, byHand: false, isOver };
	if (!isResolved(incident)) await publish(tx, deps, alone, SYSTEM, now, { type: "incident.unlinked", data });
	return alone;
}

/** Whether a person took it out of this very parent: the product does not put it back. */
export async function wasTakenFrom(tx: Tx, incident: Incident, parent: Incident): Promise<boolean> {
	const events = await tx
		.selectFrom("events")
		.select("data")
		.where("incident_id", "=", incident.id)
		.where("type", "=", "incident.unlinked")
		.execute();
	return events
		.map(({ data }) => JSON.parse(data) as { readonly parentId?: unknown; readonly byHand?: unknown })
		.some(({ parentId, byHand }) => parentId === parent.id && byHand !== false);
}
