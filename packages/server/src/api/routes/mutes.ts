import { z } from "zod";
import { boxOf, domainOf, matchesLabels, parseMatchers } from "#catalogue";
import { incidentsById, listIncidents } from "#incidents";
import { inScope, scopeOf } from "#platform";
import {
	changeMute,
	endMute,
	getMute,
	heldNow,
	labelsOf,
	listMutes,
	MAX_MUTE_MS,
	type MuteOutcome,
	makeMute,
} from "#response";
import { depsOf, requestOf } from "../acts.ts";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { expectedVersion } from "../expected-version.ts";
import { principalOf, READERS, RESPONDERS } from "../policy.ts";
import { ApiProblem, badRequest, etagOf, notFound, versionConflict } from "../problem.ts";
import { maintenanceViews, wireMute } from "../routing-view.ts";
import { MuteChangeBody, MuteList, MutePreview, MuteView, NewMuteBody } from "../schemas-routing.ts";

const Params = z.object({ mute: z.string().min(1).max(100) });
const OBJECT_RULE = "mutes made within the caller's tenants";
const UNRESOLVED = ["detected", "acknowledged", "investigating", "mitigated"] as const;

/** What holds pages back: mutes that people make, beside planned maintenance and what is held now. */
export function muteRoutes(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/mutes",
		{
			config: { authz: { roles: READERS, tenant: "all", object: OBJECT_RULE } },
			schema: {
				summary: "Mutes that hold or will, planned maintenance, and every incident whose page is held back now",
				tags: ["mutes"],
				querystring: z.object({
					over: z.enum(["true", "false"]).default("false").describe("those that ended instead, newest first"),
				}),
				response: { 200: MuteList, ...PROBLEMS },
			},
		},
		async (request) => {
			const scope = scopeOf(principalOf(request));
			const { db } = context.store;
			const now = context.clock.now();
			const held = await heldNow(db, scope);
			const incidents = await incidentsById(db, scope, [...held.keys()]);
			const mutes = await listMutes(db, scope, { now, over: request.query.over === "true", limit: 500 });
			return {
				items: mutes.map(wireMute),
				maintenance: maintenanceViews(
					context.catalogue(),
					now,
					({ tenants }) => scope.all || tenants.every((tenant) => inScope(scope, tenant)),
				),
				held: incidents.map(({ id, title }) => ({
					incident: id,
					title,
					kind: held.get(id)?.kind ?? "",
					until: held.get(id)?.until ?? null,
				})),
				longestMs: MAX_MUTE_MS,
			};
		},
	);
	api.get(
		"/api/v1/mutes/:mute",
		{
			config: { authz: { roles: READERS, tenant: "all", object: OBJECT_RULE } },
			schema: { summary: "One mute", tags: ["mutes"], params: Params, response: { 200: MuteView, ...PROBLEMS } },
		},
		async (request, reply) => {
			const scope = scopeOf(principalOf(request));
			const mute = await getMute(context.store.db, scope, request.params.mute, context.clock.now());
			if (!mute) throw notFound("mute", request.params.mute);
			reply.header("etag", etagOf(mute.version));
			return wireMute(mute);
		},
	);
	previewRoute(api, context);
	changeRoutes(api, context);
}

