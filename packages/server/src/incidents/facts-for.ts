import type { Db, TenantScope, Tx } from "#platform";
import { mayReadRow } from "./rows.ts";
import { describeFact, type RecordedFact } from "./sentences.ts";

/** Stands where the id of an incident stood that the reader may not know of. */
export const WITHHELD_ID = "(withheld)";

const INCIDENT_ID = /\bINC-\d+\b/g;

/**
 * Facts as sentences for whoever has the scope. An id of another tenant's incident, of a private one and of none at all
 * read alike; platform incidents are named to everybody whose incident is part of them.
 */
export async function describeFactsFor(
	db: Db | Tx,
	scope: TenantScope,
	facts: readonly RecordedFact[],
): Promise<string[]> {
	const texts = facts.map(({ type, actor, data }) => describeFact({ type, actor, data: dataFor(scope, type, data) }));
	if (scope.all && scope.seesPrivate) return texts;
	const named = [...new Set(texts.flatMap((text) => text.match(INCIDENT_ID) ?? []))];
	if (named.length === 0) return texts;
	const rows = await db
		.selectFrom("incidents")
		.select(["id", "tenant", "readers", "kind"])
		.where("id", "in", named)
		.execute();
	const known = new Set(rows.filter((row) => row.kind === "platform" || mayReadRow(scope, row)).map(({ id }) => id));
	return texts.map((text) => text.replaceAll(INCIDENT_ID, (id) => (known.has(id) ? id : WITHHELD_ID)));
}

/** Reasons of mutes, and rules that hold a page back, may name other tenants: they are for whoever may see all of them. */
function dataFor(scope: TenantScope, type: string, data: RecordedFact["data"]): RecordedFact["data"] {
	return scope.all || type !== "routing.held" || data.kind === "maintenance" ? data : { ...data, words: "" };
}
