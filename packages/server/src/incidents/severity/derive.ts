import { SEVERITIES, type Severity, type SeverityKey } from "@bellwether/model";
import type { Catalogue } from "#catalogue";
import { type SeverityInput, suggestSeverity } from "#detection";
import type { Incident } from "../types.ts";

/** What is known of an incident's extent at some moment. */
export interface SeverityFacts {
	/** Bad ÷ all events since it began; undefined: not known. */
	readonly hitRatio: number | undefined;
	readonly durationMs: number | undefined;
}

export interface JudgedSeverity {
	readonly severity: Severity;
	/** In words, one for each thing that was looked at. */
	readonly reasons: readonly string[];
}

/** The one rule: tenant tier, share hit, duration and criticality move an incident's severity from its ground. */
export function judgeSeverity(
	incident: Pick<Incident, "kind" | "tenant" | "workload"> & {
		readonly groundSeverity: Severity;
		readonly evidence?: Pick<Incident["evidence"], "reported"> | undefined;
	},
	catalogue: Catalogue,
	facts: SeverityFacts,
): JudgedSeverity {
	const ground = incident.groundSeverity.key;
	const { severity, reasons } = suggestSeverity({
		scope: incident.kind,
		tier: tierOf(catalogue, incident.tenant),
		criticality: catalogue.workloads.find(({ name }) => name === incident.workload)?.criticality ?? "ordinary",
		hitRatio: facts.hitRatio,
		durationMs: facts.durationMs,
		ground,
	});
	const written = incident.evidence?.reported ? `it was reported as ${ground}` : `its monitor says ${ground}`;
	return { severity: SEVERITIES[severity], reasons: [written, ...reasons] };
}

/** What the evidence of a claim says of its extent. */
export function factsAtOpening({
	onsetAt,
	detectedAt,
	evidence,
}: Pick<Incident, "onsetAt" | "detectedAt" | "evidence">): SeverityFacts {
	const { bad, total } = evidence.episode;
	return {
		// Where events are missing, those that came say nothing.
		hitRatio: evidence.absence || !(total > 0) ? undefined : Math.min(1, Math.max(0, bad) / total),
		durationMs: onsetAt === undefined ? undefined : Math.max(0, detectedAt - onsetAt),
	};
}

/** The severity derived so far, never milder than before: judged again it only rises. Undefined: it stays. */
export function risen(before: Severity, judged: JudgedSeverity): JudgedSeverity | undefined {
	return judged.severity.rank < before.rank ? judged : undefined;
}

export function isSeverity(key: string): key is SeverityKey {
	return Object.hasOwn(SEVERITIES, key);
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
