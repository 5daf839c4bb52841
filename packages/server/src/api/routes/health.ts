import { z } from "zod";
import type { Api, ApiContext } from "../context.ts";
import { ADMINS, notSignedIn, PUBLIC, READERS } from "../policy.ts";

const Readiness = z.object({
	ready: z.boolean(),
	checks: z.array(
		z.object({ name: z.string(), ok: z.boolean(), level: z.enum(["error", "warning"]), reason: z.string() }),
	),
});

export function healthRoutes(api: Api, context: ApiContext): void {
	api.get(
		"/healthz",
		{
			config: { authz: PUBLIC },
			schema: {
				summary: "The process answers",
				tags: ["operations"],
				response: { 200: z.object({ status: z.literal("ok") }) },
			},
		},
		async () => ({ status: "ok" as const }),
	);
	for (const path of ["/readyz", "/-/ready"]) {
		api.get(
			path,
			{
				config: { authz: PUBLIC },
				schema: {
					summary: "History is loaded, timers are armed, stores answer; 503 with reasons otherwise",
					tags: ["operations"],
					response: { 200: Readiness, 503: Readiness },
				},
			},
			async (_request, reply) => {
				const checks = [...(await context.readiness())];
				const ready = checks.every((check) => check.ok || check.level === "warning");
				return reply.code(ready ? 200 : 503).send({ ready, checks });
			},
		);
	}
	api.get(
		"/metrics",
		{
			// A Prometheus on the same machine has no token: what it gets names no tenant, and nothing else by the operator's words.
			config: {
				authz: { ...PUBLIC, object: "figures that name sources, feeds, channels, integrations: a reader of all" },
			},
			schema: {
				summary: "Prometheus text format; by source, feed, channel and integration only with a token that may read all",
				tags: ["operations"],
				response: { 200: z.string() },
			},
			serializerCompiler: () => (data) => data as string,
		},
		async (request, reply) => {
			const principal = request.caller?.principal;
			if (principal === undefined && request.headers.authorization !== undefined) throw notSignedIn(request);
			const isNamed = principal !== undefined && READERS.includes(principal.role) && principal.tenants === undefined;
			return reply.type(context.metrics.contentType).send(await context.metrics.text(isNamed));
		},
	);
	api.get(
		"/api/v1/version",
		{
			config: { authz: { roles: [...READERS, ...ADMINS], tenant: "none", object: "none", scoped: true } },
			schema: {
				summary: "Version of the server",
				tags: ["operations"],
				response: { 200: z.object({ version: z.string() }) },
			},
		},
		async () => ({ version: context.version }),
	);
}
