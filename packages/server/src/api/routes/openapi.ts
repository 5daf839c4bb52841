import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Api } from "../context.ts";
import { openApiPage } from "../openapi-page.ts";
import { PUBLIC } from "../policy.ts";

export function openApiRoutes(api: Api): void {
	const asIs = () => (data: unknown) => (typeof data === "string" ? data : JSON.stringify(data));
	api.get(
		"/openapi.json",
		{
			config: { authz: PUBLIC },
			schema: {
				summary: "This API as OpenAPI 3.1",
				tags: ["operations"],
				response: { 200: z.record(z.string(), z.unknown()) },
			},
			serializerCompiler: asIs,
		},
		async (request) => documentFor(api, request) as never,
	);
	api.get(
		"/api",
		{
			config: { authz: PUBLIC },
			schema: { summary: "This API as a page", tags: ["operations"], response: { 200: z.string() } },
			serializerCompiler: asIs,
		},
		async (request, reply) =>
			reply.type("text/html; charset=utf-8").send(openApiPage(documentFor(api, request), reply.cspNonce.style)),
	);
}

/** Strangers learn the version of the API, and not that of the program: faults of versions are public knowledge. */
function documentFor(api: Api, { caller }: FastifyRequest): object {
	const document = api.swagger() as { readonly info: object };
	return caller ? document : { ...document, info: { ...document.info, version: "v1" } };
}
