import { isOwnName } from "@bellwether/model";
import { z } from "zod";
import { unseenIncidents } from "#incidents";
import { scopeOf } from "#platform";
import { pendingTimers } from "#response";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { principalOf, READERS } from "../policy.ts";
import { Timer } from "../schemas.ts";

export function timerRoutes(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/timers",
		{
			config: { authz: { roles: READERS, tenant: "all", object: "timers of the caller's tenants" } },
			schema: {
				summary: "Pending steps and when they are due",
				tags: ["response"],
				response: { 200: z.object({ items: z.array(Timer) }), ...PROBLEMS },
			},
		},
		async (request) => {
			const timers = await pendingTimers(context.store.db, scopeOf(principalOf(request)));
			const unseen = await unseenIncidents(context.store.db, scopeOf(principalOf(request)));
			const others = timers.filter(
				({ tenant, incident }) => !isOwnName(tenant) && !(incident !== undefined && unseen.has(incident)),
			);
			return { items: others.map((timer) => ({ ...timer, incident: timer.incident ?? null })) };
		},
	);
}
