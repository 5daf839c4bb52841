import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import {
	addNote,
	type ChangeOutcome,
	getIncident,
	type Incident,
	type IncidentRequest,
	investigateIncident,
	listIncidents,
	mitigateIncident,
	resolveIncident,
} from "#incidents";
import { scopeOf, type TenantScope, type Tx } from "#platform";
import { acknowledgePage } from "#response";
import { changeOf, depsOf } from "../acts.ts";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { idempotencyKey } from "../idempotency-key.ts";
import { incidentDetail, incidentSummary, pagesNow } from "../incident-view.ts";
import { principalOf, READERS, RESPONDERS } from "../policy.ts";
import { ApiProblem, badRequest, etagOf, notFound, versionConflict } from "../problem.ts";
import { IncidentDetail, IncidentState, IncidentSummary, Severity, Verdict } from "../schemas.ts";

const Params = z.object({ id: z.string().min(1).max(100) });
const List = z.object({ items: z.array(IncidentSummary), next: z.string().nullable() });
export const OBJECT_RULE = "tenant of the stored incident in the caller's scope";

export function incidentRoutes(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/incidents",
		{
			config: { authz: { roles: READERS, tenant: "all", object: "incidents of the caller's tenants" } },
			schema: {
				summary: "Incidents, newest first; follow `next` with `after`",
				tags: ["incidents"],
				querystring: z.object({
					after: z
						.string()
						.regex(/^\d{1,15}$/, "is not a cursor: take it from next")
						.optional(),
					state: z
						.string()
						.max(200)
						.optional()
						.describe("one state or several with commas; `open` for all that are not resolved"),
					severity: z.string().max(50).optional().describe("one severity or several with commas, such as 1,2"),
					tenant: z.string().max(200).optional(),
					workload: z.string().max(200).optional(),
					mine: z
						.enum(["true", "false"])
						.optional()
						.describe("true: those the caller acknowledged, has a part in, or an open task of"),
					held: z.literal("true").optional().describe("true: those whose page is held back now"),
					order: z.enum(["newest", "oldest"]).default("newest"),
					limit: z.coerce.number().int().min(1).max(500).default(100),
				}),
				response: { 200: List, ...PROBLEMS },
			},
		},
		async (request) => {
			const principal = principalOf(request);
			const scope = scopeOf(principal);
			const { state, severity, mine, held, ...filter } = request.query;
			const pages = await pagesNow(context.store.db, scope);
			const page = await listIncidents(context.store.db, scope, {
				...filter,
				states: statesOf(state),
				severities: severitiesOf(severity),
				mine: mine === "true" ? principal.name : undefined,
				ids: held === undefined ? undefined : [...pages.held.keys()],
			});
			return {
				items: page.items.map((incident) => incidentSummary(incident, context.catalogue(), pages)),
				next: page.next ?? null,
			};
		},
	);
	api.get(
		"/api/v1/incidents/:id",
		{
			config: { authz: { roles: READERS, tenant: "object", object: OBJECT_RULE } },
			schema: {
				summary: "One incident with evidence, timeline, escalation and notices",
				tags: ["incidents"],
				params: Params,
				response: { 200: IncidentDetail, ...PROBLEMS },
			},
		},
		async (request, reply) => {
			const scope = scopeOf(principalOf(request));
			return answer(context, request, reply, scope, await findIncident(context, scope, request.params.id));
		},
	);
	action(api, context, {
		verb: "acknowledge",
		summary: "Take the incident; paging stops",
		body: z.object({}).nullish(),
		run: (tx, _deps, request) => acknowledgePage(tx, depsOf(context), request),
	});
	action(api, context, {
		verb: "investigate",
		summary: "Say that someone looks for the cause",
		body: z.object({}).nullish(),
		run: investigateIncident,
	});
	action(api, context, {
		verb: "mitigate",
		summary: "Say that the impact ended",
		body: z.object({}).nullish(),
		run: mitigateIncident,
	});
	action(api, context, {
		verb: "resolve",
		summary: "End the incident with a verdict; noise and expected-change need a reason",
		body: z.object({
			verdict: Verdict,
			reason: z.string().max(4000).optional(),
			duplicateOf: z.string().min(1).max(100).optional().describe("with the verdict duplicate: of which incident"),
		}),
		run: (tx, deps, request, body) => resolveIncident(tx, deps, { ...request, ...body }),
	});
	action(api, context, {
		verb: "notes",
		summary: "Add a note to the timeline",
		description: "With an Idempotency-Key the same request again adds nothing.",
		body: z.object({ text: z.string().max(4000) }),
		run: (tx, deps, request, body) => addNote(tx, deps, { ...request, text: body.text }),
	});
}

