import { z } from "zod";
import { audit, closeSessionsOf, issueToken, revokeToken } from "#platform";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { ADMINS, principalOf } from "../policy.ts";
import { notFound } from "../problem.ts";
import { Instant } from "../schemas.ts";

const Name = z
	.string()
	.regex(/^[\p{L}\p{N}][\p{L}\p{N} ._@-]{0,63}$/u, "must be 1 to 64 letters, digits, spaces and ._@-");
const Issued = z.object({
	id: z.string(),
	token: z.string().describe("shown this once; the server keeps its hash alone"),
	name: z.string(),
	role: z.string(),
	expiresAt: Instant.nullable(),
});

export function tokenRoutes(api: Api, context: ApiContext): void {
	api.post(
		"/api/v1/tokens",
		{
			config: { authz: { roles: ADMINS, tenant: "none", object: "none" } },
			schema: {
				summary: "Make a token for a person or a program",
				tags: ["access"],
				body: z.object({
					name: Name,
					role: z.enum(["admin", "responder", "viewer", "ingest"]),
					ttlMs: z.number().int().min(1000).optional(),
				}),
				response: { 201: Issued, ...PROBLEMS },
			},
		},
		async (request, reply) => {
			const { name, role, ttlMs } = request.body;
			const now = context.clock.now();
			const issued = await context.store.transaction(async (tx) => {
				const token = await issueToken(tx, context.ids, now, { name, role, oneTime: false, ttlMs });
				await audit(tx, {
					at: now,
					actor: principalOf(request).name,
					action: "token.issued",
					tenant: "",
					subject: `token:${token.id}`,
					requestId: request.id,
					detail: { name, role, ttlMs: ttlMs ?? null },
				});
				return token;
			});
			return reply.code(201).send({ ...issued, name, role, expiresAt: ttlMs === undefined ? null : now + ttlMs });
		},
	);
	api.delete(
		"/api/v1/tokens/:id",
		{
			config: { authz: { roles: ADMINS, tenant: "none", object: "none" } },
			schema: {
				summary: "Revoke a token at once, with the sessions that were opened with it",
				tags: ["access"],
				params: z.object({ id: z.string().min(1).max(100) }),
				response: { 204: z.null(), ...PROBLEMS },
			},
		},
		async (request, reply) => {
			const { id } = request.params;
			const now = context.clock.now();
			await context.store.transaction(async (tx) => {
				const row = await tx.selectFrom("tokens").select("id").where("id", "=", id).executeTakeFirst();
				if (!row) throw notFound("token", id);
				await revokeToken(tx, id, now);
				await closeSessionsOf(tx, id);
				await audit(tx, {
					at: now,
					actor: principalOf(request).name,
					action: "token.revoked",
					tenant: "",
					subject: `token:${id}`,
					requestId: request.id,
					detail: {},
				});
			});
			return reply.code(204).send(null);
		},
	);
}
