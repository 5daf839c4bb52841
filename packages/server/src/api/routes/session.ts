import type { FastifyReply } from "fastify";
import { z } from "zod";
import {
	audit,
	closeSession,
	openSession,
	operatorTokenId,
	SESSION_MAX_MS,
	type Session,
	scopeOf,
	type UsedToken,
	useToken,
} from "#platform";
import { isOperatorToken, OPERATOR, tokenDigestOf } from "../authenticate.ts";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { escapeHtml, htmlPage } from "../html-page.ts";
import { PUBLIC, principalOf, READERS } from "../policy.ts";
import { ApiProblem } from "../problem.ts";
import { Session as SessionView } from "../schemas.ts";

export interface SessionOptions {
	readonly isSecure: () => boolean;
	readonly cookieName: () => string;
	readonly tokenDigest: string | undefined;
}

/** A cookie can do everything its token can, so an ingest token must not become one; and an agent is no person. */
const MAY_SIGN_IN: readonly string[] = READERS.filter((role) => role !== "agent");

export function sessionRoutes(api: Api, context: ApiContext, options: SessionOptions): void {
	const asIs = () => (data: unknown) => data as string;
	api.get(
		"/api/v1/session",
		{
			config: { authz: { roles: READERS, tenant: "none", object: "own session", scoped: true } },
			schema: {
				summary: "Who is signed in; carries the CSRF token",
				tags: ["access"],
				response: { 200: SessionView, ...PROBLEMS },
			},
		},
		async (request) => {
			const principal = principalOf(request);
			const { name, role } = principal;
			const csrfToken = request.caller?.via === "session" ? request.caller.csrfToken : "";
			return { name, role, allTenants: scopeOf(principal).all, csrfToken, demo: context.demo };
		},
	);
	api.post(
		"/api/v1/session",
		{
			config: { authz: PUBLIC },
			schema: {
				summary: "Exchange a token for a session cookie",
				tags: ["access"],
				body: z.object({ token: z.string().min(1).max(512) }),
				response: { 200: SessionView, ...PROBLEMS },
			},
		},
		async (request, reply) => {
			const session = await exchange(context, options, request.body.token, request.id);
			if (!session) {
				if (await isAgents(context, request.body.token))
					throw new ApiProblem(401, "unauthenticated", AGENTS_TOKEN, AGENTS_REMEDY);
				throw new ApiProblem(
					401,
					"unauthenticated",
					"The token is unknown, expired or already used.",
					"Restart the server for a new one-time link, or ask an administrator for a token.",
				);
			}
			setCookie(reply, options, session.id);
			return {
				name: session.principal.name,
				role: session.principal.role,
				allTenants: scopeOf(session.principal).all,
				csrfToken: session.csrf,
				demo: context.demo,
			};
		},
	);
	api.delete(
		"/api/v1/session",
		{
			config: { authz: { roles: READERS, tenant: "none", object: "own session", scoped: true } },
			schema: { summary: "Sign out", tags: ["access"], response: { 204: z.null(), ...PROBLEMS } },
		},
		async (request, reply) => {
			const id = request.cookies[options.cookieName()];
			if (id !== undefined) {
				await context.store.transaction(async (tx) => {
					await closeSession(tx, id);
					await audit(tx, {
						at: context.clock.now(),
						actor: principalOf(request).name,
						action: "session.closed",
						tenant: "",
						subject: "session",
						requestId: request.id,
						detail: {},
					});
				});
			}
			return reply.clearCookie(options.cookieName(), { path: "/" }).code(204).send(null);
		},
	);
	api.get(
		"/sign-in",
		{
			config: { authz: PUBLIC },
			schema: {
				summary: "Sign-in page; reading it uses no token up",
				tags: ["pages"],
				querystring: z.object({ token: z.string().max(512).optional(), next: z.string().max(2000).optional() }),
				response: { 200: z.string() },
			},
			serializerCompiler: asIs,
		},
		async (request, reply) => {
			const { token, next } = request.query;
			const gives = token === undefined ? undefined : await givenBy(context, options, token);
			const isAgent = token !== undefined && (await isAgents(context, token));
			const page = signInPage({ token, gives, isAgent, next, nonce: reply.cspNonce.style });
			return reply.type("text/html; charset=utf-8").send(page);
		},
	);
	api.post(
		"/sign-in",
		{
			config: { authz: PUBLIC },
			schema: {
				summary: "The sign-in page's form",
				tags: ["pages"],
				body: z.object({ token: z.string().max(512), next: z.string().max(2000).optional() }),
				response: { 200: z.string(), 401: z.string() },
			},
			serializerCompiler: asIs,
		},
		async (request, reply) => {
			const { token, next } = request.body;
			const session = await exchange(context, options, token.trim(), request.id);
			if (!session) {
				const isAgent = await isAgents(context, token.trim());
				const page = signInPage({ token, isAgent, next, nonce: reply.cspNonce.style });
				return reply.code(401).type("text/html; charset=utf-8").send(page);
			}
			setCookie(reply, options, session.id);
			return reply.redirect(localPath(next), 303);
		},
	);
}

