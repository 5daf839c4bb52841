import { HOUR_MS } from "@bellwether/model";
import type { Db, Tx } from "#platform";
import type { RecentPages } from "./page-gate.ts";
import { WITHDRAWN } from "./page-sending.ts";

/** A person's last hour of pages; what was taken back before it left bothered nobody. */
export async function recentPages(tx: Db | Tx, person: string, now: number): Promise<RecentPages> {
	const row = await tx
		.selectFrom("pages")
		.select((select) => [select.fn.max("created_at").as("lastAt"), select.fn.countAll<number>().as("count")])
		.where("person", "=", person)
		.where("created_at", ">", now - HOUR_MS)
		.where("reason", "!=", WITHDRAWN)
		.executeTakeFirstOrThrow();
	return { lastAt: row.lastAt ?? undefined, inLastHour: Number(row.count) };
}
