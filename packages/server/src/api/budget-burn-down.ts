import { errorBudget } from "@bellwether/model";

export interface BurnDownStep {
	readonly at: number;
	readonly bad: number;
	readonly total: number;
	/** Share of the period's budget left at the end of the step, signed; null: the step had no events. */
	readonly remaining: number | null;
}

export interface BurnDown {
	readonly bad: number;
	readonly total: number;
	/** Undefined without events in the period. */
	readonly allowedBad: number | undefined;
	readonly remaining: number | undefined;
	readonly steps: readonly BurnDownStep[];
}

/**
 * How the budget of a period was spent: what all its events allow, minus the bad ones so far. It ends at what is left now.
 * `windows` without events may be missing; where nothing is known there is no value, and no bad event either.
 */
export function burnDown(
	windows: readonly { readonly at: number; readonly bad: number; readonly total: number }[],
	{ from, to, stepMs, objective }: BurnDownRange,
): BurnDown {
	const inside = windows.filter(({ at }) => at >= from && at < to);
	const known = new Map(inside.map((window) => [window.at, window]));
	const bad = inside.reduce((sum, window) => sum + window.bad, 0);
	const total = inside.reduce((sum, window) => sum + window.total, 0);
	const budget = errorBudget(bad, total, objective);
	const steps: BurnDownStep[] = [];
	let spent = 0;
	for (let at = from; at < to; at += stepMs) {
		const step = known.get(at);
		spent += step?.bad ?? 0;
		const isKnown = step !== undefined && step.total > 0 && budget !== undefined;
		steps.push({
			at,
			bad: step?.bad ?? 0,
			total: step?.total ?? 0,
			remaining: isKnown ? 1 - spent / budget.allowedBad : null,
		});
	}
	return { bad, total, allowedBad: budget?.allowedBad, remaining: budget?.remaining, steps };
}

export interface BurnDownRange {
	/** Both ends are multiples of `stepMs`. */
	readonly from: number;
	readonly to: number;
	readonly stepMs: number;
	readonly objective: number;
}
