import { DAY_MS, HOUR_MS, MINUTE_MS, SEVERITIES } from "@bellwether/model";
import type { Catalogue } from "#catalogue";
import { type SeverityInput, suggestSeverity } from "#detection";
import type { Incident } from "#incidents";
import type { ApiContext } from "./context.ts";
import type { SeveritySuggestion } from "./schemas-causes.ts";

/** Beyond this only whole hours are asked for. */
const FINE_MS = 3 * DAY_MS;

/** What the incident may be called, from its tenant and what happened since its onset. It changes nothing. Null: a test. */
export async function severitySuggestion(
	context: ApiContext,
	incident: Incident,
	catalogue: Catalogue,
): Promise<SeveritySuggestion | null> {
	if (incident.evidence.drill) return null;
	const { severity, reasons } = suggestSeverity({
		scope: incident.kind,
		tier: tierOf(catalogue, incident.tenant),
		hitRatio: await hitRatio(context, incident),
		durationMs:
			incident.onsetAt === undefined ? undefined : wholeMinutes(untilOf(context, incident) - incident.onsetAt),
	});
	return { severity: { ...SEVERITIES[severity] }, reasons: [...reasons] };
}

function wholeMinutes(ms: number): number {
	return ms < MINUTE_MS ? ms : Math.floor(ms / MINUTE_MS) * MINUTE_MS;
}

/** The first of several tiers is the top, the last of three or more the low one. */
function tierOf({ tenants, tiers }: Catalogue, name: string): SeverityInput["tier"] {
	const own = tiers.find((tier) => tier.name === tenants.find((tenant) => tenant.name === name)?.tier);
	if (!own) return undefined;
	const ranks = [...new Set(tiers.map(({ rank }) => rank))].sort((x, y) => x - y);
	if (ranks.length < 2) return "ordinary";
	if (own.rank === ranks[0]) return "top";
	return ranks.length > 2 && own.rank === ranks.at(-1) ? "low" : "ordinary";
}

function untilOf({ clock }: ApiContext, { mitigatedAt, signalClearedAt, resolvedAt }: Incident): number {
	return mitigatedAt ?? signalClearedAt ?? resolvedAt ?? clock.now();
}

/** Bad ÷ all events from the onset on, by the counts as they are now; where they are gone, those at detection. */
async function hitRatio(context: ApiContext, incident: Incident): Promise<number | undefined> {
	const { tenant, slo, onsetAt, evidence } = incident;
	// Where events are missing, those that came say nothing.
	if (evidence.absence) return undefined;
	if (onsetAt !== undefined) {
		const until = untilOf(context, incident);
		const resolutionMs = until - onsetAt > FINE_MS ? HOUR_MS : MINUTE_MS;
		const from = Math.floor(onsetAt / resolutionMs) * resolutionMs;
		const windows = await context.telemetry.windows({ tenant, slo, from, to: until + 1, resolutionMs });
		const ratio = ratioOf(windows ?? []);
		if (ratio !== undefined) return ratio;
	}
	return ratioOf([evidence.episode]);
}

function ratioOf(windows: readonly { readonly bad: number; readonly total: number }[]): number | undefined {
	const bad = windows.reduce((sum, window) => sum + Math.max(0, window.bad), 0);
	const total = windows.reduce((sum, window) => sum + window.total, 0);
	return total > 0 ? Math.min(1, bad / total) : undefined;
}
