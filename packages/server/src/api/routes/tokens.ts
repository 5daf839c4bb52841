import { z } from "zod";
import { TOKEN_ID_PREFIX } from "#catalogue";
import { audit, bearersOfName, closeSessionsOf, issueToken, revokeToken, storedTenants, type Tx } from "#platform";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { ADMINS, principalOf } from "../policy.ts";
import { ApiProblem, badRequest, notFound } from "../problem.ts";
import { TokenIssued, TokenRole, TokenView } from "../schemas-access.ts";

const Name = z
	.string()
	.regex(/^[\p{L}\p{N}][\p{L}\p{N} ._@-]{0,63}$/u, "must be 1 to 64 letters, digits, spaces and ._@-");
const NEWEST = 500;
/** Roles that a list of tenants can limit: an administrator changes what holds for all, a sender names its own tenants. */
const LIMITED: readonly string[] = ["responder", "viewer", "agent"];

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
					role: TokenRole,
					tenants: z
						.array(z.string().min(1).max(63))
						.min(1)
						.max(1000)
						.optional()
						.describe("key tenants it may see, for the roles responder, viewer and agent; all when left out"),
					ttlMs: z.number().int().min(1000).optional(),
				}),
				response: { 201: TokenIssued, ...PROBLEMS },
			},
		},
		async (request, reply) => {
			const { name, role, ttlMs } = request.body;
			requireOwnName(name);
			const tenants = limitedTo(context, role, request.body.tenants);
			const now = context.clock.now();
			const issued = await context.store.transaction(async (tx) => {
				await requireOneBearer(context, tx, name, now);
				const token = await issueToken(tx, context.ids, now, { name, role, tenants, oneTime: false, ttlMs });
				await audit(tx, {
					at: now,
					actor: principalOf(request).name,
					action: "token.issued",
					tenant: "",
					subject: `token:${token.id}`,
					requestId: request.id,
					detail: { name, role, tenants: tenants ?? null, ttlMs: ttlMs ?? null },
				});
				return token;
			});
			const expiresAt = ttlMs === undefined ? null : now + ttlMs;
			return reply.code(201).send({ ...issued, name, role, tenants: tenants ?? null, expiresAt });
		},
	);
	api.get(
		"/api/v1/tokens",
		{
			config: { authz: { roles: ADMINS, tenant: "none", object: "none" } },
			schema: {
				summary: `Tokens without their text, newest first; the newest ${NEWEST}`,
				tags: ["access"],
				response: { 200: z.object({ items: z.array(TokenView) }), ...PROBLEMS },
			},
		},
		async () => {
			const now = context.clock.now();
			const rows = await context.store.db
				.selectFrom("tokens")
				.select(["id", "name", "role", "tenants", "one_time", "created_at", "expires_at", "last_used_at", "revoked_at"])
				// The one with which the system sends to itself.
				.where("name", "not like", "!%")
				.orderBy("created_at", "desc")
				.orderBy("id", "desc")
				.limit(NEWEST)
				.execute();
			return {
				items: rows.map((row) => ({
					id: row.id,
					name: row.name,
					role: row.role as z.infer<typeof TokenRole>,
					tenants: row.tenants === null ? null : [...(storedTenants(row.tenants).tenants ?? [])],
					createdAt: row.created_at,
					expiresAt: row.expires_at,
					lastUsedAt: row.last_used_at,
					state: stateOf(row, now),
				})),
			};
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

/** Names that stand for something else in timelines, policies and the audit log. */
const TAKEN = new Set(["bellwether", "operator"]);

function requireOwnName(name: string): void {
	if (!TAKEN.has(name.toLowerCase()) && !name.toLowerCase().startsWith(TOKEN_ID_PREFIX)) return;
	throw badRequest(
		"body.name",
		`name "${name}" would pass for something else: the server itself, the operator's token, or the id of a token.`,
		`Choose a name other than ${[...TAKEN].join(" and ")} that does not begin with ${TOKEN_ID_PREFIX}.`,
	);
}

/** A policy says what this name may do alone, so it must mean one token. */
async function requireOneBearer(context: ApiContext, tx: Tx, name: string, now: number): Promise<void> {
	const policy = context.catalogue().agentPolicies?.find(({ agents }) => agents.includes(name));
	const [bearer] = policy ? await bearersOfName(tx, name, now) : [];
	if (bearer === undefined) return;
	throw new ApiProblem(
		409,
		"conflict",
		`name "${name}" is borne by the token ${bearer}, and the agent policy "${policy?.name}" goes by that name.`,
		"Choose another name, revoke that token first, or write the token's id in the policy instead of its name.",
	);
}

/** Each tenant once. What would have no effect is refused. */
function limitedTo(context: ApiContext, role: string, tenants: readonly string[] | undefined): string[] | undefined {
	if (tenants === undefined) return undefined;
	const invalid = (message: string, remedy: string) => badRequest("body.tenants", message, remedy);
	if (!LIMITED.includes(role))
		throw invalid(
			`A token with the role ${role} cannot be limited to tenants.`,
			`Use ${LIMITED.join(", ")}, or leave tenants out.`,
		);
	const known = new Set(context.catalogue().tenants.map(({ name }) => name));
	const unknown = tenants.find((name) => !known.has(name));
	if (unknown !== undefined)
		throw invalid(
			`tenants names "${unknown}", which is no key tenant.`,
			"Write names of key tenants of the catalogue.",
		);
	return [...new Set(tenants)];
}

interface TokenTimes {
	readonly one_time: number;
	readonly expires_at: number | null;
	readonly last_used_at: number | null;
	readonly revoked_at: number | null;
}

function stateOf(row: TokenTimes, now: number): z.infer<typeof TokenView>["state"] {
	if (row.one_time === 1 && row.last_used_at !== null) return "used";
	if (row.revoked_at !== null) return "revoked";
	return row.expires_at !== null && row.expires_at <= now ? "expired" : "good";
}
