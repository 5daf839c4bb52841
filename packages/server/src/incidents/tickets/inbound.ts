import { createHash } from "node:crypto";
import type { Integration } from "#catalogue";
import { type Principal, scopeOf, type Tx } from "#platform";
import { acknowledgeIncident, addNote, mitigateIncident } from "../actions.ts";
import { publish } from "../change.ts";
import { isResolved } from "../lifecycle.ts";
import { getIncident } from "../rows.ts";
import { type Incident, type IncidentDeps, type IncidentRequest, PLATFORM } from "../types.ts";
import { isOwnNote } from "./exchange.ts";
import { saveTicket, ticketOf } from "./rows.ts";
import { echoOf, withNames } from "./sync.ts";
import type { InboundEvent, Ticket } from "./types.ts";

/** Messages whose own time is further away than this are not taken. PagerDuty repeats for 20 minutes, Jira for hours. */
export const REPLAY_WINDOW_MS = 24 * 3_600_000;
const MAX_ACTOR_LENGTH = 80;
const MAX_NOTE_LENGTH = 3_900;

export type InboundOutcome =
	| "taken"
	/** It was so already, or it is nothing that we act on. */
	| "unchanged"
	/** Our own change that came back. */
	| "echo"
	/** No ticket of this integration is meant, or its incident is for named readers only. */
	| "unknown-ticket"
	| "too-old";

export interface InboundDelivery {
	readonly integration: Integration;
	/** Of the whole message, from its proof or its sender; undefined: its content names it. */
	readonly id: string | undefined;
	readonly body: Uint8Array;
	readonly events: readonly InboundEvent[];
	readonly now: number;
	readonly requestId: string;
}

/**
 * What a system of record says becomes acts on our incident, by whoever did it there, all in one transaction.
 * The same message again changes nothing. Only tickets of this very integration can be meant, and acts reach no other
 * tenant than the ticket's.
 *
 * Conflicts: whoever comes first wins, and the second is told nothing new. A resolution there has no verdict, so it
 * marks the incident mitigated and asks for one; the ticket is left resolved. Reopening there does not reopen here.
 */
export async function takeTicketMessage(
	tx: Tx,
	deps: IncidentDeps,
	delivery: InboundDelivery,
): Promise<
	{ readonly status: "taken"; readonly outcomes: readonly InboundOutcome[] } | { readonly status: "duplicate" }
> {
	const { integration, now, events } = delivery;
	const key = delivery.id ?? `body:${createHash("sha256").update(delivery.body).digest("hex")}`;
	const first = await tx
		.insertInto("ticket_messages")
		.values({
			integration: integration.name,
			message_key: key.slice(0, 200),
			received_at: now,
			ticket_id: null,
			tenant: PLATFORM,
			incident_id: null,
			kind: events
				.map(({ kind }) => kind)
				.join(",")
				.slice(0, 100),
			outcome: "",
			note_seq: null,
		})
		.onConflict((conflict) => conflict.columns(["integration", "message_key"]).doNothing())
		.returning("seq")
		.executeTakeFirst();
	if (!first) return { status: "duplicate" };
	const outcomes: InboundOutcome[] = [];
	for (const [k, event] of events.entries()) {
		const { outcome, ticket, noteSeq } = await takeEvent(tx, deps, delivery, event);
		outcomes.push(outcome);
		const about = {
			ticket_id: ticket?.id ?? null,
			tenant: ticket?.tenant ?? PLATFORM,
			incident_id: ticket?.incidentId ?? null,
			kind: event.kind,
			outcome,
			note_seq: noteSeq ?? null,
		};
		if (k === 0) await tx.updateTable("ticket_messages").set(about).where("seq", "=", first.seq).execute();
		else {
			const row = {
				integration: integration.name,
				message_key: `${key.slice(0, 200)}#${k}`,
				received_at: now,
				...about,
			};
			await tx.insertInto("ticket_messages").values(row).execute();
		}
	}
	// A message about nothing of ours needs no memory: the same once more does nothing either.
	if (outcomes.every((outcome) => outcome === "unknown-ticket" || outcome === "too-old")) {
		await tx
			.deleteFrom("ticket_messages")
			.where("seq", ">=", first.seq)
			.where("integration", "=", integration.name)
			.execute();
	}
	return { status: "taken", outcomes };
}

interface EventOutcome {
	readonly outcome: InboundOutcome;
	readonly ticket?: Ticket | undefined;
	readonly noteSeq?: number | undefined;
}

async function takeEvent(
	tx: Tx,
	deps: IncidentDeps,
	delivery: InboundDelivery,
	event: InboundEvent,
): Promise<EventOutcome> {
	const { integration, now } = delivery;
	if (event.at !== undefined && Math.abs(now - event.at) > REPLAY_WINDOW_MS) return { outcome: "too-old" };
	const found = await findTicket(tx, integration, event);
	if (!found) return { outcome: "unknown-ticket" };
	const named = event.id === undefined ? found : withNames(found, namesOf(event, event.id));
	const principal = principalOf(integration, named, event.actor);
	const incident = await getIncident(tx, scopeOf(principal), named.incidentId);
	if (!incident) return { outcome: "unknown-ticket" };
	const request: IncidentRequest = {
		scope: scopeOf(principal),
		principal,
		incidentId: incident.id,
		now,
		requestId: delivery.requestId,
	};
	const { outcome, ticket, noteSeq } = await act(tx, deps, named, incident, request, event);
	await saveTicket(tx, ticket);
	return { outcome, ticket, noteSeq };
}

function namesOf(event: InboundEvent, id: string) {
	return { id, name: event.name, url: event.url, alias: event.alias } as { id: string };
}

