import { HOUR_MS } from "@bellwether/model";
import type { Db } from "#platform";
import { SYSTEM, scopeOf } from "#platform";
import { incidentOf, UNRESOLVED } from "../rows.ts";
import type { Incident } from "../types.ts";

/** Changes are told late, onsets are set anew, others fall ill: causes are judged anew for so long. */
const JUDGED_FOR_MS = HOUR_MS;
/** The newest; in a storm of incidents the judging must not hold up their pages. */
const AT_MOST = 20;

/** Incidents of the last hour whose causes are looked for: unresolved, no tests, none under the platform's. */
export async function incidentsToJudge(db: Db, now: number): Promise<Incident[]> {
	const rows = await db
		.selectFrom("incidents")
		.selectAll()
		.where("state", "in", UNRESOLVED)
		.where("parent_id", "is", null)
		.where("detected_at", ">=", now - JUDGED_FOR_MS)
		.orderBy("number", "desc")
		.limit(AT_MOST)
		.execute();
	return rows
		.map((row) => incidentOf(row, scopeOf(SYSTEM)))
		.filter(({ evidence: { drill, absence } }) => {
			// Missing data of our own is nobody's change.
			return !drill && (absence === undefined || absence.answer === "tenant-stopped");
		});
}
