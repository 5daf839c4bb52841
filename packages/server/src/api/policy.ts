import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Principal, Role } from "#platform";
import { ApiProblem } from "./problem.ts";

/** Who may call a route, where its tenant comes from, and the rule that the stored object must pass. */
export interface Authz {
	/** `anyone`: no sign-in needed; the route must not tell anything of a tenant. */
	readonly roles: readonly Role[] | "anyone";
	readonly tenant: "none" | "all" | "path" | "query" | "object";
	readonly object: string;
	/** With tenant "none": open to tokens of some tenants too, because nothing of a tenant, and of the whole server, is in it. */
	readonly scoped?: true;
	/** HTML pages send people to the sign-in page instead of answering 401. */
	readonly signIn?: "redirect";
}

/** Reads: everyone who is signed in. `ingest` is a sender of telemetry and sees nothing. */
export const READERS: readonly Role[] = ["viewer", "agent", "responder", "admin"];
export const RESPONDERS: readonly Role[] = ["responder", "admin"];
export const ADMINS: readonly Role[] = ["admin"];

export const PUBLIC: Authz = { roles: "anyone", tenant: "none", object: "none" };

/** Who asks, and how they proved it. Only a session can be abused by another site, so only it needs the CSRF proof. */
export type Caller =
	| { readonly principal: Principal; readonly via: "token" }
	| { readonly principal: Principal; readonly via: "session"; readonly csrfToken: string };

declare module "fastify" {
	interface FastifyContextConfig {
		authz?: Authz;
	}
	interface FastifyRequest {
		caller: Caller | undefined;
		/** Who asks as of now: for answers that go on after the request was let in. */
		callerNow: () => Promise<Caller | undefined>;
	}
}

export interface PolicyOptions {
	readonly authenticate: (request: FastifyRequest, isSeen?: boolean) => Promise<Caller | undefined>;
	/** Host header values (with port) that are ours. */
	readonly isOwnHost: (host: string) => boolean;
	readonly isOwnOrigin: (origin: string, askedHost: string) => boolean;
	readonly onDenied: (request: FastifyRequest, reason: string) => void;
}

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/** Deny by default: a route that declares no policy throws at start-up, and every request passes here before its handler. */
export function registerPolicy(app: FastifyInstance, options: PolicyOptions): void {
	app.decorateRequest("caller", undefined);
	app.decorateRequest("callerNow", function (this: FastifyRequest) {
		return options.authenticate(this, false);
	});
	app.addHook("onRoute", (route) => {
		const authz = route.config?.authz;
		if (!authz) throw new Error(`Route ${String(route.method)} ${route.url} declares no policy: add config.authz.`);
		route.schema = { ...route.schema, "x-authz": xAuthz(authz) } as typeof route.schema & object;
	});
	app.addHook("onRequest", async (request, reply) => {
		requireOwnHost(request, options);
		const authz = request.routeOptions.config.authz;
		// No route: let the 404 handler answer, it tells nothing.
		if (!authz) return;
		if (!SAFE_METHODS.has(request.method)) requireSameSite(request, options);
		request.caller = await options.authenticate(request);
		if (authz.roles === "anyone") return;
		if (!request.caller) return unauthenticated(request, reply, authz);
		if (!authz.roles.includes(request.caller.principal.role)) {
			options.onDenied(request, `role ${request.caller.principal.role} may not`);
			const allowed = authz.roles.join(" or ");
			throw new ApiProblem(
				403,
				"forbidden",
				`This needs the role ${allowed}; you have ${request.caller.principal.role}.`,
				"Ask an administrator for a token with that role.",
			);
		}
		if (request.caller.principal.tenants && authz.tenant === "none" && !authz.scoped) {
			options.onDenied(request, "a token of some tenants may not");
			throw new ApiProblem(
				403,
				"forbidden",
				"This concerns the whole server; you may see some tenants only.",
				"Ask an administrator for a token without a list of tenants.",
			);
		}
	});
	// After parsing, before the handler: the proof of a form stands in its body.
	app.addHook("preHandler", async (request) => {
		if (SAFE_METHODS.has(request.method) || request.caller?.via !== "session") return;
		if (request.routeOptions.config.authz === undefined) return;
		const sent = request.headers["x-csrf-token"] ?? formField(request, "csrf");
		if (sent === request.caller.csrfToken) return;
		options.onDenied(request, "no CSRF token");
		throw new ApiProblem(
			403,
			"cross_site",
			"The request carries no proof that it came from this console (CSRF token).",
			"Send the session's csrfToken as the header x-csrf-token, or reload the page and try again.",
		);
	});
}

/** The principal of a route that requires one; the policy hook has seen to that. */
export function principalOf(request: FastifyRequest): Principal {
	if (!request.caller)
		throw new ApiProblem(401, "unauthenticated", "Nobody is signed in.", "Sign in, or send a bearer token.");
	return request.caller.principal;
}

/** As it stands in the OpenAPI document. */
export function xAuthz(authz: Authz): Record<string, unknown> {
	return {
		roles: authz.roles === "anyone" ? ["anyone"] : [...authz.roles],
		tenant: authz.tenant,
		object: authz.object,
	};
}

/** A name of ours in the Host header: otherwise a foreign name that resolves to us (DNS rebinding) could speak as our own page. */
function requireOwnHost(request: FastifyRequest, options: PolicyOptions): void {
	const host = request.headers.host ?? "";
	if (options.isOwnHost(host)) return;
	options.onDenied(request, "foreign Host header");
	throw new ApiProblem(
		421,
		"unknown_host",
		"The Host header names a host that this server does not serve.",
		"Open the console under the address that the server printed, or set server.publicUrl in bellwether.yaml.",
	);
}

function requireSameSite(request: FastifyRequest, options: PolicyOptions): void {
	const site = request.headers["sec-fetch-site"];
	const origin = request.headers.origin;
	const isForeign =
		(site !== undefined && site !== "same-origin" && site !== "none") ||
		(origin !== undefined && !options.isOwnOrigin(origin, request.headers.host ?? ""));
	if (!isForeign) return;
	options.onDenied(request, "cross-site request");
	throw new ApiProblem(
		403,
		"cross_site",
		"The request was started by another site.",
		"Use the console itself, or an API client without an Origin header.",
	);
}

function unauthenticated(request: FastifyRequest, reply: FastifyReply, authz: Authz): FastifyReply {
	if (authz.signIn === "redirect") {
		return reply.redirect(
			`/sign-in?next=${encodeURIComponent(SAFE_METHODS.has(request.method) ? request.url : parentPath(request.url))}`,
			303,
		);
	}
	throw notSignedIn(request);
}

/** Whether nothing was sent, or what was sent is not accepted. */
export function notSignedIn(request: FastifyRequest): ApiProblem {
	const [message, remedy] =
		request.headers.authorization === undefined
			? ["Nobody is signed in.", "Sign in, or send a token as Authorization: Bearer …."]
			: [
					"The token that was sent is not accepted: it is unknown here, revoked or expired.",
					"Send one that is good as Authorization: Bearer …; an administrator makes one with bellwether token.",
				];
	return new ApiProblem(401, "unauthenticated", message, remedy, { headers: { "www-authenticate": "Bearer" } });
}

/** Of a form's address: the page that shows the form. */
function parentPath(url: string): string {
	return url.slice(0, url.lastIndexOf("/")) || "/";
}

function formField(request: FastifyRequest, name: string): unknown {
	const isForm = request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded") === true;
	const body = request.body;
	return isForm && body !== null && typeof body === "object" ? (body as Record<string, unknown>)[name] : undefined;
}
