import { type Db, inScope, type TenantScope, type Tx } from "#platform";
import { incidentOf, mayReadRow } from "../rows.ts";
import type { Incident } from "../types.ts";
import { type CulpritValue, rankSimilar, type Similarity } from "./rank.ts";

/** Newest ones of the same SLO, workload or tenant that are compared. */
const COMPARED = 500;

export interface SimilarIncident extends Omit<Similarity, "id"> {
	readonly incident: Incident;
}

/** Past incidents like this one, as far as the scope may read them, with how many were compared. */
export async function similarIncidents(
	db: Db | Tx,
	scope: TenantScope,
	incident: Incident,
): Promise<{ readonly items: SimilarIncident[]; readonly looked: number }> {
	if (!inScope(scope, incident.tenant) || (!scope.all && scope.tenants.size === 0)) return { items: [], looked: 0 };
	let query = db
		.selectFrom("incidents")
		.selectAll()
		.where("state", "in", ["resolved", "reviewed"])
		.where("merged_into", "is", null)
		.where("number", "<", incident.number)
		.where((where) =>
			where.or([
				where("slo", "=", incident.slo),
				where("workload", "=", incident.workload),
				where("tenant", "=", incident.tenant),
			]),
		)
		.orderBy("number", "desc")
		.limit(COMPARED);
	if (!scope.all) query = query.where("tenant", "in", [...scope.tenants]);
	const past = (await query.execute())
		.filter((row) => mayReadRow(scope, row))
		.map((row) => incidentOf(row, scope))
		.filter(({ evidence }) => evidence.drill === undefined);
	const culprits = await culpritsOf(db, [incident, ...past]);
	const comparable = (each: Incident) => ({ incident: each, culprits: culprits.get(each.id) ?? [] });
	const byId = new Map(past.map((each) => [each.id, each]));
	const items = rankSimilar(comparable(incident), past.map(comparable)).flatMap(({ id, score, reasons }) => {
		const found = byId.get(id);
		return found ? [{ incident: found, score, reasons }] : [];
	});
	return { items, looked: past.length };
}

/** What explained the bad events of each: as it was found last, else as its detector named it. */
async function culpritsOf(db: Db | Tx, incidents: readonly Incident[]): Promise<Map<string, readonly CulpritValue[]>> {
	const rows = await db
		.selectFrom("incident_culprits")
		.select(["incident_id", "attribute", "value"])
		.where(
			"incident_id",
			"in",
			incidents.map(({ id }) => id),
		)
		.execute();
	const kept = Map.groupBy(rows, (row) => row.incident_id);
	return new Map(incidents.map(({ id, evidence }) => [id, kept.get(id) ?? evidence.radar?.culprits ?? []]));
}

/** Keeps what explains an incident's bad events, in place of what was found before. Answers whether it is news. */
export async function keepCulprits(
	tx: Tx,
	incident: Pick<Incident, "id" | "tenant">,
	culprits: readonly CulpritValue[],
): Promise<boolean> {
	const key = (values: readonly CulpritValue[]) =>
		JSON.stringify(values.map(({ attribute, value }) => [attribute, value]).sort());
	const held = await tx
		.selectFrom("incident_culprits")
		.select(["attribute", "value"])
		.where("incident_id", "=", incident.id)
		.execute();
	if (key(held) === key(culprits)) return false;
	await tx.deleteFrom("incident_culprits").where("incident_id", "=", incident.id).execute();
	for (const { attribute, value } of culprits) {
		await tx
			.insertInto("incident_culprits")
			.values({ incident_id: incident.id, tenant: incident.tenant, attribute, value })
			.execute();
	}
	return true;
}
