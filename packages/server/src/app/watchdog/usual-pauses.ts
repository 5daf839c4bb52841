import { z } from "zod";
import type { ControlStore } from "#platform";

/** In the table `meta`. */
const KEY = "usual-pauses";
const Pauses = z.array(z.number().nonnegative());

/** The senders' pauses (ms, the newest last) that were kept before this start; none where there are none that can be read. */
export async function keptPauses(store: ControlStore): Promise<readonly number[]> {
	const row = await store.db.selectFrom("meta").select("value").where("key", "=", KEY).executeTakeFirst();
	if (!row) return [];
	try {
		return Pauses.parse(JSON.parse(row.value));
	} catch {
		return [];
	}
}

export async function keepPauses(store: ControlStore, pauses: readonly number[]): Promise<void> {
	const value = JSON.stringify(pauses);
	await store.transaction((tx) =>
		tx
			.insertInto("meta")
			.values({ key: KEY, value })
			.onConflict((conflict) => conflict.column("key").doUpdateSet({ value }))
			.execute(),
	);
}
