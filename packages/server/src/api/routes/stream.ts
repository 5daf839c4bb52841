import type { FastifyRequest } from "fastify";
import { inScope, mayRead, scopeOf } from "#platform";
import type { Api, ApiContext } from "../context.ts";
import { principalOf, READERS } from "../policy.ts";
import { ApiProblem } from "../problem.ts";

/** A token that was revoked, or a session that ended, hears of nothing for longer than this. */
const CHECK_EVERY_MS = 2_000;

export function streamRoutes(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/stream",
		{
			config: { authz: { roles: READERS, tenant: "all", object: "events of the caller's tenants" } },
			schema: {
				summary:
					"Server-sent events: fleet, incident, phone (read that resource again), heartbeat; resumes by Last-Event-ID",
				tags: ["fleet"],
			},
		},
		(request, reply) => {
			const scope = scopeOf(principalOf(request));
			const lastEventId = Number.parseInt(String(request.headers["last-event-id"] ?? ""), 10);
			const raw = reply.raw;
			const sink = {
				write: (chunk: string) => void raw.write(chunk),
				end: () => void raw.end(),
				bufferedBytes: () => raw.writableLength,
			};
			let isOpened = false;
			const opening = {
				...sink,
				write: (chunk: string) => {
					if (!isOpened) {
						isOpened = true;
						reply.hijack();
						request.raw.socket.setTimeout(0);
						raw.writeHead(200, {
							...definedHeaders(reply.getHeaders()),
							"content-type": "text/event-stream; charset=utf-8",
							"x-accel-buffering": "no",
						});
					}
					raw.write(chunk);
				},
			};
			const leave = context.hub.subscribe(
				opening,
				(tenant, readers) => inScope(scope, tenant) && mayRead(scope, readers),
				Number.isNaN(lastEventId) ? undefined : lastEventId,
			);
			if (!leave)
				throw new ApiProblem(
					503,
					"unavailable",
					"Too many live streams are open.",
					"Close other consoles, or read again every 30 s.",
					{ headers: { "retry-after": "30" } },
				);
			const check = setInterval(async () => {
				if (await isStillCaller(request)) return;
				leave();
				raw.end();
			}, CHECK_EVERY_MS);
			raw.on("close", () => {
				clearInterval(check);
				leave();
			});
			raw.on("error", leave);
		},
	);
}

/** The same person with the same role and tenants; who may see more or less now asks anew. */
async function isStillCaller(request: FastifyRequest): Promise<boolean> {
	const { name, role, tenants } = principalOf(request);
	try {
		const now = (await request.callerNow())?.principal;
		return now?.name === name && now.role === role && String(now.tenants) === String(tenants);
	} catch {
		// Whoever cannot be known hears of nothing; the reader connects again.
		return false;
	}
}

function definedHeaders(
	headers: Readonly<Record<string, number | string | string[] | undefined>>,
): Record<string, number | string | string[]> {
	return Object.fromEntries(
		Object.entries(headers).filter((entry): entry is [string, number | string | string[]] => entry[1] !== undefined),
	);
}
