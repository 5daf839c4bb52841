import { z } from "zod";
import { NEAR_RANGE_MS } from "#response";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { handOverView } from "../hand-over-view.ts";
import { InstantParameter } from "../instant-parameter.ts";
import { onCallLoad, onCallNow, scheduleDetail } from "../oncall-view.ts";
import { principalOf, READERS } from "../policy.ts";
import { badRequest, notFound } from "../problem.ts";
import { HandOver, OnCallLoad, OnCallView, ScheduleDetail } from "../schemas-oncall.ts";

const DAY_MS = 86_400_000;
const MAX_RANGE_MS = 400 * DAY_MS;
/** What a load report looks back on, when nothing is said. */
const LOAD_RANGE_MS = 28 * DAY_MS;

export const ScheduleParams = z.object({ name: z.string().min(1).max(63) });
const Range = z.object({ from: InstantParameter.optional(), to: InstantParameter.optional() });
const READS = { roles: READERS, tenant: "none", object: "none" } as const;

/** What anybody who is signed in may read of on-call. */
export function onCallRoutes(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/oncall",
		{
			config: { authz: { ...READS, scoped: true } },
			schema: {
				summary: "Who is on call at an instant, per schedule and role; and time without anybody in the next 14 days",
				tags: ["response"],
				querystring: z.object({
					at: InstantParameter.optional().describe("ms epoch or RFC 3339; now when left out"),
				}),
				response: { 200: OnCallView, ...PROBLEMS },
			},
		},
		(request) => onCallNow(context.store.db, context.catalogue(), request.query.at ?? context.clock.now()),
	);
	api.get(
		"/api/v1/oncall/schedules/:name",
		{
			config: { authz: READS },
			schema: {
				summary: "One schedule: final shifts over a range, layers, overrides, swaps, absences, quality",
				description: "Without a range: today and the next 14 days. At most 400 days.",
				tags: ["response"],
				params: ScheduleParams,
				querystring: Range,
				response: { 200: ScheduleDetail, ...PROBLEMS },
			},
		},
		async (request) => {
			const now = context.clock.now();
			const range = rangeOf(request.query, now - DAY_MS, now + NEAR_RANGE_MS);
			const { name } = request.params;
			const detail = await scheduleDetail(context.store.db, context.catalogue(), name, range, now).catch(tooFine);
			if (!detail) throw notFound("schedule", name);
			return detail;
		},
	);
	api.get(
		"/api/v1/oncall/load",
		{
			config: { authz: READS },
			schema: {
				summary: "Hours, nights, weekends and pages per person, on the person's own clock",
				description: "Without a range: the last 28 days. At most 400 days.",
				tags: ["response"],
				querystring: Range,
				response: { 200: OnCallLoad, ...PROBLEMS },
			},
		},
		(request) => {
			const now = context.clock.now();
			const { from, to } = rangeOf(request.query, now - LOAD_RANGE_MS, now);
			return onCallLoad(context.store.db, context.catalogue(), from, to).catch(tooFine);
		},
	);
	api.get(
		"/api/v1/oncall/schedules/:name/hand-over",
		{
			config: {
				authz: { roles: READERS, tenant: "all", object: "incidents, mutes and tenants of the caller's scope" },
			},
			schema: {
				summary: "Hand-over: open incidents, mutes that end, tenants at risk, notes",
				tags: ["response"],
				params: ScheduleParams,
				response: { 200: HandOver, ...PROBLEMS },
			},
		},
		async (request) => {
			const { name } = request.params;
			const view = await handOverView(context, principalOf(request), name, context.clock.now());
			if (!view) throw notFound("schedule", name);
			return view;
		},
	);
}

/** A schedule that changes every minute cannot be told shift by shift over a year. */
function tooFine(error: unknown): never {
	if (!(error instanceof RangeError)) throw error;
	throw badRequest("query", `${error.message}.`, "Ask for a shorter range.");
}

function rangeOf(
	asked: { readonly from?: number | undefined; readonly to?: number | undefined },
	from: number,
	to: number,
): { readonly from: number; readonly to: number } {
	const range = { from: asked.from ?? from, to: asked.to ?? to };
	if (range.to > range.from && range.to - range.from <= MAX_RANGE_MS) return range;
	throw badRequest(
		"query.from",
		"The range is empty, or longer than 400 days.",
		"Write from and to, at most 400 days apart.",
	);
}
