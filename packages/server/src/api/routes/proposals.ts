import type { FastifyReply } from "fastify";
import { z } from "zod";
import {
	confirmProposal,
	type DecideOutcome,
	getProposal,
	listProposals,
	type ProposalRequest,
	rejectProposal,
} from "#engagement";
import { scopeOf, type Tx } from "#platform";
import { changeOf, depsOf } from "../acts.ts";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { principalOf, READERS, RESPONDERS } from "../policy.ts";
import { ApiProblem, etagOf, notFound, versionConflict } from "../problem.ts";
import { proposalView } from "../proposal-view.ts";
import { ProposalView } from "../schemas-proposals.ts";

const Params = z.object({ id: z.string().min(1).max(100) });
const OBJECT_RULE = "tenant of the proposal's incident in the caller's scope";

/** What agents proposed, for people to decide. */
export function proposalRoutes(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/proposals",
		{
			config: { authz: { roles: READERS, tenant: "all", object: "proposals of the caller's tenants" } },
			schema: {
				summary: "What agents proposed, newest first",
				tags: ["agents"],
				querystring: z.object({
					state: ProposalView.shape.state.optional(),
					incident: z.string().max(100).optional(),
					limit: z.coerce.number().int().min(1).max(200).default(100),
				}),
				response: { 200: z.object({ items: z.array(ProposalView) }), ...PROBLEMS },
			},
		},
		async (request) => {
			const principal = principalOf(request);
			const { state, incident: incidentId, limit } = request.query;
			const filter = { state, incidentId, limit };
			const found = await listProposals(context.store.db, scopeOf(principal), filter, context.clock.now());
			return { items: found.map((each) => proposalView(each, principal.tokenId)) };
		},
	);
	api.get(
		"/api/v1/proposals/:id",
		{
			config: { authz: { roles: READERS, tenant: "object", object: OBJECT_RULE } },
			schema: {
				summary: "One proposal of an agent",
				tags: ["agents"],
				params: Params,
				response: { 200: ProposalView, ...PROBLEMS },
			},
		},
		async (request, reply) => {
			const principal = principalOf(request);
			const { id } = request.params;
			const found = await getProposal(context.store.db, scopeOf(principal), id, context.clock.now());
			if (!found) throw notFound("proposal", id);
			reply.header("etag", etagOf(found.version));
			return proposalView(found, principal.tokenId);
		},
	);
	decision(api, context, {
		verb: "confirm",
		summary: "Let it happen: it is done now, in the caller's name",
		body: z.object({}).nullish(),
		run: confirmProposal,
	});
	decision(api, context, {
		verb: "reject",
		summary: "Say no; the agent learns the reason",
		body: z.object({ reason: z.string().max(1000).optional() }).nullish(),
		run: (tx, deps, request, body) => rejectProposal(tx, deps, { ...request, reason: body?.reason ?? "" }),
	});
}

type Deps = Parameters<typeof confirmProposal>[1];

interface Decision<Body extends z.ZodType> {
	readonly verb: string;
	readonly summary: string;
	readonly body: Body;
	readonly run: (tx: Tx, deps: Deps, request: ProposalRequest, body: z.infer<Body>) => Promise<DecideOutcome>;
}

function decision<Body extends z.ZodType>(api: Api, context: ApiContext, options: Decision<Body>): void {
	api.post(
		`/api/v1/proposals/:id/${options.verb}`,
		{
			config: { authz: { roles: RESPONDERS, tenant: "object", object: OBJECT_RULE } },
			schema: {
				summary: options.summary,
				description: "The token that made a proposal cannot decide about it. Deciding twice changes nothing.",
				tags: ["agents"],
				params: Params,
				body: options.body as z.ZodType,
				response: { 200: ProposalView, ...PROBLEMS },
			},
		},
		async (request, reply) => {
			const asked: ProposalRequest = { ...changeOf(context, request), proposalId: request.params.id };
			const outcome = await context.store.transaction((tx) =>
				options.run(tx, depsOf(context), asked, request.body as z.infer<Body>),
			);
			return answer(reply, outcome, asked);
		},
	);
}

function answer(reply: FastifyReply, outcome: DecideOutcome, asked: ProposalRequest): ProposalView {
	switch (outcome.status) {
		case "changed":
		case "unchanged":
			reply.header("etag", etagOf(outcome.proposal.version));
			return proposalView(outcome.proposal, asked.principal.tokenId);
		case "not-found":
			throw notFound("proposal", asked.proposalId);
		case "conflict":
			throw versionConflict("Proposal", asked.proposalId, asked.expectedVersion ?? 0, outcome.proposal.version);
		case "refused":
			throw new ApiProblem(409, "conflict", outcome.message, outcome.remedy);
	}
}
