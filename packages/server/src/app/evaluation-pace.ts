import type { Clock } from "@bellwether/model";

/** A claim must hold this long, so that a request split in parts (a total before its good) wakes nobody. */
export const CONFIRM_MS = 300;
/** Whatever comes in, it is evaluated so often. */
export const TICK_MS = 1_000;
/** An evaluation that comes this much late is a missed one, and every further such time another one. */
const MISSED_AFTER_MS = 10_000;
/**
 * Evaluating after commits must not crowd out ingest: it waits 30 times its own cost, so that it takes 3 % of the thread.
 * Where that would delay a page by more than 100 ms, 10 times must do.
 */
const REST = { usual: 30, least: 10, limitMs: 100 };

/** When the thread evaluates besides each second: after new counts, and when what was seen then may be confirmed. */
export class EvaluationPace {
	readonly #clock: Clock;
	readonly #evaluate: () => void;
	#timer: NodeJS.Timeout | undefined;
	#wakesAt = 0;
	/** Not before this, so that evaluating does not crowd out ingest. */
	#againAt = 0;
	/** When what the last evaluation saw first may be confirmed. */
	#confirmAt = 0;
	/** Something was counted since the last evaluation. */
	#isUnseen = false;
	/** When the last one ended, by the monotonic clock; undefined: none yet, or none was due. */
	#endedAt: number | undefined;
	readonly #counters = { evaluations: 0, evaluationMs: 0, missedEvaluations: 0 };

	/** `evaluate` goes through `timed`, unless it cannot be done now. */
	constructor(clock: Clock, evaluate: () => void) {
		this.#clock = clock;
		this.#evaluate = evaluate;
	}

	get counters(): { readonly evaluations: number; readonly evaluationMs: number; readonly missedEvaluations: number } {
		return this.#counters;
	}

	/** Something was counted: evaluates now, or as soon as the last evaluation is long enough ago. */
	soon(): void {
		this.#isUnseen = true;
		if (this.#clock.monotonic() >= this.#againAt) this.#evaluate();
		else this.#wakeAt(this.#againAt);
	}

	/** Carries out an evaluation; what it costs says when the next may be. */
	timed<T>(evaluation: () => T): T {
		const began = this.#clock.monotonic();
		const result = evaluation();
		const tookMs = this.#clock.monotonic() - began;
		const counters = this.#counters;
		if (this.#endedAt !== undefined)
			counters.missedEvaluations += Math.floor(Math.max(0, began - this.#endedAt - TICK_MS) / MISSED_AFTER_MS);
		this.#endedAt = began + tookMs;
		counters.evaluations++;
		counters.evaluationMs += tookMs;
		this.#againAt = began + tookMs + Math.max(REST.least * tookMs, Math.min(REST.usual * tookMs, REST.limitMs));
		if (this.#isUnseen) {
			this.#isUnseen = false;
			// A millisecond more: the engine counts by the wall clock, in whole ones.
			this.#confirmAt = began + tookMs + CONFIRM_MS + 1;
			this.#wakeAt(this.#confirmAt);
		}
		return result;
	}

	/** What is down does not miss its evaluations: that it is down is told by itself. */
	suspend(): void {
		this.#endedAt = undefined;
	}

	stop(): void {
		clearTimeout(this.#timer);
	}

	/** One timer, for the nearest of: the next evaluation of new counts, the moment when what it saw may be confirmed. */
	#wakeAt(at: number): void {
		if (this.#timer !== undefined && this.#wakesAt <= at) return;
		clearTimeout(this.#timer);
		this.#wakesAt = at;
		this.#timer = setTimeout(() => this.#wake(at), Math.max(1, Math.ceil(at - this.#clock.monotonic())));
	}

	#wake(at: number): void {
		this.#timer = undefined;
		// A timer may come a moment early: then nothing could be confirmed yet.
		if (this.#clock.monotonic() >= at) this.#evaluate();
		if (this.#isUnseen) this.#wakeAt(this.#againAt);
		else if (this.#clock.monotonic() < this.#confirmAt) this.#wakeAt(this.#confirmAt);
	}
}