type KeyedRequest = IncidentRequest & { readonly requestKey?: string | undefined };

interface Action<Body extends z.ZodType> {
	readonly verb: string;
	readonly summary: string;
	readonly description?: string;
	readonly body: Body;
	readonly run: (tx: Tx, deps: ApiContext, request: KeyedRequest, body: z.infer<Body>) => Promise<ChangeOutcome>;
}

export function action<Body extends z.ZodType>(api: Api, context: ApiContext, options: Action<Body>): void {
	api.post(
		`/api/v1/incidents/:id/${options.verb}`,
		{
			config: { authz: { roles: RESPONDERS, tenant: "object", object: OBJECT_RULE } },
			schema: {
				summary: options.summary,
				description: options.description ?? "With If-Match it is refused (412) when the incident changed meanwhile.",
				tags: ["incidents"],
				params: Params,
				body: options.body as z.ZodType,
				response: { 200: IncidentDetail, ...PROBLEMS },
			},
		},
		async (request, reply) => {
			const requestKey = idempotencyKey(request);
			const change = { ...incidentRequest(context, request, request.params.id), requestKey };
			const outcome = await context.store.transaction((tx) =>
				options.run(tx, context, change, request.body as z.infer<Body>),
			);
			return answer(context, request, reply, change.scope, changedIncident(outcome, change));
		},
	);
}

export function incidentRequest(context: ApiContext, request: FastifyRequest, incidentId: string): IncidentRequest {
	return { ...changeOf(context, request), incidentId };
}

/** The incident after a change; what did not happen is thrown as a problem. */
export function changedIncident(outcome: ChangeOutcome, change: IncidentRequest): Incident {
	switch (outcome.status) {
		case "changed":
		case "unchanged":
			return outcome.incident;
		case "not-found":
			throw notFound("incident", change.incidentId);
		case "conflict":
			throw versionConflict("Incident", change.incidentId, change.expectedVersion ?? 0, outcome.incident.version);
		case "refused":
			throw new ApiProblem(409, "conflict", outcome.message, outcome.remedy);
	}
}

export async function findIncident(context: ApiContext, scope: TenantScope, id: string): Promise<Incident> {
	const incident = await getIncident(context.store.db, scope, id);
	if (!incident) throw notFound("incident", id);
	return incident;
}

export async function answer(
	context: ApiContext,
	request: FastifyRequest,
	reply: FastifyReply,
	scope: TenantScope,
	incident: Incident,
): Promise<z.infer<typeof IncidentDetail>> {
	reply.header("etag", etagOf(incident.version));
	return incidentDetail(context, scope, incident, readersZone(request));
}

/** The zone that a console names in `x-time-zone`; one that does not exist is as none. */
function readersZone(request: FastifyRequest): string | undefined {
	const name = request.headers["x-time-zone"];
	if (typeof name !== "string" || name.length > 64) return undefined;
	try {
		return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
	} catch {
		return undefined;
	}
}

function statesOf(text: string | undefined): z.infer<typeof IncidentState>[] | undefined {
	if (text === undefined) return undefined;
	if (text === "open") return ["detected", "acknowledged", "investigating", "mitigated"];
	const parsed = z.array(IncidentState).safeParse(text.split(","));
	if (!parsed.success) {
		throw badRequest(
			"query.state",
			"state is not a list of incident states.",
			`Use open, or some of ${IncidentState.options.join(", ")} with commas.`,
		);
	}
	return parsed.data;
}

function severitiesOf(text: string | undefined): z.infer<typeof Severity>["key"][] | undefined {
	if (text === undefined) return undefined;
	const parsed = z.array(Severity.shape.key).safeParse(text.split(","));
	if (parsed.success) return parsed.data;
	throw badRequest(
		"query.severity",
		"severity is not a list of severities.",
		`Use some of ${Severity.shape.key.options.join(", ")} with commas.`,
	);
}
