import { isOwnName } from "@bellwether/model";
import { z } from "zod";
import { unseenIncidents } from "#incidents";
import { scopeOf } from "#platform";
import { listDeliveries } from "#response";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { principalOf, READERS } from "../policy.ts";
import { Delivery } from "../schemas.ts";

export function deliveryRoutes(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/deliveries",
		{
			config: { authz: { roles: READERS, tenant: "all", object: "deliveries of the caller's tenants" } },
			schema: {
				summary: "Every attempt to send a page or notice, in order",
				tags: ["response"],
				querystring: z.object({
					after: z.coerce.number().int().min(0).default(0).describe("seq of the last one that was read"),
					incident: z.string().max(100).optional(),
					limit: z.coerce.number().int().min(1).max(1000).default(200),
				}),
				response: { 200: z.object({ items: z.array(Delivery), next: z.number().nullable() }), ...PROBLEMS },
			},
		},
		async (request) => {
			const { after, incident, limit } = request.query;
			const records = await listDeliveries(context.store.db, scopeOf(principalOf(request)), {
				after,
				limit,
				...(incident === undefined ? {} : { incidentId: incident }),
			});
			const last = records.at(-1);
			const unseen = await unseenIncidents(context.store.db, scopeOf(principalOf(request)));
			const others = records.filter(
				({ tenant, incident: of }) => !isOwnName(tenant) && !(of !== undefined && unseen.has(of)),
			);
			const items = others.map((record) => ({
				...record,
				incident: record.incident ?? null,
				endedAt: record.endedAt ?? null,
				receipt: record.receipt ?? null,
			}));
			return { items, next: records.length === limit && last ? last.seq : null };
		},
	);
}
