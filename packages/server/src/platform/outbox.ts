import type { Ids, Message, MessagePayload, NewMessage, Tx } from "./types.ts";

/** Writes an outgoing message beside the state that wants it; the dispatcher sends it after the commit. Answers its id. */
export async function enqueue(tx: Tx, ids: Ids, now: number, message: NewMessage): Promise<string> {
	const [id] = await enqueueAll(tx, ids, now, [message]);
	return id as string;
}

/** Several in one statement, in the order given. */
export async function enqueueAll(tx: Tx, ids: Ids, now: number, messages: readonly NewMessage[]): Promise<string[]> {
	if (messages.length === 0) return [];
	const rows = messages.map((message) => ({
		id: ids.next("msg"),
		kind: message.kind,
		delivery: message.delivery,
		tenant: message.tenant,
		incident_id: message.incidentId ?? null,
		channel: message.channel,
		address: message.address,
		payload: JSON.stringify(message.payload),
		state: "pending" as const,
		attempts: 0,
		next_at: Math.max(now, message.notBefore ?? now),
		created_at: now,
		sent_at: null,
		last_error: null,
	}));
	await tx.insertInto("outbox").values(rows).execute();
	return rows.map(({ id }) => id);
}

/**
 * Stops an incident's messages that were not sent. What is on the wire cannot be called back: a page under way is not
 * repeated, and a notice under way runs to its outcome, because what became of it must be known.
 */
export async function cancelMessages(
	tx: Tx,
	which: {
		readonly incidentId: string;
		readonly kind?: NewMessage["kind"] | undefined;
		/** Of its messages these alone. */
		readonly ids?: readonly string[] | undefined;
	},
): Promise<number> {
	let update = tx
		.updateTable("outbox")
		.set({ state: "cancelled" })
		.where("incident_id", "=", which.incidentId)
		.where((is) =>
			is.or([is("state", "=", "pending"), is.and([is("state", "=", "sending"), is("delivery", "=", "at-least-once")])]),
		);
	if (which.kind !== undefined) update = update.where("kind", "=", which.kind);
	// An empty list after IN is an error in PostgreSQL.
	if (which.ids?.length === 0) return 0;
	if (which.ids !== undefined) update = update.where("id", "in", [...which.ids]);
	const result = await update.executeTakeFirst();
	return Number(result.numUpdatedRows);
}

export function toMessage(row: {
	id: string;
	kind: "page" | "notice";
	delivery: "at-least-once" | "at-most-once";
	tenant: string;
	incident_id: string | null;
	channel: string;
	address: string;
	payload: string;
	attempts: number;
	created_at: number;
}): Message {
	return {
		id: row.id,
		kind: row.kind,
		delivery: row.delivery,
		tenant: row.tenant,
		incidentId: row.incident_id ?? undefined,
		channel: row.channel,
		address: row.address,
		payload: JSON.parse(row.payload) as MessagePayload,
		attempt: row.attempts,
		createdAt: row.created_at,
	};
}
