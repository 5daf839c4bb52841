import { z } from "zod";
import { PARTIES } from "#catalogue";
import { scopeOf } from "#platform";
import { type HandOffOutcome, handOff, handOffsOf, receiversOf, routingView, takeHandOff } from "#response";
import { depsOf, requestOf } from "../acts.ts";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { principalOf, READERS, RESPONDERS } from "../policy.ts";
import { ApiProblem, notFound } from "../problem.ts";
import { incidentRouting } from "../routing-view.ts";
import { IncidentRouting } from "../schemas-routing.ts";
import { findIncident } from "./incidents.ts";

const Params = z.object({ id: z.string().min(1).max(100) });
const OBJECT_RULE = "tenant of the stored incident in the caller's scope";

/** What routing decided about an incident, and to whom it was handed. */
export function incidentRoutingRoutes(api: Api, context: ApiContext): void {
	const view = async (scope: ReturnType<typeof scopeOf>, id: string) => {
		const { db } = context.store;
		const incident = await findIncident(context, scope, id);
		return incidentRouting(
			incident,
			await routingView(db, scope, id),
			await handOffsOf(db, scope, id),
			receiversOf(context.catalogue(), incident.workload),
		);
	};
	api.get(
		"/api/v1/incidents/:id/routing",
		{
			config: { authz: { roles: READERS, tenant: "object", object: OBJECT_RULE } },
			schema: {
				summary: "Which route took it, what holds its page back, which incidents share it, and its hand-offs",
				tags: ["incidents"],
				params: Params,
				response: { 200: IncidentRouting, ...PROBLEMS },
			},
		},
		(request) => view(scopeOf(principalOf(request)), request.params.id),
	);
	const act = async (
		request: Parameters<typeof principalOf>[0] & { readonly params: { readonly id: string } },
		run: (asked: Parameters<typeof takeHandOff>[2], tx: Parameters<typeof takeHandOff>[0]) => Promise<HandOffOutcome>,
	) => {
		const { id } = request.params;
		const asked = { ...requestOf(context, request), incidentId: id };
		const outcome = await context.store.transaction((tx) => run(asked, tx));
		if (outcome.status === "not-found") throw notFound("incident", id);
		if (outcome.status === "refused") throw new ApiProblem(409, "conflict", outcome.message, outcome.remedy);
		return view(asked.scope, id);
	};
	api.post(
		"/api/v1/incidents/:id/hand-offs",
		{
			config: { authz: { roles: RESPONDERS, tenant: "object", object: OBJECT_RULE } },
			schema: {
				summary: "Hand it to a party of its workload: it is paged, and must take it in time",
				tags: ["incidents"],
				params: Params,
				body: z.strictObject({ party: z.enum(PARTIES), reason: z.string().max(500) }),
				response: { 200: IncidentRouting, ...PROBLEMS },
			},
		},
		(request) => act(request, (asked, tx) => handOff(tx, depsOf(context), asked, request.body)),
	);
	api.post(
		"/api/v1/incidents/:id/hand-offs/take",
		{
			config: { authz: { roles: RESPONDERS, tenant: "object", object: OBJECT_RULE } },
			schema: {
				summary: "Take what was handed over; its clock stops",
				tags: ["incidents"],
				params: Params,
				body: z.object({}).nullish(),
				response: { 200: IncidentRouting, ...PROBLEMS },
			},
		},
		(request) => act(request, (asked, tx) => takeHandOff(tx, depsOf(context), asked)),
	);
}
