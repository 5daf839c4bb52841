import type { TenantScope } from "./access.ts";
import type { Db, DomainEvent, Listener, Tx } from "./types.ts";

/**
 * Carries facts from the room where they happen to the rooms on its right. Everything a fact causes is in the fact's
 * own transaction: a listener that throws undoes the fact as well, so no half of a story is ever stored.
 */
export class EventBus {
	readonly #listeners = new Map<string, Listener[]>();

	/** Listeners of one type run in the order they were added. Add them all before the first event. */
	on(type: string, listener: Listener): void {
		const listeners = this.#listeners.get(type);
		if (listeners) listeners.push(listener);
		else this.#listeners.set(type, [listener]);
	}

	/** Appends the event to the log and runs its listeners, one after the other. */
	async publish(tx: Tx, event: DomainEvent): Promise<void> {
		await tx
			.insertInto("events")
			.values({
				at: event.at,
				type: event.type,
				tenant: event.tenant,
				incident_id: event.incidentId ?? null,
				actor: event.actor.name,
				data: JSON.stringify(event.data),
			})
			.execute();
		for (const listener of this.#listeners.get(event.type) ?? []) await listener(tx, event);
	}
}

/** An event as the log holds it; `seq` is the order of commits. */
export interface LoggedEvent {
	readonly seq: number;
	readonly at: number;
	readonly type: string;
	readonly tenant: string;
	readonly incidentId: string | undefined;
	readonly actor: string;
	readonly data: Readonly<Record<string, unknown>>;
}

/** The log after `seq`, oldest first, within the scope; for live streams (read on each commit) and for cursors of the API. */
export async function eventsAfter(db: Db, scope: TenantScope, seq: number, limit: number): Promise<LoggedEvent[]> {
	if (!scope.all && scope.tenants.size === 0) return [];
	let query = db.selectFrom("events").selectAll().where("seq", ">", seq).orderBy("seq").limit(limit);
	if (!scope.all) query = query.where("tenant", "in", [...scope.tenants]);
	const rows = await query.execute();
	return rows.map((row) => ({
		seq: row.seq,
		at: row.at,
		type: row.type,
		tenant: row.tenant,
		incidentId: row.incident_id ?? undefined,
		actor: row.actor,
		data: JSON.parse(row.data) as Record<string, unknown>,
	}));
}

/** Sequence number of the newest event, 0 when there is none: where a live stream begins. */
export async function lastEventSeq(db: Db): Promise<number> {
	const row = await db
		.selectFrom("events")
		.select((select) => select.fn.max("seq").as("seq"))
		.executeTakeFirst();
	return row?.seq ?? 0;
}
