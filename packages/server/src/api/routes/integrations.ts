import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Integration } from "#catalogue";
import {
	askForTicket,
	integrationStates,
	letGoOfTickets,
	listTicketAttempts,
	takeTicketMessage,
	ticketsLeftBehind,
	ticketsOf,
	tryIntegration,
} from "#incidents";
import { scopeOf } from "#platform";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { LEFT_BEHIND_REMEDY } from "../health-integrations.ts";
import { proveIntegration } from "../integration-proof.ts";
import { ADMINS, PUBLIC, principalOf, READERS, RESPONDERS } from "../policy.ts";
import { ApiProblem, badRequest, notFound, printable } from "../problem.ts";
import {
	IntegrationTestResult,
	IntegrationView,
	LeftBehindView,
	MessageTaken,
	TicketAttemptView,
	TicketView,
} from "../schemas-integrations.ts";
import { bytesOf, headersOf, jsonOf, refused, registerSigned, secretOf, uncheckable } from "../signed-messages.ts";
import { wireAttempt, wireIntegration, wireTicket } from "../ticket-view.ts";
import { findIncident } from "./incidents.ts";

/** PagerDuty sends 256 KB at most; a work item with a long history is larger. */
const MAX_BODY_BYTES = 1_048_576;
const Params = z.object({ name: z.string().min(1).max(63) });
const OBJECT_RULE = "tenant of the stored incident in the caller's scope";

export function integrationRoutes(api: Api, context: ApiContext): void {
	listRoutes(api, context);
	testRoute(api, context);
	letGoRoute(api, context);
	ticketRoutes(api, context);
	messageRoute(api, context);
}

function listRoutes(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/integrations",
		{
			config: { authz: { roles: READERS, tenant: "all", object: "counts and exchanges of the caller's tenants" } },
			schema: {
				summary: "Systems of record that incidents are carried to, and how each fares",
				tags: ["integrations"],
				response: {
					200: z.object({
						items: z.array(IntegrationView),
						next: z.null(),
						leftBehind: z.array(LeftBehindView).describe("tickets of integrations that the catalogue has no more"),
					}),
					...PROBLEMS,
				},
			},
		},
		async (request) => {
			const catalogue = context.catalogue();
			const scope = scopeOf(principalOf(request));
			const states = await integrationStates(context.store.db, scope, catalogue);
			const leftBehind = await ticketsLeftBehind(context.store.db, scope, catalogue);
			return {
				items: states.map((state) => wireIntegration(state, catalogue, context.baseUrl(), scope)),
				next: null,
				leftBehind: leftBehind.map((each) => ({ ...each, remedy: LEFT_BEHIND_REMEDY })),
			};
		},
	);
	api.get(
		"/api/v1/integrations/:name/exchanges",
		{
			config: { authz: { roles: READERS, tenant: "all", object: "exchanges about the caller's tenants" } },
			schema: {
				summary: "Exchanges with a system of record, newest first, each with what the system said",
				tags: ["integrations"],
				params: Params,
				querystring: z.object({ limit: z.coerce.number().int().min(1).max(500).default(50) }),
				response: { 200: z.object({ items: z.array(TicketAttemptView), next: z.null() }), ...PROBLEMS },
			},
		},
		async (request) => {
			const integration = integrationOf(context, request.params.name);
			const scope = scopeOf(principalOf(request));
			const filter = { integration: integration.name, limit: request.query.limit };
			const attempts = await listTicketAttempts(context.store.db, scope, filter);
			return { items: attempts.map(wireAttempt), next: null };
		},
	);
}

function testRoute(api: Api, context: ApiContext): void {
	const running = new Set<string>();
	api.post(
		"/api/v1/integrations/:name/test",
		{
			config: { authz: { roles: ADMINS, tenant: "none", object: "the whole server's settings" } },
			schema: {
				summary: "Test now: ticket makes and closes a ticket that is marked as a test, check only signs in and reads",
				tags: ["integrations"],
				params: Params,
				body: z.object({ mode: z.enum(["ticket", "check"]).default("ticket") }).nullish(),
				response: { 200: IntegrationTestResult, ...PROBLEMS },
			},
		},
		async (request) => {
			const principal = principalOf(request);
			if (!scopeOf(principal).all) {
				throw new ApiProblem(
					403,
					"forbidden",
					"Tests concern the whole server.",
					"Ask an administrator of all tenants.",
				);
			}
			const integration = integrationOf(context, request.params.name);
			const system = context.ticketSystem?.(integration.name);
			if (!system) throw notFound("integration", integration.name);
			if (running.has(integration.name)) {
				throw new ApiProblem(409, "conflict", "A test of this integration is under way.", "Wait for its result.");
			}
			running.add(integration.name);
			try {
				const outcome = await tryIntegration({
					store: context.store,
					ids: context.ids,
					now: () => context.clock.now(),
					catalogue: context.catalogue(),
					integration,
					system,
					publicUrl: context.baseUrl(),
					principal,
					requestId: request.id,
					mode: request.body?.mode ?? "ticket",
				});
				const { ticket } = outcome;
				return {
					...outcome,
					steps: outcome.steps.map((step) => ({ ...step })),
					ticket: ticket ? { name: ticket.name, url: ticket.url ?? null } : null,
				};
			} finally {
				running.delete(integration.name);
			}
		},
	);
}

