import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { scopeOf } from "#platform";
import { testContact } from "#response";
import { depsOf } from "../acts.ts";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { personView, upcomingShifts } from "../person-view.ts";
import { ADMINS, principalOf, READERS } from "../policy.ts";
import { notFound } from "../problem.ts";
import { MeOnWire, PeopleOnWire, TestQueued } from "../schemas-people.ts";
import { requireFewTests } from "../test-pages-limit.ts";

const Name = z.string().min(1).max(63);

/** How people are reached, and whether that is proven. Addresses are masked: whoever is signed in may see them. */
export function peopleRoutes(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/me",
		{
			config: { authz: { roles: READERS, tenant: "none", object: "the person with the caller's name", scoped: true } },
			schema: {
				summary: "Own contact methods, rules, shifts and pages",
				tags: ["response"],
				response: { 200: MeOnWire, ...PROBLEMS },
			},
		},
		async (request) => {
			const { name, role } = principalOf(request);
			const person = context.catalogue().people.find((each) => each.name === name);
			return { name, role, person: person ? await view(context, request, person.name) : null };
		},
	);
	api.get(
		"/api/v1/people",
		{
			config: { authz: { roles: READERS, tenant: "none", object: "none" } },
			schema: {
				summary: "Everybody who can be paged: contact methods, last tests, shifts, warnings",
				tags: ["response"],
				response: { 200: PeopleOnWire, ...PROBLEMS },
			},
		},
		async (request) => {
			const now = context.clock.now();
			const shifts = await upcomingShifts(context, now);
			const scope = scopeOf(principalOf(request));
			const people = [];
			for (const person of context.catalogue().people)
				people.push(await personView(context, scope, person, shifts, now));
			return { people };
		},
	);
	api.post(
		"/api/v1/me/contacts/:contact/test",
		{
			config: { authz: { roles: READERS, tenant: "none", object: "the person with the caller's name", scoped: true } },
			schema: {
				summary: "Send a test page to one of the caller's own contacts",
				tags: ["response"],
				params: z.object({ contact: Name }),
				response: { 202: TestQueued, ...PROBLEMS },
			},
		},
		async (request, reply) => {
			const name = principalOf(request).name;
			return reply.status(202).send(await test(context, request, name, request.params.contact));
		},
	);
	api.post(
		"/api/v1/people/:person/contacts/:contact/test",
		{
			config: { authz: { roles: ADMINS, tenant: "none", object: "none" } },
			schema: {
				summary: "Send a test page to one contact of a person",
				tags: ["response"],
				params: z.object({ person: Name, contact: Name }),
				response: { 202: TestQueued, ...PROBLEMS },
			},
		},
		async (request, reply) => {
			const { person, contact } = request.params;
			return reply.status(202).send(await test(context, request, person, contact));
		},
	);
}

async function view(context: ApiContext, request: FastifyRequest, name: string) {
	const person = context.catalogue().people.find((each) => each.name === name);
	if (!person) throw notFound("person", name);
	const now = context.clock.now();
	const scope = scopeOf(principalOf(request));
	return personView(context, scope, person, await upcomingShifts(context, now), now);
}

async function test(context: ApiContext, request: FastifyRequest, name: string, contact: string) {
	const person = context.catalogue().people.find((each) => each.name === name);
	if (!person) throw notFound("person", name);
	await requireFewTests(context, name);
	const deps = depsOf(context);
	const asked = {
		person,
		contact,
		askedBy: principalOf(request).name,
		now: context.clock.now(),
		requestId: request.id,
	};
	const messageId = await context.store.transaction((tx) => testContact(tx, deps, asked));
	if (messageId === undefined) throw notFound("contact", contact);
	return { messageId, person: await view(context, request, name) };
}
