import type { Catalogue, Integration, IntegrationKind } from "#catalogue";
import { audit, type Db, type Ids, inScope, mayRead, type Principal, type TenantScope, type Tx } from "#platform";
import { publish } from "../change.ts";
import { getIncident, readersOf } from "../rows.ts";
import type { IncidentDeps } from "../types.ts";
import { wantsTicket } from "./content.ts";
import { insertTicket, readTicket, saveTicket, ticketsOf } from "./rows.ts";
import { retried } from "./sync.ts";
import type { Ticket } from "./types.ts";

/** One exchange with a system, as it stands in the record. */
export interface TicketAttempt {
	readonly seq: number;
	readonly what: "create" | "adopt" | "update" | "note" | "look-up" | "test";
	readonly incidentId: string | undefined;
	readonly startedAt: number;
	readonly endedAt: number | undefined;
	readonly outcome: "sending" | "done" | "retry" | "uncertain" | "refused" | "gone";
	/** What the system said: the proof of a delivery, or why it failed. */
	readonly detail: string;
}

/**
 * How an integration fares. `idle`: nothing was sent yet; `ok`: the last exchange went well; `failing`: it did not, and it
 * is tried again; `stuck`: tickets wait for a person.
 */
export interface IntegrationState {
	readonly name: string;
	readonly displayName: string;
	readonly kind: IntegrationKind;
	readonly state: "idle" | "ok" | "failing" | "stuck";
	readonly tickets: { readonly open: number; readonly waiting: number; readonly failed: number };
	/** When the ticket that waits longest became due, ms. */
	readonly waitingSince: number | undefined;
	readonly lastDelivery: TicketAttempt | undefined;
	readonly lastFailure: TicketAttempt | undefined;
	readonly lastTest: TicketAttempt | undefined;
	readonly lastMessageAt: number | undefined;
}

/** In the catalogue's order; counts and exchanges are those of the scope's tenants. */
export async function integrationStates(db: Db, scope: TenantScope, catalogue: Catalogue): Promise<IntegrationState[]> {
	return Promise.all((catalogue.integrations ?? []).map((integration) => stateOf(db, scope, integration)));
}

const DELIVERIES = ["create", "adopt", "update", "note"] as const;

async function stateOf(
	db: Db,
	scope: TenantScope,
	{ name, displayName, kind }: Integration,
): Promise<IntegrationState> {
	const rows = await db
		.selectFrom("tickets")
		.select(["tenant", "phase", "sync", "theirs", "next_at"])
		.where("integration", "=", name)
		.where((is) => is.or([is("sync", "!=", "synced"), is("theirs", "is", null), is("theirs", "!=", "resolved")]))
		.execute();
	const visible = rows.filter(({ tenant }) => inScope(scope, tenant));
	const waiting = visible.filter(({ sync }) => sync === "pending" || sync === "sending");
	const failed = visible.filter(({ sync }) => sync === "failed").length;
	const bad = ["retry", "uncertain", "refused", "gone"] as const;
	const [lastGood, lastDelivery, lastBad, lastTest, message] = await Promise.all([
		lastAttempt(db, scope, name, ["done"]),
		lastAttempt(db, scope, name, ["done"], DELIVERIES),
		lastAttempt(db, scope, name, bad),
		lastAttempt(db, scope, name, ["done", ...bad], ["test"]),
		db
			.selectFrom("ticket_messages")
			.select((select) => select.fn.max("received_at").as("at"))
			.where("integration", "=", name)
			.executeTakeFirst(),
	]);
	const lastFailure = lastBad && lastBad.seq > (lastGood?.seq ?? 0) ? lastBad : undefined;
	return {
		name,
		displayName,
		kind,
		state: failed > 0 ? "stuck" : lastFailure ? "failing" : lastGood ? "ok" : "idle",
		tickets: {
			open: visible.filter(({ phase, theirs }) => phase === "linked" && theirs !== "resolved").length,
			waiting: waiting.length,
			failed,
		},
		waitingSince: waiting.length === 0 ? undefined : Math.min(...waiting.map(({ next_at }) => next_at)),
		lastDelivery,
		lastFailure,
		lastTest,
		lastMessageAt: message?.at ?? undefined,
	};
}

