import type { Catalogue } from "#catalogue";
import { type Db, inScope, type TenantScope } from "#platform";

/** Tickets of an integration that the catalogue has no more: nobody carries them. */
export interface LeftBehind {
	readonly integration: string;
	/** Not carried, or not as they should be. */
	readonly tickets: number;
	/** When the one that waits longest became due, ms. */
	readonly since: number;
}

/** Integrations whose tickets are not done with although the catalogue has them no more, by name. */
export async function ticketsLeftBehind(db: Db, scope: TenantScope, catalogue: Catalogue): Promise<LeftBehind[]> {
	const known = new Set((catalogue.integrations ?? []).map(({ name }) => name));
	const rows = await db
		.selectFrom("tickets")
		.select((select) => [
			"integration",
			"tenant",
			select.fn.countAll<number>().as("count"),
			select.fn.min("next_at").as("since"),
		])
		.where("sync", "in", ["pending", "sending", "failed"])
		.where("phase", "!=", "dropped")
		.groupBy(["integration", "tenant"])
		.execute();
	const found = new Map<string, LeftBehind>();
	for (const { integration, tenant, count, since } of rows) {
		if (known.has(integration) || !inScope(scope, tenant)) continue;
		const before = found.get(integration);
		found.set(integration, {
			integration,
			tickets: (before?.tickets ?? 0) + Number(count),
			since: Math.min(before?.since ?? Number.POSITIVE_INFINITY, Number(since)),
		});
	}
	return [...found.values()].sort((a, b) => (a.integration < b.integration ? -1 : 1));
}
