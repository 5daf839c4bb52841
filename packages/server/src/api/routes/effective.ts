import { z } from "zod";
import { describeSetting, explainPair } from "#catalogue";
import { inScope, scopeOf } from "#platform";
import { FLEET } from "#telemetry";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { principalOf, READERS } from "../policy.ts";
import { notFound } from "../problem.ts";

const FLEET_IN_PATH = "~fleet";

const EffectiveValues = z.object({
	items: z.array(
		z.object({
			field: z.string().describe("as it is written: objective, severity, threshold.value"),
			monitor: z.string().nullable().describe("null: of the SLO, whatever the monitor"),
			value: z.string().describe("for people"),
			setBy: z.enum(["default", "monitor", "slo", "workload", "tier", "tenant"]),
			name: z.string().describe("of what set it; empty for defaults"),
			place: z.string().nullable().describe("file:line in the catalogue; null for defaults"),
		}),
	),
});

/** Which values hold for a tenant on an SLO, and where each is written: what `bellwether explain` prints. */
export function effectiveRoutes(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/tenants/:tenant/slis/:slo/effective",
		{
			config: { authz: { roles: READERS, tenant: "path", object: "tenant in the caller's scope" } },
			schema: {
				summary: `Objective and monitor values that hold, with the file and line that set each; the tenant "${FLEET_IN_PATH}" is the whole fleet`,
				tags: ["monitors"],
				params: z.object({ tenant: z.string().min(1).max(200), slo: z.string().min(1).max(200) }),
				response: { 200: EffectiveValues, ...PROBLEMS },
			},
		},
		async (request) => {
			const { tenant: named, slo: sloName } = request.params;
			const catalogue = context.catalogue();
			const name = named === FLEET_IN_PATH ? FLEET : named;
			const slo = catalogue.slos.find((each) => each.name === sloName);
			const tenant = catalogue.tenants.find((each) => each.name === name);
			const isKnown = name === FLEET || tenant !== undefined;
			if (!slo || !isKnown || !inScope(scopeOf(principalOf(request)), name))
				throw notFound("SLI of a tenant", `${named}/${sloName}`);
			return {
				items: explainPair(catalogue, slo, tenant).map(({ value, monitor, place, ...rest }) => ({
					...rest,
					monitor: monitor ?? null,
					value: describeSetting(rest.field, value),
					place: place ?? null,
				})),
			};
		},
	);
}
