import { z } from "zod";
import { inScope, scopeOf } from "#platform";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { principalOf, READERS } from "../policy.ts";
import { AccountingView } from "../schemas.ts";

export function accountingRoutes(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/ingest/accounting",
		{
			config: { authz: { roles: READERS, tenant: "query", object: "counts of the caller's tenants" } },
			schema: {
				summary: "received = counted + duplicate + rejected, per tenant, source and protocol",
				tags: ["telemetry"],
				querystring: z.object({
					tenant: z.string().max(200).optional(),
					source: z.string().max(200).optional(),
				}),
				response: { 200: AccountingView, ...PROBLEMS },
			},
		},
		async (request) => {
			const scope = scopeOf(principalOf(request));
			const { tenant, source } = request.query;
			const items = await context.telemetry.accounting(tenant, source);
			return {
				items: items
					.filter((item) => inScope(scope, item.tenant))
					.map((item) => ({ ...item, rejected: rejectedCounts(item.rejected) })),
			};
		},
	);
}

function rejectedCounts(rejected: Readonly<Record<string, number | undefined>>): Record<string, number> {
	return Object.fromEntries(Object.entries(rejected).map(([reason, count]) => [reason, count ?? 0]));
}
