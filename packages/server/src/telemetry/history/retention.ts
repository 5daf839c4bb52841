import type { TierKeep } from "#catalogue";
import { HOUR_MS } from "../counting/cells.ts";
import type { RollUp } from "../store/store.ts";
import { AGGREGATE_PREFIX, FLEET } from "../types.ts";

const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;

/** Width of a tier's buckets, and of the block of them that is one row. */
export const TIERS: Readonly<Record<RollUp, { readonly bucketMs: number; readonly blockMs: number }>> = {
	"ten-seconds": { bucketMs: 10_000, blockMs: HOUR_MS },
	minutes: { bucketMs: 60_000, blockMs: DAY_MS },
	"ten-minutes": { bucketMs: 600_000, blockMs: WEEK_MS },
	hours: { bucketMs: HOUR_MS, blockMs: WEEK_MS },
};
export const TIER_NAMES = Object.keys(TIERS) as RollUp[];

/** What moves at once to the next tier, or goes: whole blocks of both. */
export const STEP_MS: Readonly<Record<RollUp, number>> = {
	"ten-seconds": DAY_MS,
	minutes: DAY_MS,
	"ten-minutes": WEEK_MS,
	hours: WEEK_MS,
};

/** Key tenants' pairs are many and theirs is the detail that fades first; the fleet and its cohorts are few. */
export type DataClass = "tenants" | "fleet";
export const DATA_CLASSES: readonly DataClass[] = ["tenants", "fleet"];

export function classOf(tenant: string): DataClass {
	return tenant === FLEET || tenant.startsWith(AGGREGATE_PREFIX) ? "fleet" : "tenants";
}

/** Every tier but the hours holds only what the finer ones no longer do. */
export type Keep = TierKeep;

/** Below these nothing is shortened: detection reads 10 s of a day, and the longest SLO period is 90 d. */
const FLOOR: Keep = { "ten-seconds": DAY_MS, minutes: DAY_MS, "ten-minutes": WEEK_MS, hours: 14 * WEEK_MS };

/** The key tenants' tiers after `steps` shortenings, the finest tier first, each by the least that it can lose. */
export function shortened(keep: Keep, steps: number): { readonly keep: Keep; readonly steps: number } {
	const now: Record<RollUp, number> = { ...keep };
	let taken = 0;
	for (const tier of TIER_NAMES)
		while (taken < steps && now[tier] - STEP_MS[tier] >= FLOOR[tier]) {
			now[tier] -= STEP_MS[tier];
			taken++;
		}
	return { keep: now, steps: taken };
}

/** Rows and bytes of one tier and class. */
export interface TierUsage {
	rows: number;
	bytes: number;
}

/**
 * Where each class's tiers begin, and what they hold; stored with every change of them, in its transaction. Counts of an
 * instant at or after a tier's mark are in that tier or a finer one.
 */
export interface TierState {
	readonly marks: Record<DataClass, Record<RollUp, number>>;
	readonly usage: Record<DataClass, Record<RollUp, TierUsage>>;
	/** Of `usage`, those that are latencies, which go first where room is short. */
	latencyBytes?: number;
	/** How often retention was shortened for want of room, less what was given back. */
	shortenings: number;
	/** What the file held, about once an hour of the last day. */
	sizes?: { readonly at: number; readonly usedBytes: number }[];
}

export function newTierState(now: number, keep: (of: DataClass) => Keep): TierState {
	const perTier = <T>(make: (tier: RollUp) => T) =>
		Object.fromEntries(TIER_NAMES.map((tier) => [tier, make(tier)])) as Record<RollUp, T>;
	const perClass = <T>(make: (of: DataClass) => T): Record<DataClass, T> => ({
		tenants: make("tenants"),
		fleet: make("fleet"),
	});
	return {
		marks: perClass((of) => perTier((tier) => stepOf(tier, now - keep(of)[tier]))),
		usage: perClass(() => perTier(() => ({ rows: 0, bytes: 0 }))),
		shortenings: 0,
	};
}

/** Beginning of the step that an instant is in. */
export function stepOf(tier: RollUp, at: number): number {
	return Math.floor(at / STEP_MS[tier]) * STEP_MS[tier];
}

/** The finest tier that takes counts of an instant; undefined: only the hours do. */
export function tierAt(marks: Readonly<Record<RollUp, number>>, at: number): Exclude<RollUp, "hours"> | undefined {
	if (at >= marks["ten-seconds"]) return "ten-seconds";
	if (at >= marks.minutes) return "minutes";
	return at >= marks["ten-minutes"] ? "ten-minutes" : undefined;
}
