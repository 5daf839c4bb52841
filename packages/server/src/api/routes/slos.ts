import { DAY_MS, HOUR_MS, MINUTE_MS } from "@bellwether/model";
import { z } from "zod";
import { budgetUnit, type Catalogue, effectiveObjective, isSliced, periodAt, type Slo } from "#catalogue";
import { forecastExhaustion } from "#detection";
import { inScope, scopeOf } from "#platform";
import { FLEET } from "#telemetry";
import { burnDown } from "../budget-burn-down.ts";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { incidentSummary, pagesNow } from "../incident-view.ts";
import { InstantParameter } from "../instant-parameter.ts";
import { monitorLines } from "../monitor-view.ts";
import { principalOf, READERS } from "../policy.ts";
import { ApiProblem, badRequest, notFound } from "../problem.ts";
import { BudgetView, SloDetail, SloList, SpreadView } from "../schemas-slos.ts";
import { SliSpread } from "../sli-spread.ts";
import { gatherMonitors, gatherSlos } from "../slo-facts.ts";
import { sloDetail, sloSummaries } from "../slo-view.ts";

const FLEET_IN_PATH = "~fleet";
/** Columns of the period's window; a calendar period begins at any hour. */
const ROLLING_STEP_MS = 6 * HOUR_MS;
const CALENDAR_STEP_MS = HOUR_MS;
const SHOWN_INCIDENTS = 100;
const MAX_SPREAD_STEPS = 2_000;

export function sloRoutes(api: Api, context: ApiContext): void {
	const authz = { roles: READERS, tenant: "all" as const, object: "readings of the caller's tenants" };
	api.get(
		"/api/v1/slos",
		{
			config: { authz },
			schema: {
				summary: "Every SLO with its promise and how the key tenants stand",
				tags: ["slos"],
				response: { 200: SloList, ...PROBLEMS },
			},
		},
		async (request) => {
			const { facts } = await gatherSlos(context, scopeOf(principalOf(request)));
			return { items: sloSummaries(facts) };
		},
	);
	api.get(
		"/api/v1/slos/:slo",
		{
			config: { authz },
			schema: {
				summary: "One SLO: its definition, objectives, every key tenant's reading, monitors and open incidents",
				tags: ["slos"],
				params: z.object({ slo: z.string().min(1).max(200) }),
				response: { 200: SloDetail, ...PROBLEMS },
			},
		},
		async (request) => {
			const scope = scopeOf(principalOf(request));
			const { slo: name } = request.params;
			const { facts, incidents } = await gatherSlos(context, scope);
			const slo = sloOf(facts.catalogue, name);
			const [monitors, pages] = await Promise.all([gatherMonitors(context, scope), pagesNow(context.store.db, scope)]);
			const { names } = facts.watchedBy(name);
			return {
				...sloDetail(facts, slo),
				watchedBy: monitorLines(monitors).filter((line) => names.includes(line.name)),
				incidents: incidents
					.filter((incident) => incident.slo === name)
					.slice(0, SHOWN_INCIDENTS)
					.map((incident) => incidentSummary(incident, facts.catalogue, pages)),
			};
		},
	);
	budgetRoute(api, context);
	spreadRoute(api, context);
}

/** How fast the budget burns is told by these. */
const RECENT_MS = [HOUR_MS, 6 * HOUR_MS] as const;
const RECENT_STEP_MS = 10 * MINUTE_MS;

function budgetRoute(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/tenants/:tenant/slis/:slo/budget",
		{
			config: { authz: { roles: READERS, tenant: "path", object: "tenant in the caller's scope" } },
			schema: {
				summary: `How the error budget of the current period was spent, step by step; the tenant "${FLEET_IN_PATH}" is the whole fleet`,
				tags: ["slos"],
				params: z.object({ tenant: z.string().min(1).max(200), slo: z.string().min(1).max(200) }),
				response: { 200: BudgetView, ...PROBLEMS },
			},
		},
		async (request) => {
			const { slo: sloName } = request.params;
			const tenant = request.params.tenant === FLEET_IN_PATH ? FLEET : request.params.tenant;
			const catalogue = context.catalogue();
			const slo = catalogue.slos.find(({ name }) => name === sloName);
			const unknown = notFound("SLI of a tenant", `${request.params.tenant}/${sloName}`);
			if (!slo || !inScope(scopeOf(principalOf(request)), tenant)) throw unknown;
			const now = context.clock.now();
			const range = budgetRange(slo, now);
			const of = isSliced(slo) ? ("slices" as const) : ("events" as const);
			const pair = { tenant, slo: sloName, of };
			const recentTo = (Math.floor(now / RECENT_STEP_MS) + 1) * RECENT_STEP_MS;
			const recentFrom = recentTo - RECENT_MS[1];
			const [windows, recent] = await Promise.all([
				context.telemetry.windows({ ...pair, from: range.from, to: range.to, resolutionMs: range.stepMs }),
				context.telemetry.windows({ ...pair, from: recentFrom, to: recentTo, resolutionMs: RECENT_STEP_MS }),
			]);
			if (!windows || !recent) throw unknown;
			const keyTenant = catalogue.tenants.find(({ name }) => name === tenant);
			const { objective, setBy } = effectiveObjective(catalogue, slo, keyTenant);
			const { allowedBad, remaining, steps, ...sums } = burnDown(windows, { ...range, objective });
			return {
				tenant,
				slo: sloName,
				objective,
				objectiveSetBy: setBy,
				unit: budgetUnit(slo),
				...range,
				periodMs: slo.periodMs,
				isCalendar: slo.calendar !== undefined,
				...sums,
				allowedBad: allowedBad ?? null,
				remaining: remaining ?? null,
				forecast: forecastExhaustion({
					remaining,
					objective,
					periodMs: slo.periodMs,
					calendar: slo.calendar && periodAt(slo.calendar, now),
					now,
					recent: RECENT_MS.map((ms) => ({ ms, ...sumSince(recent, recentTo - ms) })),
				}),
				steps: [...steps],
			};
		},
	);
}

