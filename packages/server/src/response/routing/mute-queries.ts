import { incidentsById } from "#incidents";
import { type ControlTables, type Db, inScope, type TenantScope, type Tx } from "#platform";

export interface Mute {
	readonly id: string;
	/** Sets in PromQL; one is enough. */
	readonly matchers: readonly string[];
	readonly owner: string;
	readonly reason: string;
	readonly state: "pending" | "active" | "over";
	readonly startsAt: number;
	readonly endsAt: number;
	readonly createdBy: string;
	readonly createdAt: number;
	readonly changedBy: string | undefined;
	readonly changedAt: number | undefined;
	/** When it was ended early, and by whom. */
	readonly endedAt: number | undefined;
	readonly endedBy: string | undefined;
	readonly remindedAt: number | undefined;
	/** Incidents of the reader's tenants whose page it ever held back. */
	readonly heldCount: number;
	/** Those that it holds back now. */
	readonly holding: readonly string[];
	readonly version: number;
}

type Row = ControlTables["mutes"];

/** Whoever may see some tenants only sees mutes made within those: others may name whom he must not know of. */
export function muteInScope(scope: TenantScope, row: Pick<Row, "tenants">): boolean {
	if (scope.all) return true;
	return row.tenants !== null && (JSON.parse(row.tenants) as string[]).every((tenant) => inScope(scope, tenant));
}

export async function getMute(db: Db | Tx, scope: TenantScope, id: string, now: number): Promise<Mute | undefined> {
	const row = await db.selectFrom("mutes").selectAll().where("id", "=", id).executeTakeFirst();
	if (!row || !muteInScope(scope, row)) return undefined;
	return (await withCounts(db, scope, [row], now))[0];
}

/** Mutes of the scope: those that hold or will, soonest end first; with `over`, the newest of those that ended. */
export async function listMutes(
	db: Db | Tx,
	scope: TenantScope,
	filter: { readonly now: number; readonly over?: boolean | undefined; readonly limit?: number | undefined },
): Promise<Mute[]> {
	const { now, over = false, limit = 500 } = filter;
	let query = db.selectFrom("mutes").selectAll().limit(limit);
	query = over
		? query.where((is) => is.or([is("ended_at", "is not", null), is("ends_at", "<=", now)])).orderBy("ends_at", "desc")
		: query.where("ended_at", "is", null).where("ends_at", ">", now).orderBy("ends_at");
	const rows = (await query.orderBy("id").execute()).filter((row) => muteInScope(scope, row));
	return withCounts(db, scope, rows, now);
}

async function withCounts(db: Db | Tx, scope: TenantScope, rows: readonly Row[], now: number): Promise<Mute[]> {
	if (rows.length === 0) return [];
	const holds = await db
		.selectFrom("page_holds")
		.select(["ref", "incident_id", "tenant", "ended_at"])
		.where("kind", "=", "mute")
		.where(
			"ref",
			"in",
			rows.map((row) => row.id),
		)
		.orderBy("seq")
		.execute();
	const readable = await incidentsById(db, scope, [...new Set(holds.map((hold) => hold.incident_id))]);
	const mayRead = new Set(readable.map((incident) => incident.id));
	const byRef = Map.groupBy(
		holds.filter((hold) => mayRead.has(hold.incident_id)),
		(hold) => hold.ref,
	);
	return rows.map((row) => {
		const own = byRef.get(row.id) ?? [];
		const holding = own.filter((hold) => hold.ended_at === null).map((hold) => hold.incident_id);
		const heldCount = new Set(own.map((hold) => hold.incident_id)).size;
		return muteOf(row, now, heldCount, [...new Set(holding)]);
	});
}

function muteOf(row: Row, now: number, heldCount: number, holding: readonly string[]): Mute {
	const isOver = row.ended_at !== null || row.ends_at <= now;
	return {
		id: row.id,
		matchers: JSON.parse(row.matchers) as string[],
		owner: row.owner,
		reason: row.reason,
		state: isOver ? "over" : row.starts_at > Math.max(now, row.created_at) ? "pending" : "active",
		startsAt: row.starts_at,
		endsAt: row.ends_at,
		createdBy: row.created_by,
		createdAt: row.created_at,
		changedBy: row.changed_by ?? undefined,
		changedAt: row.changed_at ?? undefined,
		endedAt: row.ended_at ?? undefined,
		endedBy: row.ended_by ?? undefined,
		remindedAt: row.reminded_at ?? undefined,
		heldCount,
		holding,
		version: row.version,
	};
}
