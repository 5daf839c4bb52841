import { burnRate, DAY_MS } from "@bellwether/model";
import { FLEET } from "#telemetry";
import { CalendarBudgets } from "./calendar-budgets.ts";
import { type Rule, SHORT_WINDOW } from "./rules.ts";
import type { DetectionPair } from "./types.ts";
import { PERIOD_WINDOW, SUMS_STRIDE, WindowTable } from "./windows.ts";

/** Pairs per table: its columns stay small enough for the cache, and a count that needs doubles widens few others. */
const TABLE_BITS = 10;
const TABLE_PAIRS = 1 << TABLE_BITS;

/** Of pairs whose budget does not roll: their period is counted elsewhere, so its ring need not be long. */
const NO_PERIOD_MS = DAY_MS;

/** All pairs with their windows and rules. */
export class PairWindows {
	readonly pairs: readonly DetectionPair[];
	readonly rules: readonly Rule[];
	readonly tables: readonly WindowTable[];
	/** Undefined when every budget rolls. */
	readonly calendars: CalendarBudgets | undefined;
	/** Key tenants' pairs by their fleet pair. */
	readonly #members = new Map<number, number[]>();

	constructor(pairs: readonly DetectionPair[], rules: readonly Rule[], futureMs: number, now: number) {
		this.pairs = pairs;
		this.rules = rules;
		const tables: WindowTable[] = [];
		for (let first = 0; first < pairs.length; first += TABLE_PAIRS) {
			const periodsMs = pairs
				.slice(first, first + TABLE_PAIRS)
				.map((pair) => (pair.calendar ? NO_PERIOD_MS : pair.periodMs));
			tables.push(new WindowTable({ periodsMs, futureMs, now }));
		}
		this.tables = tables;
		this.calendars = CalendarBudgets.of(pairs, now);
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
		if (window === PERIOD_WINDOW && this.calendars?.has(pair)) return this.calendars.bad(pair);
		return this.table(pair).sums[this.row(pair) * SUMS_STRIDE + 2 * window] as number;
	}
	total(pair: number, window: number): number {
		if (window === PERIOD_WINDOW && this.calendars?.has(pair)) return this.calendars.total(pair);
		return this.table(pair).sums[this.row(pair) * SUMS_STRIDE + 2 * window + 1] as number;
	}
	burn(pair: number, window: number): number | undefined {
		return burnRate(this.bad(pair, window), this.total(pair, window), this.rule(pair).objective);
	}
	lastAt(pair: number): number {
		return this.table(pair).lastAt[this.row(pair)] as number;
	}

	/** Pairs of the key tenants on one SLO, named by its fleet pair. */
	members(fleetPair: number): readonly number[] {
		return this.#members.get(fleetPair) ?? [];
	}

	/** Whether the short window of the tier with index `tier` burns above its factor. */
	isBurning(pair: number, tier: number): boolean {
		const short = SHORT_WINDOW[tier] as number;
		const total = this.total(pair, short);
		return total > 0 && this.bad(pair, short) > (this.rule(pair).limits[tier] as number) * total;
	}
}
