import type { Catalogue } from "#catalogue";
import { type Db, SYSTEM, scopeOf, type Tx } from "#platform";
import { publish } from "../change.ts";
import { getIncident } from "../rows.ts";
import type { IncidentDeps } from "../types.ts";
import { ticketContent } from "./content.ts";
import { readTicket, saveTicket } from "./rows.ts";
import { nextStep, recovered, type Step, settled } from "./sync.ts";
import type { Ticket, TicketContent, TicketNote } from "./types.ts";

const ALL = scopeOf(SYSTEM);
const MAX_NOTE_LENGTH = 4_000;
/** Of an attempt that is under way: it changes the state. */
const TELLS_STATE = "tells the state";

export interface ExchangeDeps extends IncidentDeps {
	readonly catalogue: () => Catalogue;
	readonly publicUrl: () => string;
}

/** One step that is being carried out; its attempt stands in the store before a byte leaves. */
export interface Taken {
	readonly ticket: Ticket;
	readonly step: Step & { readonly do: "create" | "note" | "update" };
	readonly content: TicketContent;
	readonly attempt: number;
}

/** Decides the next step of a due ticket and, where something is to be sent, marks it and opens its attempt. */
export async function takeTicket(
	tx: Tx,
	deps: ExchangeDeps,
	id: string,
	settleMs: number,
	now: number,
): Promise<Taken | undefined> {
	const ticket = await readTicket(tx, ALL, id);
	if (ticket?.sync !== "pending" || ticket.nextAt > now) return undefined;
	const incident = await getIncident(tx, ALL, ticket.incidentId);
	// What is for named readers only is nothing for a system that others read.
	if (!incident || incident.readers !== undefined) {
		await saveTicket(tx, settled(ticket, false, undefined));
		return undefined;
	}
	const content = ticketContent(incident, ticket.key, deps.catalogue(), deps.publicUrl());
	const step = nextStep(ticket, content, await notesOf(tx, ticket), settleMs, now);
	if (step.do === "wait") {
		await saveTicket(tx, { ...ticket, nextAt: step.until });
		return undefined;
	}
	if (step.do === "nothing") {
		await saveTicket(tx, settled(ticket, step.drop, content.state));
		return undefined;
	}
	const sending: Ticket = { ...ticket, sync: "sending" };
	await saveTicket(tx, sending);
	const { seq } = await tx
		.insertInto("ticket_attempts")
		.values({
			ticket_id: ticket.id,
			integration: ticket.integration,
			tenant: ticket.tenant,
			incident_id: ticket.incidentId,
			what: step.do,
			started_at: now,
			ended_at: null,
			outcome: "sending",
			detail: step.do === "update" && step.change.state !== undefined ? TELLS_STATE : "",
		})
		.returning("seq")
		.executeTakeFirstOrThrow();
	return { ticket: sending, step, content, attempt: seq };
}

/** Notes of people that the system does not have yet, oldest first. Those that came from there are not told back. */
async function notesOf(tx: Db | Tx, ticket: Ticket): Promise<TicketNote[]> {
	const rows = await tx
		.selectFrom("events")
		.select(["seq", "actor", "data"])
		.where("incident_id", "=", ticket.incidentId)
		.where("type", "=", "incident.note_added")
		.where("seq", ">", ticket.noteSeq)
		.where("seq", "not in", (from) =>
			from
				.selectFrom("ticket_messages")
				.select("note_seq")
				.where("ticket_id", "=", ticket.id)
				.where("note_seq", "is not", null)
				.$castTo<{ note_seq: number }>(),
		)
		.orderBy("seq")
		.limit(1)
		.execute();
	if (rows.length === 0) return [];
	const last = await tx
		.selectFrom("ticket_attempts")
		.select("outcome")
		.where("ticket_id", "=", ticket.id)
		.where("what", "=", "note")
		.orderBy("seq", "desc")
		.limit(1)
		.executeTakeFirst();
	const mayBeThere = last?.outcome === "uncertain";
	return rows.map(({ seq, actor, data }) => {
		const { text = "" } = JSON.parse(data) as { text?: string };
		const marker = noteMarker(ticket.incidentId, seq);
		return { seq, marker, mayBeThere, text: `${actor}: ${text.slice(0, MAX_NOTE_LENGTH)}\n\n${marker}` };
	});
}

/** The last line of every note of ours; a note that ends so came from here. */
export function noteMarker(incidentId: string, seq: number): string {
	return `(Bellwether note ${seq} of ${incidentId})`;
}

