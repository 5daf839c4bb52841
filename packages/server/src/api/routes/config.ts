import { z } from "zod";
import type { Finding } from "#catalogue";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { ADMINS, principalOf, READERS } from "../policy.ts";
import { ApiProblem } from "../problem.ts";
import { Instant } from "../schemas.ts";

const MAX_BODY_BYTES = 16 * 1024 * 1024;

const FindingView = z.object({
	level: z.enum(["error", "warning"]),
	file: z.string(),
	line: z.number(),
	column: z.number(),
	message: z.string(),
	remedy: z.string(),
});
const File = z.object({ path: z.string().min(1).max(500), text: z.string() });
const Files = z.object({ files: z.array(File).min(1).max(10_000) });
const ActiveView = z.object({
	hash: z.string(),
	appliedAt: Instant,
	appliedBy: z.string(),
	source: z.enum(["folder", "api"]),
	reloadOk: z.boolean().describe("false: the last attempt was refused, what ran before goes on"),
	findings: z.array(FindingView).describe("of the last attempt"),
	files: z.array(File).optional().describe("with ?files=true, for administrators"),
});

export function configRoutes(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/config/active",
		{
			config: { authz: { roles: READERS, tenant: "none", object: "files for the role admin only" } },
			schema: {
				summary: "The configuration that runs, by content hash",
				tags: ["config"],
				querystring: z.object({ files: z.enum(["true", "false"]).default("false") }),
				response: { 200: ActiveView, ...PROBLEMS },
			},
		},
		async (request) => {
			const { isReloadOk, files, findings, ...active } = context.config.active();
			const mayRead = principalOf(request).role === "admin";
			const wanted = request.query.files === "true";
			if (wanted && !mayRead)
				throw new ApiProblem(
					403,
					"forbidden",
					"The files of the configuration need the role admin.",
					"Ask an administrator for a token with that role.",
				);
			return {
				...active,
				reloadOk: isReloadOk,
				findings: findings.map(findingView),
				...(wanted ? { files: files.map(({ path, text }) => ({ path, text })) } : {}),
			};
		},
	);
	api.post(
		"/api/v1/config::validate",
		{
			bodyLimit: MAX_BODY_BYTES,
			config: { authz: { roles: READERS, tenant: "none", object: "none" } },
			schema: {
				summary: "Check files without applying them",
				tags: ["config"],
				body: Files,
				response: {
					200: z.object({ valid: z.boolean(), hash: z.string().nullable(), findings: z.array(FindingView) }),
					...PROBLEMS,
				},
			},
		},
		async (request) => {
			const { hash, findings } = context.config.validate(request.body.files);
			return { valid: hash !== undefined, hash: hash ?? null, findings: findings.map(findingView) };
		},
	);
	api.post(
		"/api/v1/config::apply",
		{
			bodyLimit: MAX_BODY_BYTES,
			config: { authz: { roles: ADMINS, tenant: "none", object: "none" } },
			schema: {
				summary:
					"Make files the running configuration, or read the catalogue's folder again; one with errors changes nothing",
				tags: ["config"],
				body: Files.nullish(),
				response: {
					200: z.object({ status: z.enum(["applied", "unchanged"]), hash: z.string(), findings: z.array(FindingView) }),
					...PROBLEMS,
				},
			},
		},
		async (request) => {
			const outcome = await context.config.apply(request.body?.files, principalOf(request), request.id);
			if (outcome.status === "refused") throw invalidCatalogue(outcome.findings);
			return { ...outcome, findings: outcome.findings.map(findingView) };
		},
	);
}

/** Tells what the reader found, and that nothing changed. */
export function invalidCatalogue(findings: readonly Finding[]): ApiProblem {
	const errors = findings.filter((finding) => finding.level === "error");
	const first = errors[0];
	const place = first ? `${placeOf(first)} ${first.message}` : "";
	return new ApiProblem(
		422,
		"invalid_catalogue",
		`The catalogue has ${errors.length} ${errors.length === 1 ? "error" : "errors"}; the one that runs stays. ${place}`,
		"Correct what the details name and apply again.",
		{
			details: errors
				.slice(0, 200)
				.map((finding) => ({ place: placeOf(finding), message: finding.message, remedy: finding.remedy })),
		},
	);
}

function placeOf({ file, line, column }: Finding): string {
	return `${file}:${line}:${column}`;
}

function findingView({ level, file, line, column, message, remedy }: Finding): z.infer<typeof FindingView> {
	return { level, file, line, column, message, remedy };
}
