import type { Catalogue } from "#catalogue";
import type { Tx } from "#platform";

/** Versions of all tenants that are kept; the oldest go first. At a change a day per tenant of 1,000: half a year. */
const MAX_VERSIONS = 200_000;
const ROWS_PER_INSERT = 200;

/** Notes in the transaction that takes a configuration which tenants' ids it changes: who was matched to what, since when. */
export async function recordRegister(tx: Tx, catalogue: Catalogue, now: number, by: string): Promise<void> {
	const open = await tx.selectFrom("register_versions").selectAll().where("until_at", "is", null).execute();
	const current = new Map(
		catalogue.tenants.map(({ name, match, aliases = [] }) => [name, JSON.stringify({ match, aliases })]),
	);
	const ended = open.filter((row) => current.get(row.tenant) !== row.ids);
	const unchanged = new Set(open.filter((row) => current.get(row.tenant) === row.ids).map((row) => row.tenant));
	for (const { seq } of ended)
		await tx.updateTable("register_versions").set({ until_at: now }).where("seq", "=", seq).execute();
	const rows = [...current]
		.filter(([tenant]) => !unchanged.has(tenant))
		.map(([tenant, ids]) => ({ tenant, since_at: now, until_at: null, applied_by: by, config: catalogue.hash, ids }));
	for (let k = 0; k < rows.length; k += ROWS_PER_INSERT)
		await tx
			.insertInto("register_versions")
			.values(rows.slice(k, k + ROWS_PER_INSERT))
			.execute();
	if (rows.length === 0) return;
	const { newest } = await tx
		.selectFrom("register_versions")
		.select((select) => select.fn.max("seq").as("newest"))
		.executeTakeFirstOrThrow();
	await tx
		.deleteFrom("register_versions")
		.where("until_at", "is not", null)
		.where("seq", "<=", newest - MAX_VERSIONS)
		.execute();
}
