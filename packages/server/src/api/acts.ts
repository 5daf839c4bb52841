import type { FastifyRequest } from "fastify";
import { scopeOf } from "#platform";
import type { ApiContext } from "./context.ts";
import { expectedVersion } from "./expected-version.ts";
import { principalOf } from "./policy.ts";

/** What acts of the rooms need besides the transaction. */
export function depsOf({ ids, bus, catalogue, baseUrl }: ApiContext) {
	return { ids, bus, catalogue, publicUrl: baseUrl };
}

/** Who acts, on which tenants, when and under which id. */
export function requestOf(context: ApiContext, request: FastifyRequest) {
	const principal = principalOf(request);
	return { scope: scopeOf(principal), principal, now: context.clock.now(), requestId: request.id };
}

/** The same of an act that says which version it is about. */
export function changeOf(context: ApiContext, request: FastifyRequest) {
	return { ...requestOf(context, request), expectedVersion: expectedVersion(request) };
}
