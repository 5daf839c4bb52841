import { DAY_MS, HOUR_MS, MINUTE_MS } from "./duration.ts";
import { errorBudgetRatio } from "./error-budget.ts";

/** Two sides of a comparison closer than this, relatively, are equal: it is the rounding of doubles, not an excess. */
const ROUNDING = 1e-12;

/** One tier of a multi-window multi-burn-rate rule. It is true while both windows burn faster than `factor` (strictly). */
export interface BurnRateTier {
	readonly key: "page-quick" | "page-slow" | "ticket-quick" | "ticket-slow";
	readonly response: "page" | "ticket";
	/** Share of the period's error budget spent when the long window fires, in percent. */
	readonly budgetPercent: number;
	readonly longMs: number;
	readonly shortMs: number;
	/** Burn rate, no unit. */
	readonly factor: number;
}

/** Budget shares and windows of the SRE Workbook, chapter 5, with the fourth tier (24 h) of its PromQL. */
const TIERS = [
	{ key: "page-quick", response: "page", budgetPercent: 2, longMs: HOUR_MS, shortMs: 5 * MINUTE_MS },
	{ key: "page-slow", response: "page", budgetPercent: 5, longMs: 6 * HOUR_MS, shortMs: 30 * MINUTE_MS },
	{ key: "ticket-quick", response: "ticket", budgetPercent: 10, longMs: DAY_MS, shortMs: 2 * HOUR_MS },
	{ key: "ticket-slow", response: "ticket", budgetPercent: 10, longMs: 3 * DAY_MS, shortMs: 6 * HOUR_MS },
] as const;

/** `budgetPercent / 100 × period / long`: 14.4 for 2 % of 30 d in 1 h. Source: SRE Workbook, chapter 5. */
export function burnRateFactor(budgetPercent: number, periodMs: number, longMs: number): number {
	return (budgetPercent * periodMs) / 100 / longMs;
}

/** The four tiers for a period, factors derived from it, never copied from 30 d. */
export function burnRateTiers(periodMs: number): BurnRateTier[] {
	return TIERS.map((tier) => ({ ...tier, factor: burnRateFactor(tier.budgetPercent, periodMs, tier.longMs) }));
}

export type TierFault = "never-fires" | "fires-within-budget";

/**
 * Why a tier must not run for an objective: at a total outage the burn rate is 1/(1−objective), so a larger factor
 * can never be exceeded; a factor below 1 fires while the budget still lasts.
 */
export function tierFault(tier: Pick<BurnRateTier, "factor">, objective: number): TierFault | undefined {
	if (tier.factor * errorBudgetRatio(objective) >= 1 - ROUNDING) return "never-fires";
	// 28 d gives its slowest ticket 0.933, which the field accepts; the 7 d tickets (0.7, 0.23) are what must not run.
	if (tier.factor < 0.9) return "fires-within-budget";
	return undefined;
}

/** Burn rate of counts against an objective: error ratio ÷ (1 − objective). Undefined without events: no traffic is not health. */
export function burnRate(bad: number, total: number, objective: number): number | undefined {
	if (!(total > 0)) return undefined;
	return Math.max(0, bad) / total / errorBudgetRatio(objective);
}

/** Bad events per event above which a burn rate exceeds `factor`. */
export function errorRatioLimit(factor: number, objective: number): number {
	return factor * errorBudgetRatio(objective) * (1 + ROUNDING);
}

/**
 * Whether the burn rate is above the factor, strictly: 144 bad of 10,000 at 99.9 % burn at 14.4 and do not exceed it.
 * False without events.
 */
export function exceedsBurnRate(bad: number, total: number, objective: number, factor: number): boolean {
	return total > 0 && bad > errorRatioLimit(factor, objective) * total;
}

/**
 * How long a constant error ratio must last until the long window exceeds the factor, in ms; undefined: never, because
 * the window is full before.
 */
export function timeToDetectMs(
	tier: Pick<BurnRateTier, "factor" | "longMs">,
	objective: number,
	errorRatio: number,
): number | undefined {
	const limit = tier.factor * errorBudgetRatio(objective);
	if (!(errorRatio > limit * (1 + ROUNDING))) return undefined;
	return (limit / errorRatio) * tier.longMs;
}

/** How long a whole budget lasts at a constant burn rate, in ms. */
export function timeToExhaustMs(burn: number, periodMs: number): number {
	return periodMs / burn;
}

/** Share of the period's budget that is gone when a window at `burn` ends: burn × window ÷ period. */
export function budgetUsed(burn: number, windowMs: number, periodMs: number): number {
	return (burn * windowMs) / periodMs;
}

/** What the fleet's burn rate shows of a tenant: traffic share × tenant error ratio ÷ (1 − objective). */
export function maskedFleetBurn(trafficShare: number, tenantErrorRatio: number, objective: number): number {
	return (trafficShare * tenantErrorRatio) / errorBudgetRatio(objective);
}

/** A tenant that is entirely down stays invisible to a fleet rule below this share of traffic: factor × (1 − objective). */
export function maskingShareLimit(factor: number, objective: number): number {
	return factor * errorBudgetRatio(objective);
}
