import { z } from "zod";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { PUBLIC, RESPONDERS } from "../policy.ts";
import { HeartbeatView, SelfCheckView, wireStages } from "../schemas-watchdog.ts";

export function watchdogRoutes(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/heartbeat",
		{
			// Whoever watches from outside needs no sign-in, and reads nothing of a tenant.
			config: { authz: PUBLIC },
			schema: {
				summary: "200 while the system's checks of itself pass; 503, with the reasons' codes, when they do not",
				tags: ["operations"],
				response: { 200: HeartbeatView, 503: HeartbeatView },
			},
		},
		async (_request, reply) => {
			const status = context.watchdog?.status();
			const state = status?.state ?? "starting";
			return reply.code(state === "well" ? 200 : 503).send({
				state,
				passedAt: status?.passedAt ?? null,
				withheldSince: status?.withheldSince ?? null,
				reasons: status?.reasons.map(({ code }) => code) ?? [],
				everyMs: status?.everyMs ?? 0,
				heartbeat: status?.latest ? { body: status.latest.body, headers: { ...status.latest.headers } } : null,
			});
		},
	);
	api.get(
		"/api/v1/self-checks",
		{
			config: { authz: { roles: RESPONDERS, tenant: "none", object: "checks of the whole server" } },
			schema: {
				summary: "The system's checks of itself that are kept, the newest first; they are in no list of incidents",
				tags: ["operations"],
				response: { 200: z.object({ items: z.array(SelfCheckView) }), ...PROBLEMS },
			},
		},
		async () => {
			const checks = (await context.watchdog?.checks()) ?? [];
			return {
				items: checks.map(({ id, state, startedAt, endedAt, stages, failure }) => ({
					id,
					kind: "self-check" as const,
					state,
					startedAt,
					endedAt: endedAt ?? null,
					stages: wireStages(stages),
					failedStage: failure?.stage ?? null,
					detail: failure?.detail ?? "",
				})),
			};
		},
	);
}
