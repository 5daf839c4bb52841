import { binomialTail, errorBudgetRatio, HOUR_MS, SECOND_MS } from "@bellwether/model";
import { bucketsBackwards } from "./onset.ts";
import type { PairWindows } from "./pair-windows.ts";
import type { Rule } from "./rules.ts";
import { RING } from "./windows.ts";

/**
 * Fewer bad events an hour than this, were the objective just met, are low traffic: 250 events an hour at 99.9 %, 25 at 99 %.
 * From 278 on, the fewest bad events that a page tier asks for are evidence by themselves, and the rule alone decides.
 */
const ALLOWED_BAD_PER_HOUR = 0.25;
/** A failing call and its retries are one fact: bad events closer than this, and ten of them at most, say the same. */
const RETRY_SPAN_MS = 60 * SECOND_MS;
const RETRIES_MAX = 10;
/** The best of many runs is chosen, so a run's improbability counts for this much less than a whole window's. */
const RUN_DISCOUNT = 10;
/** One fact by itself is no run. */
const RUN_MIN = 2;

/** What a claim rests on: so many bad facts of so many, and how likely that is if the objective is just met. */
export interface Facts {
	readonly p: number;
	readonly bad: number;
	readonly total: number;
}

/** Only of page tiers: tickets wake nobody, and reach back further than the buckets by which facts are told apart. */
export function isLowTraffic(rule: Rule, tier: number, total: number): boolean {
	const { response, longMs } = rule.tiers[tier] as Rule["tiers"][number];
	return response === "page" && total * errorBudgetRatio(rule.objective) < (ALLOWED_BAD_PER_HOUR * longMs) / HOUR_MS;
}

/**
 * The strongest reading of few events against the objective: an exact binomial test over facts instead of events, over the
 * tier's whole long window or, ten times as strict, over what came since some moment until now. Two failing calls in a row
 * are one chance in a million at 99.9 %, however many good ones came earlier in the hour; a single failing call, with all its
 * retries, proves nothing.
 *
 * Buckets of 10 s that end after `ripeUntil` are left out: a source may still add to them.
 */
export function factsOf(windows: PairWindows, pair: number, tier: number, ripeUntil: number): Facts {
	const { tiers, objective } = windows.rule(pair);
	const budget = errorBudgetRatio(objective);
	const table = windows.table(pair);
	const { current, widthMs: finestMs } = table.shape(RING.tenSeconds);
	const oldest = (current + 1) * finestMs - (tiers[tier] as Rule["tiers"][number]).longMs;
	let good = 0;
	let bad = 0;
	let moments = 0;
	let momentAt = Number.POSITIVE_INFINITY;
	let best: Facts = { p: 1, bad: 0, total: 0 };
	const read = (discount: number, least: number) => {
		// Bad events in moments of their own, or more than one call would be tried: either way they are so many facts.
		const facts = Math.max(moments, Math.ceil(bad / RETRIES_MAX));
		if (facts < least) return;
		const total = facts + Math.ceil(good - 1e-9);
		const p = discount * binomialTail(facts, total, budget);
		if (p < best.p) best = { p, bad: facts, total };
	};
	for (const bucket of bucketsBackwards(table, windows.row(pair))) {
		const end = bucket.start + bucket.widthMs;
		if (end <= oldest) break;
		if (bucket.widthMs === finestMs && end > ripeUntil) continue;
		// Part of a bad event is none, part of a good one is one: rounded against the claim.
		const wholeBad = Math.max(0, Math.floor(bucket.bad + 1e-9));
		good += Math.max(0, bucket.total - wholeBad);
		if (wholeBad === 0) continue;
		bad += wholeBad;
		if (momentAt - end >= RETRY_SPAN_MS) {
			moments++;
			momentAt = bucket.start;
		}
		read(RUN_DISCOUNT, RUN_MIN);
	}
	read(1, 1);
	return best;
}
