import {
	type BurnRateTier,
	binomialTail,
	burnRateTiers,
	errorBudgetRatio,
	errorRatioLimit,
	MINUTE_MS,
	tierFault,
} from "@bellwether/model";
import type { DetectionPair } from "./types.ts";
import { WINDOWS_MS } from "./windows.ts";

/** What judges a pair; pairs with equal terms share one. Lists have one entry per tier, fastest first. */
export interface Rule {
	readonly objective: number;
	readonly evidenceP: number;
	readonly claims: "live" | "shadow" | "none";
	readonly tiers: readonly BurnRateTier[];
	/** Error ratio above which a window burns faster than the tier's factor. */
	readonly limits: readonly number[];
	/** The same, Infinity for tiers that do not judge this pair. */
	readonly judgingLimits: readonly number[];
	/** Index of the window that must have events before a breach may close: the short one of the fastest page tier. */
	readonly closingWindow: number;
}

const TIERS = burnRateTiers(0);
/** Index of each tier's windows in the sums. */
export const LONG_WINDOW: readonly number[] = TIERS.map((tier) => WINDOWS_MS.indexOf(tier.longMs));
export const SHORT_WINDOW: readonly number[] = TIERS.map((tier) => WINDOWS_MS.indexOf(tier.shortMs));
/** Tiers are bits in a mask, the fastest the lowest. */
export const PAGE_TIERS = TIERS.reduce((mask, tier, i) => (tier.response === "page" ? mask | (1 << i) : mask), 0);

const DEFAULT_EVIDENCE_P = 1e-4;

/**
 * The rule of a pair. Without a monitor, and under a draft, all tiers judge its state and none may claim a breach;
 * otherwise the monitor's tiers do both. Tiers that cannot run for the objective never judge.
 */
export function ruleOf(pair: DetectionPair): Rule {
	const monitor = pair.monitor?.mode === "draft" ? undefined : pair.monitor;
	const tiers = burnRateTiers(pair.periodMs);
	const limits = tiers.map((tier) => errorRatioLimit(tier.factor, pair.objective));
	const judges = tiers.map(
		(tier) => tierFault(tier, pair.objective) === undefined && (monitor?.tiers.includes(tier.key) ?? true),
	);
	const fastest = tiers.findIndex((tier, i) => tier.response === "page" && judges[i]);
	return {
		objective: pair.objective,
		evidenceP: monitor?.evidenceP ?? DEFAULT_EVIDENCE_P,
		claims: monitor?.mode === "live" || monitor?.mode === "shadow" ? monitor.mode : "none",
		tiers,
		limits,
		judgingLimits: limits.map((limit, i) => (judges[i] ? limit : Number.POSITIVE_INFINITY)),
		closingWindow: fastest < 0 ? WINDOWS_MS.indexOf(5 * MINUTE_MS) : (SHORT_WINDOW[fastest] as number),
	};
}

export function ruleKey(pair: DetectionPair): string {
	const { monitor } = pair;
	return [pair.objective, pair.periodMs, monitor?.mode, monitor?.evidenceP, monitor?.tiers.join()].join("|");
}

/** Fractions are rounded against the claim: part of a bad event is none, part of an event is one. */
export function evidence(bad: number, total: number, objective: number): number {
	const events = Math.ceil(total - 1e-9);
	return binomialTail(Math.min(events, Math.floor(bad + 1e-9)), events, errorBudgetRatio(objective));
}

/** Whether `evidence` is below `evidenceP`; a plain outage is told by Chernoff's bound, without summing terms. */
export function hasEvidence(bad: number, total: number, objective: number, evidenceP: number): boolean {
	const events = Math.ceil(total - 1e-9);
	const p = errorBudgetRatio(objective);
	const ratio = Math.min(1, Math.floor(bad + 1e-9) / events);
	if (ratio <= p) return evidence(bad, total, objective) < evidenceP;
	const misses = ratio < 1 ? (1 - ratio) * Math.log((1 - ratio) / (1 - p)) : 0;
	if (events * (ratio * Math.log(ratio / p) + misses) > 1 - Math.log(evidenceP)) return true;
	return evidence(bad, total, objective) < evidenceP;
}
