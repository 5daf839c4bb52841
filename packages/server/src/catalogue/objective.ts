import type { Catalogue, KeyTenant, Provenance, Slo } from "./types.ts";

export interface EffectiveObjective {
	readonly objective: number;
	readonly setBy: Provenance;
}

/** The objective that holds for a tenant: its own, else its tier's, else the SLO's. `tenant` undefined: the fleet's. */
export function effectiveObjective(
	catalogue: Pick<Catalogue, "tiers">,
	slo: Slo,
	tenant: KeyTenant | undefined,
): EffectiveObjective {
	const own = tenant?.objectives[slo.name];
	if (own !== undefined) return { objective: own, setBy: "tenant" };
	const tier = tenant && catalogue.tiers.find((each) => each.name === tenant.tier)?.objectives[slo.name];
	if (tier !== undefined) return { objective: tier, setBy: "tier" };
	return { objective: slo.objective, setBy: "slo" };
}
