import { MINUTE_MS, SEVERITIES } from "@bellwether/model";
import type { EscalationPolicy } from "#catalogue";
import type { Incident } from "#incidents";
import type { Tx } from "#platform";

/** A signal that cleared before anybody was paged is shown to somebody all the same, this much later. */
export const CLEARED_WAIT_MS = 30 * MINUTE_MS;

/** How long the first page waits, because the signal tends to clear by itself; undefined: not at all. */
export async function transientPause(
	tx: Tx,
	{ transients }: EscalationPolicy,
	incident: Incident,
	now: number,
): Promise<{ readonly waitMs: number; readonly flaps: number; readonly withinMs: number } | undefined> {
	if (!transients || incident.severity.rank <= SEVERITIES["2"].rank) return undefined;
	if (incident.evidence.drill !== undefined) return undefined;
	const { waitMs, afterFlaps, withinMs } = transients;
	const row = await tx
		.selectFrom("breaches")
		.select((select) => select.fn.countAll<number>().as("count"))
		.where("tenant", "=", incident.tenant)
		.where("slo", "=", incident.slo)
		.where("state", "=", "closed")
		.where("closed_at", ">", now - withinMs)
		.executeTakeFirstOrThrow();
	const flaps = Number(row.count);
	return flaps >= afterFlaps ? { waitMs, flaps, withinMs } : undefined;
}
