import { z } from "zod";
import { inScope, scopeOf } from "#platform";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { ADMINS, principalOf } from "../policy.ts";
import { notFound } from "../problem.ts";

/** Fires a monitor as a test: through detection, incident, escalation and page, marked as such everywhere. */
export function monitorTestRoutes(api: Api, context: ApiContext): void {
	api.post(
		"/api/v1/monitors/:monitor([a-z0-9-]+)::test",
		{
			config: { authz: { roles: ADMINS, tenant: "object", object: "tenant in the caller's scope" } },
			schema: {
				summary:
					"Fires the monitor as a test: an incident whose title begins with TEST opens and pages its on-call; no customer is told and no figure counts it",
				tags: ["monitors"],
				params: z.object({ monitor: z.string().min(1).max(200) }),
				body: z.strictObject({
					tenant: z.string().min(1).max(63).describe("a key tenant that uses the SLO's workload"),
					slo: z.string().min(1).max(200),
				}),
				response: {
					202: z.object({ monitor: z.string(), tenant: z.string(), slo: z.string(), title: z.string() }),
					...PROBLEMS,
				},
			},
		},
		async (request, reply) => {
			const principal = principalOf(request);
			const { monitor } = request.params;
			const { tenant, slo } = request.body;
			const catalogue = context.catalogue();
			const known = catalogue.monitors.find(({ name }) => name === monitor);
			if (!known) throw notFound("monitor", monitor);
			const isKnown = catalogue.tenants.some(({ name }) => name === tenant) && inScope(scopeOf(principal), tenant);
			if (!isKnown) throw notFound("tenant", tenant);
			const event = await context.telemetry.drill({ monitor, tenant, slo, by: principal.name });
			if (!event) throw notFound("SLI of a tenant", `${tenant}/${slo}`);
			return reply.status(202).send({ monitor, tenant, slo, title: "TEST" });
		},
	);
}
