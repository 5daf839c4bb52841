import { type Db, SYSTEM, type TenantScope, type Tx } from "#platform";
import { getIncident } from "../rows.ts";
import { rolesOf } from "../work/roles.ts";
import { type ResponderTime, responderTimes } from "./responder-time.ts";

/** Time that people spent on one incident. Empty also when it is out of scope. */
export async function respondersOf(
	db: Db | Tx,
	scope: TenantScope,
	incidentId: string,
	now: number,
): Promise<ResponderTime[]> {
	if (!(await getIncident(db, scope, incidentId))) return [];
	const rows = await db
		.selectFrom("events")
		.select(["at", "type", "actor", "data"])
		.where("incident_id", "=", incidentId)
		.where("actor", "!=", SYSTEM.name)
		.orderBy("seq")
		.execute();
	const acts = rows.map(({ at, type, actor, data }) => {
		return { at, type, actor, isAlong: (JSON.parse(data) as { readonly with?: unknown }).with !== undefined };
	});
	return responderTimes(acts, await rolesOf(db, scope, incidentId), now);
}
