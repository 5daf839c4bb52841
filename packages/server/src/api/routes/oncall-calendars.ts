import { z } from "zod";
import {
	calendarText,
	dutiesOf,
	feedOf,
	isUseWorthNoting,
	listFeeds,
	loadOnCallState,
	makeFeed,
	noteFeedUse,
	personName,
	revokeFeed,
} from "#response";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { wireLink } from "../oncall-view.ts";
import { PUBLIC, principalOf, READERS, RESPONDERS } from "../policy.ts";
import { ApiProblem, notFound } from "../problem.ts";
import { CalendarLink, NewCalendarLink } from "../schemas-oncall.ts";
import { requireAllTenants } from "./oncall-acts.ts";

const ACTS = { roles: RESPONDERS, tenant: "none", object: "none" } as const;
const DAY_MS = 86_400_000;
const BACK_MS = 35 * DAY_MS;
const AHEAD_MS = 180 * DAY_MS;
const FILE = /^([0-9a-f]{48})\.ics$/;

/** Private calendar addresses. The secret is told once, when the link is made; logs, events and lists never hold it. */
export function onCallCalendarRoutes(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/oncall/calendar-links",
		{
			config: { authz: { roles: READERS, tenant: "none", object: "none" } },
			schema: {
				summary: "Private calendar links without their addresses, newest first",
				tags: ["response"],
				response: { 200: z.object({ items: z.array(CalendarLink) }), ...PROBLEMS },
			},
		},
		async () => ({ items: (await listFeeds(context.store.db)).map(wireLink) }),
	);
	api.post(
		"/api/v1/oncall/calendar-links",
		{
			config: { authz: ACTS },
			schema: {
				summary: "Make a private calendar link for one schedule or one person; its address is shown this once",
				tags: ["response"],
				body: z.union([
					z.strictObject({ schedule: z.string().min(1).max(63) }),
					z.strictObject({ person: z.string().min(1).max(63) }),
				]),
				response: { 201: NewCalendarLink, ...PROBLEMS },
			},
		},
		async (request, reply) => {
			const outcome = await context.store.transaction((tx) =>
				makeFeed(tx, context, requestOf(context, request), request.body),
			);
			if (outcome.status === "not-found") {
				const { body } = request;
				throw "schedule" in body ? notFound("schedule", body.schedule) : notFound("person", body.person);
			}
			if (outcome.status === "refused") throw new ApiProblem(409, "conflict", outcome.message, outcome.remedy);
			const { secret, ...feed } = outcome.record;
			return reply.code(201).send({ ...wireLink(feed), url: `${context.baseUrl()}/calendar/${secret}.ics` });
		},
	);
	api.delete(
		"/api/v1/oncall/calendar-links/:id",
		{
			config: { authz: ACTS },
			schema: {
				summary: "Revoke a calendar link: its address answers 404 from now on",
				tags: ["response"],
				params: z.object({ id: z.string().min(1).max(100) }),
				response: { 200: CalendarLink, ...PROBLEMS },
			},
		},
		async (request) => {
			const { id } = request.params;
			const outcome = await context.store.transaction((tx) => revokeFeed(tx, context, requestOf(context, request), id));
			if (outcome.status !== "changed" && outcome.status !== "unchanged") throw notFound("calendar link", id);
			return wireLink(outcome.record);
		},
	);
	api.get(
		"/calendar/:file",
		{
			// Calendars cannot sign in: the secret in the address is what they prove themselves with.
			config: { authz: PUBLIC },
			schema: {
				hide: true,
				params: z.object({ file: z.string().max(100) }),
				response: { 200: z.string(), ...PROBLEMS },
			},
			serializerCompiler: () => (data: unknown) => data as string,
		},
		async (request, reply) => {
			const secret = FILE.exec(request.params.file)?.[1];
			const feed = secret === undefined ? undefined : await feedOf(context.store.db, secret);
			// Nothing of the address is repeated: it may be a secret with a slip in it.
			if (!feed) throw noCalendar();
			const now = context.clock.now();
			if (isUseWorthNoting(feed, now)) await context.store.transaction((tx) => noteFeedUse(tx, feed.id, now));
			const catalogue = context.catalogue();
			// From a fixed day on, so that what began before the range keeps its beginning, and so its UID, for weeks.
			const from = Math.floor((now - BACK_MS) / (28 * DAY_MS)) * 28 * DAY_MS;
			const state = await loadOnCallState(context.store.db, from, now + AHEAD_MS);
			const duties = dutiesOf(catalogue, state, feed, from, now + AHEAD_MS);
			const schedule = catalogue.schedules.find((each) => each.name === feed.schedule)?.displayName;
			const name =
				feed.person === undefined ? `On call: ${schedule}` : `On call: ${personName(catalogue.people, feed.person)}`;
			reply.header("content-disposition", 'inline; filename="on-call.ics"').header("referrer-policy", "no-referrer");
			reply.type("text/calendar; charset=utf-8");
			return calendarText(catalogue, duties, { name, now, url: context.baseUrl() });
		},
	);
}

function noCalendar(): ApiProblem {
	return new ApiProblem(
		404,
		"not_found",
		"There is no such calendar, or its link was revoked.",
		"Make a new link on the page of the schedule.",
	);
}

function requestOf(context: ApiContext, request: Parameters<typeof principalOf>[0]) {
	const principal = principalOf(request);
	requireAllTenants(principal);
	return { principal, now: context.clock.now(), requestId: request.id };
}
