import { scopeOf } from "#platform";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { principalOf, READERS } from "../policy.ts";
import { FleetView } from "../schemas.ts";

export function fleetRoutes(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/fleet",
		{
			config: { authz: { roles: READERS, tenant: "all", object: "rows of the caller's tenants" } },
			schema: { summary: "What the fleet page shows", tags: ["fleet"], response: { 200: FleetView, ...PROBLEMS } },
		},
		async (request) => context.fleet.view(scopeOf(principalOf(request))),
	);
}
