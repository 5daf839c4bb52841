import { type ControlTables, type Db, type Ids, inScope, type TenantScope, type Tx } from "#platform";
import type { Ticket, TicketChange } from "./types.ts";

type Row = ControlTables["tickets"];

export function ticketOf(row: Row): Ticket {
	return {
		id: row.id,
		incidentId: row.incident_id,
		tenant: row.tenant,
		integration: row.integration,
		key: row.external_key,
		ref:
			row.external_id === null
				? undefined
				: {
						id: row.external_id,
						name: row.external_name ?? row.external_id,
						url: row.url ?? undefined,
						alias: row.external_alias ?? undefined,
					},
		phase: row.phase,
		sync: row.sync,
		agreed: JSON.parse(row.agreed) as TicketChange,
		theirs: row.theirs ?? undefined,
		noteSeq: row.note_seq,
		told: JSON.parse(row.told) as Ticket["told"],
		createdAt: row.created_at,
		createSentAt: row.create_sent_at ?? undefined,
		syncedAt: row.synced_at ?? undefined,
		failures: row.failures,
		failingSince: row.failing_since ?? undefined,
		nextAt: row.next_at,
		lastError: row.last_error ?? undefined,
		version: row.version,
	};
}

function columnsOf(
	ticket: Ticket,
): Omit<Row, "id" | "incident_id" | "tenant" | "integration" | "external_key" | "created_at"> {
	return {
		external_id: ticket.ref?.id ?? null,
		external_name: ticket.ref?.name ?? null,
		external_alias: ticket.ref?.alias ?? null,
		url: ticket.ref?.url ?? null,
		phase: ticket.phase,
		sync: ticket.sync,
		agreed: JSON.stringify(ticket.agreed),
		theirs: ticket.theirs ?? null,
		note_seq: ticket.noteSeq,
		told: JSON.stringify(ticket.told),
		create_sent_at: ticket.createSentAt ?? null,
		synced_at: ticket.syncedAt ?? null,
		failures: ticket.failures,
		failing_since: ticket.failingSince ?? null,
		next_at: ticket.nextAt,
		last_error: ticket.lastError ?? null,
		version: ticket.version,
	};
}

/** Writes a ticket that an incident wants, with a key that no other installation and no restored one has. */
export async function insertTicket(
	tx: Tx,
	ids: Ids,
	of: { readonly incidentId: string; readonly tenant: string; readonly integration: string; readonly noteSeq: number },
	now: number,
): Promise<Ticket> {
	const ticket: Ticket = {
		id: ids.next("tkt"),
		incidentId: of.incidentId,
		tenant: of.tenant,
		integration: of.integration,
		key: `bellwether-${of.incidentId.toLowerCase()}-${ids.secret(6)}`,
		ref: undefined,
		phase: "absent",
		sync: "pending",
		agreed: {},
		theirs: undefined,
		noteSeq: of.noteSeq,
		told: [],
		createdAt: now,
		createSentAt: undefined,
		syncedAt: undefined,
		failures: 0,
		failingSince: undefined,
		nextAt: now,
		lastError: undefined,
		version: 1,
	};
	await tx
		.insertInto("tickets")
		.values({
			id: ticket.id,
			incident_id: ticket.incidentId,
			tenant: ticket.tenant,
			integration: ticket.integration,
			external_key: ticket.key,
			created_at: now,
			...columnsOf(ticket),
		})
		.execute();
	return ticket;
}

export async function saveTicket(tx: Tx, ticket: Ticket): Promise<void> {
	await tx.updateTable("tickets").set(columnsOf(ticket)).where("id", "=", ticket.id).execute();
}

export async function readTicket(db: Db | Tx, scope: TenantScope, id: string): Promise<Ticket | undefined> {
	const row = await db.selectFrom("tickets").selectAll().where("id", "=", id).executeTakeFirst();
	return row && inScope(scope, row.tenant) ? ticketOf(row) : undefined;
}

/** Tickets of an incident that the scope was found to see; by integration. */
export async function ticketsOf(db: Db | Tx, scope: TenantScope, incidentId: string): Promise<Ticket[]> {
	const rows = await db
		.selectFrom("tickets")
		.selectAll()
		.where("incident_id", "=", incidentId)
		.orderBy("integration")
		.execute();
	return rows.filter((row) => inScope(scope, row.tenant)).map(ticketOf);
}
