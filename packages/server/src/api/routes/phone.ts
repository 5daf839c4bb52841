import { z } from "zod";
import { incidentsById } from "#incidents";
import { scopeOf } from "#platform";
import { incidentsNamedIn } from "#response";
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
			const rows = await query.execute();
			// A text that names several is for whoever may read all of them.
			const named = await incidentsNamedIn(
				context.store.db,
				rows.map(({ id }) => id),
			);
			const of = (row: (typeof rows)[number]) => [
				...(row.incident_id === null ? [] : [row.incident_id]),
				...(named.get(row.id) ?? []),
			];
			const known = await incidentsById(context.store.db, scope, [...new Set(rows.flatMap(of))]);
			const mayRead = new Set(known.map(({ id }) => id));
			const shown = rows.filter((row) => of(row).every((id) => mayRead.has(id)));
			return {
				items: shown.map(({ id, at, incident_id, person, title, body }) => ({
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