function sumSince(
	windows: readonly { readonly at: number; readonly bad: number; readonly total: number }[],
	from: number,
) {
	const sum = { bad: 0, total: 0 };
	for (const { at, bad, total } of windows) {
		if (at < from) continue;
		sum.bad += bad;
		sum.total += total;
	}
	return sum;
}

/** The steps that the budget is summed from: those of the rolling period's window, or the hours of the calendar's period. */
function budgetRange(slo: Slo, now: number): { readonly from: number; readonly to: number; readonly stepMs: number } {
	const stepMs = slo.calendar ? CALENDAR_STEP_MS : ROLLING_STEP_MS;
	const to = (Math.floor(now / stepMs) + 1) * stepMs;
	if (!slo.calendar) return { from: to - Math.ceil(slo.periodMs / stepMs) * stepMs, to, stepMs };
	return { from: Math.floor(periodAt(slo.calendar, now).startsAt / stepMs) * stepMs, to, stepMs };
}

function spreadRoute(api: Api, context: ApiContext): void {
	const spread = new SliSpread({ clock: context.clock, columns: (query) => context.telemetry.columns(query) });
	api.get(
		"/api/v1/slis/:slo/spread",
		{
			config: { authz: { roles: READERS, tenant: "all", object: "only for who sees every key tenant" } },
			schema: {
				summary:
					"Where the key tenants' ratios lie: 5 %, 50 % and 95 % quantile per step; steps without events are left out",
				tags: ["slos"],
				params: z.object({ slo: z.string().min(1).max(200) }),
				querystring: z.object({
					from: InstantParameter.optional().describe("inclusive, ms epoch or RFC 3339; 24 h before to when left out"),
					to: InstantParameter.optional().describe("exclusive, ms epoch or RFC 3339; now when left out"),
					resolutionMs: z.coerce.number().int().min(60_000).max(DAY_MS).multipleOf(60_000).default(600_000),
				}),
				response: { 200: SpreadView, ...PROBLEMS },
			},
		},
		async (request) => {
			const scope = scopeOf(principalOf(request));
			if (!scope.all)
				throw new ApiProblem(
					403,
					"forbidden",
					"The spread over key tenants tells of all of them; you see some.",
					"Ask an administrator, who may see every key tenant.",
				);
			const catalogue = context.catalogue();
			const slo = sloOf(catalogue, request.params.slo);
			const { resolutionMs } = request.query;
			const now = context.clock.now();
			const to = Math.ceil((request.query.to ?? now + 1) / resolutionMs) * resolutionMs;
			const from = Math.floor((request.query.from ?? to - DAY_MS) / resolutionMs) * resolutionMs;
			requireSteps(from, to, resolutionMs);
			const tenants = catalogue.tenants.filter(({ workloads }) => workloads.includes(slo.workload));
			const { latenessMs } = catalogue.settings.telemetry;
			const { steps, of } = await spread.read(
				{ hash: catalogue.hash, slo: slo.name, tenants: tenants.map(({ name }) => name), from, to, resolutionMs },
				latenessMs,
			);
			return { slo: slo.name, from, to, resolutionMs, keyTenants: tenants.length, of, steps };
		},
	);
}

function requireSteps(from: number, to: number, resolutionMs: number): void {
	const steps = (to - from) / resolutionMs;
	if (steps > 0 && steps <= MAX_SPREAD_STEPS) return;
	throw badRequest(
		"query.from",
		steps > 0
			? `That range has ${steps} steps of ${resolutionMs} ms; the limit is ${MAX_SPREAD_STEPS}.`
			: `from (${from}) is not before to (${to}).`,
		"Give from and to in ms epoch, from first, and a resolutionMs that makes fewer steps.",
	);
}

function sloOf(catalogue: Catalogue, name: string): Slo {
	const slo = catalogue.slos.find((each) => each.name === name);
	if (!slo) throw notFound("SLO", name);
	return slo;
}
