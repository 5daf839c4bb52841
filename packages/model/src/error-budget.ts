import { MINUTE_MS } from "./duration.ts";

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
	const allowedBad = (1 - objective) * total;
	return { allowedBad, bad, total, remaining: 1 - bad / allowedBad };
}

/** Minutes of total outage that spend the whole budget of a period. */
export function budgetMinutes(objective: number, periodMs: number): number {
	return ((1 - objective) * periodMs) / MINUTE_MS;
}
