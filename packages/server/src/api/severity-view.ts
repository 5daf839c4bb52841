import { DAY_MS, HOUR_MS, MINUTE_MS } from "@bellwether/model";
import type { Catalogue } from "#catalogue";
import { type Incident, judgeSeverity, type SeverityFacts } from "#incidents";
import type { ApiContext } from "./context.ts";
import type { SeveritySuggestion } from "./schemas-causes.ts";

/** Beyond this only whole hours are asked for. */
const FINE_MS = 3 * DAY_MS;

/** What the incident may be called by what happened since its onset; it may be milder than what is in force. Null: a test. */
export async function severitySuggestion(
	context: SeverityContext,
	incident: Incident,
	catalogue: Catalogue,
): Promise<SeveritySuggestion | null> {
	if (incident.evidence.drill) return null;
	const { severity, reasons } = judgeSeverity(incident, catalogue, await severityFacts(context, incident));
	return { severity: { ...severity }, reasons: [...reasons] };
}

export interface SeverityContext {
	readonly clock: Pick<ApiContext["clock"], "now">;
	readonly telemetry: Pick<ApiContext["telemetry"], "windows">;
}

/** The extent of an incident by the counts as they are now. */
export async function severityFacts(context: SeverityContext, incident: Incident): Promise<SeverityFacts> {
	const { onsetAt } = incident;
	return {
		hitRatio: await hitRatio(context, incident),
		durationMs: onsetAt === undefined ? undefined : wholeMinutes(untilOf(context, incident) - onsetAt),
	};
}

function wholeMinutes(ms: number): number {
	return ms < MINUTE_MS ? ms : Math.floor(ms / MINUTE_MS) * MINUTE_MS;
}

function untilOf({ clock }: SeverityContext, { mitigatedAt, signalClearedAt, resolvedAt }: Incident): number {
	return mitigatedAt ?? signalClearedAt ?? resolvedAt ?? clock.now();
}

/** Bad ÷ all events from the onset on, by the counts as they are now; where they are gone, those at detection. */
async function hitRatio(context: SeverityContext, incident: Incident): Promise<number | undefined> {
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
