import type { ControlStore, Tx } from "./types.ts";

const DAY_MS = 86_400_000;

/** How long what is over stays in the control store. Incidents, notices and the audit log stay for ever. */
const CONTROL_KEPT_MS = {
	/** Timers that fired or were cancelled. */
	timers: 30 * DAY_MS,
	/** Messages on the built-in phone. */
	phoneMessages: 90 * DAY_MS,
	/** Messages whose outcome is known, with every attempt to send them. */
	messages: 400 * DAY_MS,
	/** Exchanges with systems of record. */
	ticketAttempts: 400 * DAY_MS,
	/** What they told us, so that the same message again changes nothing; far beyond the day in which one is taken. */
	ticketMessages: 30 * DAY_MS,
	/** The event log, which is the incidents' timelines. */
	events: 400 * DAY_MS,
	/** Subscriptions that ended by themselves: for so long people can see why. */
	subscriptions: 30 * DAY_MS,
	/** Codes of text messages that have expired. */
	replyCodes: DAY_MS,
	/** Sessions that ended. */
	sessions: DAY_MS,
} as const;

/** Rows that one transaction removes of each table: requests wait for it. */
const ROWS_AT_ONCE = 500;

/** Removes a bounded part of what is too old; answers how many rows, 0 when nothing is left to remove. */
export async function forgetOld(store: ControlStore, now: number): Promise<number> {
	return store.transaction(async (tx) => {
		const eventsFrom = now - CONTROL_KEPT_MS.events;
		await tx
			.insertInto("meta")
			.values({ key: "events_kept_from", value: String(eventsFrom) })
			.onConflict((conflict) => conflict.column("key").doUpdateSet({ value: String(eventsFrom) }))
			.execute();
		let removed = 0;
		for (const removal of [...removals(tx, now), ...(await removalsOfMessages(tx, now))]) {
			removed += Number((await removal.executeTakeFirstOrThrow()).numDeletedRows);
		}
		return removed;
	});
}

function removals(tx: Tx, now: number) {
	const before = (kept: keyof typeof CONTROL_KEPT_MS) => now - CONTROL_KEPT_MS[kept];
	const events = tx.selectFrom("events").select("seq").where("at", "<", before("events")).orderBy("seq");
	const timers = tx
		.selectFrom("timers")
		.select("id")
		.where("state", "!=", "pending")
		.where("due_at", "<", before("timers"));
	const phoneMessages = tx.selectFrom("phone_messages").select("id").where("at", "<", before("phoneMessages"));
	const ticketAttempts = tx
		.selectFrom("ticket_attempts")
		.select("seq")
		.where("started_at", "<", before("ticketAttempts"))
		.orderBy("seq");
	// A message that became a note stays, because its note would be told back otherwise.
	const ticketMessages = tx
		.selectFrom("ticket_messages")
		.select("seq")
		.where("received_at", "<", before("ticketMessages"))
		.where("note_seq", "is", null)
		.orderBy("seq");
	return [
		tx.deleteFrom("events").where("seq", "in", events.limit(ROWS_AT_ONCE)),
		tx.deleteFrom("timers").where("id", "in", timers.limit(ROWS_AT_ONCE)),
		tx.deleteFrom("phone_messages").where("id", "in", phoneMessages.limit(ROWS_AT_ONCE)),
		tx.deleteFrom("ticket_attempts").where("seq", "in", ticketAttempts.limit(ROWS_AT_ONCE)),
		tx.deleteFrom("ticket_messages").where("seq", "in", ticketMessages.limit(ROWS_AT_ONCE)),
		tx.deleteFrom("subscriptions").where("state", "=", "disabled").where("disabled_at", "<", before("subscriptions")),
		tx.deleteFrom("reply_codes").where("expires_at", "<", before("replyCodes")),
		tx.deleteFrom("sessions").where("expires_at", "<", before("sessions")),
	];
}

/** Messages and pages go with what hangs on them, so that they are looked up first. */
async function removalsOfMessages(tx: Tx, now: number) {
	const before = now - CONTROL_KEPT_MS.messages;
	const messages = await tx
		.selectFrom("outbox")
		.select("id")
		.where("state", "in", ["sent", "failed", "cancelled", "uncertain"])
		.where("created_at", "<", before)
		.limit(ROWS_AT_ONCE)
		.execute();
	const pages = await tx
		.selectFrom("pages")
		.select("id")
		.where("created_at", "<", before)
		.limit(ROWS_AT_ONCE)
		.execute();
	const messageIds = messages.map(({ id }) => id);
	const pageIds = pages.map(({ id }) => id);
	const ofMessages = [
		tx.deleteFrom("deliveries").where("outbox_id", "in", messageIds),
		tx.deleteFrom("outbox").where("id", "in", messageIds),
	];
	const ofPages = [
		tx.deleteFrom("page_messages").where("page_id", "in", pageIds),
		tx.deleteFrom("page_incidents").where("page_id", "in", pageIds),
		tx.deleteFrom("pages").where("id", "in", pageIds),
	];
	// Not every engine takes an empty list.
	return [...(messageIds.length > 0 ? ofMessages : []), ...(pageIds.length > 0 ? ofPages : [])];
}
