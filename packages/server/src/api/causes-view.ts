import { causesOf, changeWords, type Incident, leadWords, type ReadCauses } from "#incidents";
import type { TenantScope } from "#platform";
import type { ApiContext } from "./context.ts";
import { wireChange } from "./feed-view.ts";
import type { Causes } from "./schemas-causes.ts";

const SHOWN = 3;

/** Which changes may have brought the incident about, as far as the reader may see them; null: nothing was judged. */
export async function incidentCauses(
	context: ApiContext,
	scope: TenantScope,
	incident: Incident,
): Promise<Causes | null> {
	const causes = await causesOf(context.store.db, scope, incident);
	if (!causes) return null;
	const ranked = causes.ranked.slice(0, SHOWN).map(({ change, probability, leadMs, reasons, isBlamed }) => ({
		change: wireChange(change),
		says: `${changeWords(change)} ${leadWords(leadMs, incident.onsetAt !== undefined)}`,
		probability,
		leadMs,
		reasons: [...reasons],
		isBlamed,
	}));
	const { judgedAt, none, unseen } = causes;
	return { judgedAt, says: answerOf(causes, ranked), ranked, none, unseen, silentFeeds: [...causes.silentFeeds] };
}

/** Never all or nothing: more would claim more than is known. */
const percent = (share: number) => `${Math.min(99, Math.max(1, Math.round(100 * share)))} %`;

function answerOf({ none, unseen }: ReadCauses, ranked: Causes["ranked"]): string {
	const blamed = ranked.find(({ isBlamed }) => isBlamed);
	if (blamed) return `Probably this change: ${blamed.says} (${percent(blamed.probability)}).`;
	if (ranked.length === 0 && unseen === 0) return "No change fits in time and scope.";
	if (unseen > 0) return `No change that you may see fits well enough; ${percent(none)} that it was none at all.`;
	return `No change fits well enough: ${percent(none)} that it was none of them.`;
}
