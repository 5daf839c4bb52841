import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Person } from "#catalogue";
import { audit, type Principal } from "#platform";
import { queueTestPages, testContact, testResults } from "#response";
import { depsOf } from "../acts.ts";
import { hasOwnAddress } from "../channel-needs.ts";
import { channelViews, wireTest } from "../channel-view.ts";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { ADMINS, principalOf, READERS, RESPONDERS } from "../policy.ts";
import { ApiProblem, badRequest, notFound } from "../problem.ts";
import { ChannelsView, PageTest, PageTestAsked } from "../schemas-channels.ts";
import { requireFewTests } from "../test-pages-limit.ts";

/** Ways out: how each fares, and real test messages through them. */
export function channelRoutes(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/channels",
		{
			config: { authz: { roles: READERS, tenant: "none", object: "receivers' answers only for responders" } },
			schema: {
				summary: "Each way out: what left by it, what came back, and what waits",
				tags: ["channels"],
				response: { 200: ChannelsView, ...PROBLEMS },
			},
		},
		async (request) => {
			const now = context.clock.now();
			const withDetails = RESPONDERS.includes(principalOf(request).role);
			return { at: now, items: await channelViews(context, now, withDetails) };
		},
	);

	api.post(
		"/api/v1/page-tests",
		{
			config: { authz: { roles: RESPONDERS, tenant: "none", object: "others than oneself only for administrators" } },
			schema: {
				summary: "Sends a real page, marked as a test, by each way of reaching a person, or by one channel",
				description:
					"Answered when the messages are queued; ask GET /api/v1/page-tests for what becomes of them. What could not leave within two minutes is given up.",
				tags: ["channels"],
				body: z.strictObject({
					person: z.string().min(1).max(63).optional().describe("name of a person, or me"),
					channel: z
						.string()
						.min(1)
						.max(63)
						.optional()
						.describe("only by this channel; without a person: to its own address"),
				}),
				response: { 202: PageTestAsked, ...PROBLEMS },
			},
		},
		async (request, reply) => {
			const principal = principalOf(request);
			const { channel } = request.body;
			const person = whoToTest(context, principal, request.body);
			if (person.name !== principal.name && !ADMINS.includes(principal.role)) {
				throw new ApiProblem(
					403,
					"forbidden",
					"Only administrators may page others for a test.",
					"Test your own contacts with the person me, or ask an administrator.",
				);
			}
			await requireFewTests(context, person.name);
			const items = await sendTests(context, request, person, channel);
			return reply.status(202).send({ person: person.name, displayName: person.displayName, items });
		},
	);

	api.get(
		"/api/v1/page-tests",
		{
			config: { authz: { roles: RESPONDERS, tenant: "none", object: "test pages by their ids" } },
			schema: {
				summary: "What became of test pages",
				tags: ["channels"],
				querystring: z.object({
					ids: z
						.string()
						.regex(/^msg_[a-z0-9]{1,60}(?:,msg_[a-z0-9]{1,60}){0,49}$/i)
						.describe("message ids with commas between"),
				}),
				response: { 200: z.object({ items: z.array(PageTest) }), ...PROBLEMS },
			},
		},
		async (request) => ({
			items: (await testResults(context.store.db, request.query.ids.split(","))).map(wireTest),
		}),
	);
}

type Tested = Pick<Person, "name" | "displayName" | "contacts">;

function whoToTest(
	context: ApiContext,
	principal: Principal,
	asked: { readonly person?: string | undefined; readonly channel?: string | undefined },
): Tested | Person {
	const { people, channels } = context.catalogue();
	if (asked.channel !== undefined && !channels.some(({ name }) => name === asked.channel))
		throw notFound("channel", asked.channel);
	if (asked.person === undefined) return channelItself(context, asked.channel);
	const name = asked.person === "me" ? principal.name : asked.person;
	const person = people.find((each) => each.name === name);
	if (!person && asked.person === "me") {
		throw new ApiProblem(
			404,
			"not_found",
			`You are signed in as "${name}", and the catalogue has no Person of that name.`,
			"Write a Person with your name and contacts, or sign in with a token of your name.",
		);
	}
	if (!person) throw notFound("person", name);
	if (asked.channel !== undefined && !person.contacts.some(({ channel }) => channel === asked.channel)) {
		throw badRequest(
			"body.channel",
			`${person.displayName} has no contact by the channel "${asked.channel}".`,
			"Add that contact to the Person, or leave the channel out to test all contacts.",
		);
	}
	return person;
}

function channelItself(context: ApiContext, name: string | undefined): Tested {
	const channel = context.catalogue().channels.find((each) => each.name === name);
	if (!channel || !hasOwnAddress(channel)) {
		throw badRequest(
			"body.person",
			channel ? `Messages by "${channel.name}" go to a person's address.` : "Neither a person nor a channel is named.",
			"Name the person whose contact is to be tested.",
		);
	}
	return { name: "", displayName: channel.name, contacts: [{ channel: channel.name, address: "" }] };
}

async function sendTests(
	context: ApiContext,
	request: FastifyRequest,
	person: Tested | Person,
	channel: string | undefined,
): Promise<PageTest[]> {
	const askedBy = principalOf(request).name;
	const now = context.clock.now();
	const deps = depsOf(context);
	const results = await context.store.transaction(async (tx) => {
		const ids: string[] = [];
		if (isPerson(person)) {
			for (const contact of person.contacts.filter((each) => channel === undefined || each.channel === channel)) {
				const name = contact.name ?? contact.channel;
				const id = await testContact(tx, deps, { person, contact: name, askedBy, now, requestId: request.id });
				if (id !== undefined) ids.push(id);
			}
		} else {
			const queued = await queueTestPages(tx, deps, { person, channel, askedBy, now });
			ids.push(...queued.map(({ messageId }) => messageId));
			await audit(tx, {
				at: now,
				actor: askedBy,
				action: "channel.test",
				tenant: "",
				subject: `channel:${channel}`,
				requestId: request.id,
				detail: { messages: ids },
			});
		}
		return testResults(tx, ids);
	});
	return results.map(wireTest);
}

function isPerson(tested: Tested | Person): tested is Person {
	return tested.name !== "";
}
