import type { ChangePoint } from "./change-point.ts";
import { MINUTE_MS } from "./clock-minutes.ts";
import type { RadarChange, RadarCulprit } from "./types.ts";

export interface Trouble {
	readonly workload: string;
	readonly kind: "errors" | "latency" | "volume";
	readonly scope: "tenant" | "cohort" | "platform";
	/** Minutes. */
	readonly onset: ChangePoint;
	/** Undefined: it goes beyond one tenant. */
	readonly tenant: string | undefined;
	readonly cohort: RadarCulprit | undefined;
	readonly culprits: readonly RadarCulprit[];
	/** Share of the ill tenant's events that have an attribute value, 0-1. */
	readonly share: (attribute: string, value: string) => number;
}

const LOOK_BACK_MS = 17 * MINUTE_MS;
/** A roll-out brings its build to more and more events, so its trouble may be seen late. */
const ROLL_OUT_MS = 45 * MINUTE_MS;
/** What touched far more than what is ill is believed for less long, and not when it came at the same moment. */
const NARROW_MS = 15.5 * MINUTE_MS;
const ONSET_SLACK_MS = 1.5 * MINUTE_MS;

/** With a start as vague as this, only what names the ill slice or tenant can be blamed. */
const WIDE_ONSET_MINUTES = 30;

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
	const { onset } = trouble;
	const { tenant, build, ...rest } = change.scope;
	const isNarrow = tenant !== undefined || build !== undefined;
	const least = (isNarrow ? onset.earliest : onset.from) * MINUTE_MS - change.at;
	const most = (isNarrow ? onset.latest : onset.to) * MINUTE_MS + ONSET_SLACK_MS - change.at;
	if (most < 0 || least > (build === undefined ? LOOK_BACK_MS : ROLL_OUT_MS)) return 0;
	const lead = Math.max(0, onset.at * MINUTE_MS - change.at);
	const recency = 0.2 + 0.8 / (1 + lead / LOOK_BACK_MS);
	const culprit = trouble.culprits[0];
	if (tenant !== undefined) return trouble.tenant === tenant ? 6 * recency : 0;
	const names = culprit !== undefined && change.scope[culprit.attribute] === culprit.value;
	if (build !== undefined && !trouble.culprits.some((c) => c.attribute === "build" && c.value === build)) return 0;
	for (const [attribute, value] of Object.entries(rest)) {
		if (trouble.cohort?.attribute === attribute && trouble.cohort.value !== value) return 0;
		if (culprit?.attribute === attribute && culprit.value !== value) return 0;
		if (trouble.scope === "tenant" && trouble.share(attribute, value) < (build === undefined ? 0.4 : 0.02)) return 0;
	}
	if (names || build !== undefined) return (build === undefined ? 2 : 4) * recency;
	if (trouble.scope === "platform" && lead <= NARROW_MS) return Object.keys(rest).length === 0 ? recency : 0;
	// It reached far more than what is ill: believable only for plain errors of a whole tenant.
	if (trouble.scope === "cohort" || trouble.kind !== "errors" || culprit !== undefined) return 0;
	const leastLead = Math.min(lead, Math.max(least, MINUTE_MS));
	if (lead < MINUTE_MS / 2 || leastLead > NARROW_MS || onset.to - onset.from > WIDE_ONSET_MINUTES) return 0;
	return (Object.keys(rest).length > 0 ? 1.2 : 1) * recency;
}
