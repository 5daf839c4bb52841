import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Feed } from "#catalogue";
import {
	FACT_CURSOR,
	feedStates,
	firstHeard,
	incidentsNear,
	judgeCases,
	listCases,
	listChanges,
	listPlatformHealth,
	platformWords,
	takeFeedMessage,
} from "#incidents";
import { scopeOf } from "#platform";
import { parseFeed } from "#telemetry";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { type Proof, proveMessage } from "../feed-proof.ts";
import { wireCase, wireChange, wireFeedState, wireStatement } from "../feed-view.ts";
import { wireWord } from "../feed-words.ts";
import { InstantParameter } from "../instant-parameter.ts";
import { PUBLIC, principalOf, READERS } from "../policy.ts";
import { ApiProblem, badRequest } from "../problem.ts";
import { Change, FeedStateView, FeedTaken, JudgedCase, PlatformStatement, PlatformWord } from "../schemas-feeds.ts";
import { bytesOf, headersOf, jsonOf, refused, registerSigned, secretOf, uncheckable } from "../signed-messages.ts";

const MAX_BODY_BYTES = 1_048_576;
const MIN_FREE_BYTES = 16 * 1_048_576;
/** Changes and statements of a message that is answered are few; more is the list's business. */
const MAX_NAMED = 20;

const Filter = z.object({
	tenant: z.string().min(1).max(200).optional(),
	workload: z.string().min(1).max(200).optional(),
	from: InstantParameter.optional().describe("started at or after; ms epoch or RFC 3339"),
	to: InstantParameter.optional().describe("started before; ms epoch or RFC 3339"),
	after: z.string().regex(FACT_CURSOR, "is not a cursor: take it from next").optional(),
	limit: z.coerce.number().int().min(1).max(500).default(100),
});

export function feedRoutes(api: Api, context: ApiContext): void {
	takeRoute(api, context);
	changeRoute(api, context);
	caseRoute(api, context);
	platformHealthRoute(api, context);
}

function takeRoute(api: Api, context: ApiContext): void {
	registerSigned(api, MAX_BODY_BYTES, (inner) => {
		inner.post(
			"/api/v1/feeds/:feed",
			{
				bodyLimit: MAX_BODY_BYTES,
				config: { authz: { ...PUBLIC, object: "the feed's own signature or token" } },
				schema: {
					summary: "A message of a side feed; proven by the feed's own signature or token, answered when it is durable",
					tags: ["feeds"],
					params: z.object({ feed: z.string().min(1).max(63) }),
					response: { 200: FeedTaken, ...PROBLEMS },
				},
			},
			async (request) => {
				const now = context.clock.now();
				const { feed, proof } = prove(context, request, request.params.feed, now);
				await requireRoom(context);
				requireJson(request);
				const body = jsonOf(bytesOf(request));
				const parsed = parseFeed(feed, { headers: headersOf(request), body, receivedAt: now });
				if (parsed.status === "malformed") throw malformed(feed, parsed.message);
				const isEmpty = parsed.facts.length === 0 && parsed.left === 0;
				if (isEmpty && parsed.faults.length > 0) {
					const [fault] = parsed.faults;
					throw malformed(feed, `Nothing of the message can be used; ${fault?.place || "it"}: ${fault?.message}.`);
				}
				const outcome = await context.store.transaction((tx) =>
					takeFeedMessage(
						tx,
						{ bus: context.bus, catalogue: context.catalogue() },
						{ feed, parsed, ...proof, receivedAt: now, requestId: request.id },
					),
				);
				if (outcome.status === "duplicate") {
					return {
						status: "duplicate" as const,
						new: 0,
						changed: 0,
						same: 0,
						older: 0,
						leftOut: 0,
						unmapped: [],
						faults: [],
					};
				}
				const { left, ...counts } = outcome;
				return {
					...counts,
					leftOut: left,
					unmapped: outcome.unmapped.slice(0, MAX_NAMED),
					faults: outcome.faults.map((fault) => ({ ...fault })),
				};
			},
		);
	});
}

/** The feed that a message is of; that there is no such feed and that the proof is wrong are answered alike. */
function prove(
	context: ApiContext,
	request: FastifyRequest,
	name: string,
	now: number,
): { readonly feed: Feed; readonly proof: Proof } {
	const feed = context.catalogue().feeds.find((each) => each.name === name);
	const sender = { kind: "feed", name: feed?.name } as const;
	if (feed?.secretRef === undefined)
		throw refused(request, sender, feed ? "the feed has no secret, so it takes no messages" : "unknown feed");
	const secrets = secretOf(request, sender, feed.secretRef);
	const outcome = proveMessage(feed.auth, secrets, headersOf(request), bytesOf(request), now);
	switch (outcome.status) {
		case "proven":
			return { feed, proof: { key: outcome.key, provesLife: outcome.provesLife } };
		case "unproven":
			throw refused(request, sender, outcome.reason);
		case "unusable":
			throw uncheckable(request, sender, outcome.reason);
		case "old":
			throw new ApiProblem(
				401,
				"unauthenticated",
				`The signature is good, but ${outcome.reason}.`,
				"Send it again with a new timestamp, and check the clocks of both sides.",
			);
	}
}