function letGoRoute(api: Api, context: ApiContext): void {
	api.post(
		"/api/v1/integrations/:name/let-go",
		{
			config: { authz: { roles: ADMINS, tenant: "none", object: "the whole server's settings" } },
			schema: {
				summary: "Let go of the tickets of an integration that the catalogue has no more: they are told nothing more",
				tags: ["integrations"],
				params: Params,
				response: { 200: z.object({ tickets: z.number().int() }), ...PROBLEMS },
			},
		},
		async (request) => {
			const { name } = request.params;
			if (context.catalogue().integrations?.some((each) => each.name === name))
				throw new ApiProblem(
					409,
					"conflict",
					`The catalogue has integration "${printable(name)}", so its tickets are carried.`,
					"Take it out of the catalogue first, if its tickets are to be left as they are.",
				);
			const asked = { integration: name, principal: principalOf(request), now: context.clock.now() };
			const tickets = await context.store.transaction((tx) =>
				letGoOfTickets(tx, context, { ...asked, requestId: request.id }),
			);
			if (tickets === 0) throw notFound("integration that left tickets behind", name);
			return { tickets };
		},
	);
}

function ticketRoutes(api: Api, context: ApiContext): void {
	const ofIncident = z.object({ id: z.string().min(1).max(100) });
	api.get(
		"/api/v1/incidents/:id/tickets",
		{
			config: { authz: { roles: READERS, tenant: "object", object: OBJECT_RULE } },
			schema: {
				summary: "The incident's tickets in systems of record, with the state of each",
				tags: ["integrations"],
				params: ofIncident,
				response: { 200: z.object({ items: z.array(TicketView), next: z.null() }), ...PROBLEMS },
			},
		},
		async (request) => {
			const scope = scopeOf(principalOf(request));
			const incident = await findIncident(context, scope, request.params.id);
			const tickets = await ticketsOf(context.store.db, scope, incident.id);
			return { items: tickets.map((ticket) => wireTicket(ticket, context.catalogue())), next: null };
		},
	);
	api.post(
		"/api/v1/incidents/:id/tickets",
		{
			config: { authz: { roles: RESPONDERS, tenant: "object", object: OBJECT_RULE } },
			schema: {
				summary: "Ask for a ticket that the rules did not make, or for another attempt at one that failed",
				tags: ["integrations"],
				params: ofIncident,
				body: z.object({ integration: z.string().min(1).max(63) }),
				response: { 200: TicketView, ...PROBLEMS },
			},
		},
		async (request) => {
			const principal = principalOf(request);
			const integration = integrationOf(context, request.body.integration);
			const outcome = await context.store.transaction((tx) =>
				askForTicket(tx, context, {
					scope: scopeOf(principal),
					principal,
					incidentId: request.params.id,
					integration,
					now: context.clock.now(),
					requestId: request.id,
				}),
			);
			if (outcome.status === "not-found") throw notFound("incident", request.params.id);
			if (outcome.status === "refused") throw new ApiProblem(409, "conflict", outcome.message, outcome.remedy);
			return wireTicket(outcome.ticket, context.catalogue());
		},
	);
}

function integrationOf(context: ApiContext, name: string): Integration {
	const found = context.catalogue().integrations?.find((each) => each.name === name);
	if (!found) throw notFound("integration", name);
	return found;
}

function messageRoute(api: Api, context: ApiContext): void {
	registerSigned(api, MAX_BODY_BYTES, (inner) => {
		inner.post(
			"/api/v1/integrations/:name/events",
			{
				bodyLimit: MAX_BODY_BYTES,
				config: { authz: { ...PUBLIC, object: "the integration's own signature or token" } },
				schema: {
					summary: "A message of a system of record; proven by its own signature or token, answered when it is durable",
					tags: ["integrations"],
					params: Params,
					response: { 200: MessageTaken, ...PROBLEMS },
				},
			},
			async (request) => {
				const now = context.clock.now();
				const body = bytesOf(request);
				const { integration, id } = prove(context, request, body, now);
				const system = context.ticketSystem?.(integration.name);
				if (!system) throw refused(request, { kind: "integration", name: integration.name }, "it has no adapter");
				const message = system.read(headersOf(request), jsonOf(body));
				if (message.status === "malformed") {
					const remedy = `Integration "${integration.name}" reads messages of ${integration.displayName}; see docs/integrations.md.`;
					throw badRequest("body", `The message cannot be used: ${message.message}.`, remedy);
				}
				const outcome = await context.store.transaction((tx) =>
					takeTicketMessage(tx, context, {
						integration,
						id: id ?? message.id,
						body,
						events: message.events,
						now,
						requestId: request.id,
					}),
				);
				return { status: outcome.status, outcomes: outcome.status === "taken" ? [...outcome.outcomes] : [] };
			},
		);
	});
}

function prove(
	context: ApiContext,
	request: FastifyRequest<{ Params: { name: string } }>,
	body: Uint8Array,
	now: number,
): { readonly integration: Integration; readonly id: string | undefined } {
	const integration = context.catalogue().integrations?.find((each) => each.name === request.params.name);
	const sender = { kind: "integration", name: integration?.name } as const;
	if (!integration?.inbound) {
		const reason = integration ? "it has no spec.inbound, so it takes no messages" : "unknown integration";
		throw refused(request, sender, reason);
	}
	const secrets = secretOf(request, sender, integration.inbound.secretRef);
	const outcome = proveIntegration(integration.inbound.auth, secrets, headersOf(request), body, now);
	switch (outcome.status) {
		case "proven":
			return { integration, id: outcome.key };
		case "unusable":
			throw uncheckable(request, sender, outcome.reason);
		case "old":
		case "unproven":
			throw refused(request, sender, outcome.reason);
	}
}
