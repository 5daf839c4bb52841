import { z } from "zod";
import { onCallView } from "#response";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { READERS } from "../policy.ts";
import { OnCallView } from "../schemas.ts";

export function onCallRoutes(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/oncall",
		{
			config: { authz: { roles: READERS, tenant: "none", object: "none" } },
			schema: {
				summary: "Who is on call at an instant, per schedule",
				tags: ["response"],
				querystring: z.object({
					at: z.coerce
						.number()
						.int()
						.min(0)
						.max(8_640_000_000_000_000)
						.optional()
						.describe("ms epoch; now when left out"),
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