/**
 * Who acts there is nobody that we know: it may do what a responder may, to this tenant alone. A platform incident's
 * ticket reaches the incidents under it, as the console's own button does.
 */
function principalOf(integration: Integration, ticket: Ticket, actor: string): Principal {
	// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
	const name = actor.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, " ").trim();
	const who = name === "" ? integration.displayName : `${integration.displayName}: ${name.slice(0, MAX_ACTOR_LENGTH)}`;
	return { name: who, role: "responder", ...(ticket.tenant === PLATFORM ? {} : { tenants: [ticket.tenant] }) };
}

/** By our key first: the system's id may not be known here yet, when its message overtakes its answer. */
async function findTicket(tx: Tx, integration: Integration, event: InboundEvent): Promise<Ticket | undefined> {
	const by = async (column: "external_key" | "external_id" | "external_alias", value: string | undefined) => {
		if (value === undefined || value === "") return undefined;
		const rows = await tx
			.selectFrom("tickets")
			.selectAll()
			.where("integration", "=", integration.name)
			.where(column, "=", value)
			.limit(2)
			.execute();
		// Two that answer to one name: neither is meant for certain.
		return rows.length === 1 && rows[0] ? ticketOf(rows[0]) : undefined;
	};
	return (
		(await by("external_key", event.key)) ??
		(await by("external_id", event.id)) ??
		(await by("external_alias", event.alias))
	);
}

async function act(
	tx: Tx,
	deps: IncidentDeps,
	ticket: Ticket,
	incident: Incident,
	request: IncidentRequest,
	event: InboundEvent,
): Promise<{ readonly outcome: InboundOutcome; readonly ticket: Ticket; readonly noteSeq?: number }> {
	switch (event.kind) {
		case "acknowledged": {
			const echo = echoOf(ticket, "acknowledged", request.now);
			const next: Ticket = { ...echo.ticket, theirs: "acknowledged" };
			if (event.isOurs || echo.isEcho) return { outcome: "echo", ticket: next };
			const change = await acknowledgeIncident(tx, deps, request);
			if (change.status === "changed") return { outcome: "taken", ticket: agreeing(next, "acknowledged") };
			// A chain that began anew for one taken before ends by it.
			const fact = { type: "ticket.acknowledged_there", data: { integration: ticket.integration } };
			if (change.status === "unchanged" && !isResolved(incident))
				await publish(tx, deps, incident, request.principal, request.now, fact);
			return { outcome: "unchanged", ticket: next };
		}
		case "resolved": {
			const echo = echoOf(ticket, "resolved", request.now);
			const next: Ticket = { ...echo.ticket, theirs: "resolved" };
			if (event.isOurs || echo.isEcho) return { outcome: "echo", ticket: next };
			if (isResolved(incident)) return { outcome: "unchanged", ticket: agreeing(next, "resolved") };
			await mitigateIncident(tx, deps, request);
			const fact = { type: "ticket.resolved_there", data: { integration: ticket.integration, name: ticket.ref?.name } };
			await publish(tx, deps, incident, request.principal, request.now, fact);
			return { outcome: "taken", ticket: agreeing(next, "mitigated") };
		}
		case "reopened": {
			const echo = echoOf(ticket, "open", request.now);
			const next: Ticket = { ...echo.ticket, theirs: "open" };
			if (event.isOurs || echo.isEcho) return { outcome: "echo", ticket: next };
			// An incident that is worked on is open already; the people there only say the same.
			if (incident.state !== "mitigated" && !isResolved(incident)) return { outcome: "unchanged", ticket: next };
			const fact = { type: "ticket.reopened_there", data: { integration: ticket.integration, name: ticket.ref?.name } };
			await publish(tx, deps, incident, request.principal, request.now, fact);
			return { outcome: "taken", ticket: agreeing(next, isResolved(incident) ? "resolved" : "mitigated") };
		}
		case "note":
			return takeNote(tx, deps, ticket, incident, request, event);
		case "deleted": {
			if (event.isOurs || ticket.phase === "gone") return { outcome: "unchanged", ticket };
			const fact = { type: "ticket.gone", data: { integration: ticket.integration, name: ticket.ref?.name } };
			await publish(tx, deps, incident, request.principal, request.now, fact);
			return { outcome: "taken", ticket: { ...ticket, phase: "gone", lastError: "deleted there" } };
		}
		case "other":
			return { outcome: "unchanged", ticket };
	}
}

async function takeNote(
	tx: Tx,
	deps: IncidentDeps,
	ticket: Ticket,
	incident: Incident,
	request: IncidentRequest,
	event: InboundEvent,
): Promise<{ readonly outcome: InboundOutcome; readonly ticket: Ticket; readonly noteSeq?: number }> {
	const text = (event.text ?? "").trim();
	if (event.isOurs || (await isOwnNote(tx, text, incident.id))) return { outcome: "echo", ticket };
	if (text === "") return { outcome: "unchanged", ticket };
	const change = await addNote(tx, deps, { ...request, text: text.slice(0, MAX_NOTE_LENGTH) });
	if (change.status !== "changed") return { outcome: "unchanged", ticket };
	const row = await tx
		.selectFrom("events")
		.select((select) => select.fn.max("seq").as("seq"))
		.where("incident_id", "=", incident.id)
		.where("type", "=", "incident.note_added")
		.executeTakeFirst();
	return { outcome: "taken", ticket, ...(row?.seq == null ? {} : { noteSeq: row.seq }) };
}

/** Both sides hold this now, so nothing of it is sent back. */
function agreeing(ticket: Ticket, state: NonNullable<Ticket["theirs"]>): Ticket {
	return { ...ticket, agreed: { ...ticket.agreed, state }, version: ticket.version + 1 };
}
