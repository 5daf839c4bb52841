import { HOUR_MS } from "@bellwether/model";
import type { Catalogue } from "#catalogue";
import { SYSTEM, scopeOf, type Tx } from "#platform";
import { goesOn } from "./lifecycle.ts";
import { incidentOf, UNRESOLVED } from "./rows.ts";
import type { Incident } from "./types.ts";

const ALL = scopeOf(SYSTEM);
const DEFAULT_COOL_DOWN_MS = HOUR_MS;

/** For so long after it came to rest an incident can be taken up again, by its signal or by a person. */
export function coolDownOf({ settings }: Pick<Catalogue, "settings">): number {
	return settings.incidents?.coolDownMs ?? DEFAULT_COOL_DOWN_MS;
}

/**
 * The incident that a claim made at `at` continues, the unresolved one before a resolved one; of a merged one that which
 * it was merged into. Undefined: the claim is a new episode, which must page anew.
 */
export async function continuedIncident(
	tx: Tx,
	claim: { readonly tenant: string; readonly slo: string; readonly at: number },
	coolDownMs: number,
): Promise<Incident | undefined> {
	const rows = await tx
		.selectFrom("incidents")
		.selectAll()
		.where("tenant", "=", claim.tenant)
		.where("slo", "=", claim.slo)
		.where((where) =>
			where.or([
				where("state", "in", UNRESOLVED),
				where.and([where("state", "=", "resolved"), where("resolved_at", ">=", claim.at - coolDownMs)]),
			]),
		)
		.orderBy("number", "desc")
		.execute();
	const fit = rows.map((row) => incidentOf(row, ALL)).filter((incident) => goesOn(incident, claim.at, coolDownMs));
	return (
		fit.find(({ state }) => state !== "resolved") ??
		(await mergeTarget(tx, claim, coolDownMs)) ??
		fit.toSorted((a, b) => (b.resolvedAt ?? 0) - (a.resolvedAt ?? 0))[0]
	);
}

/** What the last merged incident of the tenant and SLO is part of, if that goes on. */
async function mergeTarget(
	tx: Tx,
	claim: { readonly tenant: string; readonly slo: string; readonly at: number },
	coolDownMs: number,
): Promise<Incident | undefined> {
	const rows = await tx
		.selectFrom("incidents as source")
		.innerJoin("incidents", "incidents.id", "source.merged_into")
		.selectAll("incidents")
		.where("source.tenant", "=", claim.tenant)
		.where("source.slo", "=", claim.slo)
		.where("incidents.state", "!=", "reviewed")
		.orderBy("source.number", "desc")
		.limit(10)
		.execute();
	return rows.map((row) => incidentOf(row, ALL)).find((incident) => goesOn(incident, claim.at, coolDownMs));
}
