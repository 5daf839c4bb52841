import { burnRate, describeDuration } from "@bellwether/model";
import { FLEET } from "#telemetry";
import { isProven } from "./evidence.ts";
import { Explanations } from "./explain.ts";
import type { PairWindows } from "./pair-windows.ts";
import { type CompleteUntil, isTrueWithout, unripeCounts } from "./ripe.ts";
import { LONG_WINDOW, PAGE_TIERS, type Rule, SHORT_WINDOW } from "./rules.ts";
import type { BreachClosed, BreachOpened } from "./types.ts";
import { SUMS_STRIDE, TOUCHED_FOR_JUDGE, TOUCHED_FOR_STATUS, WINDOWS_MS, type WindowTable } from "./windows.ts";

/** Verdicts on a pair, worst last; one byte per pair. */
const NONE = 0;
const RISK = 1;
const BREACH = 2;

const TIER_COUNT = LONG_WINDOW.length;

export interface BurnRatesOptions {
	readonly windows: PairWindows;
	/** A verdict must hold for so long, for worse and for better. */
	readonly confirmMs: number;
	readonly completeUntil: CompleteUntil;
	/** When the claim on the pair that was open before the restart was detected; undefined: none was. */
	readonly openedAt: (pair: number) => number | undefined;
	/** A monitor in shadow would have claimed this. */
	readonly shadowFired: (pair: number, monitor: string, at: number, says: string) => void;
}

/** Burn rate of every pair's windows against the tiers of its rule, each time that its events may change the verdict. */
export class BurnRates {
	readonly #windows: PairWindows;
	readonly #confirmMs: number;
	readonly #completeUntil: CompleteUntil;
	readonly #shadowFired: BurnRatesOptions["shadowFired"];
	#isFirst = true;
	/** Pairs with an announced breach to open or to close, in the order of judging. */
	#changed: number[] = [];

	/** The rules' judging limits, TIER_COUNT for each rule, and each pair's rule as an offset into them. */
	readonly #limits: Float64Array;
	readonly #limitsOf: Uint32Array;

	/** The confirmed verdict, and the one that waits since `#pendingAt` to be confirmed (equal: none waits). */
	readonly #verdict: Uint8Array;
	readonly #pending: Uint8Array;
	readonly #pendingAt: Float64Array;
	/** When the announced breach was detected; NaN: none is open. A shadow's breach is a verdict without this. */
	readonly #openedAt: Float64Array;
	/** Tiers that are true with evidence, as bits. */
	readonly #tiers: Uint8Array;

	constructor(options: BurnRatesOptions) {
		const { windows } = options;
		this.#windows = windows;
		this.#confirmMs = options.confirmMs;
		this.#completeUntil = options.completeUntil;
		this.#shadowFired = options.shadowFired;

		const distinct = [...new Set(windows.rules)];
		const offsetOf = new Map(distinct.map((rule, i) => [rule, i * TIER_COUNT]));
		this.#limits = Float64Array.from(distinct.flatMap(({ judgingLimits }) => judgingLimits));
		this.#limitsOf = Uint32Array.from(windows.rules, (rule) => offsetOf.get(rule) as number);

		const count = windows.pairs.length;
		this.#pendingAt = new Float64Array(count);
		this.#tiers = new Uint8Array(count);
		this.#openedAt = Float64Array.from({ length: count }, (_, pair) => options.openedAt(pair) ?? Number.NaN);
		this.#verdict = Uint8Array.from(this.#openedAt, (at) => (Number.isNaN(at) ? NONE : BREACH));
		this.#pending = this.#verdict.slice();
	}

