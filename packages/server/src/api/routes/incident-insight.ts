import { z } from "zod";
import { similarIncidents, tenantName } from "#incidents";
import { scopeOf } from "#platform";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { incidentCost } from "../incident-cost-view.ts";
import { principalOf, READERS } from "../policy.ts";
import { IncidentCost, SimilarIncidents } from "../schemas-incident-work.ts";
import { findIncident, OBJECT_RULE } from "./incidents.ts";

const params = z.object({ id: z.string().min(1).max(100) });
const config = { authz: { roles: READERS, tenant: "object", object: OBJECT_RULE } } as const;

/** What can be told beside an incident, asked for by itself because it takes longer to find. */
export function incidentInsightRoutes(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/incidents/:id/similar",
		{
			config,
			schema: {
				summary: "Past incidents like this one, with what they have in common and how they ended",
				tags: ["incidents"],
				params,
				response: { 200: SimilarIncidents, ...PROBLEMS },
			},
		},
		async (request) => {
			const scope = scopeOf(principalOf(request));
			const incident = await findIncident(context, scope, request.params.id);
			const { items, looked } = await similarIncidents(context.store.db, scope, incident);
			return {
				items: items.map(({ incident: past, score, reasons }) => ({
					id: past.id,
					title: past.title,
					tenant: past.tenant,
					tenantDisplayName: tenantName(context.catalogue(), past.tenant),
					severity: { ...past.severity },
					state: past.state,
					detectedAt: past.detectedAt,
					mitigatedAfterMs:
						past.onsetAt === undefined || past.mitigatedAt === undefined ? null : past.mitigatedAt - past.onsetAt,
					verdict: past.verdict ?? null,
					verdictReason: past.verdictReason ?? null,
					score: Math.round(score * 100) / 100,
					reasons: [...reasons],
				})),
				looked,
			};
		},
	);
	api.get(
		"/api/v1/incidents/:id/cost",
		{
			config,
			schema: {
				summary: "Affected events, minutes of users where they are known, and the time of people",
				tags: ["incidents"],
				params,
				response: { 200: IncidentCost, ...PROBLEMS },
			},
		},
		async (request) => {
			const scope = scopeOf(principalOf(request));
			return incidentCost(context, scope, await findIncident(context, scope, request.params.id));
		},
	);
}
