import type { Db, TenantScope, Tx } from "#platform";
import { publish } from "../change.ts";
import { getIncident } from "../rows.ts";
import type { ChangeOutcome, IncidentRequest } from "../types.ts";
import { act, unknownPerson, type WorkDeps } from "./acting.ts";
import { admit } from "./privacy.ts";

export const INCIDENT_ROLES = ["commander", "communications", "scribe"] as const;
export type IncidentRole = (typeof INCIDENT_ROLES)[number];

/** Who has, or had, a part in the work. `endedAt` undefined: still. */
export interface RoleHolder {
	readonly role: IncidentRole;
	readonly person: string;
	readonly assignedAt: number;
	readonly assignedBy: string;
	readonly endedAt: number | undefined;
}

/** Gives a part to one person; whoever had it hands it over. At any state: reviews have scribes as well. */
export function assignRole(
	tx: Tx,
	deps: WorkDeps,
	request: IncidentRequest & { readonly role: IncidentRole; readonly person: string },
): Promise<ChangeOutcome> {
	return act(tx, request, "incident.role", async (incident) => {
		const { role, person, principal, now } = request;
		const holder = await holderOf(tx, incident.id, role);
		if (holder?.person === person) return { status: "unchanged", by: holder.assigned_by, at: holder.assigned_at };
		const unknown = unknownPerson(deps, request, person);
		if (unknown) return unknown;
		if (holder) await end(tx, holder.id, now);
		await tx
			.insertInto("incident_roles")
			.values({
				id: deps.ids.next("rol"),
				incident_id: incident.id,
				tenant: incident.tenant,
				role,
				person,
				assigned_at: now,
				assigned_by: principal.name,
				ended_at: null,
			})
			.execute();
		const from = holder?.person ?? null;
		await publish(tx, deps, incident, principal, now, { type: "incident.role_assigned", data: { role, person, from } });
		return { status: "changed", incident: await admit(tx, incident, [person]), detail: { role, person, from } };
	});
}

/** Takes a part from whoever has it, without a successor. */
export function endRole(
	tx: Tx,
	deps: WorkDeps,
	request: IncidentRequest & { readonly role: IncidentRole },
): Promise<ChangeOutcome> {
	return act(tx, request, "incident.role", async (incident) => {
		const { role, principal, now } = request;
		const holder = await holderOf(tx, incident.id, role);
		if (!holder) return { status: "unchanged" };
		await end(tx, holder.id, now);
		const { person } = holder;
		await publish(tx, deps, incident, principal, now, { type: "incident.role_ended", data: { role, person } });
		return { status: "changed", incident, detail: { role, ended: person } };
	});
}

/** Those who have a part, and those who had one, in the order of assignment. Empty also when out of scope. */
export async function rolesOf(db: Db | Tx, scope: TenantScope, incidentId: string): Promise<RoleHolder[]> {
	if (!(await getIncident(db, scope, incidentId))) return [];
	const rows = await db
		.selectFrom("incident_roles")
		.selectAll()
		.where("incident_id", "=", incidentId)
		.orderBy("assigned_at")
		.orderBy("id")
		.execute();
	return rows.map((row) => ({
		role: row.role,
		person: row.person,
		assignedAt: row.assigned_at,
		assignedBy: row.assigned_by,
		endedAt: row.ended_at ?? undefined,
	}));
}

function holderOf(tx: Tx, incidentId: string, role: IncidentRole) {
	return tx
		.selectFrom("incident_roles")
		.selectAll()
		.where("incident_id", "=", incidentId)
		.where("role", "=", role)
		.where("ended_at", "is", null)
		.executeTakeFirst();
}

async function end(tx: Tx, id: string, now: number): Promise<void> {
	await tx.updateTable("incident_roles").set({ ended_at: now }).where("id", "=", id).execute();
}