	/** A pair, at `row` of `table`, whose windows changed or whose verdict waits. */
	judge(table: WindowTable, row: number, pair: number, now: number): void {
		const tiers = this.#burning(table, row, pair);
		if (tiers === 0 && this.#verdict[pair] === NONE && this.#pending[pair] === NONE) return;
		if (this.#move(table, row, pair, tiers, now)) this.#changed.push(pair);
	}

	/** What is to be told of all that was judged since the call before: the fleet's first, because it may explain others. */
	news(now: number): (BreachOpened | BreachClosed)[] {
		const changed = this.#changed;
		this.#isFirst = false;
		if (changed.length === 0) return [];
		this.#changed = [];
		const isFleet = (pair: number) => this.#windows.pair(pair).tenant === FLEET;
		const ordered = [...changed.filter(isFleet), ...changed.filter((pair) => !isFleet(pair))];
		const explanations = new Explanations(this.#windows, now);
		return ordered.map((pair) => {
			const { tenant, slo, monitor } = this.#windows.pair(pair);
			const claim = { tenant, slo, detector: "burn-rate" as const };
			if (this.#verdict[pair] !== BREACH) {
				this.#openedAt[pair] = Number.NaN;
				return { type: "breach.closed", ...claim, closedAt: now, reason: "recovered" };
			}
			this.#openedAt[pair] = now;
			const explained = explanations.dated(pair, this.fastestTier(pair) as number);
			return { type: "breach.opened", ...claim, monitor: monitor?.name ?? "", detectedAt: now, ...explained };
		});
	}

	/** When the open claim was detected, ms epoch. */
	openedAt(pair: number): number | undefined {
		const at = this.#openedAt[pair] as number;
		return Number.isNaN(at) ? undefined : at;
	}

	isHealthy(pair: number): boolean {
		return this.#verdict[pair] === NONE;
	}

	/** The fastest tier that is true with evidence. */
	fastestTier(pair: number): number | undefined {
		const tiers = this.#tiers[pair] as number;
		return tiers === 0 ? undefined : 31 - Math.clz32(tiers & -tiers);
	}

	bytes(): number {
		const held = [this.#limits, this.#limitsOf, this.#verdict, this.#pending, this.#pendingAt, this.#openedAt];
		return held.reduce((sum, array) => sum + array.byteLength, this.#tiers.byteLength);
	}

	/** Tiers whose two windows burn above their limits, as bits; no evidence asked yet. */
	#burning(table: WindowTable, row: number, pair: number): number {
		const { sums } = table;
		const limits = this.#limits;
		const offset = row * SUMS_STRIDE;
		const firstLimit = this.#limitsOf[pair] as number;
		let tiers = 0;
		for (let tier = 0; tier < TIER_COUNT; tier++) {
			const short = offset + 2 * (SHORT_WINDOW[tier] as number);
			const bad = sums[short] as number;
			// Most pairs have no bad event in most short windows: one look is enough.
			if (bad <= 0) continue;
			const limit = limits[firstLimit + tier] as number;
			const total = sums[short + 1] as number;
			if (!(total > 0 && bad > limit * total)) continue;
			const long = offset + 2 * (LONG_WINDOW[tier] as number);
			if ((sums[long] as number) > limit * (sums[long + 1] as number)) tiers |= 1 << tier;
		}
		return tiers;
	}

	/**
	 * Moves the pair's verdict; true when an announced breach is to be opened or closed. Verdicts wait until they held
	 * for `confirmMs`, so that a request split in parts neither wakes anybody nor ends a breach.
	 */
	#move(table: WindowTable, row: number, pair: number, burning: number, now: number): boolean {
		const rule = this.#windows.rule(pair);
		const isOpen = this.#verdict[pair] === BREACH;
		const proven = this.#proven(pair, burning);
		if (proven !== this.#tiers[pair]) {
			this.#tiers[pair] = proven;
			table.touch(row, TOUCHED_FOR_STATUS);
		}
		let verdict = proven === 0 ? NONE : RISK;
		if (isOpen) {
			// An open breach needs no new evidence to stay open: it ends when its burning does, and events show it.
			const isBurning = (burning & PAGE_TIERS) !== 0;
			const hasFreshEvents = this.#windows.total(pair, rule.closingWindow) > 0;
			if (isBurning || !hasFreshEvents) verdict = BREACH;
		} else if ((proven & PAGE_TIERS) !== 0 && rule.claims !== "none" && !this.#isPaused(pair, now)) {
			if (this.#isRipe(pair, proven & PAGE_TIERS, rule, now)) verdict = BREACH;
			// Time alone makes it ripe.
			else table.touch(row, TOUCHED_FOR_JUDGE);
		}

		const settled = this.#verdict[pair] as number;
		if (verdict === settled) {
			this.#pending[pair] = settled;
			return false;
		}
		const pendingAt = this.#pendingAt[pair] as number;
		if (this.#pending[pair] !== verdict || now < pendingAt) {
			this.#pending[pair] = verdict;
			this.#pendingAt[pair] = now;
		}
		// What history shows at the start is no split request: a risk is shown at once.
		const isKnownRisk = this.#isFirst && verdict === RISK;
		if (now - (this.#pendingAt[pair] as number) < this.#confirmMs && !isKnownRisk) {
			table.touch(row, TOUCHED_FOR_JUDGE);
			return false;
		}
		this.#verdict[pair] = verdict;
		table.touch(row, TOUCHED_FOR_STATUS);
		if (verdict === BREACH && rule.claims === "shadow") {
			this.#shadowFired(pair, this.#windows.pair(pair).monitor?.name ?? "", now, this.#words(pair));
			return false;
		}
		return verdict === BREACH || (settled === BREACH && !Number.isNaN(this.#openedAt[pair]));
	}

	#isPaused(pair: number, now: number): boolean {
		return now < (this.#windows.pair(pair).monitor?.pausedUntil ?? Number.NEGATIVE_INFINITY);
	}

	#proven(pair: number, burning: number): number {
		let proven = 0;
		for (let tier = 0; tier < TIER_COUNT; tier++) {
			if ((burning & (1 << tier)) === 0) continue;
			const long = LONG_WINDOW[tier] as number;
			const counts = { bad: this.#windows.bad(pair, long), total: this.#windows.total(pair, long) };
			if (isProven(this.#windows, pair, tier, counts, Number.POSITIVE_INFINITY)) proven |= 1 << tier;
		}
		return proven;
	}

	/** Whether one of these tiers is true without what may still be a part only. */
	#isRipe(pair: number, tiers: number, rule: Rule, now: number): boolean {
		const completeUntil = this.#completeUntil(pair, now);
		const unripe = unripeCounts(this.#windows, pair, completeUntil);
		if (unripe.bad === 0 && unripe.total === 0) return true;
		for (let tier = 0; tier < TIER_COUNT; tier++)
			if ((tiers & (1 << tier)) !== 0 && isTrueWithout(unripe, completeUntil, this.#windows, pair, tier, rule))
				return true;
		return false;
	}

	/** What the fastest burning tier sees: "1,200 of 12,000 events in 1h were bad: burn 100×, limit 13.4×." */
	#words(pair: number): string {
		const { objective, tiers } = this.#windows.rule(pair);
		const tier = this.fastestTier(pair) as number;
		const long = LONG_WINDOW[tier] as number;
		const bad = this.#windows.bad(pair, long);
		const total = this.#windows.total(pair, long);
		const [count, of] = [bad, total].map((events) => Math.round(events).toLocaleString("en"));
		const [burn, limit] = [burnRate(bad, total, objective) ?? 0, tiers[tier]?.factor ?? 0].map((rate) =>
			Number(rate.toPrecision(3)),
		);
		const span = describeDuration(WINDOWS_MS[long] as number);
		return `${count} of ${of} events in ${span} were bad: burn ${burn}×, limit ${limit}×.`;
	}
}
