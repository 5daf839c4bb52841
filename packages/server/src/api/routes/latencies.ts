import { HOUR_MS } from "@bellwether/model";
import { z } from "zod";
import { inScope, scopeOf } from "#platform";
import { FLEET, type LatencyFigures, latencyUnit } from "#telemetry";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { InstantParameter } from "../instant-parameter.ts";
import { principalOf, READERS } from "../policy.ts";
import { badRequest, notFound } from "../problem.ts";
import { LatenciesView, type Percentile } from "../schemas-latencies.ts";
import { requireRange } from "./windows.ts";

/** In an address the fleet's own aggregate cannot be empty. */
const FLEET_IN_PATH = "~fleet";
const MINUTE_MS = 60_000;
const DAY_MS = 24 * HOUR_MS;
const MAX_RESOLUTION_MS = 400 * DAY_MS;
const MOST = 10;
const USUAL = [0.5, 0.9, 0.99];

const Ratios = z
	.string()
	.regex(/^(0|1|0?\.\d{1,6})(,(0|1|0?\.\d{1,6})){0,9}$/, `0.5,0.99 and the like, ${MOST} at most`)
	.transform((text) => text.split(",").map(Number))
	.optional()
	.describe(`ratios of the percentiles, 0.99 is the p99; ${USUAL.join()} when left out`);

export function latencyRoutes(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/tenants/:tenant/slis/:slo/latencies",
		{
			config: { authz: { roles: READERS, tenant: "path", object: "tenant in the caller's scope" } },
			schema: {
				summary: `Percentiles of latency, per window and of the whole range, each as the interval that it certainly lies in; the tenant "${FLEET_IN_PATH}" is the whole fleet`,
				tags: ["telemetry"],
				params: z.object({ tenant: z.string().min(1).max(200), slo: z.string().min(1).max(200) }),
				querystring: z.object({
					from: InstantParameter.optional().describe("inclusive, ms epoch or RFC 3339; an hour ago when left out"),
					to: InstantParameter.optional().describe("exclusive, ms epoch or RFC 3339; now when left out"),
					percentiles: Ratios,
					resolutionMs: z.coerce
						.number()
						.int()
						.min(MINUTE_MS)
						.max(MAX_RESOLUTION_MS)
						.multipleOf(MINUTE_MS)
						.default(MINUTE_MS)
						.describe(
							"by the minute for the age that 10 s counts are kept, by ten minutes for that of minutes, then by the hour",
						),
				}),
				response: { 200: LatenciesView, ...PROBLEMS },
			},
		},
		async (request) => {
			const { slo: sloName } = request.params;
			const tenant = request.params.tenant === FLEET_IN_PATH ? FLEET : request.params.tenant;
			const { resolutionMs } = request.query;
			const to = request.query.to ?? context.clock.now() + resolutionMs;
			const from = request.query.from ?? to - HOUR_MS;
			requireRange(from, to, resolutionMs);
			const slo = context.catalogue().slos.find((candidate) => candidate.name === sloName);
			const unknown = notFound("SLI of a tenant", `${request.params.tenant}/${sloName}`);
			if (!slo || !inScope(scopeOf(principalOf(request)), tenant)) throw unknown;
			const unit = latencyUnit(slo);
			if (unit === undefined)
				throw badRequest(
					"path.slo",
					`${sloName} has no bound on a histogram or a duration, so no latencies are kept of it.`,
					"Ask for windows, or give the SLI a bound: le.",
				);
			const ratios = request.query.percentiles ?? USUAL;
			const found = await context.telemetry.latencies({ tenant, slo: sloName, from, to, resolutionMs, ratios });
			if (!found) throw unknown;
			const figures = (of: LatencyFigures) => ({
				known: of.known,
				total: of.total,
				percentiles: of.percentiles.map((bounds, k) => percentileOf(ratios[k] as number, bounds)),
			});
			return {
				tenant,
				slo: sloName,
				unit,
				resolutionMs,
				...figures(found),
				windows: found.windows.map((window) => ({ at: window.at, ...figures(window) })),
			};
		},
	);
}

/** The middle that is least wrong, and by how much at most; neither where one side is open. */
function percentileOf(ratio: number, bounds: LatencyFigures["percentiles"][number]): Percentile {
	if (!bounds) return { ratio, low: null, high: null, estimate: null, errorRatio: null };
	const { low, high } = bounds;
	const isClosed = Number.isFinite(high) && low > 0;
	return {
		ratio,
		low: Number.isFinite(low) ? low : null,
		high: Number.isFinite(high) ? high : null,
		estimate: isClosed ? (2 * low * high) / (low + high) : null,
		errorRatio: isClosed ? (high - low) / (high + low) : null,
	};
}
