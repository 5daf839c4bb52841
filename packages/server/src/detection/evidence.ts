import { factsOf, isLowTraffic } from "./facts.ts";
import type { PairWindows } from "./pair-windows.ts";
import { evidence, hasEvidence, LONG_WINDOW } from "./rules.ts";
import type { Evidence } from "./types.ts";

/**
 * Whether the counts of a tier's long window prove that the objective is missed: by an exact binomial test over them, at low
 * traffic over facts (`facts.ts`). `counts` are those of the long window until `ripeUntil`.
 */
export function isProven(
	windows: PairWindows,
	pair: number,
	tier: number,
	counts: { readonly bad: number; readonly total: number },
	ripeUntil: number,
): boolean {
	const rule = windows.rule(pair);
	if (!isLowTraffic(rule, tier, counts.total))
		return hasEvidence(counts.bad, counts.total, rule.objective, rule.evidenceP);
	return factsOf(windows, pair, tier, ripeUntil).p < rule.evidenceP;
}

/** What is shown with a claim. */
export function proofOf(windows: PairWindows, pair: number, tier: number): Pick<Evidence, "p" | "facts"> {
	const rule = windows.rule(pair);
	const long = LONG_WINDOW[tier] as number;
	const counts = { bad: windows.bad(pair, long), total: windows.total(pair, long) };
	if (!isLowTraffic(rule, tier, counts.total)) return { p: evidence(counts.bad, counts.total, rule.objective) };
	const { p, bad, total } = factsOf(windows, pair, tier, Number.POSITIVE_INFINITY);
	return { p, facts: { bad, total } };
}
