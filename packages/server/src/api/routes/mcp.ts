import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { type Agent, type ProposedAct, propose } from "#engagement";
import { scopeOf } from "#platform";
import { depsOf } from "../acts.ts";
import type { Api, ApiContext } from "../context.ts";
import { type ToolCall, ToolRefused } from "../mcp/tool.ts";
import { principalOf, READERS } from "../policy.ts";
import { ApiProblem } from "../problem.ts";
import { proposalView } from "../proposal-view.ts";
import { TokenBucket } from "../token-bucket.ts";

/** Messages of one token over time; ten seconds' worth may come at once. */
const MESSAGES_PER_S = 5;
const MAX_BATCH = 20;
const MAX_BUCKETS = 10_000;
const SESSION_PREFIX = "agent.";
const MAX_NAME_LENGTH = 64;

const Message = z.record(z.string(), z.unknown());

/** The door for agents: Model Context Protocol over streamable HTTP, without sessions. */
export function mcpRoutes(api: Api, context: ApiContext): void {
	const limits = new MessageLimits(() => context.clock.monotonic());
	api.post(
		"/mcp",
		{
			config: { authz: { roles: READERS, tenant: "all", object: "what the caller's token may read by the API" } },
			schema: {
				summary: "Model Context Protocol for agents (streamable HTTP, stateless); see docs/agents.md",
				tags: ["agents"],
				body: z.union([Message, z.array(Message).max(MAX_BATCH)]),
				response: { 200: z.unknown() },
			},
			serializerCompiler: () => (data) => data as string,
		},
		async (request, reply) => {
			const messages = [request.body].flat() as Record<string, unknown>[];
			const agent = agentOf(request, messages);
			limits.charge(agent.principal.tokenId, messages.length);
			// Loaded with the first agent: a start does without it.
			const { answerMcp } = await import("../mcp/mcp-server.ts");
			const asked = new Request(`http://localhost/mcp`, { method: "POST", headers: plainHeaders(request), body: "{}" });
			const response = await answerMcp(asked, request.body, toolCall(api, context, request, agent));
			for (const [name, value] of response.headers) reply.header(name, value);
			// What the agent calls itself is told once, at the beginning; it comes back with each request.
			if (messages.some(({ method }) => method === "initialize")) {
				reply.header("mcp-session-id", SESSION_PREFIX + Buffer.from(agent.name).toString("base64url"));
			}
			return reply.code(response.status as 200).send(await response.text());
		},
	);
}

/** Only a token: a browser's session belongs to a person, and a page of another site could ride on it. */
function agentOf(request: FastifyRequest, messages: readonly Record<string, unknown>[]): Agent {
	const principal = principalOf(request);
	const { tokenId } = principal;
	if (request.caller?.via !== "token" || tokenId === undefined) {
		throw new ApiProblem(
			403,
			"forbidden",
			"Agents need a token; a browser's session is a person's.",
			"Make one with bellwether token --role agent, and send it as Authorization: Bearer ….",
		);
	}
	return { name: nameOf(request, messages), principal: { ...principal, tokenId } };
}

function nameOf(request: FastifyRequest, messages: readonly Record<string, unknown>[]): string {
	for (const { method, params } of messages) {
		const { name } = (params as { clientInfo?: { name?: unknown } } | undefined)?.clientInfo ?? {};
		if (method === "initialize" && typeof name === "string") return agentLabel(name);
	}
	const session = request.headers["mcp-session-id"];
	if (typeof session !== "string" || !session.startsWith(SESSION_PREFIX)) return "";
	return agentLabel(
		Buffer.from(session.slice(SESSION_PREFIX.length, SESSION_PREFIX.length + 400), "base64url").toString(),
	);
}

/** It chooses its name itself, and the name stands in timelines: letters, digits and a few marks, so that it imitates nothing. */
function agentLabel(text: string): string {
	const label = text
		.replaceAll(/[^\p{L}\p{N} ._-]+/gu, " ")
		.replaceAll(/\s+/g, " ")
		.trim()
		.slice(0, MAX_NAME_LENGTH);
	return label.trim();
}

/** What the transport looks at; never the token. Its answers are JSON, so whoever takes JSON takes them. */
function plainHeaders({ headers }: FastifyRequest): Record<string, string> {
	const { accept = "*/*", "content-type": type = "", "mcp-protocol-version": version } = headers;
	const takesJson = /application\/json|\*\/\*/.test(accept);
	return {
		accept: takesJson ? "application/json, text/event-stream" : accept,
		"content-type": type,
		...(typeof version === "string" ? { "mcp-protocol-version": version } : {}),
	};
}

function toolCall(api: Api, context: ApiContext, request: FastifyRequest, agent: Agent): ToolCall {
	const { authorization = "", host = "" } = request.headers;
	return {
		context,
		agent,
		requestId: request.id,
		fleet: () => context.fleet.view(scopeOf(agent.principal)),
		link: (path) => `${context.baseUrl()}${path}`,
		ask: async <T>(path: string) => {
			const answer = await api.inject({ method: "GET", url: path, headers: { authorization, host } });
			if (answer.statusCode === 200) return answer.json() as T;
			const { error } = answer.json() as { readonly error?: { readonly message: string; readonly remedy: string } };
			throw new ToolRefused(error ? `${error.message} ${error.remedy}` : `HTTP ${answer.statusCode}`);
		},
		propose: async (act: ProposedAct, reason: string) => {
			const asked = { agent, act, reason, now: context.clock.now(), requestId: request.id };
			const outcome = await context.store.transaction((tx) => propose(tx, depsOf(context), asked));
			if (outcome.status === "not-found")
				throw new ToolRefused(`There is no incident "${act.incident}" that you may see.`);
			if (outcome.status === "refused") throw new ToolRefused(`${outcome.message} ${outcome.remedy}`);
			return proposalView(outcome.proposal, agent.principal.tokenId);
		},
	};
}

class MessageLimits {
	readonly #buckets = new Map<string, TokenBucket>();
	readonly #monotonic: () => number;

	constructor(monotonic: () => number) {
		this.#monotonic = monotonic;
	}

	/** Throws when the token has sent more than it may. */
	charge(tokenId: string, messages: number): void {
		const now = this.#monotonic();
		const bucket = this.#buckets.get(tokenId) ?? new TokenBucket(MESSAGES_PER_S, now);
		// The least recently used goes first, and begins anew should it return.
		this.#buckets.delete(tokenId);
		this.#buckets.set(tokenId, bucket);
		if (this.#buckets.size > MAX_BUCKETS) this.#buckets.delete(this.#buckets.keys().next().value as string);
		const waitMs = bucket.waitMs(now);
		if (waitMs > 0) {
			const waitS = Math.ceil(waitMs / 1000);
			throw new ApiProblem(
				429,
				"rate_limited",
				`This token sent more than ${MESSAGES_PER_S} messages a second.`,
				`Wait ${waitS} s, and ask for more at once.`,
				{ headers: { "retry-after": String(waitS) } },
			);
		}
		bucket.charge(messages, now);
	}
}