/** What a full disk leaves in the control store is for pages and acknowledgements; feeds are told to come again. */
async function requireRoom(context: ApiContext): Promise<void> {
	const freeBytes = (await context.diskFreeBytes?.()) ?? Number.POSITIVE_INFINITY;
	if (freeBytes >= MIN_FREE_BYTES) return;
	throw new ApiProblem(
		503,
		"unavailable",
		`The disk of the data folder has ${freeBytes} bytes left, so no messages of feeds are taken.`,
		"Make room on that disk, then send the message again.",
		{ headers: { "retry-after": "60" } },
	);
}

function malformed(feed: Feed, message: string): ApiProblem {
	return badRequest(
		"body",
		message,
		`Feed "${feed.name}" reads messages of kind ${feed.kind}; see docs/feeds.md for what it expects.`,
	);
}

function requireJson(request: FastifyRequest): void {
	const type = (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
	if (type !== "" && type !== "application/json" && !type.endsWith("+json")) {
		throw new ApiProblem(
			415,
			"unsupported_media_type",
			"The message's content type is not JSON.",
			"Let the sender use application/json, or application/cloudevents+json.",
		);
	}
}

function changeRoute(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/changes",
		{
			config: { authz: { roles: READERS, tenant: "query", object: "changes of the caller's tenants" } },
			schema: {
				summary: "What was changed, the last to start first; follow `next` with `after`",
				description:
					"With `tenant` or `workload` also those that are not of single tenants, or do not tell their workload.",
				tags: ["feeds"],
				querystring: Filter,
				response: { 200: z.object({ items: z.array(Change), next: z.string().nullable() }), ...PROBLEMS },
			},
		},
		async (request) => {
			const page = await listChanges(context.store.db, scopeOf(principalOf(request)), request.query);
			return { items: page.items.map(wireChange), next: page.next ?? null };
		},
	);
}

function caseRoute(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/cases",
		{
			config: { authz: { roles: READERS, tenant: "query", object: "cases of the caller's tenants" } },
			schema: {
				summary: "Support cases and customer reports, the last to open first, each with whether it was detected",
				tags: ["feeds"],
				querystring: Filter.extend({ state: z.enum(["open", "closed"]).optional() }),
				response: { 200: z.object({ items: z.array(JudgedCase), next: z.string().nullable() }), ...PROBLEMS },
			},
		},
		async (request) => {
			const scope = scopeOf(principalOf(request));
			const { db } = context.store;
			const page = await listCases(db, scope, request.query);
			const incidents = await incidentsNear(db, scope, page.items);
			const judged = judgeCases(page.items, incidents, await firstHeard(db), context.clock.now());
			return {
				items: judged.map((each) => ({
					...wireCase(each.case),
					detection: each.verdict.status,
					incident: each.verdict.incidentId ?? null,
				})),
				next: page.next ?? null,
			};
		},
	);
}

function platformHealthRoute(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/platform-health",
		{
			config: { authz: { roles: READERS, tenant: "all", object: "the platform's own; only with full scope" } },
			schema: {
				summary: "The platform's own word on each workload, and the statements behind it, the last to start first",
				tags: ["feeds"],
				querystring: Filter.omit({ tenant: true }).extend({ state: z.enum(["open"]).optional() }),
				response: {
					200: z.object({
						workloads: z.array(PlatformWord),
						items: z.array(PlatformStatement),
						next: z.string().nullable(),
					}),
					...PROBLEMS,
				},
			},
		},
		async (request) => {
			const scope = scopeOf(principalOf(request));
			const catalogue = context.catalogue();
			const { db } = context.store;
			const [words, page] = await Promise.all([
				platformWords(db, scope, catalogue, context.clock.now()),
				listPlatformHealth(db, scope, catalogue, request.query),
			]);
			return {
				workloads: [...words.values()].map(wireWord),
				items: page.items.map(wireStatement),
				next: page.next ?? null,
			};
		},
	);
	api.get(
		"/api/v1/feeds",
		{
			config: {
				authz: {
					roles: READERS,
					tenant: "none",
					object: "names of unknown tenants only with full scope",
					scoped: true,
				},
			},
			schema: {
				summary: "Each side feed: when it was last heard, and whether it is stale",
				tags: ["feeds"],
				response: { 200: z.object({ items: z.array(FeedStateView), next: z.null() }), ...PROBLEMS },
			},
		},
		async (request) => {
			const scope = scopeOf(principalOf(request));
			const states = await feedStates(context.store.db, scope, context.catalogue(), context.clock.now());
			return {
				items: states.map((state) => wireFeedState(state, context.sources.feeds(), scope.all)),
				next: null,
			};
		},
	);
}
