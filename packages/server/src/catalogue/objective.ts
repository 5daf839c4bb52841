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
	const own = tenant && held(tenant.objectives, slo.name);
	if (own !== undefined) return { objective: own, setBy: "tenant" };
	const tier = tenant && catalogue.tiers.find((each) => each.name === tenant.tier);
	const ofTier = tier && held(tier.objectives, slo.name);
	if (ofTier !== undefined) return { objective: ofTier, setBy: "tier" };
	return { objective: slo.objective, setBy: "slo" };
}

/** Only what was written counts: after a copy between threads the record has a prototype, and with it names of its own. */
function held(objectives: Readonly<Record<string, number>>, slo: string): number | undefined {
	return Object.hasOwn(objectives, slo) ? objectives[slo] : undefined;
}
