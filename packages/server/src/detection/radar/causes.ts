import { MINUTE_MS } from "./clock-minutes.ts";
import type { RadarChange, RadarCulprit } from "./types.ts";

export interface Trouble {
	readonly workload: string;
	readonly onsetAt: number;
	/** Undefined: it goes beyond one tenant. */
	readonly tenant: string | undefined;
	readonly cohort: RadarCulprit | undefined;
	readonly culprits: readonly RadarCulprit[];
	/** Attribute values that the ill tenant has events of. */
	readonly has: (attribute: string, value: string) => boolean;
}

const LOOK_BACK_MS = 20 * MINUTE_MS;
const ONSET_SLACK_MS = 3 * MINUTE_MS;

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

function scoreOf(trouble: Trouble, change: RadarChange): number {
	if (change.workload !== undefined && change.workload !== trouble.workload) return 0;
	const lead = trouble.onsetAt - change.at;
	if (lead < -ONSET_SLACK_MS || lead > LOOK_BACK_MS) return 0;
	let score = lead < 0 ? 0.7 : 1 - (0.5 * lead) / LOOK_BACK_MS;
	const culprit = trouble.culprits[0];
	for (const [attribute, value] of Object.entries(change.scope)) {
		if (attribute === "tenant") {
			if (trouble.tenant === undefined || trouble.tenant !== value) return 0;
			score *= 4;
			continue;
		}
		const blamed = culprit?.attribute === attribute;
		if (blamed) {
			if (culprit.value !== value) return 0;
			score *= 3;
		} else if (attribute === "build") {
			// A new build that is not what fails did not do it.
			return 0;
		} else if (trouble.cohort?.attribute === attribute) {
			if (trouble.cohort.value !== value) return 0;
			score *= 2;
		} else if (!trouble.has(attribute, value)) return 0;
	}
	return score;
}
