import { DAY_MS, HOUR_MS } from "@bellwether/model";
import { z } from "zod";
import { keptAttributesOf } from "#catalogue";
import type { Localisation } from "#detection";
import { inScope, scopeOf } from "#platform";
import { type AttributeCounts, type AttributesQuery, FLEET } from "#telemetry";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { InstantParameter } from "../instant-parameter.ts";
import { principalOf, READERS } from "../policy.ts";
import { badRequest, notFound } from "../problem.ts";
import { AttributesView } from "../schemas-attributes.ts";
import { whereItFails } from "../where-it-fails.ts";

/** In an address the fleet's own aggregate cannot be empty. */
const FLEET_IN_PATH = "~fleet";
/** Longer than anything is kept. */
const MAX_RANGE_MS = 400 * DAY_MS;

export function attributeRoutes(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/tenants/:tenant/slis/:slo/attributes",
		{
			config: { authz: { roles: READERS, tenant: "path", object: "tenant in the caller's scope" } },
			schema: {
				summary: `Counted events by the values of kept attributes, the most bad ones first; the tenant "${FLEET_IN_PATH}" is the whole fleet, "~region:eu" a cohort`,
				tags: ["telemetry"],
				params: z.object({ tenant: z.string().min(1).max(200), slo: z.string().min(1).max(200) }),
				querystring: z.object({
					from: InstantParameter.optional().describe(
						"inclusive, ms epoch or RFC 3339; an hour before to when left out",
					),
					to: InstantParameter.optional().describe("exclusive, ms epoch or RFC 3339; now when left out"),
					by: z
						.string()
						.min(1)
						.max(255)
						.optional()
						.describe("an attribute that the SLO keeps, or * for all of them together; each of them when left out"),
					limit: z.coerce.number().int().min(1).max(10_000).default(100).describe("values of each attribute at most"),
				}),
				response: { 200: AttributesView, ...PROBLEMS },
			},
		},
		async (request) => {
			const { slo: sloName } = request.params;
			const tenant = request.params.tenant === FLEET_IN_PATH ? FLEET : request.params.tenant;
			const { by, limit } = request.query;
			const to = request.query.to ?? context.clock.now() + 1;
			const from = request.query.from ?? to - HOUR_MS;
			requireRange(from, to);
			const catalogue = context.catalogue();
			const slo = catalogue.slos.find((candidate) => candidate.name === sloName);
			const unknown = notFound("SLI of a tenant", `${request.params.tenant}/${sloName}`);
			if (!slo || !inScope(scopeOf(principalOf(request)), tenant)) throw unknown;
			const kept = keptAttributesOf(slo, catalogue.settings.telemetry);
			const found = await context.telemetry.attributes(
				dimensionsOf(kept, by, sloName).map((names) => ({ tenant, slo: sloName, from, to, by: names })),
			);
			const counts = found.filter((each) => each !== undefined);
			if (counts.length < found.length) throw unknown;
			const range = { tenant, slo: sloName, from, to };
			const ask = (queries: readonly AttributesQuery[]) => context.telemetry.attributes(queries);
			const where = by === undefined ? await whereItFails(ask, range, kept, counts) : undefined;
			return {
				...range,
				kept: [...kept],
				where: where ? wireWhere(where) : null,
				attributes: counts.map((each) => viewOf(each, limit)),
			};
		},
	);
}

function dimensionsOf(kept: readonly string[], by: string | undefined, slo: string): readonly (readonly string[])[] {
	if (by === undefined) return kept.map((name) => [name]);
	if (by === "*" && kept.length > 0) return [kept];
	if (kept.includes(by)) return [[by]];
	const list = kept.length === 0 ? "no attribute" : kept.join(", ");
	throw badRequest(
		"query.by",
		`${slo} does not keep the attribute ${JSON.stringify(by)}; it keeps ${list}.`,
		"Ask for one of these, or name it in the SLO's annotation bellwether.dev/keep: it is counted from then on.",
	);
}

function wireWhere({ answer, explanation, culprits }: Localisation) {
	return {
		answer,
		explanation,
		culprits: culprits.map(({ values, bad, total, expectedBad, coverage, lift }) => ({
			values: { ...values },
			bad,
			total,
			expectedBad,
			coverage,
			lift: Number.isFinite(lift) ? lift : null,
		})),
	};
}

function viewOf(counts: AttributeCounts, limit: number) {
	const { by, keptFrom, until, good, bad, total, items, other } = counts;
	// Where good events are counted in streams of their own, bad ones of a value may be below zero.
	const allBad = items.reduce((sum, item) => sum + Math.max(0, item.bad), Math.max(0, other.bad));
	const shareOfBad = (own: number): number | null => (allBad > 0 ? Math.max(0, own) / allBad : null);
	return {
		by: [...by],
		keptFrom,
		until,
		good,
		bad,
		total,
		items: items.slice(0, limit).map((item) => ({
			...item,
			values: [...item.values],
			shareOfBad: shareOfBad(item.bad),
			since: item.since ?? null,
		})),
		more: Math.max(0, items.length - limit),
		other: { ...other, shareOfBad: shareOfBad(other.bad) },
	};
}

function requireRange(from: number, to: number): void {
	if (from < to && to - from <= MAX_RANGE_MS) return;
	throw badRequest(
		"query.from",
		from < to ? "That range is longer than 400 days." : `from (${from}) is not before to (${to}).`,
		"Give from and to in ms epoch, from first, at most 400 days apart.",
	);
}
