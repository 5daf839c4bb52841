import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import {
	getSubscription,
	listSubscriptions,
	type Subscription,
	type SubscriptionEvent,
	type SubscriptionReader,
	subscribe,
	unsubscribe,
} from "#engagement";
import { type Principal, scopeOf, urlFault } from "#platform";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { ADMINS, principalOf, READERS, RESPONDERS } from "../policy.ts";
import { ApiProblem, badRequest, notFound } from "../problem.ts";
import { Subscribing, SubscriptionMade, SubscriptionRequest, SubscriptionView } from "../schemas-subscriptions.ts";

const Params = z.object({ id: z.string().min(1).max(100) });
const OBJECT_RULE = "subscriptions of the caller's token";
const MADE = { 201: SubscriptionMade, ...PROBLEMS };
const LOCATION = "Location is the address at which DELETE ends it.";

/** A trigger of a flow has an address of its own: in OpenAPI 2.0 one address has one meaning. */
export const TRIGGERS = {
	"incident-opened": "incident.opened",
	"incident-changed": "incident.changed",
	"breach-opened": "breach.opened",
} as const satisfies Record<string, SubscriptionEvent>;

/** Other systems ask here to be told; what they are sent is described in schemas-subscriptions.ts. */
export function subscriptionRoutes(api: Api, context: ApiContext): void {
	api.post(
		"/api/v1/subscriptions",
		{
			config: { authz: { roles: RESPONDERS, tenant: "all", object: "told of the token's tenants alone" } },
			schema: {
				summary: "Be told of an event at an address, signed, at least once, until DELETE or until the receiver is gone",
				description: LOCATION,
				tags: ["subscriptions"],
				body: SubscriptionRequest,
				response: MADE,
			},
		},
		async (request, reply) => {
			const { event, ...asked } = request.body;
			return make(context, request, reply, event, asked);
		},
	);
	for (const [name, event] of Object.entries(TRIGGERS)) {
		api.post(
			`/api/v1/triggers/${name}`,
			{
				config: { authz: { roles: RESPONDERS, tenant: "all", object: "told of the token's tenants alone" } },
				schema: {
					summary: `As POST /api/v1/subscriptions with the event ${event}: the trigger of a flow`,
					description: LOCATION,
					tags: ["subscriptions"],
					body: Subscribing,
					response: MADE,
				},
			},
			(request, reply) => make(context, request, reply, event, request.body),
		);
	}
	api.get(
		"/api/v1/subscriptions",
		{
			config: { authz: { roles: READERS, tenant: "all", object: OBJECT_RULE } },
			schema: {
				summary: "Who is told what, and how it went; administrators of all tenants see everybody's",
				tags: ["subscriptions"],
				response: { 200: z.object({ items: z.array(SubscriptionView) }), ...PROBLEMS },
			},
		},
		async (request) => {
			const found = await listSubscriptions(context.store.db, readerOf(principalOf(request)));
			const waiting = await waitingOf(context);
			return { items: found.map((each) => viewOf(each, waiting)) };
		},
	);
	api.get(
		"/api/v1/subscriptions/:id",
		{
			config: { authz: { roles: READERS, tenant: "object", object: OBJECT_RULE } },
			schema: {
				summary: "One subscription and how it went",
				tags: ["subscriptions"],
				params: Params,
				response: { 200: SubscriptionView, ...PROBLEMS },
			},
		},
		async (request) => {
			const { id } = request.params;
			const found = await getSubscription(context.store.db, readerOf(principalOf(request)), id);
			if (!found) throw notFound("subscription", id);
			return viewOf(found, await waitingOf(context));
		},
	);
	api.delete(
		"/api/v1/subscriptions/:id",
		{
			config: { authz: { roles: RESPONDERS, tenant: "object", object: OBJECT_RULE } },
			schema: {
				summary: "End a subscription: nothing is sent any more, not even what waits",
				tags: ["subscriptions"],
				params: Params,
				response: { 204: z.null(), ...PROBLEMS },
			},
		},
		async (request, reply) => {
			const principal = principalOf(request);
			const { id } = request.params;
			const asked = { principal, now: context.clock.now(), requestId: request.id };
			const isEnded = await context.store.transaction((tx) => unsubscribe(tx, asked, readerOf(principal), id));
			if (!isEnded) throw notFound("subscription", id);
			return reply.code(204).send(null);
		},
	);
}

