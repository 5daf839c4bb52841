import { z } from "zod";
import { type Principal, scopeOf } from "#platform";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { ADMINS, principalOf, READERS } from "../policy.ts";
import { ApiProblem } from "../problem.ts";
import { MadeTenant, MatchView } from "../schemas-operations.ts";
import { invalidCatalogue } from "./config.ts";

const NewTenant = z.strictObject({
	attribute: z.string().min(1).max(255),
	value: z.string().min(1).max(1_000),
	name: z.string().min(1).max(63),
	displayName: z.string().min(1).max(120).optional(),
	tier: z.string().min(1).max(63).optional(),
	workloads: z.array(z.string().min(1).max(63)).min(1).max(1_000).optional(),
});

/** Which tenants telemetry names, and how one of them becomes a key tenant. */
export function matchRoutes(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/match",
		{
			config: { authz: { roles: READERS, tenant: "all", object: "ids of all customers" } },
			schema: {
				summary: "Values of attributes that may name a tenant, as telemetry has them: matched to a key tenant or not",
				tags: ["telemetry"],
				querystring: z.object({
					search: z.string().max(200).optional().describe("part of attribute=value"),
					state: z.enum(["all", "matched", "unmatched"]).default("all"),
					limit: z.coerce.number().int().min(1).max(1_000).default(100),
					cursor: z
						.string()
						.regex(/^\d{1,9}$/)
						.optional()
						.describe("nextCursor of the answer before"),
				}),
				response: { 200: MatchView, ...PROBLEMS },
			},
		},
		async (request) => {
			requireAllTenants(principalOf(request));
			const { search, state, limit, cursor } = request.query;
			const offset = Number(cursor ?? 0);
			const found = await context.telemetry.tenantValues({ search, state, limit, offset });
			const end = offset + found.items.length;
			const { tiers, workloads } = context.catalogue();
			const choice = ({ name, displayName }: { readonly name: string; readonly displayName: string }) => ({
				name,
				displayName,
			});
			return {
				...found,
				items: found.items.map((item) => ({
					...item,
					tenant: item.tenant === "" ? null : item.tenant,
					lastSampleAt: item.lastSampleAt ?? null,
				})),
				nextCursor: end < found.total ? String(end) : null,
				choices: { tiers: tiers.map(choice), workloads: workloads.map(choice) },
			};
		},
	);
	api.post(
		"/api/v1/match/key-tenants",
		{
			config: { authz: { roles: ADMINS, tenant: "none", object: "none" } },
			schema: {
				summary: "Make a value of an attribute a key tenant: one file more in the configuration that runs",
				tags: ["telemetry"],
				body: NewTenant,
				response: {
					200: MadeTenant,
					...PROBLEMS,
				},
			},
		},
		async (request) => {
			const { body } = request;
			requireAllTenants(principalOf(request));
			if (context.catalogue().tenants.some((tenant) => tenant.name === body.name))
				throw new ApiProblem(
					409,
					"conflict",
					`There is a key tenant called ${body.name} already.`,
					"Choose another name, or add the value to its match in the catalogue.",
				);
			const outcome = await context.config.addKeyTenant(body, principalOf(request), request.id);
			if (outcome.status === "refused") throw invalidCatalogue(outcome.findings);
			if (outcome.status === "unwritable")
				throw new ApiProblem(
					409,
					"conflict",
					`The catalogue's folder cannot be written (${outcome.message}), so nothing changed.`,
					`Add ${outcome.file.path} where the folder comes from: ${JSON.stringify(outcome.file.text)}`,
				);
			return { status: outcome.status, hash: outcome.hash, tenant: body.name, file: outcome.file };
		},
	);
}

/** Ids that belong to nobody yet may be anybody's. */
function requireAllTenants(principal: Principal): void {
	if (scopeOf(principal).all) return;
	throw new ApiProblem(
		403,
		"forbidden",
		"Values of tenants' attributes are seen by whoever may see all tenants.",
		"Ask an administrator for a token without a list of tenants.",
	);
}
