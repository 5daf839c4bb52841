import { sql } from "kysely";
import type { Tx } from "./types.ts";

/** Does a part of a transaction that may fail for itself: what it throws takes back the part's writes and no others. */
export async function apart<T>(tx: Tx, work: () => Promise<T>): Promise<T> {
	await sql`savepoint apart`.execute(tx);
	try {
		const result = await work();
		await sql`release savepoint apart`.execute(tx);
		return result;
	} catch (error) {
		await sql`rollback to savepoint apart`.execute(tx);
		await sql`release savepoint apart`.execute(tx);
		throw error;
	}
}
