import type { Slo } from "#catalogue";

/** How the events of one interval of time become one event: a slice that is good, bad, or partly bad. */
export type SliceRule =
	| { readonly kind: "target"; readonly sliceMs: number; readonly target: number }
	| { readonly kind: "ratio"; readonly sliceMs: number }
	| {
			readonly kind: "heartbeat";
			readonly sliceMs: number;
			readonly atLeast: number;
			readonly effectiveAt: number | undefined;
	  };

/** Undefined: every event counts by itself. */
export function sliceRuleOf({ indicator, slicing }: Pick<Slo, "indicator" | "slicing">): SliceRule | undefined {
	if (indicator.kind === "heartbeat") {
		const { everyMs, atLeast, effectiveAt } = indicator;
		return { kind: "heartbeat", sliceMs: everyMs, atLeast, effectiveAt };
	}
	if (!slicing) return undefined;
	if (slicing.method === "timeslices") return { kind: "target", sliceMs: slicing.sliceMs, target: slicing.target };
	return { kind: "ratio", sliceMs: slicing.sliceMs };
}

/** Under which name the judged slices of an SLO are stored: what was judged by another rule is not mixed in. */
export function slicesName(slo: string, rule: SliceRule): string {
	const terms = rule.kind === "target" ? [rule.target] : rule.kind === "heartbeat" ? [rule.atLeast] : [];
	return [slo, rule.kind, rule.sliceMs, ...terms].join("/");
}

/**
 * Shares are multiples of 2⁻³⁰: sums and differences of them are then exact in doubles, for up to 2²³ slices and in any
 * order, so that late data and a restart lead to the very same sums. The error is below 10⁻⁹ of a slice.
 */
const SHARE_STEPS = 2 ** 30;
/** Two sides of a comparison closer than this, relatively, are equal: 99 of 100 meet 0.99. */
const ROUNDING = 1e-12;

/**
 * How bad a slice with these counts is, 0 to 1; undefined: it says nothing. A part that arrived before its whole (a good
 * counter before its total) is held within the whole.
 */
export function badShare(rule: SliceRule, bad: number, total: number): number | undefined {
	if (rule.kind === "heartbeat") return total >= rule.atLeast ? 0 : undefined;
	if (!(total > 0)) return undefined;
	const held = Math.min(Math.max(0, bad), total);
	if (rule.kind === "ratio") return Math.round((held / total) * SHARE_STEPS) / SHARE_STEPS;
	return total - held < rule.target * total * (1 - ROUNDING) ? 1 : 0;
}
