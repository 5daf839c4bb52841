import { DAY_MS, HOUR_MS } from "@bellwether/model";
import { z } from "zod";
import { effectiveObjective, isSliced } from "#catalogue";
import { inScope, scopeOf } from "#platform";
import { FLEET } from "#telemetry";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { InstantParameter } from "../instant-parameter.ts";
import { principalOf, READERS } from "../policy.ts";
import { badRequest, notFound } from "../problem.ts";
import { WindowsView } from "../schemas.ts";

/** In an address the fleet's own aggregate cannot be empty. */
const FLEET_IN_PATH = "~fleet";
const STEP_MS = 10_000;
const MAX_BUCKETS = 20_000;
/** Longer than anything is kept. */
const MAX_RESOLUTION_MS = 400 * DAY_MS;

export function windowRoutes(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/tenants/:tenant/slis/:slo/windows",
		{
			config: { authz: { roles: READERS, tenant: "path", object: "tenant in the caller's scope" } },
			schema: {
				summary: `Counted events per window; the tenant "${FLEET_IN_PATH}" is the whole fleet, "~region:eu" a cohort. Windows without events are left out`,
				tags: ["telemetry"],
				params: z.object({ tenant: z.string().min(1).max(200), slo: z.string().min(1).max(200) }),
				querystring: z.object({
					from: InstantParameter.optional().describe("inclusive, ms epoch or RFC 3339; an hour ago when left out"),
					to: InstantParameter.optional().describe("exclusive, ms epoch or RFC 3339; now when left out"),
					of: z
						.enum(["events", "slices"])
						.default("events")
						.describe("slices: what the budget counts when it is time slices or heartbeats"),
					resolutionMs: z.coerce.number().int().min(STEP_MS).max(MAX_RESOLUTION_MS).multipleOf(STEP_MS).default(60_000),
				}),
				response: { 200: WindowsView, ...PROBLEMS },
			},
		},
		async (request) => {
			const { slo: sloName } = request.params;
			const tenantName = request.params.tenant === FLEET_IN_PATH ? FLEET : request.params.tenant;
			const { resolutionMs, of } = request.query;
			const to = request.query.to ?? context.clock.now() + resolutionMs;
			const from = request.query.from ?? to - HOUR_MS;
			requireRange(from, to, resolutionMs);
			const catalogue = context.catalogue();
			const slo = catalogue.slos.find((candidate) => candidate.name === sloName);
			const unknown = notFound("SLI of a tenant", `${request.params.tenant}/${sloName}`);
			if (!slo || !inScope(scopeOf(principalOf(request)), tenantName)) throw unknown;
			if (of === "slices" && !isSliced(slo)) {
				const message = `${sloName} counts its budget in ${slo.unit}, not in slices.`;
				throw badRequest("query.of", message, "Leave of out, or ask for events.");
			}
			const windows = await context.telemetry.windows({ tenant: tenantName, slo: sloName, from, to, resolutionMs, of });
			if (!windows) throw unknown;
			const tenant = catalogue.tenants.find((candidate) => candidate.name === tenantName);
			return {
				tenant: tenantName,
				slo: sloName,
				resolutionMs,
				objective: effectiveObjective(catalogue, slo, tenant).objective,
				windows,
			};
		},
	);
}

export function requireRange(from: number, to: number, resolutionMs: number): void {
	if (from >= to)
		throw badRequest(
			"query.from",
			`from (${from}) is not before to (${to}).`,
			"Give from and to in ms epoch, from first.",
		);
	const buckets = Math.ceil((to - from) / resolutionMs);
	if (buckets > MAX_BUCKETS) {
		throw badRequest(
			"query.resolutionMs",
			`That range has ${buckets} windows of ${resolutionMs} ms; the limit is ${MAX_BUCKETS}.`,
			"Ask for a shorter range or a larger resolutionMs.",
		);
	}
}
