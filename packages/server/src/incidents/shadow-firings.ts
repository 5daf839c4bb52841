import { DAY_MS } from "@bellwether/model";
import type { ShadowFiring } from "#detection";
import type { Db, TenantScope, Tx } from "#platform";

const KEPT_MS = 28 * DAY_MS;
/** Of one monitor: one that fires all day must push out no other's. */
const KEPT_PER_MONITOR = 200;

/** Keeps what monitors in shadow would have claimed: of each the last 200 of the four weeks before the newest. */
export async function keepShadowFirings(tx: Tx, firings: readonly ShadowFiring[]): Promise<void> {
	const newest = firings.at(-1);
	if (!newest) return;
	await tx
		.insertInto("shadow_firings")
		.values([...firings])
		.execute();
	await tx
		.deleteFrom("shadow_firings")
		.where("at", "<", newest.at - KEPT_MS)
		.execute();
	for (const monitor of new Set(firings.map((firing) => firing.monitor))) {
		const last = await tx
			.selectFrom("shadow_firings")
			.select("seq")
			.where("monitor", "=", monitor)
			.orderBy("seq", "desc")
			.offset(KEPT_PER_MONITOR)
			.limit(1)
			.executeTakeFirst();
		if (last)
			await tx.deleteFrom("shadow_firings").where("monitor", "=", monitor).where("seq", "<=", last.seq).execute();
	}
}

/** What would have been claimed, by any monitor, oldest first. */
export async function shadowFirings(db: Db | Tx, scope: TenantScope): Promise<ShadowFiring[]> {
	if (!scope.all && scope.tenants.size === 0) return [];
	let query = db.selectFrom("shadow_firings").select(["monitor", "tenant", "slo", "at", "says"]).orderBy("seq");
	if (!scope.all) query = query.where("tenant", "in", [...scope.tenants]);
	return query.execute();
}
