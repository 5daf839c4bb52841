import { type CalendarPeriod, periodAt, type Span } from "#catalogue";
import type { DetectionPair } from "./types.ts";

/** Counts of the period that is running, and of the next one: events may be ahead of the clock. */
interface Budget {
	readonly calendar: CalendarPeriod;
	span: Span;
	bad: number;
	total: number;
	nextEndsAt: number;
	nextBad: number;
	nextTotal: number;
}

/**
 * What was counted since the start of the calendar period, for pairs whose budget does not roll. Each period begins with
 * its whole budget; late events of a period that has ended belong to nothing here.
 */
export class CalendarBudgets {
	readonly #budgets = new Map<number, Budget>();
	/** The nearest end of a period. */
	#endsAt = Number.POSITIVE_INFINITY;

	/** Undefined when every budget rolls. */
	static of(pairs: readonly DetectionPair[], now: number): CalendarBudgets | undefined {
		return pairs.some((pair) => pair.calendar) ? new CalendarBudgets(pairs, now) : undefined;
	}

	private constructor(pairs: readonly DetectionPair[], now: number) {
		const spans = new Map<string, { span: Span; nextEndsAt: number }>();
		for (const [index, { calendar }] of pairs.entries()) {
			if (!calendar) continue;
			const key = JSON.stringify(calendar);
			const known = spans.get(key) ?? spansAt(calendar, now);
			spans.set(key, known);
			this.#budgets.set(index, { calendar, ...known, bad: 0, total: 0, nextBad: 0, nextTotal: 0 });
			this.#endsAt = Math.min(this.#endsAt, known.span.endsAt);
		}
	}

	has(pair: number): boolean {
		return this.#budgets.has(pair);
	}

	add(pair: number, at: number, bad: number, total: number): void {
		const budget = this.#budgets.get(pair);
		if (!budget || at < budget.span.startsAt || at >= budget.nextEndsAt) return;
		if (at < budget.span.endsAt) {
			budget.bad += bad;
			budget.total += total;
		} else {
			budget.nextBad += bad;
			budget.nextTotal += total;
		}
	}

	/** Pairs whose period began since the last call. */
	advance(now: number): number[] {
		if (now < this.#endsAt) return [];
		const begun: number[] = [];
		const spans = new Map<string, { span: Span; nextEndsAt: number }>();
		this.#endsAt = Number.POSITIVE_INFINITY;
		for (const [pair, budget] of this.#budgets) {
			if (now >= budget.span.endsAt) {
				const isNext = now < budget.nextEndsAt;
				const key = JSON.stringify(budget.calendar);
				const next = spans.get(key) ?? spansAt(budget.calendar, now);
				spans.set(key, next);
				budget.bad = isNext ? budget.nextBad : 0;
				budget.total = isNext ? budget.nextTotal : 0;
				budget.nextBad = 0;
				budget.nextTotal = 0;
				budget.span = next.span;
				budget.nextEndsAt = next.nextEndsAt;
				begun.push(pair);
			}
			this.#endsAt = Math.min(this.#endsAt, budget.span.endsAt);
		}
		return begun;
	}

	bad(pair: number): number {
		return this.#budgets.get(pair)?.bad ?? 0;
	}
	total(pair: number): number {
		return this.#budgets.get(pair)?.total ?? 0;
	}
	span(pair: number): Span | undefined {
		return this.#budgets.get(pair)?.span;
	}
}

function spansAt(calendar: CalendarPeriod, now: number): { span: Span; nextEndsAt: number } {
	const span = periodAt(calendar, now);
	return { span, nextEndsAt: periodAt(calendar, span.endsAt).endsAt };
}
