import type { Db, TenantScope, Tx } from "#platform";
import { mayReadRow } from "./rows.ts";

/**
 * Ids of the private incidents that the scope may not read: whatever list has rows of incidents leaves theirs out. There
 * are few of them, and none for administrators.
 */
export async function unseenIncidents(db: Db | Tx, scope: TenantScope): Promise<ReadonlySet<string>> {
	if (scope.seesPrivate) return new Set();
	const rows = await db
		.selectFrom("incidents")
		.select(["id", "tenant", "readers"])
		.where("readers", "is not", null)
		.execute();
	return new Set(rows.filter((row) => !mayReadRow(scope, row)).map(({ id }) => id));
}

/** Who may read each of these that is private, by id. */
export async function readersById(
	db: Db | Tx,
	ids: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
	if (ids.length === 0) return new Map();
	const rows = await db
		.selectFrom("incidents")
		.select(["id", "readers"])
		.where("readers", "is not", null)
		.where("id", "in", [...ids])
		.execute();
	return new Map(rows.map(({ id, readers }) => [id, JSON.parse(readers ?? "[]") as string[]]));
}
