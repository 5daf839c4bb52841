import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import {
	approveNotice,
	discardNotice,
	editNotice,
	getNotice,
	type NoticeOutcome,
	type Notice as NoticeRecord,
	type NoticeRequest,
} from "#engagement";
import { scopeOf, type Tx } from "#platform";
import { changeOf, depsOf } from "../acts.ts";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { wireNotice } from "../incident-view.ts";
import { principalOf, READERS, RESPONDERS } from "../policy.ts";
import { ApiProblem, etagOf, notFound, versionConflict } from "../problem.ts";
import { Notice } from "../schemas.ts";

const Params = z.object({ id: z.string().min(1).max(100) });
const OBJECT_RULE = "tenant of the stored notice in the caller's scope";

export function noticeRoutes(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/notices/:id",
		{
			config: { authz: { roles: READERS, tenant: "object", object: OBJECT_RULE } },
			schema: {
				summary: "One notice with its state, approver and recipients",
				tags: ["notices"],
				params: Params,
				response: { 200: Notice, ...PROBLEMS },
			},
		},
		async (request, reply) => {
			const notice = await getNotice(context.store.db, scopeOf(principalOf(request)), request.params.id);
			if (!notice) throw notFound("notice", request.params.id);
			return answer(context, reply, notice);
		},
	);
	api.put(
		"/api/v1/notices/:id",
		{
			config: { authz: { roles: RESPONDERS, tenant: "object", object: OBJECT_RULE } },
			schema: {
				summary: "Edit a draft",
				tags: ["notices"],
				params: Params,
				body: z.object({
					subject: z.string().min(1).max(500).optional(),
					body: z.string().min(1).max(65_536).optional(),
				}),
				response: { 200: Notice, ...PROBLEMS },
			},
		},
		(request, reply) => {
			const { subject, body } = request.body;
			const edit = { ...(subject === undefined ? {} : { subject }), ...(body === undefined ? {} : { body }) };
			return change(context, request, reply, request.params.id, (tx, notice) =>
				editNotice(tx, depsOf(context), { ...notice, ...edit }),
			);
		},
	);
	for (const [verb, summary, run] of [
		["approve", "Approve a draft: it is sent", approveNotice],
		["discard", "Discard a draft: it is never sent", discardNotice],
	] as const) {
		api.post(
			`/api/v1/notices/:id/${verb}`,
			{
				config: { authz: { roles: RESPONDERS, tenant: "object", object: OBJECT_RULE } },
				schema: {
					summary,
					tags: ["notices"],
					params: Params,
					body: z.object({}).nullish(),
					response: { 200: Notice, ...PROBLEMS },
				},
			},
			(request, reply) =>
				change(context, request, reply, request.params.id, (tx, notice) => run(tx, depsOf(context), notice)),
		);
	}
}

async function change(
	context: ApiContext,
	request: FastifyRequest,
	reply: FastifyReply,
	noticeId: string,
	run: (tx: Tx, notice: NoticeRequest) => Promise<NoticeOutcome>,
): Promise<z.infer<typeof Notice>> {
	const notice: NoticeRequest = { ...changeOf(context, request), noticeId };
	const outcome = await context.store.transaction((tx) => run(tx, notice));
	switch (outcome.status) {
		case "changed":
		case "unchanged":
			return answer(context, reply, outcome.notice);
		case "not-found":
			throw notFound("notice", noticeId);
		case "conflict":
			throw versionConflict("Notice", noticeId, notice.expectedVersion ?? 0, outcome.notice.version);
		case "leak":
			throw new ApiProblem(
				409,
				"conflict",
				"The notice says something that the customer must not read.",
				"Edit what the details name, then approve it.",
				{ details: outcome.findings },
			);
		case "refused":
			throw new ApiProblem(409, "conflict", outcome.message, outcome.remedy);
	}
}

function answer(context: ApiContext, reply: FastifyReply, notice: NoticeRecord): z.infer<typeof Notice> {
	reply.header("etag", etagOf(notice.version));
	return wireNotice(notice, context.catalogue());
}
