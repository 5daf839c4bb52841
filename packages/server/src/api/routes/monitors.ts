import { DAY_MS } from "@bellwether/model";
import { z } from "zod";
import { firingCounts, incidentsById, listBreaches } from "#incidents";
import { inScope, scopeOf, type TenantScope } from "#platform";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { type MonitorFacts, monitorDetail, monitorLines, SHOWN_FIRINGS } from "../monitor-view.ts";
import { principalOf, READERS } from "../policy.ts";
import { notFound } from "../problem.ts";
import { MonitorDetail, MonitorList } from "../schemas-monitors.ts";

const FIRED_WITHIN_MS = 28 * DAY_MS;

export function monitorRoutes(api: Api, context: ApiContext): void {
	const read = async (scope: TenantScope): Promise<MonitorFacts> => {
		const catalogue = context.catalogue();
		const now = context.clock.now();
		const tenants = catalogue.tenants.filter(({ name }) => inScope(scope, name));
		return {
			catalogue: { ...catalogue, tenants },
			firings: await firingCounts(context.store.db, scope, now - FIRED_WITHIN_MS),
			shadows: (await context.telemetry.shadowFirings()).filter(({ tenant }) => inScope(scope, tenant)),
			now,
		};
	};
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
		async (request) => ({ items: monitorLines(await read(scopeOf(principalOf(request)))) }),
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
			const facts = await read(scope);
			const monitor = facts.catalogue.monitors.find(({ name }) => name === request.params.monitor);
			if (!monitor) throw notFound("monitor", request.params.monitor);
			const { db } = context.store;
			const breaches = await listBreaches(db, scope, { monitor: monitor.name, limit: SHOWN_FIRINGS });
			const ids = breaches.flatMap(({ incidentId }) => (incidentId === undefined ? [] : [incidentId]));
			return monitorDetail(facts, monitor, breaches, await incidentsById(db, scope, [...new Set(ids)]));
		},
	);
}
