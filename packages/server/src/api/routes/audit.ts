import { z } from "zod";
import { auditHead, scopeOf } from "#platform";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { ADMINS, principalOf } from "../policy.ts";
import { Instant } from "../schemas.ts";

const AuditEntry = z.object({
	seq: z.number(),
	at: Instant,
	actor: z.string(),
	action: z.string(),
	tenant: z.string(),
	subject: z.string(),
	requestId: z.string(),
	detail: z.record(z.string(), z.unknown()),
	hash: z.string().describe("SHA-256 of the previous hash and this entry"),
});

export function auditRoutes(api: Api, context: ApiContext): void {
	const authz = { roles: ADMINS, tenant: "all", object: "entries of the caller's tenants" } as const;
	api.get(
		"/api/v1/audit",
		{
			config: { authz },
			schema: {
				summary: "Every state change, in order; each entry is chained to the one before",
				tags: ["audit"],
				querystring: z.object({
					after: z.coerce.number().int().min(0).default(0),
					limit: z.coerce.number().int().min(1).max(1000).default(200),
				}),
				response: { 200: z.object({ items: z.array(AuditEntry), next: z.number().nullable() }), ...PROBLEMS },
			},
		},
		async (request) => {
			const { after, limit } = request.query;
			const scope = scopeOf(principalOf(request));
			let query = context.store.db.selectFrom("audit").selectAll().where("seq", ">", after).orderBy("seq").limit(limit);
			if (!scope.all) query = query.where("tenant", "in", [...scope.tenants]);
			const rows = await query.execute();
			const items = rows.map(({ request_id, detail, ...row }) => ({
				...row,
				requestId: request_id,
				detail: JSON.parse(detail) as Record<string, unknown>,
			}));
			return { items, next: items.length === limit ? (items.at(-1)?.seq ?? null) : null };
		},
	);
	api.get(
		"/api/v1/audit/head",
		{
			config: { authz },
			schema: {
				summary: "Number and hash of the newest entry; kept elsewhere, it makes a cut log visible",
				tags: ["audit"],
				response: { 200: z.object({ seq: z.number(), hash: z.string() }), ...PROBLEMS },
			},
		},
		async () => auditHead(context.store.db),
	);
}
