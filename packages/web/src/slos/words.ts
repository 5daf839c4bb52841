import type { CellState, SloDetail, TenantReading } from "../api-types.ts";
import { formatBudget } from "../format.ts";
import type { Text } from "../text.ts";

/** How the page of an SLO writes what it knows. Pure, so that what is unknown can be proven to stay so. */

/** Worst first, as everywhere. */
export const STATE_ORDER: readonly CellState[] = ["breach", "at-risk", "no-data", "muted", "healthy"];

/** How the key tenants keep the promise, and what the platform, which hides them, has left. */
export function standingSentence(t: Text, slo: Pick<SloDetail, "readings" | "platform" | "spread">): string {
	const { readings, platform, spread } = slo;
	if (readings.length === 0) return t("slo.sentenceNone");
	const known = readings.filter(({ budgetRemaining }) => budgetRemaining !== null);
	const parts: string[] = [];
	if (known.length > 0)
		parts.push(
			t("slo.sentence", {
				over: known.filter(isOverspent).length,
				known: known.length,
				breach: readings.filter(({ state }) => state === "breach").length,
			}),
		);
	if (spread.unknown > 0) parts.push(t("slo.sentenceUnknown", { count: spread.unknown }));
	const left = platform?.budgetRemaining ?? null;
	parts.push(left === null ? t("slo.platformUnknown") : t("slo.platformLeft", { left: formatBudget(left) }));
	return parts.join(" ");
}

export function isOverspent({ budgetRemaining }: Pick<TenantReading, "budgetRemaining">): boolean {
	return budgetRemaining !== null && budgetRemaining < 0;
}

/** Sorted for the strip: the least budget left first, unknown ones at the end. */
export function byBudget<R extends Pick<TenantReading, "budgetRemaining" | "tenantDisplayName">>(
	readings: readonly R[],
): R[] {
	return readings.toSorted(
		(a, b) =>
			(a.budgetRemaining ?? Number.POSITIVE_INFINITY) - (b.budgetRemaining ?? Number.POSITIVE_INFINITY) ||
			(a.tenantDisplayName < b.tenantDisplayName ? -1 : 1),
	);
}
