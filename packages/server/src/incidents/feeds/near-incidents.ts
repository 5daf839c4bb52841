import { sql } from "kysely";
import type { Db, TenantScope, Tx } from "#platform";
import { incidentOf, mayReadRow } from "../rows.ts";
import type { Incident } from "../types.ts";
import { reachOf } from "./judge-cases.ts";
import type { CaseRecord } from "./types.ts";

/** The scope's incidents that may have been at the time of one of the cases: all that `judgeCases` needs of them. */
export async function incidentsNear(
	db: Db | Tx,
	scope: TenantScope,
	cases: readonly Pick<CaseRecord, "tenant" | "workload" | "openedAt">[],
): Promise<Incident[]> {
	const reach = reachOf(cases);
	const tenants = reach?.tenants.filter((tenant) => scope.all || scope.tenants.has(tenant)) ?? [];
	if (!reach || tenants.length === 0) return [];
	const end = sql<number | null>`coalesce(mitigated_at, signal_cleared_at, resolved_at)`;
	const rows = await db
		.selectFrom("incidents")
		.selectAll()
		.where("tenant", "in", tenants)
		.where(sql<number>`coalesce(onset_at, detected_at)`, "<=", reach.beganBefore)
		.where((where) => where.or([where(end, "is", null), where(end, ">=", reach.endedAfter)]))
		.orderBy("number")
		.execute();
	return rows
		.filter((row) => mayReadRow(scope, row))
		.map((row) => incidentOf(row, scope))
		.filter(({ evidence }) => evidence.drill === undefined);
}
