import { DAY_MS, HOUR_MS, MINUTE_MS } from "@bellwether/model";
import type { Finding } from "./claim.ts";
import type { PairWindows } from "./pair-windows.ts";
import type { ReadMinutes } from "./radar-history.ts";
import type { CompleteUntil } from "./ripe.ts";
import { createSeriesDetector } from "./series/detector.ts";
import { explainSeries } from "./series/explain.ts";
import type { SeriesDetector, SeriesVerdict } from "./series/types.ts";
import type { PairMonitor } from "./types.ts";
import { RING } from "./windows.ts";

const STEP_MS = 5 * MINUTE_MS;
/** No source holds back a step for longer. */
const WAITS_AT_MOST_MS = 5 * MINUTE_MS;
/** After a start two weeks are learnt anew, as far as they are kept by the minute. */
const LEARNT_MS = 14 * DAY_MS;
/** A claim ends after so many steps in a row well inside what was expected. */
const CALM_STEPS = 3;
const CALM_SCORE = 0.5;

/** How long before a start an alert may have been raised to be told after it. */
const NEWS_MS = HOUR_MS;

interface Seen {
	readonly verdict: SeriesVerdict | undefined;
	readonly says: string | undefined;
}

interface Watched {
	readonly pair: number;
	readonly monitor: PairMonitor;
	readonly terms: NonNullable<PairMonitor["seasonal"]>;
	readonly detector: SeriesDetector;
	isOpen: boolean;
	calmSteps: number;
	/** First step, since the epoch, that has not been judged. */
	next: number;
	/** An alert that was raised while the monitor was paused, or while nobody looked. */
	held: string | undefined;
}

/**
 * Steps of five minutes of a pair beside what is usual at that hour of its week: the number of its events, or the ratio of bad
 * ones. A step without events says nothing of a ratio; of the number it is 0 while others of the SLO have some.
 */
export class SeasonalWatch {
	readonly #windows: PairWindows;
	readonly #completeUntil: CompleteUntil;
	readonly #watched: Watched[];
	readonly #history: ReadMinutes | undefined;
	#learnt = 0;
	#step = Number.NEGATIVE_INFINITY;

