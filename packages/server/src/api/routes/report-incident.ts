import { z } from "zod";
import { reportIncident } from "#incidents";
import { scopeOf } from "#platform";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { incidentDetail } from "../incident-view.ts";
import { principalOf, RESPONDERS } from "../policy.ts";
import { badRequest, etagOf, notFound } from "../problem.ts";
import { IncidentDetail, Instant } from "../schemas.ts";

const NewIncident = z.strictObject({
	tenant: z.string().min(1).max(63).describe("key tenant that it is about"),
	workload: z.string().min(1).max(63).describe("workload that does not do what it should"),
	slo: z.string().min(1).max(63).optional().describe("the workload's lead SLO when left out"),
	reportedBy: z.enum(["person", "customer"]).default("person").describe("who noticed it"),
	title: z.string().min(1).max(200).optional().describe("made of tenant and SLO when left out"),
	text: z.string().min(1).max(4000).describe("what is wrong"),
	severity: z.enum(["1", "2", "2.5", "3", "4"]).optional().describe("2.5 when left out; what is derived may be worse"),
	onsetAt: Instant.min(1).optional().describe("when it began, ms epoch UTC, as far as anybody knows"),
	key: z
		.string()
		.min(1)
		.max(200)
		.optional()
		.describe("the same key for the same tenant again is the same report, such as the number of a support case"),
});

/** What no detector saw: a person says it, or a customer by a person or a flow. */
export function reportIncidentRoutes(api: Api, context: ApiContext): void {
	api.post(
		"/api/v1/incidents",
		{
			config: { authz: { roles: RESPONDERS, tenant: "object", object: "the body's tenant in the caller's scope" } },
			schema: {
				summary: "Report an incident; it pages like any other",
				description:
					"201: a new one. 200: one of the same tenant and SLO is open, and has the report in its timeline; or the key was used before.",
				tags: ["incidents"],
				body: NewIncident,
				response: { 200: IncidentDetail, 201: IncidentDetail, ...PROBLEMS },
			},
		},
		async (request, reply) => {
			const principal = principalOf(request);
			const asked = { report: request.body, principal, now: context.clock.now(), requestId: request.id };
			const outcome = await context.store.transaction((tx) => reportIncident(tx, context, context.catalogue(), asked));
			if (outcome.status === "not-found") throw notFound("key tenant", request.body.tenant);
			if (outcome.status === "refused") throw badRequest("body", outcome.message, outcome.remedy);
			const { incident } = outcome;
			reply.code(outcome.status === "opened" ? 201 : 200).header("etag", etagOf(incident.version));
			reply.header("location", `${context.baseUrl()}/api/v1/incidents/${incident.id}`);
			return incidentDetail(context, scopeOf(principal), incident);
		},
	);
}
