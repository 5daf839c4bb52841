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
		async () => api.swagger() as never,
	);
	api.get(
		"/api",
		{
			config: { authz: PUBLIC },
			schema: { summary: "This API as a page", tags: ["operations"], response: { 200: z.string() } },
			serializerCompiler: asIs,
		},
		async (_request, reply) =>
			reply.type("text/html; charset=utf-8").send(openApiPage(api.swagger(), reply.cspNonce.style)),
	);
}
