import { describeDuration, HOUR_MS, MINUTE_MS, SEVERITIES, type SeverityKey } from "@bellwether/model";

export interface SeverityInput {
	/** `platform`: most tenants burn alike. */
	readonly scope: "tenant" | "platform";
	/** How much the vendor has promised this tenant; undefined: not known. */
	readonly tier?: "top" | "ordinary" | "low" | undefined;
	/** What the workload is to its users; undefined: not known. */
	readonly criticality?: "critical" | "ordinary" | "low" | undefined;
	/** Share of the events since it began that are bad, 0-1; undefined: not known. */
	readonly hitRatio: number | undefined;
	/** Since it began, ms; undefined: not known. */
	readonly durationMs: number | undefined;
	/** What its monitor is written with, and what everything else moves from. Undefined: 2.5. */
	readonly ground?: SeverityKey | undefined;
}

export interface SeveritySuggestion {
	readonly severity: SeverityKey;
	/** In words, one for each thing that was looked at. */
	readonly reasons: readonly string[];
}

interface Weight {
	readonly points: number;
	readonly reason: string;
}

/** Sum of weights from which on a tenant's incident is so many steps worse (below 0) or milder than its ground. */
const LEVELS: readonly { readonly from: number; readonly steps: number }[] = [
	{ from: 4, steps: -1 },
	{ from: 0, steps: 0 },
	{ from: -2, steps: 1 },
	{ from: Number.NEGATIVE_INFINITY, steps: 2 },
];
const LADDER = (Object.keys(SEVERITIES) as SeverityKey[]).sort((a, b) => SEVERITIES[a].rank - SEVERITIES[b].rank);
/** One tenant's incident never gets worse than this by what is weighed: 1 is the platform's. */
const WORST_OF_TENANT = LADDER.indexOf("2");
/** From this share of events on, an incident of the platform is the worst there is. */
const WORST_RATIO = 0.5;

/**
 * How severe an incident is: from its ground, what its monitor is written with, moved by tenant tier, share of events hit,
 * duration and criticality of the workload, added up. With the usual ground of 2.5 an ordinary tenant's incident is 2.5 and
 * at worst 2, the platform's 2 or 1. What is not known weighs nothing, and is said.
 */
export function suggestSeverity(input: SeverityInput): SeveritySuggestion {
	const ground = LADDER.indexOf(input.ground ?? "2.5");
	const hit = weighHit(input.hitRatio);
	if (input.scope === "platform") {
		const steps = (input.hitRatio ?? 0) >= WORST_RATIO ? 2 : 1;
		return {
			severity: LADDER[Math.max(0, ground - steps)] as SeverityKey,
			reasons: ["most tenants are hit alike: it is the platform", hit.reason],
		};
	}
	const weights = [weighTier(input.tier), hit, weighDuration(input.durationMs), weighWorkload(input.criticality)];
	const points = weights.reduce((sum, weight) => sum + weight.points, 0);
	const steps = LEVELS.find(({ from }) => points >= from)?.steps ?? 0;
	const worst = Math.min(ground, WORST_OF_TENANT);
	const index = Math.min(Math.max(ground + steps, worst), LADDER.length - 1);
	return { severity: LADDER[index] as SeverityKey, reasons: weights.map(({ reason }) => reason) };
}

function weighTier(tier: SeverityInput["tier"]): Weight {
	if (tier === undefined) return { points: 0, reason: "the tenant's tier is not known" };
	const points = { top: 1, ordinary: 0, low: -1 }[tier];
	return { points, reason: `the tenant is of ${tier === "ordinary" ? "an ordinary" : `the ${tier}`} tier` };
}

function weighWorkload(criticality: SeverityInput["criticality"]): Weight {
	if (criticality === undefined) return { points: 0, reason: "how critical the workload is is not known" };
	const points = { critical: 1, ordinary: 0, low: -1 }[criticality];
	const word = criticality === "low" ? "of low criticality" : criticality;
	return { points, reason: `the workload is ${word}` };
}

function weighHit(ratio: number | undefined): Weight {
	if (ratio === undefined) return { points: 0, reason: "how many events are hit is not known" };
	const reason = `${Number((100 * ratio).toPrecision(2))} % of events are hit`;
	if (ratio >= 0.5) return { points: 2, reason };
	if (ratio >= 0.1) return { points: 1, reason };
	return { points: ratio >= 0.01 ? 0 : -1, reason };
}

function weighDuration(ms: number | undefined): Weight {
	if (ms === undefined) return { points: 0, reason: "since when is not known" };
	const reason = `for ${describeDuration(ms)}`;
	if (ms >= 4 * HOUR_MS) return { points: 1, reason };
	return { points: ms >= 10 * MINUTE_MS ? 0 : -0.5, reason };
}