async function lastAttempt(
	db: Db,
	scope: TenantScope,
	integration: string,
	outcomes: readonly TicketAttempt["outcome"][],
	what?: readonly TicketAttempt["what"][],
): Promise<TicketAttempt | undefined> {
	const [found] = await listTicketAttempts(db, scope, { integration, limit: 1, outcomes, what });
	return found;
}

/** Newest first. Those of incidents for named readers only are left out for others. */
export async function listTicketAttempts(
	db: Db,
	scope: TenantScope,
	filter: {
		readonly integration: string;
		readonly limit: number;
		readonly outcomes?: readonly TicketAttempt["outcome"][] | undefined;
		readonly what?: readonly TicketAttempt["what"][] | undefined;
	},
): Promise<TicketAttempt[]> {
	if (!scope.all && scope.tenants.size === 0) return [];
	let query = db
		.selectFrom("ticket_attempts")
		.leftJoin("incidents", "incidents.id", "ticket_attempts.incident_id")
		.selectAll("ticket_attempts")
		.select("incidents.readers")
		.where("integration", "=", filter.integration)
		.orderBy("ticket_attempts.seq", "desc")
		.limit(filter.limit);
	if (!scope.all) query = query.where("ticket_attempts.tenant", "in", [...scope.tenants]);
	if (filter.outcomes) query = query.where("outcome", "in", [...filter.outcomes]);
	if (filter.what) query = query.where("what", "in", [...filter.what]);
	const rows = await query.execute();
	return rows
		.filter((row) => mayRead(scope, readersOf(row)))
		.map((row) => ({
			seq: row.seq,
			what: row.what,
			incidentId: row.incident_id ?? undefined,
			startedAt: row.started_at,
			endedAt: row.ended_at ?? undefined,
			outcome: row.outcome,
			detail: row.detail,
		}));
}

export interface TicketRequestOf {
	readonly scope: TenantScope;
	readonly principal: Principal;
	readonly incidentId: string;
	readonly integration: Integration;
	readonly now: number;
	readonly requestId: string;
}

export type TicketAskOutcome =
	| { readonly status: "asked"; readonly ticket: Ticket }
	| { readonly status: "not-found" }
	| { readonly status: "refused"; readonly message: string; readonly remedy: string };

const NEVER: Readonly<Record<string, string>> = {
	test: "it is a test",
	private: "it is for named readers only, and the system would show it to others",
};

/** A person asks for a ticket that the rules did not make, or for another attempt at one that failed. */
export async function askForTicket(
	tx: Tx,
	deps: IncidentDeps & { readonly ids: Ids },
	request: TicketRequestOf,
): Promise<TicketAskOutcome> {
	const { scope, principal, integration, now } = request;
	const incident = await getIncident(tx, scope, request.incidentId);
	if (!incident) return { status: "not-found" };
	const wants = wantsTicket(integration, incident);
	const never = wants.wanted ? undefined : NEVER[wants.reason];
	if (never !== undefined) {
		const message = `${incident.id} gets no ticket in ${integration.displayName}: ${never}.`;
		return { status: "refused", message, remedy: "Write there by hand what others may know." };
	}
	if (!wants.wanted && wants.reason === "tenant") {
		const message = `${integration.displayName} is not for this tenant: spec.when.tenants of the integration leaves it out.`;
		return { status: "refused", message, remedy: "Use another integration, or change that list." };
	}
	const there = (await ticketsOf(tx, scope, incident.id)).find((each) => each.integration === integration.name);
	const type = there ? "ticket.retried" : "ticket.requested";
	const of = { incidentId: incident.id, tenant: incident.tenant, integration: integration.name, noteSeq: 0 };
	const ticket = there ? retried(there, now) : await insertTicket(tx, deps.ids, of, now);
	if (there && ticket !== there) await saveTicket(tx, ticket);
	const data = { integration: integration.name, system: integration.displayName };
	await publish(tx, deps, incident, principal, now, { type, data });
	await audit(tx, {
		at: now,
		actor: principal.name,
		action: there ? "ticket.retry" : "ticket.request",
		tenant: incident.tenant,
		subject: incident.id,
		requestId: request.requestId,
		detail: { integration: integration.name, ticket: ticket.id },
	});
	return { status: "asked", ticket: (await readTicket(tx, scope, ticket.id)) ?? ticket };
}
