import { z } from "zod";
import { onCallView } from "#response";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { InstantParameter } from "../instant-parameter.ts";
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
			const view = onCallView(context.catalogue(), request.query.at ?? context.clock.now());
			return { ...view, schedules: [...view.schedules] };
		},
	);
}