	constructor(
		windows: PairWindows,
		completeUntil: CompleteUntil,
		history: ReadMinutes | undefined,
		now: number,
		isOpen: (pair: number) => boolean,
	) {
		this.#windows = windows;
		this.#completeUntil = completeUntil;
		this.#history = history;
		const next = Math.floor(now / STEP_MS);
		this.#watched = windows.pairs.flatMap(({ also }, pair) =>
			(also ?? []).flatMap((monitor): Watched | [] => {
				const terms = monitor.seasonal;
				if (!terms || monitor.mode === "draft") return [];
				const { direction } = terms;
				const kind = terms.measure === "events" ? ("count" as const) : ("ratio" as const);
				const detector = createSeriesDetector({ stepMs: STEP_MS, direction, kind });
				return { pair, monitor, terms, detector, isOpen: isOpen(pair), calmSteps: 0, next, held: undefined };
			}),
		);
		if (!history) this.#learnt = this.#watched.length;
	}

	get learnt(): number {
		return this.#watched.length === 0 ? 1 : this.#learnt / this.#watched.length;
	}

	/** One pair's past; true while there is more. */
	work(): boolean {
		const watched = this.#watched[this.#learnt];
		if (!watched || !this.#history) return false;
		const { tenant, slo, fleetPair } = this.#windows.pair(watched.pair);
		const fleet = this.#windows.pair(fleetPair).tenant;
		const to = watched.next * STEP_MS;
		const from = to - LEARNT_MS;
		const columns = this.#history(slo, [tenant, fleet], from, to);
		const perStep = STEP_MS / MINUTE_MS;
		const minutes = (to - from) / MINUTE_MS;
		for (let at = from, k = 0; at < to; at += STEP_MS, k += perStep) {
			const sum = (row: number, field: 0 | 1) => {
				let total = 0;
				for (let n = 0; n < perStep; n++) total += columns[(row * minutes + k + n) * 2 + field] as number;
				return total;
			};
			const seen = this.#observe(watched, at, { bad: sum(0, 0), total: sum(0, 1) }, sum(1, 1));
			// What began while nobody looked raises its alert here, and only once.
			if (to - at <= NEWS_MS) note(watched, seen);
		}
		this.#learnt++;
		return this.#learnt < this.#watched.length;
	}

	/** Judges once in a minute of the clock; each pair when its step is complete. */
	evaluate(now: number): Finding[] {
		const minute = Math.floor(now / MINUTE_MS);
		if (minute === this.#step || this.learnt < 1) return [];
		this.#step = minute;
		return this.#watched.flatMap((watched) => this.#judge(watched, now));
	}

	#judge(watched: Watched, now: number): Finding[] {
		const windows = this.#windows;
		const { pair, monitor } = watched;
		const { fleetPair } = windows.pair(pair);
		const completeUntil = Math.max(this.#completeUntil(pair, now), now - WAITS_AT_MOST_MS);
		const end = Math.floor(Math.min(now, completeUntil) / STEP_MS);
		const findings: Finding[] = [];
		for (; watched.next < end; watched.next++) {
			const step = watched.next;
			const counts = windows.table(pair).bucket(RING.fiveMinutes, windows.row(pair), step);
			const others = windows.table(fleetPair).bucketTotal(RING.fiveMinutes, windows.row(fleetPair), step);
			const seen = this.#observe(watched, step * STEP_MS, counts, fleetPair === pair ? 0 : others);
			note(watched, seen);
			if (watched.calmSteps < CALM_STEPS || !watched.isOpen) continue;
			watched.isOpen = false;
			findings.push({ pair, monitor: monitor.name, detector: "seasonal", is: "closed" });
		}
		if (watched.held !== undefined && now >= (monitor.pausedUntil ?? 0)) {
			const since = (watched.next - 1) * STEP_MS;
			findings.push({ pair, monitor: monitor.name, detector: "seasonal", is: "open", since, says: watched.held });
			watched.isOpen = true;
			watched.held = undefined;
		}
		return findings;
	}

	#observe(
		{ detector, terms }: Watched,
		at: number,
		{ bad, total }: { readonly bad: number; readonly total: number },
		others: number,
	): Seen {
		const isKnown = total > 0 || (terms.measure === "events" && others > 0);
		const ratio = Math.max(0, bad) / Math.max(1, total);
		const value = !isKnown ? undefined : terms.measure === "events" ? total : ratio;
		const context = {
			calendarAt: terms.clock(at),
			...(terms.measure === "bad-ratio" && { events: total }),
		};
		const verdict = detector.observe(at, value, context);
		if (value === undefined) return { verdict: undefined, says: undefined };
		return { verdict, says: verdict.isAlert ? words(terms.measure, verdict, value) : undefined };
	}
}

/** Holds an alert until it is told, or until it is calm again. */
function note(watched: Watched, { says, verdict }: Seen): void {
	if (says !== undefined && !watched.isOpen) watched.held = says;
	const isCalm = verdict !== undefined && verdict.score < CALM_SCORE;
	watched.calmSteps = isCalm ? watched.calmSteps + 1 : 0;
	if (watched.calmSteps >= CALM_STEPS) watched.held = undefined;
}

function words(measure: "events" | "bad-ratio", verdict: SeriesVerdict, value: number): string {
	if (measure === "events") return `Events in five minutes: ${explainSeries(verdict, value, "")}.`;
	const { expected } = verdict;
	const inPercent = expected && {
		value: expected.value * 100,
		low: Math.max(0, expected.low * 100),
		high: expected.high * 100,
	};
	return `Share of bad events: ${explainSeries({ ...verdict, expected: inPercent }, value * 100, "%")}.`;
}
