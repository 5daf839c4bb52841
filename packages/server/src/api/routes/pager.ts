import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { addNote } from "#incidents";
import { scopeOf } from "#platform";
import { acknowledgePage, passOn } from "#response";
import { depsOf } from "../acts.ts";
import type { Api, ApiContext } from "../context.ts";
import { incidentDetail } from "../incident-view.ts";
import { renderPagerPage } from "../pager-page.ts";
import { principalOf, READERS, RESPONDERS } from "../policy.ts";
import { changedIncident, findIncident, incidentRequest } from "./incidents.ts";

const Params = z.object({ incident: z.string().min(1).max(100) });
const Form = z.object({ csrf: z.string().max(200) });
const OBJECT_RULE = "tenant of the stored incident in the caller's scope";

/** The page behind a page's link: HTML that works without JavaScript; its forms POST. */
export function pagerRoutes(api: Api, context: ApiContext): void {
	const asIs = () => (data: unknown) => data as string;
	api.get(
		"/p/:incident",
		{
			config: { authz: { roles: READERS, tenant: "object", object: OBJECT_RULE, signIn: "redirect" } },
			schema: {
				summary: "The 3 a.m. page of an incident",
				tags: ["pages"],
				params: Params,
				querystring: z.object({ done: z.enum(["acknowledged", "passed", "settled"]).optional() }),
				response: { 200: z.string() },
			},
			serializerCompiler: asIs,
		},
		async (request, reply) => page(context, request, reply, request.params.incident, request.query.done),
	);
	api.post(
		"/p/:incident/acknowledge",
		{
			config: { authz: { roles: RESPONDERS, tenant: "object", object: OBJECT_RULE, signIn: "redirect" } },
			schema: {
				summary: "The page's Acknowledge button",
				tags: ["pages"],
				params: Params,
				body: Form,
				response: { 303: z.string() },
			},
			serializerCompiler: asIs,
		},
		async (request, reply) => {
			const change = incidentRequest(context, request, request.params.incident);
			changedIncident(await context.store.transaction((tx) => acknowledgePage(tx, depsOf(context), change)), change);
			return reply.redirect(`/p/${encodeURIComponent(request.params.incident)}?done=acknowledged`, 303);
		},
	);
	api.post(
		"/p/:incident/pass",
		{
			config: { authz: { roles: RESPONDERS, tenant: "object", object: OBJECT_RULE, signIn: "redirect" } },
			schema: {
				summary: "The page's Not me button: the next person is paged at once",
				tags: ["pages"],
				params: Params,
				body: Form,
				response: { 303: z.string() },
			},
			serializerCompiler: asIs,
		},
		async (request, reply) => {
			const change = incidentRequest(context, request, request.params.incident);
			const deps = depsOf(context);
			const isPassed = await context.store.transaction(async (tx) => {
				const text = "I cannot take this: page the next person.";
				const incident = changedIncident(await addNote(tx, context, { ...change, text }), change);
				return passOn(tx, deps, incident, change.now);
			});
			if (!isPassed) return reply.redirect(`/p/${encodeURIComponent(request.params.incident)}?done=settled`, 303);
			return reply.redirect(`/p/${encodeURIComponent(request.params.incident)}?done=passed`, 303);
		},
	);
}

const MESSAGES = {
	acknowledged: "Acknowledged. Paging stopped.",
	passed: "Passed on: the next person is being paged.",
	settled: "Not passed on: nobody is being paged for this any more.",
};

async function page(
	context: ApiContext,
	request: FastifyRequest,
	reply: FastifyReply,
	id: string,
	done: keyof typeof MESSAGES | undefined,
): Promise<FastifyReply> {
	const principal = principalOf(request);
	const scope = scopeOf(principal);
	const person = context.catalogue().people.find((each) => each.name === principal.name);
	const timeZone = person?.timeZone ?? "UTC";
	const detail = await incidentDetail(context, scope, await findIncident(context, scope, id), timeZone);
	const html = renderPagerPage(detail, {
		csrfToken: request.caller?.via === "session" ? request.caller.csrfToken : "",
		nonce: reply.cspNonce.style,
		now: context.clock.now(),
		timeZone,
		person: person?.displayName ?? principal.name,
		isReader: !RESPONDERS.some((role) => role === principal.role),
		...(done === undefined ? {} : { message: MESSAGES[done] }),
	});
	return reply.type("text/html; charset=utf-8").send(html);
}