/**
 * Whether a note that came back is one of ours, and no answer that quotes it: the words are the same, whatever the system
 * did to tags and white space.
 */
export async function isOwnNote(tx: Db | Tx, text: string, incidentId: string): Promise<boolean> {
	const words = text.replace(/<[^<>]*>/g, " ").trim();
	const [, seq, of] = /\(Bellwether note (\d{1,15}) of ([A-Za-z0-9-]+)\)\W*$/.exec(words) ?? [];
	if (of !== incidentId) return false;
	const row = await tx
		.selectFrom("events")
		.select(["seq", "actor", "data"])
		.where("seq", "=", Number(seq))
		.where("incident_id", "=", incidentId)
		.executeTakeFirst();
	return row !== undefined && lettersOf(noteText(row, incidentId)) === lettersOf(words);
}

function noteText(
	row: { readonly seq: number; readonly actor: string; readonly data: string },
	incidentId: string,
): string {
	const { text = "" } = JSON.parse(row.data) as { text?: string };
	const said = text.replace(/<[^<>]*>/g, " ").slice(0, MAX_NOTE_LENGTH);
	return `${row.actor}: ${said}\n\n${noteMarker(incidentId, row.seq)}`;
}

function lettersOf(text: string): string {
	return text.replace(/[^\p{L}\p{N}]+/gu, "");
}

/** Writes what became of a step: the ticket, its attempt, and what the timeline says of it, at once. */
export async function recordExchange(
	tx: Tx,
	deps: ExchangeDeps,
	taken: Pick<Taken, "ticket" | "attempt">,
	next: Ticket,
	attempt: { readonly what?: "adopt" | undefined; readonly outcome: Outcome; readonly detail: string },
	fact: { readonly type: string; readonly data: Readonly<Record<string, unknown>> } | undefined,
	now: number,
): Promise<void> {
	const current = await readTicket(tx, ALL, taken.ticket.id);
	if (!current) return;
	// A message of the system may have come meanwhile: what it said of the ticket's state stays.
	await saveTicket(tx, mergeMeanwhile(taken.ticket, current, next));
	await tx
		.updateTable("ticket_attempts")
		.set({
			ended_at: now,
			outcome: attempt.outcome,
			detail: attempt.detail.slice(0, 500),
			...(attempt.what === undefined ? {} : { what: attempt.what }),
		})
		.where("seq", "=", taken.attempt)
		.execute();
	if (!fact) return;
	const system = deps.catalogue().integrations?.find((each) => each.name === next.integration)?.displayName;
	const data = {
		integration: next.integration,
		system: system ?? next.integration,
		name: next.ref?.name,
		...fact.data,
	};
	const incident = { id: next.incidentId, tenant: next.tenant };
	await publish(tx, deps, incident, SYSTEM, now, { type: fact.type, data });
}

type Outcome = "done" | "retry" | "uncertain" | "refused" | "gone";

function mergeMeanwhile(before: Ticket, current: Ticket, next: Ticket): Ticket {
	const isStirred = current.version !== before.version && next.sync === "failed" && next.phase !== "gone";
	const heard = current.theirs !== before.theirs || current.agreed.state !== before.agreed.state;
	return {
		...next,
		...(isStirred ? { sync: "pending" as const } : {}),
		...(current.ref !== undefined && next.ref === undefined ? { ref: current.ref, phase: current.phase } : {}),
		...(heard ? { theirs: current.theirs, agreed: { ...next.agreed, state: current.agreed.state } } : {}),
		told:
			next.told === before.told
				? current.told
				: [...next.told.filter((each) => !before.told.includes(each)), ...current.told],
	};
}

/** What a kill left in "sending" may have happened: it is looked up or told again. */
export async function recoverTickets(tx: Tx, now: number): Promise<void> {
	const attempts = await tx
		.selectFrom("ticket_attempts")
		.select("ticket_id")
		.where("outcome", "=", "sending")
		.where("detail", "=", TELLS_STATE)
		.execute();
	const toldState = new Set(attempts.map(({ ticket_id }) => ticket_id));
	await tx
		.updateTable("ticket_attempts")
		.set({ ended_at: now, outcome: "uncertain", detail: "interrupted while sending: it may or may not have arrived" })
		.where("outcome", "=", "sending")
		.execute();
	const rows = await tx.selectFrom("tickets").select("id").where("sync", "=", "sending").execute();
	for (const { id } of rows) {
		const ticket = await readTicket(tx, ALL, id);
		if (ticket) await saveTicket(tx, recovered(ticket, toldState.has(id), now));
	}
}
