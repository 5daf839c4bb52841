import { type BurnRateTier, burnRate, maskingShareLimit } from "@bellwether/model";
import { FLEET } from "#telemetry";
import { findOnset } from "./onset.ts";
import { evidence, LONG_WINDOW, type Rule, SHORT_WINDOW } from "./rules.ts";
import type { BurnWindow, DetectionPair, Evidence } from "./types.ts";
import { PERIOD_WINDOW, SUMS_STRIDE, WINDOWS_MS, WindowTable } from "./windows.ts";

/** Pairs per table: its columns stay small enough for the cache, and a count that needs doubles widens few others. */
const TABLE_BITS = 10;
const TABLE_PAIRS = 1 << TABLE_BITS;

/** Key tenants of one SLO that must burn together before it is the platform's problem. */
const PLATFORM_MIN_TENANTS = 3;
const ALSO_BURNING_MAX = 100;

/** All pairs with their windows and rules: what a claim is judged by and explained with. */
export class PairWindows {
	readonly pairs: readonly DetectionPair[];
	readonly rules: readonly Rule[];
	readonly tables: readonly WindowTable[];
	/** Key tenants' pairs by their fleet pair. */
	readonly #members = new Map<number, number[]>();

	constructor(pairs: readonly DetectionPair[], rules: readonly Rule[], futureMs: number, now: number) {
		this.pairs = pairs;
		this.rules = rules;
		const tables: WindowTable[] = [];
		for (let first = 0; first < pairs.length; first += TABLE_PAIRS) {
			const periodsMs = pairs.slice(first, first + TABLE_PAIRS).map((pair) => pair.periodMs);
			tables.push(new WindowTable({ periodsMs, futureMs, now }));
		}
		this.tables = tables;
		for (const [index, pair] of pairs.entries()) {
			if (pair.tenant === FLEET) continue;
			const members = this.#members.get(pair.fleetPair);
			if (members) members.push(index);
			else this.#members.set(pair.fleetPair, [index]);
		}
	}

	table(pair: number): WindowTable {
		return this.tables[pair >> TABLE_BITS] as WindowTable;
	}
	/** Index of a pair inside its table. */
	row(pair: number): number {
		return pair & (TABLE_PAIRS - 1);
	}
	pair(pair: number): DetectionPair {
		return this.pairs[pair] as DetectionPair;
	}
	rule(pair: number): Rule {
		return this.rules[pair] as Rule;
	}

	bad(pair: number, window: number): number {
		return this.table(pair).sums[this.row(pair) * SUMS_STRIDE + 2 * window] as number;
	}
	total(pair: number, window: number): number {
		return this.table(pair).sums[this.row(pair) * SUMS_STRIDE + 2 * window + 1] as number;
	}
	burn(pair: number, window: number): number | undefined {
		return burnRate(this.bad(pair, window), this.total(pair, window), this.rule(pair).objective);
	}
	lastAt(pair: number): number {
		return this.table(pair).lastAt[this.row(pair)] as number;
	}

	/** Scope and evidence of a claim by the tier with index `tier`. */
	explain(pair: number, tier: number, now: number): { scope: "tenant" | "platform"; evidence: Evidence } {
		const { fleetPair, tenant } = this.pair(pair);
		const rule = this.rule(pair);
		const claimed = rule.tiers[tier] as BurnRateTier;
		const long = LONG_WINDOW[tier] as number;
		const short = SHORT_WINDOW[tier] as number;
		const onset = findOnset(this.table(pair), this.row(pair), rule.limits[tier] as number) ?? {
			since: now - claimed.shortMs,
			quietUntil: now - claimed.shortMs,
		};
		const siblings = this.#members.get(fleetPair) ?? [];
		const burning = siblings.filter((sibling) => this.#isBurning(sibling, tier));
		const fleetRule = this.rule(fleetPair);
		const fleetTotal = this.total(fleetPair, long);
		return {
			scope: tenant === FLEET ? "platform" : this.#scope(siblings, burning, onset.quietUntil),
			evidence: {
				tier: claimed,
				objective: rule.objective,
				long: this.#window(pair, long),
				short: this.#window(pair, short),
				p: evidence(this.bad(pair, long), this.total(pair, long), rule.objective),
				fleet: { long: this.#window(fleetPair, long), short: this.#window(fleetPair, short) },
				share: fleetTotal > 0 ? this.total(pair, long) / fleetTotal : 0,
				maskingShare: maskingShareLimit((fleetRule.tiers[tier] as BurnRateTier).factor, fleetRule.objective),
				alsoBurning: burning
					.filter((sibling) => sibling !== pair)
					.slice(0, ALSO_BURNING_MAX)
					.map((sibling) => this.pair(sibling).tenant),
				since: onset.since,
			},
		};
	}

	/**
	 * `platform` when at least three key tenants burn in the short window, and they are at least half of those whose
	 * events can show what this tenant's show: events after its last healthy bucket. Its onset would be too late a mark:
	 * a tenant that pushes once a minute dates its onset to the push, when others have already told of the same minute.
	 */
	#scope(siblings: readonly number[], burning: readonly number[], quietUntil: number): "tenant" | "platform" {
		const hasToldSince = (sibling: number) => this.lastAt(sibling) >= quietUntil;
		const judged = siblings.filter(hasToldSince).length;
		const burningJudged = burning.filter(hasToldSince).length;
		return burningJudged >= PLATFORM_MIN_TENANTS && 2 * burningJudged >= judged ? "platform" : "tenant";
	}

	#isBurning(pair: number, tier: number): boolean {
		const short = SHORT_WINDOW[tier] as number;
		const total = this.total(pair, short);
		return total > 0 && this.bad(pair, short) > (this.rule(pair).limits[tier] as number) * total;
	}

	#window(pair: number, window: number): BurnWindow {
		const ms = window === PERIOD_WINDOW ? this.pair(pair).periodMs : (WINDOWS_MS[window] as number);
		return { ms, bad: this.bad(pair, window), total: this.total(pair, window), burn: this.burn(pair, window) };
	}
}
