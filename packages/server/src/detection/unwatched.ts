import type { DetectionOptions, DetectionPair } from "./types.ts";

type OpenBreach = DetectionOptions["openBreaches"][number];

/**
 * Open claims that nobody will ever end: their pair is gone, or no live monitor of their detector watches it any more. Burn
 * rate ends its own on every pair that there is, whatever became of its monitor.
 */
export function unwatchedBreaches<B extends OpenBreach>(
	pairs: readonly DetectionPair[],
	openBreaches: readonly B[],
): B[] {
	if (openBreaches.length === 0) return [];
	const asked = new Set(openBreaches.map(keyOf));
	const held = new Map<string, DetectionPair>();
	for (const pair of pairs) if (asked.has(keyOf(pair))) held.set(keyOf(pair), pair);
	return openBreaches.filter((breach) => {
		const pair = held.get(keyOf(breach));
		if (!pair) return true;
		if (breach.detector === "burn-rate") return false;
		return !pair.also?.some((monitor) => monitor.mode === "live" && detectorOf(monitor) === breach.detector);
	});
}

function detectorOf({ detector, ...terms }: NonNullable<DetectionPair["also"]>[number]): string | undefined {
	return detector ?? (["threshold", "absence", "seasonal", "radar"] as const).find((name) => terms[name] !== undefined);
}

function keyOf({ tenant, slo }: { readonly tenant: string; readonly slo: string }): string {
	return `${slo}\n${tenant}`;
}
