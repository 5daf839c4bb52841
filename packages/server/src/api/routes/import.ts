import { z } from "zod";
import { audit } from "#platform";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { ADMINS, principalOf } from "../policy.ts";
import { ApiProblem, badRequest } from "../problem.ts";

const MAX_BODY_BYTES = 64 * 1024 * 1024;

const Imported = z.object({
	lines: z.number(),
	counted: z.number(),
	rejected: z.record(z.string(), z.number()),
	message: z.string(),
});

export function importRoutes(api: Api, context: ApiContext): void {
	api.register(async (scoped) => {
		const inner = scoped as unknown as Api;
		inner.addContentTypeParser(
			["application/x-ndjson", "text/csv"],
			{ parseAs: "buffer", bodyLimit: MAX_BODY_BYTES },
			(_request, body, done) => done(null, body),
		);
		inner.post(
			"/api/v1/import",
			{
				bodyLimit: MAX_BODY_BYTES,
				config: { authz: { roles: ["ingest", ...ADMINS], tenant: "none", object: "none" } },
				schema: {
					summary:
						"History as NDJSON lines {tenant, slo, at, good, total} or CSV with these columns; all lines count or none, once per Idempotency-Key",
					tags: ["telemetry"],
					headers: z.object({ "idempotency-key": z.string().min(1).max(200) }),
					response: { 200: Imported, ...PROBLEMS },
				},
			},
			async (request) => {
				if (!Buffer.isBuffer(request.body)) {
					throw new ApiProblem(
						415,
						"unsupported_media_type",
						"The body is neither NDJSON nor CSV.",
						"Send one JSON object per line as application/x-ndjson, or text/csv with the names of the columns in its first line.",
					);
				}
				const bytes = request.body.length;
				const key = request.headers["idempotency-key"];
				const isCsv = /^text\/csv\b/i.test(request.headers["content-type"] ?? "");
				const outcome = await context.telemetry.importEvents(key, request.body, isCsv ? "csv" : "ndjson");
				switch (outcome.status) {
					case "malformed":
						throw badRequest("body", outcome.message, "Correct that line and send all again; nothing was counted.");
					case "too-large":
						throw new ApiProblem(
							413,
							"too_large",
							outcome.message,
							"Send the history in smaller parts, each with its own Idempotency-Key.",
						);
					case "key-conflict":
						throw new ApiProblem(409, "conflict", outcome.message, "Use a new Idempotency-Key for other lines.");
					case "unavailable":
						throw new ApiProblem(503, "unavailable", outcome.message, "Send it again with the same Idempotency-Key.", {
							headers: { "retry-after": String(outcome.retryAfterS) },
						});
				}
				const principal = principalOf(request);
				await context.store.transaction((tx) =>
					audit(tx, {
						at: context.clock.now(),
						actor: principal.name,
						action: "telemetry.imported",
						tenant: "",
						subject: `import:${key}`,
						requestId: request.id,
						detail: { bytes, lines: outcome.lines, counted: outcome.counted },
					}),
				);
				return {
					...outcome,
					rejected: Object.fromEntries(Object.entries(outcome.rejected).map(([reason, count]) => [reason, count ?? 0])),
				};
			},
		);
	});
}
