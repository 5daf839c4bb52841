import type { ControlStore } from "./types.ts";

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
	const before = (keptMs: number) => now - keptMs;
	return store.transaction(async (tx) => {
		let removed = 0;
		const count = (result: { numDeletedRows: bigint }) => {
			removed += Number(result.numDeletedRows);
		};
		const eventsFrom = before(CONTROL_KEPT_MS.events);
		await tx
			.insertInto("meta")
			.values({ key: "events_kept_from", value: String(eventsFrom) })
			.onConflict((conflict) => conflict.column("key").doUpdateSet({ value: String(eventsFrom) }))
			.execute();
		count(
			await tx
				.deleteFrom("events")
				.where("seq", "in", (from) =>
					from.selectFrom("events").select("seq").where("at", "<", eventsFrom).orderBy("seq").limit(ROWS_AT_ONCE),
				)
				.executeTakeFirstOrThrow(),
		);
		count(
			await tx
				.deleteFrom("timers")
				.where("id", "in", (from) =>
					from
						.selectFrom("timers")
						.select("id")
						.where("state", "!=", "pending")
						.where("due_at", "<", before(CONTROL_KEPT_MS.timers))
						.limit(ROWS_AT_ONCE),
				)
				.executeTakeFirstOrThrow(),
		);
		const messages = await tx
			.selectFrom("outbox")
			.select("id")
			.where("state", "in", ["sent", "failed", "cancelled", "uncertain"])
			.where("created_at", "<", before(CONTROL_KEPT_MS.messages))
			.limit(ROWS_AT_ONCE)
			.execute();
		if (messages.length > 0) {
			const ids = messages.map(({ id }) => id);
			count(await tx.deleteFrom("deliveries").where("outbox_id", "in", ids).executeTakeFirstOrThrow());
			count(await tx.deleteFrom("outbox").where("id", "in", ids).executeTakeFirstOrThrow());
		}
		count(
			await tx
				.deleteFrom("subscriptions")
				.where("state", "=", "disabled")
				.where("disabled_at", "<", before(CONTROL_KEPT_MS.subscriptions))
				.executeTakeFirstOrThrow(),
		);
		const pages = await tx
			.selectFrom("pages")
			.select("id")
			.where("created_at", "<", before(CONTROL_KEPT_MS.messages))
			.limit(ROWS_AT_ONCE)
			.execute();
		if (pages.length > 0) {
			const ids = pages.map(({ id }) => id);
			count(await tx.deleteFrom("page_messages").where("page_id", "in", ids).executeTakeFirstOrThrow());
			count(await tx.deleteFrom("page_incidents").where("page_id", "in", ids).executeTakeFirstOrThrow());
			count(await tx.deleteFrom("pages").where("id", "in", ids).executeTakeFirstOrThrow());
		}
		count(
			await tx
				.deleteFrom("reply_codes")
				.where("expires_at", "<", before(CONTROL_KEPT_MS.replyCodes))
				.executeTakeFirstOrThrow(),
		);
		count(
			await tx
				.deleteFrom("phone_messages")
				.where("id", "in", (from) =>
					from
						.selectFrom("phone_messages")
						.select("id")
						.where("at", "<", before(CONTROL_KEPT_MS.phoneMessages))
						.limit(ROWS_AT_ONCE),
				)
				.executeTakeFirstOrThrow(),
		);
		count(
			await tx
				.deleteFrom("ticket_attempts")
				.where("seq", "in", (from) =>
					from
						.selectFrom("ticket_attempts")
						.select("seq")
						.where("started_at", "<", before(CONTROL_KEPT_MS.ticketAttempts))
						.orderBy("seq")
						.limit(ROWS_AT_ONCE),
				)
				.executeTakeFirstOrThrow(),
		);
		// A message that became a note stays, because its note would be told back otherwise.
		count(
			await tx
				.deleteFrom("ticket_messages")
				.where("seq", "in", (from) =>
					from
						.selectFrom("ticket_messages")
						.select("seq")
						.where("received_at", "<", before(CONTROL_KEPT_MS.ticketMessages))
						.where("note_seq", "is", null)
						.orderBy("seq")
						.limit(ROWS_AT_ONCE),
				)
				.executeTakeFirstOrThrow(),
		);
		count(
			await tx
				.deleteFrom("sessions")
				.where("expires_at", "<", before(CONTROL_KEPT_MS.sessions))
				.executeTakeFirstOrThrow(),
		);
		return removed;
	});
}
