import { scopeOf } from "#platform";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { principalOf, READERS } from "../policy.ts";
import { FleetView } from "../schemas.ts";

export function fleetRoutes(api: Api, context: ApiContext): void {
	// All readers of a version get one text: thousands of cells are checked against the schema once, not per reader.
	const texts = new WeakMap<object, string>();
	const textOf = (view: FleetView) => {
		const text = texts.get(view) ?? JSON.stringify(FleetView.parse(view));
		texts.set(view, text);
		return text;
	};
	api.get(
		"/api/v1/fleet",
		{
			config: { authz: { roles: READERS, tenant: "all", object: "rows of the caller's tenants" } },
			schema: { summary: "What the fleet page shows", tags: ["fleet"], response: { 200: FleetView, ...PROBLEMS } },
			serializerCompiler:
				({ httpStatus }) =>
				(data) =>
					httpStatus === "200" ? textOf(data as FleetView) : JSON.stringify(data),
		},
		async (request) => context.fleet.view(scopeOf(principalOf(request))),
	);
}