/** What a mute would match, before anybody makes it. */
function previewRoute(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/mutes/preview",
		{
			config: { authz: { roles: READERS, tenant: "all", object: "incidents of the caller's tenants" } },
			schema: {
				summary: "What a set of matchers matches: key tenants, SLOs and open incidents",
				tags: ["mutes"],
				querystring: z.object({ matchers: z.string().min(1).max(4_096) }),
				response: { 200: MutePreview, ...PROBLEMS },
			},
		},
		async (request) => {
			const scope = scopeOf(principalOf(request));
			const reading = parseMatchers(request.query.matchers);
			if (reading.status === "invalid")
				throw badRequest("body.matchers", `The matchers: ${reading.message}.`, reading.remedy);
			const catalogue = context.catalogue();
			const tenants = catalogue.tenants.filter((tenant) => inScope(scope, tenant.name));
			const domain = domainOf({ ...catalogue, tenants });
			const unknown = reading.matchers.find((matcher) => !domain.labels.has(matcher.name));
			if (unknown)
				throw badRequest(
					"body.matchers",
					`No incident has the label ${JSON.stringify(unknown.name)}.`,
					`Known are ${[...domain.labels.keys()].toSorted().join(", ")}.`,
				);
			const box = boxOf(domain, reading.matchers);
			const size = (k: number) => box[k]?.size ?? domain.dimensions[k]?.length ?? 0;
			const hasPlatform = box[0] === undefined || box[0].has(0);
			const open = await listIncidents(context.store.db, scope, { states: UNRESOLVED, limit: 500 });
			const isNothing = box.some((set) => set?.size === 0);
			return {
				tenants: isNothing ? 0 : size(0) - (hasPlatform ? 1 : 0),
				slos: isNothing ? 0 : size(1),
				open: open.items
					.filter((incident) => matchesLabels(reading.matchers, labelsOf(catalogue, incident)))
					.map(({ id, title }) => ({ id, title })),
			};
		},
	);
}

function changeRoutes(api: Api, context: ApiContext): void {
	api.post(
		"/api/v1/mutes",
		{
			config: { authz: { roles: RESPONDERS, tenant: "all", object: "incidents of the caller's tenants" } },
			schema: {
				summary: "Hold back the pages of what it matches until it ends; what burns then pages",
				tags: ["mutes"],
				body: NewMuteBody,
				response: { 201: MuteView, ...PROBLEMS },
			},
		},
		async (request, reply) => {
			const { body } = request;
			const asked = requestOf(context, request);
			const wanted = { ...body, owner: body.owner ?? asked.principal.name };
			const outcome = await context.store.transaction((tx) => makeMute(tx, depsOf(context), asked, wanted));
			reply.status(201);
			return answered(outcome, "", undefined, (version) => reply.header("etag", etagOf(version)));
		},
	);
	api.patch(
		"/api/v1/mutes/:mute",
		{
			config: { authz: { roles: RESPONDERS, tenant: "all", object: OBJECT_RULE } },
			schema: {
				summary: "Another end, owner or reason",
				tags: ["mutes"],
				params: Params,
				body: MuteChangeBody,
				response: { 200: MuteView, ...PROBLEMS },
			},
		},
		async (request, reply) => {
			const id = request.params.mute;
			const version = expectedVersion(request);
			const change = { ...request.body, id, expectedVersion: version };
			const asked = requestOf(context, request);
			const outcome = await context.store.transaction((tx) => changeMute(tx, depsOf(context), asked, change));
			return answered(outcome, id, version, (now) => reply.header("etag", etagOf(now)));
		},
	);
	api.post(
		"/api/v1/mutes/:mute/end",
		{
			config: { authz: { roles: RESPONDERS, tenant: "all", object: OBJECT_RULE } },
			schema: {
				summary: "End it now; what it held back and still burns pages",
				tags: ["mutes"],
				params: Params,
				body: z.object({}).nullish(),
				response: { 200: MuteView, ...PROBLEMS },
			},
		},
		async (request, reply) => {
			const id = request.params.mute;
			const version = expectedVersion(request);
			const asked = requestOf(context, request);
			const outcome = await context.store.transaction((tx) => endMute(tx, depsOf(context), asked, id, version));
			return answered(outcome, id, version, (now) => reply.header("etag", etagOf(now)));
		},
	);
}

function answered(
	outcome: MuteOutcome,
	id: string,
	sent: number | undefined,
	withVersion: (version: number) => void,
): MuteView {
	switch (outcome.status) {
		case "not-found":
			throw notFound("mute", id);
		case "conflict":
			throw versionConflict("mute", id, sent ?? 0, outcome.mute.version);
		case "refused":
			throw new ApiProblem(422, "invalid_request", outcome.message, outcome.remedy, {
				details: [{ place: outcome.field, message: outcome.message, remedy: outcome.remedy }],
			});
		default:
			withVersion(outcome.mute.version);
			return wireMute(outcome.mute);
	}
}
