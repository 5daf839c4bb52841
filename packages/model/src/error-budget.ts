import { MINUTE_MS } from "./duration.ts";

/**
 * The error budget as a ratio, 1 − objective, without the noise of the subtraction: exactly 1e-4 for 0.9999, where
 * doubles give 0.99999999999989e-4, enough to make a burn of exactly 14.4 look like more. Objectives have at most 15 decimals.
 */
export function errorBudgetRatio(objective: number): number {
	return Math.round((1 - objective) * 1e15) / 1e15;
}

/** An error budget in events over the SLO window. `remaining` is a share of the budget, signed: −1 means twice overspent. */
export interface ErrorBudget {
	readonly allowedBad: number;
	readonly bad: number;
	readonly total: number;
	readonly remaining: number;
}

/** Undefined without events: there is neither budget nor burn, and it is not NaN. */
export function errorBudget(bad: number, total: number, objective: number): ErrorBudget | undefined {
	if (!(total > 0)) return undefined;
	const allowedBad = errorBudgetRatio(objective) * total;
	return { allowedBad, bad, total, remaining: 1 - bad / allowedBad };
}

/** Minutes of total outage that spend the whole budget of a period. */
export function budgetMinutes(objective: number, periodMs: number): number {
	return (errorBudgetRatio(objective) * periodMs) / MINUTE_MS;
}
