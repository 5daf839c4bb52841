import type { Catalogue } from "#catalogue";
import { getIncident } from "#incidents";
import { SYSTEM, scopeOf, type Tx } from "#platform";
import { routeOf } from "./decide.ts";
import { factsOf } from "./labels.ts";

/** Integrations that the routes of an incident name. A test goes nowhere but to people. */
export async function routedIntegrations(tx: Tx, catalogue: Catalogue, incidentId: string): Promise<string[]> {
	const incident = await getIncident(tx, scopeOf(SYSTEM), incidentId);
	if (!incident) return [];
	const facts = factsOf(catalogue, incident);
	if (facts.isDrill) return [];
	const { taken } = routeOf(catalogue, facts);
	const all = taken.flatMap(({ tell }) => tell.flatMap((each) => ("integration" in each ? [each.integration] : [])));
	return [...new Set(all)];
}
