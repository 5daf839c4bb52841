import { z } from "zod";
import type { TenantAlias } from "#catalogue";
import { inScope, scopeOf } from "#platform";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { InstantParameter } from "../instant-parameter.ts";
import { principalOf, READERS } from "../policy.ts";
import { notFound } from "../problem.ts";
import { type RegisterIds, type RegisterVersion, RegisterView, type SeenId } from "../schemas-operations.ts";

const MAX_VERSIONS = 100;

/** Who was matched to what, since when. */
export function tenantRegisterRoutes(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/tenants/:tenant/register",
		{
			config: { authz: { roles: READERS, tenant: "path", object: "tenant in the caller's scope" } },
			schema: {
				summary: "Ids by which telemetry was matched to a key tenant at a time, and when they changed",
				tags: ["telemetry"],
				params: z.object({ tenant: z.string().min(1).max(200) }),
				querystring: z.object({ at: InstantParameter.optional().describe("ms epoch or RFC 3339; now when left out") }),
				response: { 200: RegisterView, ...PROBLEMS },
			},
		},
		async (request) => {
			const { tenant } = request.params;
			const at = request.query.at ?? context.clock.now();
			const unknown = notFound("key tenant", tenant);
			if (!inScope(scopeOf(principalOf(request)), tenant)) throw unknown;
			const rows = context.store.db
				.selectFrom("register_versions")
				.selectAll()
				.where("tenant", "=", tenant)
				.orderBy("seq", "desc");
			const [newest, current] = await Promise.all([
				rows.limit(MAX_VERSIONS).execute(),
				rows
					.where("since_at", "<=", at)
					.where((where) => where.or([where("until_at", "is", null), where("until_at", ">", at)]))
					.executeTakeFirst(),
			]);
			if (newest.length === 0) throw unknown;
			return {
				tenant,
				at,
				version: current ? versionOf(current) : null,
				ids: current ? idsOf(current.ids, at) : [],
				seen: await seenOf(context, tenant),
				versions: newest.map(versionOf),
			};
		},
	);
}

const MAX_SEEN = 20;

/** Values that telemetry had; none while the telemetry thread does not answer. */
async function seenOf({ telemetry }: ApiContext, tenant: string): Promise<z.infer<typeof SeenId>[]> {
	const values = await telemetry
		.tenantValues({ state: "matched", tenant, offset: 0, limit: 1_000 })
		.catch(() => ({ items: [] }));
	return values.items
		.filter((item) => item.tenant === tenant)
		.map(({ attribute, value, source, points, lastSampleAt }) => ({
			attribute,
			value,
			source,
			points,
			lastSampleAt: lastSampleAt ?? null,
		}))
		.sort((a, b) => (b.lastSampleAt ?? 0) - (a.lastSampleAt ?? 0))
		.slice(0, MAX_SEEN);
}

type Row = { since_at: number; until_at: number | null; applied_by: string; config: string };

function versionOf(row: Row): z.infer<typeof RegisterVersion> {
	return { since: row.since_at, until: row.until_at, appliedBy: row.applied_by, config: row.config };
}

function idsOf(stored: string, at: number): z.infer<typeof RegisterIds>[] {
	const { match, aliases } = JSON.parse(stored) as { match: Record<string, string[]>; aliases: TenantAlias[] };
	const simple = Object.entries(match).map(([attribute, values]) => ({ attribute, values, patterns: [] }));
	return [...simple, ...aliases].map((ids: TenantAlias) => ({
		attribute: ids.attribute,
		values: [...ids.values],
		patterns: [...ids.patterns],
		workload: ids.workload ?? null,
		source: ids.source ?? null,
		from: ids.from ?? null,
		until: ids.until ?? null,
		isEffective: at >= (ids.from ?? -Infinity) && at < (ids.until ?? Infinity),
	}));
}
