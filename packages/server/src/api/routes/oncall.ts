import { z } from "zod";
import { loadOnCallState, NEXT_WITHIN_MS, onCallView } from "#response";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { InstantParameter } from "../instant-parameter.ts";
import { wireOnCall } from "../oncall-view.ts";
import { READERS } from "../policy.ts";
import { OnCallView } from "../schemas.ts";

export function onCallRoutes(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/oncall",
		{
			config: { authz: { roles: READERS, tenant: "none", object: "none", scoped: true } },
			schema: {
				summary: "Who is on call at an instant, per schedule",
				tags: ["response"],
				querystring: z.object({
					at: InstantParameter.optional().describe("ms epoch or RFC 3339; now when left out"),
				}),
				response: { 200: OnCallView, ...PROBLEMS },
			},
		},
		async (request) => {
			const at = request.query.at ?? context.clock.now();
			const state = await loadOnCallState(context.store.db, at, at + NEXT_WITHIN_MS);
			return wireOnCall(onCallView(context.catalogue(), at, state));
		},
	);
}
