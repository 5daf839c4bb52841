import type { Db, TenantScope, Tx } from "#platform";
import { publish } from "../change.ts";
import { getIncident, incidentOf, mayReadRow } from "../rows.ts";
import type { ChangeOutcome, Incident, IncidentRequest } from "../types.ts";
import { act, refuse, unseen, type WorkDeps } from "../work/acting.ts";

const MAX_LINKS = 100;

/**
 * How the other incident belongs to this one. `duplicate-of` and `merged-into`: this is part of the other;
 * `has-duplicate`, `merged-from`: the other way round.
 */
export type LinkKind = "related" | "duplicate-of" | "has-duplicate" | "merged-into" | "merged-from";

export interface IncidentLink {
	readonly kind: LinkKind;
	readonly incident: Incident;
}

/** Says that two incidents have to do with each other, whosever they are. It changes neither. */
export function linkIncidents(
	tx: Tx,
	deps: WorkDeps,
	request: IncidentRequest & { readonly other: string },
): Promise<ChangeOutcome> {
	return act(tx, request, "incident.link", async (incident) => {
		const other = await getIncident(tx, request.scope, request.other);
		if (!other) return unseen(request.other);
		if (other.id === incident.id)
			return refuse("same-incident", `${incident.id} cannot be linked to itself.`, "Name another incident.");
		const [first, second] = inOrder(incident, other);
		const known = await tx
			.selectFrom("incident_links")
			.selectAll()
			.where((where) => where.or([where("incident_id", "=", incident.id), where("other_id", "=", incident.id)]))
			.execute();
		const before = known.find((row) => row.incident_id === first.id && row.other_id === second.id);
		if (before) return { status: "unchanged", by: before.created_by, at: before.created_at };
		if (known.length >= MAX_LINKS)
			return refuse("too-many", `${incident.id} has ${known.length} links.`, "Put them under a platform incident.");
		await tx
			.insertInto("incident_links")
			.values({
				incident_id: first.id,
				other_id: second.id,
				tenant: first.tenant,
				kind: "related",
				created_at: request.now,
				created_by: request.principal.name,
			})
			.execute();
		await tellBoth(tx, deps, request, incident, other, "incident.related_linked");
		return { status: "changed", incident, detail: { other: other.id } };
	});
}

export function unlinkIncidents(
	tx: Tx,
	deps: WorkDeps,
	request: IncidentRequest & { readonly other: string },
): Promise<ChangeOutcome> {
	return act(tx, request, "incident.unlink", async (incident) => {
		const other = await getIncident(tx, request.scope, request.other);
		if (!other) return unseen(request.other);
		const [first, second] = inOrder(incident, other);
		const { numDeletedRows } = await tx
			.deleteFrom("incident_links")
			.where("incident_id", "=", first.id)
			.where("other_id", "=", second.id)
			.executeTakeFirst();
		if (Number(numDeletedRows) === 0) return { status: "unchanged" };
		await tellBoth(tx, deps, request, incident, other, "incident.related_unlinked");
		return { status: "changed", incident, detail: { other: other.id } };
	});
}

/** Incidents linked with, merged into or duplicates of this one, as far as the scope may read them. */
export async function linksOf(db: Db | Tx, scope: TenantScope, incident: Incident): Promise<IncidentLink[]> {
	const linked = await db
		.selectFrom("incident_links")
		.select(["incident_id", "other_id"])
		.where((where) => where.or([where("incident_id", "=", incident.id), where("other_id", "=", incident.id)]))
		.execute();
	const related = new Set(linked.map((row) => (row.incident_id === incident.id ? row.other_id : row.incident_id)));
	const above = [incident.duplicateOf, incident.mergedInto].filter((id) => id !== undefined);
	const named = [...related, ...above];
	const rows = await db
		.selectFrom("incidents")
		.selectAll()
		.where((where) =>
			where.or([
				...(named.length > 0 ? [where("id", "in", named)] : []),
				where("merged_into", "=", incident.id),
				where("duplicate_of", "=", incident.id),
			]),
		)
		.orderBy("number")
		.execute();
	return rows
		.filter((row) => mayReadRow(scope, row))
		.map((row) => ({ kind: kindOf(incident, row), incident: incidentOf(row, scope) }));
}

function kindOf(
	incident: Incident,
	row: { readonly id: string; readonly merged_into: string | null; readonly duplicate_of: string | null },
): LinkKind {
	if (row.id === incident.mergedInto) return "merged-into";
	if (row.merged_into === incident.id) return "merged-from";
	if (row.id === incident.duplicateOf) return "duplicate-of";
	return row.duplicate_of === incident.id ? "has-duplicate" : "related";
}

/** An entry that names an incident is read by those alone who may see that incident's tenant; a private one is not named. */
async function tellBoth(
	tx: Tx,
	deps: WorkDeps,
	{ principal, now }: IncidentRequest,
	incident: Incident,
	other: Incident,
	type: string,
): Promise<void> {
	for (const [of, named] of [
		[incident, other],
		[other, incident],
	] as const) {
		if (named.readers !== undefined && of.readers === undefined) continue;
		await publish(tx, deps, { id: of.id, tenant: named.tenant }, principal, now, { type, data: { other: named.id } });
	}
}

function inOrder(a: Incident, b: Incident): readonly [Incident, Incident] {
	return a.number < b.number ? [a, b] : [b, a];
}