async function make(
	context: ApiContext,
	request: FastifyRequest,
	reply: FastifyReply,
	event: SubscriptionEvent,
	asked: z.infer<typeof Subscribing>,
): Promise<never> {
	const { callbackUrl, clientState, includeParts, ...filter } = asked;
	const principal = subscriberOf(request);
	requireReachable(context, callbackUrl);
	requireKnown(context, principal, asked);
	const outcome = await context.store.transaction((tx) =>
		subscribe(tx, context, {
			principal,
			now: context.clock.now(),
			requestId: request.id,
			subscription: {
				event,
				callbackUrl,
				clientState,
				filter: { ...filter, includeParts: includeParts ?? principal.tenants !== undefined },
			},
		}),
	);
	if (outcome.status === "too-many")
		throw new ApiProblem(
			409,
			"conflict",
			`There are ${outcome.limit} subscriptions already.`,
			"End those that nobody needs any more, with DELETE.",
		);
	const { subscription } = outcome;
	reply.code(201).header("location", `${context.baseUrl()}/api/v1/subscriptions/${subscription.id}`);
	return { ...viewOf(subscription, await waitingOf(context)), secret: subscription.secret } as never;
}

/** It lives as long as its token: that of a browser's session ends with the session. */
function subscriberOf(request: FastifyRequest): Principal & { readonly tokenId: string } {
	const principal = principalOf(request);
	const { tokenId } = principal;
	if (request.caller?.via === "token" && tokenId !== undefined && !tokenId.startsWith("operator:")) {
		return { ...principal, tokenId };
	}
	throw new ApiProblem(
		403,
		"forbidden",
		"A subscription needs a token of its own: what it is told follows that token, and ends with it.",
		"Make one with bellwether token --role responder, and send it as Authorization: Bearer ….",
	);
}

function requireReachable(context: ApiContext, url: string): void {
	const fault = urlFault(url, context.catalogue().settings.egress.callbacks ?? [], "settings.egress.callbacks");
	if (fault === undefined) return;
	throw badRequest(
		"body.callbackUrl",
		`Nothing can be sent to callbackUrl: ${fault}.`,
		"Give an https address that this server may reach.",
	);
}

/** A filter that could never let anything through is a mistake. Foreign and unknown tenants answer alike. */
function requireKnown(context: ApiContext, principal: Principal, asked: z.infer<typeof Subscribing>): void {
	const { tenants, workloads } = context.catalogue();
	const seen = principal.tenants && new Set(principal.tenants);
	const knownTenants = new Set(tenants.map(({ name }) => name).filter((name) => seen?.has(name) !== false));
	const knownWorkloads = new Set(workloads.map(({ name }) => name));
	const check = (field: string, list: readonly string[] | undefined, known: ReadonlySet<string>) => {
		const unknown = list?.find((name) => !known.has(name));
		if (unknown === undefined) return;
		throw badRequest(
			`body.${field}`,
			`${field} names "${unknown.slice(0, 63)}", which is none that you may see.`,
			`Leave ${field} out, or write names of the catalogue.`,
		);
	};
	check("tenants", asked.tenants, knownTenants);
	check("workloads", asked.workloads, knownWorkloads);
}

function readerOf(principal: Principal): SubscriptionReader {
	return { tokenId: principal.tokenId, all: ADMINS.includes(principal.role) && scopeOf(principal).all };
}

async function waitingOf({ store }: ApiContext): Promise<ReadonlyMap<string, number>> {
	const rows = await store.db
		.selectFrom("outbox")
		.select((select) => ["channel", select.fn.countAll<number>().as("count")])
		.where("state", "=", "pending")
		.where("channel", "like", "subscription:%")
		.groupBy("channel")
		.execute();
	return new Map(rows.map(({ channel, count }) => [channel, Number(count)]));
}

function viewOf(subscription: Subscription, waiting: ReadonlyMap<string, number>): SubscriptionView {
	const { filter = {} } = subscription;
	return {
		id: subscription.id,
		event: subscription.event,
		owner: subscription.owner,
		receiver: new URL(subscription.callbackUrl).host,
		filter: {
			severities: filter.severities ? [...filter.severities] : null,
			tenants: filter.tenants ? [...filter.tenants] : null,
			workloads: filter.workloads ? [...filter.workloads] : null,
			includeTests: filter.includeTests === true,
			includeParts: filter.includeParts === true,
		},
		state: subscription.state,
		reason: subscription.reason ?? null,
		createdAt: subscription.createdAt,
		disabledAt: subscription.disabledAt ?? null,
		lastAt: subscription.lastAt ?? null,
		lastOutcome: subscription.lastOutcome ?? null,
		failures: subscription.failures,
		deliveries: subscription.deliveries,
		waiting: waiting.get(`subscription:${subscription.id}`) ?? 0,
	};
}
