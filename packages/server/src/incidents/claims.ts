import type { Breach } from "./types.ts";

/**
 * What each detector's claim rests on, strongest first: budget that burns beyond chance, what past and peers do not
 * explain, a limit that was crossed, what is unusual at this hour, events that did not come.
 */
const DETECTORS = ["burn-rate", "radar", "threshold", "seasonal", "absence"];
/** The fastest burn is the strongest. */
const TIERS = ["page-quick", "page-slow", "ticket-quick", "ticket-slow"];

/**
 * Claims of one incident, the strongest first, in whatever order they came: what still stands before what ended, then by
 * detector, tier and how unlikely it is by chance; of equals the one that came first.
 */
export function rankClaims(claims: readonly Breach[]): Breach[] {
	return [...claims].sort((a, b) => {
		const [x, y] = [strength(a), strength(b)];
		const differing = x.findIndex((value, k) => value !== y[k]);
		if (differing >= 0) return (x[differing] as number) - (y[differing] as number);
		return a.id < b.id ? -1 : 1;
	});
}

/** Less is stronger, part by part. */
function strength({ state, detector, evidence, openedAt }: Breach): number[] {
	const tier = evidence.tier ? TIERS.indexOf(evidence.tier.key) : TIERS.length;
	const known = DETECTORS.indexOf(detector);
	return [state === "open" ? 0 : 1, known < 0 ? DETECTORS.length : known, tier, evidence.p, openedAt];
}
