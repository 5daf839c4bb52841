import { MINUTE_MS } from "./clock-minutes.ts";
import type { RadarChange, RadarCulprit } from "./types.ts";

export interface Trouble {
	readonly workload: string;
	readonly kind: "errors" | "latency" | "volume";
	readonly scope: "tenant" | "cohort" | "platform";
	readonly onsetAt: number;
	/** Undefined: it goes beyond one tenant. */
	readonly tenant: string | undefined;
	readonly cohort: RadarCulprit | undefined;
	readonly culprits: readonly RadarCulprit[];
	/** Share of the ill tenant's events that have an attribute value, 0-1. */
	readonly share: (attribute: string, value: string) => number;
}

const LOOK_BACK_MS = 17 * MINUTE_MS;
const ONSET_SLACK_MS = 2 * MINUTE_MS;

/** Changes that may be the cause, best first; none when none fits by time, scope and what is ill. */
export function rankChanges(trouble: Trouble, changes: readonly RadarChange[]): string[] {
	const scored: { id: string; score: number }[] = [];
	for (const change of changes) {
		const score = scoreOf(trouble, change);
		if (score > 0) scored.push({ id: change.id, score });
	}
	scored.sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
	return scored.slice(0, 3).map((c) => c.id);
}

/** 0: it does not fit. What is narrower fits better; what reached others who are well fits hardly. */
function scoreOf(trouble: Trouble, change: RadarChange): number {
	if (change.workload !== undefined && change.workload !== trouble.workload) return 0;
	const lead = trouble.onsetAt - change.at;
	if (lead < -ONSET_SLACK_MS || lead > LOOK_BACK_MS) return 0;
	const recency = lead < 0 ? 0.6 : 1 - (0.4 * lead) / LOOK_BACK_MS;
	const culprit = trouble.culprits[0];
	const { tenant, build, ...rest } = change.scope;
	if (tenant !== undefined) return trouble.tenant === tenant ? 6 * recency : 0;
	const names = culprit !== undefined && change.scope[culprit.attribute] === culprit.value;
	if (build !== undefined && !names) return 0;
	for (const [attribute, value] of Object.entries(rest)) {
		if (trouble.cohort?.attribute === attribute && trouble.cohort.value !== value) return 0;
		if (culprit?.attribute === attribute && culprit.value !== value) return 0;
		if (trouble.scope === "tenant" && trouble.share(attribute, value) < (build === undefined ? 0.4 : 0.02)) return 0;
	}
	if (names) return (build === undefined ? 2 : 4) * recency;
	if (trouble.scope === "platform") return Object.keys(rest).length === 0 ? recency : 0;
	// It reached far more than what is ill: believable only for plain errors of a whole tenant.
	if (trouble.scope === "cohort" || trouble.kind !== "errors" || culprit !== undefined) return 0;
	return (Object.keys(rest).length > 0 ? 1.2 : 1) * recency;
}
