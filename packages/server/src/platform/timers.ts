import { sql } from "kysely";
import type { Ids, NewTimer, Timer, Tx } from "./types.ts";

/** Writes a durable timer beside the state that wants it. It fires at or after `dueAt`, once. */
export async function setTimer(tx: Tx, ids: Ids, now: number, timer: NewTimer): Promise<string> {
	const id = ids.next("tmr");
	await tx
		.insertInto("timers")
		.values({
			id,
			kind: timer.kind,
			tenant: timer.tenant,
			incident_id: timer.incidentId ?? null,
			due_at: timer.dueAt,
			data: JSON.stringify(timer.data),
			state: "pending",
			created_at: now,
			fired_at: null,
		})
		.execute();
	return id;
}

/** Stops an incident's timers that have not fired, of one kind or of all. Answers how many there were. */
export async function cancelTimers(
	tx: Tx,
	which: { readonly incidentId: string; readonly kind?: string | undefined },
): Promise<number> {
	let update = tx
		.updateTable("timers")
		.set({ state: "cancelled" })
		.where("state", "=", "pending")
		.where("incident_id", "=", which.incidentId);
	if (which.kind !== undefined) update = update.where("kind", "=", which.kind);
	const result = await update.executeTakeFirst();
	return Number(result.numUpdatedRows);
}

/**
 * Moves what waits by the length of a wall-clock step, so that "in five minutes" stays five minutes. What was written
 * after the step but before it was noticed, between `newFrom` and `newNow`, already counts in the new time and stays.
 */
export async function rebaseDueTimes(tx: Tx, stepMs: number, newFrom: number, newNow: number): Promise<void> {
	const isOld = sql<boolean>`created_at not between ${newFrom} and ${newNow}`;
	await tx
		.updateTable("timers")
		.set({ due_at: sql`due_at + ${stepMs}`, retry_at: sql`retry_at + ${stepMs}` })
		.where("state", "=", "pending")
		.where(isOld)
		.execute();
	await tx
		.updateTable("outbox")
		.set({ next_at: sql`next_at + ${stepMs}` })
		.where("state", "=", "pending")
		.where(isOld)
		.execute();
	// A ticket is looked at at once, whatever it waited for; one whose create is in doubt must wait its time out.
	await tx.updateTable("tickets").set({ next_at: newNow }).where("sync", "=", "pending").execute();
	await tx
		.updateTable("tickets")
		.set({ create_sent_at: sql`create_sent_at + ${stepMs}` })
		.where("phase", "=", "creating")
		.where(sql<boolean>`create_sent_at not between ${newFrom} and ${newNow}`)
		.execute();
}

export function toTimer(row: {
	id: string;
	kind: string;
	tenant: string;
	incident_id: string | null;
	due_at: number;
	data: string;
}): Timer {
	return {
		id: row.id,
		kind: row.kind,
		tenant: row.tenant,
		incidentId: row.incident_id ?? undefined,
		dueAt: row.due_at,
		data: JSON.parse(row.data) as Record<string, unknown>,
	};
}
