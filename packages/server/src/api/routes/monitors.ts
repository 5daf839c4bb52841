import { z } from "zod";
import { incidentsById, listBreaches } from "#incidents";
import { scopeOf } from "#platform";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { monitorDetail, monitorLines, SHOWN_FIRINGS } from "../monitor-view.ts";
import { principalOf, READERS } from "../policy.ts";
import { notFound } from "../problem.ts";
import { MonitorDetail, MonitorList } from "../schemas-monitors.ts";
import { gatherMonitors } from "../slo-facts.ts";

export function monitorRoutes(api: Api, context: ApiContext): void {
	const authz = { roles: READERS, tenant: "all" as const, object: "firings of the caller's tenants" };
	api.get(
		"/api/v1/monitors",
		{
			config: { authz },
			schema: {
				summary: "Every monitor, also those that are paused, in shadow or drafts",
				tags: ["monitors"],
				response: { 200: MonitorList, ...PROBLEMS },
			},
		},
		async (request) => ({ items: monitorLines(await gatherMonitors(context, scopeOf(principalOf(request)))) }),
	);
	api.get(
		"/api/v1/monitors/:monitor",
		{
			config: { authz },
			schema: {
				summary: "One monitor: what it watches, its effective values and where they come from, its last firings",
				tags: ["monitors"],
				params: z.object({ monitor: z.string().min(1).max(200) }),
				response: { 200: MonitorDetail, ...PROBLEMS },
			},
		},
		async (request) => {
			const scope = scopeOf(principalOf(request));
			const facts = await gatherMonitors(context, scope);
			const monitor = facts.catalogue.monitors.find(({ name }) => name === request.params.monitor);
			if (!monitor) throw notFound("monitor", request.params.monitor);
			const { db } = context.store;
			const breaches = await listBreaches(db, scope, { monitor: monitor.name, limit: SHOWN_FIRINGS });
			const ids = breaches.flatMap(({ incidentId }) => (incidentId === undefined ? [] : [incidentId]));
			return monitorDetail(facts, monitor, breaches, await incidentsById(db, scope, [...new Set(ids)]));
		},
	);
}