async function exchange(
	context: ApiContext,
	options: SessionOptions,
	token: string,
	requestId: string,
): Promise<(Session & { readonly id: string }) | undefined> {
	const now = context.clock.now();
	// Guesses are only read: they must not queue among the writes that pages wait for.
	if (!isOperatorToken(options.tokenDigest, token) && !(await isIssued(context, token))) return undefined;
	return context.store.transaction(async (tx) => {
		const used: UsedToken | undefined = isOperatorToken(options.tokenDigest, token)
			? { id: operatorTokenId(tokenDigestOf(token)), principal: OPERATOR, endsAt: undefined }
			: await useToken(tx, token, now);
		if (!used || !MAY_SIGN_IN.includes(used.principal.role)) return undefined;
		const { principal, endsAt } = used;
		await audit(tx, {
			at: now,
			actor: principal.name,
			action: "session.opened",
			tenant: "",
			subject: "session",
			requestId,
			detail: { role: principal.role },
		});
		return openSession(tx, context.ids, now, principal, { tokenId: used.id, endsAt });
	});
}

async function isIssued(context: ApiContext, token: string): Promise<boolean> {
	return (await issuedToken(context, token)) !== undefined;
}

async function issuedToken(context: ApiContext, token: string) {
	return context.store.db
		.selectFrom("tokens")
		.select(["role", "one_time", "revoked_at", "expires_at"])
		.where("hash", "=", tokenDigestOf(token))
		.executeTakeFirst();
}

/** Whether it is the valid token of an agent, who is told where it holds instead. */
async function isAgents(context: ApiContext, token: string): Promise<boolean> {
	const row = await issuedToken(context, token);
	if (row?.role !== "agent" || row.revoked_at !== null) return false;
	return row.expires_at === null || row.expires_at > context.clock.now();
}

/** What a link's token would sign in as, without using it up; undefined when it would not. */
async function givenBy(context: ApiContext, options: SessionOptions, token: string): Promise<Gives | undefined> {
	if (isOperatorToken(options.tokenDigest, token)) return { role: OPERATOR.role, isOnce: false };
	const row = await issuedToken(context, token);
	if (!row || row.revoked_at !== null || !MAY_SIGN_IN.includes(row.role)) return undefined;
	if (row.expires_at !== null && row.expires_at <= context.clock.now()) return undefined;
	return { role: row.role, isOnce: row.one_time === 1 };
}

function setCookie(reply: FastifyReply, options: SessionOptions, id: string): void {
	reply.setCookie(options.cookieName(), id, {
		path: "/",
		httpOnly: true,
		sameSite: "strict",
		secure: options.isSecure(),
		maxAge: Math.floor(SESSION_MAX_MS / 1000),
	});
}

/** Only a path of ours: anything else would let a link lead from our sign-in to a foreign page. */
export function localPath(next: string | undefined): string {
	const base = "http://self.invalid";
	if (next === undefined || !next.startsWith("/") || !URL.canParse(next, base)) return "/";
	const url = new URL(next, base);
	// "/.//evil.example" has a path of ours that a browser reads as another host.
	if (url.origin !== base || url.pathname.startsWith("//")) return "/";
	return `${url.pathname}${url.search}`;
}

interface Gives {
	readonly role: string;
	readonly isOnce: boolean;
}

interface SignInPage {
	readonly token?: string | undefined;
	/** What the link's token gives; undefined when it gives nothing (any more). */
	readonly gives?: Gives | undefined;
	/** An agent's token: valid, but not here. */
	readonly isAgent?: boolean;
	readonly next?: string | undefined;
	readonly nonce: string;
}

const ROLE_WORDS: Readonly<Record<string, string>> = {
	admin: "administrator",
	responder: "responder",
	viewer: "viewer",
};

const NOT_SIGNED_IN = `<p class="problem" role="alert">Not signed in: that link or token is unknown, expired or already used.</p>
<p>If this browser is signed in already, <a href="/">open the console</a>. Otherwise restart the server for a new one-time link, or ask an administrator for a token and paste it here.</p>`;

const AGENTS_TOKEN = "The token is an agent's: agents do not sign in to the console.";
const AGENTS_REMEDY =
	"Send it as Authorization: Bearer to POST /mcp (Model Context Protocol), or use bellwether mcp. A person signs in with a token of a viewer, responder or administrator.";

const AGENTS = `<p class="problem" role="alert">Not signed in. ${escapeHtml(AGENTS_TOKEN)}</p>
<p>${escapeHtml(AGENTS_REMEDY)}</p>`;

function signInPage({ token, gives, isAgent, next, nonce }: SignInPage): string {
	const hidden = (name: string, value: string | undefined) =>
		value === undefined ? "" : `<input type="hidden" name="${name}" value="${escapeHtml(value)}">`;
	const words = gives
		? `<p>${gives.isOnce ? "This link works once. " : ""}The button signs this browser in as <strong>${escapeHtml(ROLE_WORDS[gives.role] ?? gives.role)}</strong> of this Bellwether.</p>`
		: token === undefined
			? "<p>Paste a token: it signs this browser in with the role that the token was made for.</p>"
			: isAgent
				? AGENTS
				: NOT_SIGNED_IN;
	const field = gives
		? hidden("token", token)
		: `<label for="token">Token</label><input id="token" name="token" type="password" autocomplete="off" required>
<p class="soft">The server prints a one-time link when it starts; administrators make tokens with <code>bellwether token</code>.</p>`;
	const body = `<section class="card">
<p class="brand">Bellwether</p>
<h1>Sign in</h1>
${words}
<form method="post" action="/sign-in">${hidden("next", next)}${field}<button>Sign in</button></form>
</section>`;
	return htmlPage({ title: "Sign in · Bellwether", body, nonce });
}
