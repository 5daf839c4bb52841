import { programReport } from "#learning";
import { scopeOf } from "#platform";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { wireCase } from "../feed-view.ts";
import { principalOf, READERS } from "../policy.ts";
import { ProgramReport } from "../schemas.ts";

export function reportRoutes(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/reports/program",
		{
			config: { authz: { roles: READERS, tenant: "all", object: "incidents of the caller's tenants" } },
			schema: {
				summary: "The six programme numbers with baseline, n and definition",
				tags: ["learning"],
				response: { 200: ProgramReport, ...PROBLEMS },
			},
		},
		async (request) => {
			const report = await programReport(
				context.store.db,
				scopeOf(principalOf(request)),
				context.catalogue(),
				context.clock.now(),
			);
			return { ...report, numbers: [...report.numbers], missed: report.missed.map(wireCase) };
		},
	);
}
