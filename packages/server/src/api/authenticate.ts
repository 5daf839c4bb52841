import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";
import {
	type ControlStore,
	checkToken,
	findSession,
	LAST_USED_STEP_MS,
	noteTokenUse,
	operatorTokenId,
	type Principal,
} from "#platform";
import type { Caller } from "./policy.ts";

export interface AuthenticateOptions {
	readonly store: ControlStore;
	readonly now: () => number;
	/** SHA-256 of the operator's own admin token, from the token file. */
	readonly tokenDigest: string | undefined;
	readonly cookieName: () => string;
}

export const OPERATOR: Principal = { name: "operator", role: "admin" };

/**
 * Who sends this request: a bearer token goes before a cookie. Undefined: nobody we know, or nobody any more. `isSeen`
 * false: asked again for an answer that is still going out, which is no use of the token or session.
 */
export function authenticator(
	options: AuthenticateOptions,
): (request: FastifyRequest, isSeen?: boolean) => Promise<Caller | undefined> {
	const usedAt = new Map<string, number>();
	/** Beside the request: who is late in noting it, or cannot, still gets an answer. */
	const noteUse = ({ tokenId }: Principal) => {
		const now = options.now();
		const last = tokenId === undefined ? now : usedAt.get(tokenId);
		if (tokenId === undefined || (last !== undefined && now - last < LAST_USED_STEP_MS)) return;
		usedAt.set(tokenId, now);
		options.store.transaction((tx) => noteTokenUse(tx, tokenId, now)).catch(() => {});
	};
	return async (request, isSeen = true) => {
		const token = bearerToken(request.headers.authorization);
		if (token !== undefined) {
			const principal = await principalOfToken(options, token);
			if (principal && isSeen) noteUse(principal);
			return principal && { principal, via: "token" };
		}
		const id = request.cookies[options.cookieName()];
		if (id === undefined) return undefined;
		const session = await findSession(options.store, id, options.now(), isSeen);
		return session && { principal: session.principal, via: "session", csrfToken: session.csrf };
	};
}

export async function principalOfToken(options: AuthenticateOptions, token: string): Promise<Principal | undefined> {
	if (isOperatorToken(options.tokenDigest, token))
		return { ...OPERATOR, tokenId: operatorTokenId(tokenDigestOf(token)) };
	return checkToken(options.store.db, token, options.now());
}

export function isOperatorToken(tokenDigest: string | undefined, token: string): boolean {
	return tokenDigest !== undefined && timingSafeEqual(Buffer.from(tokenDigest), Buffer.from(tokenDigestOf(token)));
}

export function bearerToken(header: string | undefined): string | undefined {
	return /^Bearer ([\x21-\x7e]{1,512})$/i.exec(header ?? "")?.[1];
}

/** What of the operator's token stays in memory. */
export function tokenDigestOf(token: string): string {
	return createHash("sha256").update(token).digest("hex");
}
