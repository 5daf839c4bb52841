import { z } from "zod";
import { scopeOf } from "#platform";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { principalOf, READERS } from "../policy.ts";
import { notFound } from "../problem.ts";
import { WorkloadDetail, WorkloadSummary } from "../schemas-routing.ts";
import { gatherSlos } from "../slo-facts.ts";
import { workloadDetail, workloadSummary } from "../workload-view.ts";

export function workloadRoutes(api: Api, context: ApiContext): void {
	const authz = { roles: READERS, tenant: "all" as const, object: "readings of the caller's tenants" };
	api.get(
		"/api/v1/workloads",
		{
			config: { authz },
			schema: {
				summary: "Every workload with its owner, its tenants' worst state and its open incidents",
				tags: ["workloads"],
				response: { 200: z.object({ items: z.array(WorkloadSummary) }), ...PROBLEMS },
			},
		},
		async (request) => {
			const { facts, incidents } = await gatherSlos(context, scopeOf(principalOf(request)));
			const items = facts.catalogue.workloads.map((each) => workloadSummary({ ...facts, incidents }, each));
			return { items };
		},
	);
	api.get(
		"/api/v1/workloads/:workload",
		{
			config: { authz },
			schema: {
				summary: "One workload: SLOs, every tenant, who does what, open incidents, noise and planned maintenance",
				tags: ["workloads"],
				params: z.object({ workload: z.string().min(1).max(200) }),
				response: { 200: WorkloadDetail, ...PROBLEMS },
			},
		},
		async (request) => {
			const scope = scopeOf(principalOf(request));
			const { facts, incidents } = await gatherSlos(context, scope);
			const workload = facts.catalogue.workloads.find(({ name }) => name === request.params.workload);
			if (!workload) throw notFound("workload", request.params.workload);
			return workloadDetail(context.store.db, scope, { ...facts, incidents }, workload, context.clock.now());
		},
	);
}
