import { z } from "zod";
import { unseenIncidents } from "#incidents";
import { scopeOf } from "#platform";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { principalOf, READERS } from "../policy.ts";
import { PhoneMessage } from "../schemas.ts";

const NEWEST = 50;

export function phoneRoutes(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/phone",
		{
			config: { authz: { roles: READERS, tenant: "all", object: "messages of the caller's tenants" } },
			schema: {
				summary: "Messages on the console's built-in phone, newest first",
				tags: ["response"],
				response: { 200: z.object({ items: z.array(PhoneMessage) }), ...PROBLEMS },
			},
		},
		async (request) => {
			const scope = scopeOf(principalOf(request));
			let query = context.store.db
				.selectFrom("phone_messages")
				.selectAll()
				.orderBy("at", "desc")
				.orderBy("id", "desc")
				.limit(NEWEST);
			if (!scope.all) query = query.where("tenant", "in", [...scope.tenants]);
			const unseen = await unseenIncidents(context.store.db, scope);
			const rows = (await query.execute()).filter((row) => row.incident_id === null || !unseen.has(row.incident_id));
			return {
				items: rows.map(({ id, at, incident_id, person, title, body }) => ({
					id,
					at,
					incident: incident_id,
					person,
					title,
					body,
				})),
			};
		},
	);
}
