import { z } from "zod";
import { feedStates } from "#incidents";
import { audit, scopeOf } from "#platform";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { wireFeedState } from "../feed-view.ts";
import { ADMINS, principalOf, READERS } from "../policy.ts";
import { ApiProblem, notFound } from "../problem.ts";
import { SourcesView, Trial } from "../schemas-operations.ts";
import { sourceViews } from "../source-view.ts";

export function sourceRoutes(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/sources",
		{
			config: {
				authz: {
					roles: READERS,
					tenant: "none",
					object: "words and counts of all tenants only for who sees all",
					scoped: true,
				},
			},
			schema: {
				summary: "Where telemetry comes from: declared sources, and senders that nobody declared",
				tags: ["telemetry"],
				response: {
					200: SourcesView,
					...PROBLEMS,
				},
			},
		},
		async (request) => {
			const { sources } = context;
			const scope = scopeOf(principalOf(request));
			const feeds = await feedStates(context.store.db, scope, context.catalogue(), context.clock.now());
			return {
				feeds: feeds.map((feed) => wireFeedState(feed, sources.feeds(), scope.all)),
				items: sourceViews({
					sources: context.catalogue().sources,
					statuses: sources.statuses(),
					accounting: await context.telemetry.accounting(),
					senders: await sources.senders(),
					startedAt: sources.startedAt,
					now: context.clock.now(),
					seesAll: scope.all,
				}),
			};
		},
	);

	api.post(
		"/api/v1/sources/:name([a-z0-9-]+)::test",
		{
			config: { authz: { roles: ADMINS, tenant: "all", object: "rows of all tenants, as the source has them" } },
			schema: {
				summary: "Asks a pulled source once and shows the first rows or the first problem; nothing is counted",
				tags: ["telemetry"],
				params: z.object({ name: z.string().max(63) }),
				body: z.object({ slo: z.string().max(63).optional().describe("Default: its first query.") }).nullish(),
				response: { 200: Trial, ...PROBLEMS },
			},
		},
		async (request) => {
			const { name } = request.params;
			const principal = principalOf(request);
			// Its rows name tenants: whoever sees only some of them may not look.
			if (!scopeOf(principal).all || !context.catalogue().sources.some((each) => each.name === name && each.pull))
				throw notFound("pulled source", name);
			await context.store.transaction((tx) =>
				audit(tx, {
					at: context.clock.now(),
					actor: principal.name,
					action: "source.tested",
					tenant: "",
					subject: `source:${name}`,
					requestId: request.id,
					detail: { slo: request.body?.slo ?? "" },
				}),
			);
			const trial = await context.sources.test(name, request.body?.slo).catch((error: Error) => {
				throw new ApiProblem(503, "unavailable", error.message, "Try again in a moment.");
			});
			if (!trial) throw notFound("query of this source for the SLO", request.body?.slo ?? "");
			return { ...trial, sample: trial.sample.map(plainRow), error: trial.error ?? null };
		},
	);
}

/** Dates and large numbers as JSON has them. */
function plainRow(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
	return Object.fromEntries(
		Object.entries(row).map(([name, value]) => [
			name,
			value instanceof Date ? value.toISOString() : typeof value === "bigint" ? String(value) : value,
		]),
	);
}
