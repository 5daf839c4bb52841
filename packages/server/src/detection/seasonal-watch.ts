import { DAY_MS, HOUR_MS, MINUTE_MS } from "@bellwether/model";
import type { Finding } from "./claim.ts";
import type { PairWindows } from "./pair-windows.ts";
import type { ReadMinutes } from "./radar-history.ts";
import type { CompleteUntil } from "./ripe.ts";
import {
	countsSample,
	isInside,
	latencySample,
	SAYS_NOTHING,
	type Sample,
	type SeasonalMonitorTerms,
	seasonalWords,
} from "./seasonal-samples.ts";
import { createSeriesDetector } from "./series/detector.ts";
import type { SeriesDetector, SeriesVerdict } from "./series/types.ts";
import type { DetectionOptions, PairMonitor, ReadPercentiles } from "./types.ts";
import { RING } from "./windows.ts";

const STEP_MS = 5 * MINUTE_MS;
/** No source holds back a step for longer. */
const WAITS_AT_MOST_MS = 5 * MINUTE_MS;
/** After a start two weeks are learnt anew, as far as they are kept by the minute. */
const LEARNT_MS = 14 * DAY_MS;
/** A claim ends after so many steps in a row well inside what was expected. */
const CALM_STEPS = 3;
const CALM_SCORE = 0.5;
/** A step that is kept by ten minutes stands for two. */
const REPEATED_WITHIN_MS = 2 * STEP_MS;

const KIND = { events: "count", "bad-ratio": "ratio", latency: "latency" } as const;
/** Latencies are read from the store, some 130 µs a pair: those of many pairs in different minutes. */
const TURNS = 3;

/** How long before a start an alert may have been raised to be told after it. */
const NEWS_MS = HOUR_MS;

interface Seen {
	readonly isCalm: boolean;
	readonly says: string | undefined;
}

interface Watched {
	readonly pair: number;
	readonly monitor: PairMonitor;
	readonly terms: SeasonalMonitorTerms;
	readonly detector: SeriesDetector;
	isOpen: boolean;
	calmSteps: number;
	/** First step, since the epoch, that has not been judged. */
	next: number;
	/** Minutes that it waits after a step is complete: many that read latencies do so one after the other. */
	readonly turn: number;
	/** Of latency: the last step, if it was beyond the alarm line. */
	beyondAt: number;
	/** An alert that was raised while the monitor was paused, or while nobody looked. */
	held: string | undefined;
}

/**
 * Steps of five minutes of a pair beside what is usual at that hour of its week: the number of its events, or the ratio of bad
 * ones, from the windows; or a percentile of its latencies, as they are kept. A step that cannot tell its value says nothing.
 */
export class SeasonalWatch {
	readonly #windows: PairWindows;
	readonly #completeUntil: CompleteUntil;
	readonly #watched: Watched[];
	readonly #history: ReadMinutes | undefined;
	readonly #percentiles: ReadPercentiles | undefined;
	#learnt = 0;
	#step = Number.NEGATIVE_INFINITY;

	constructor(
		windows: PairWindows,
		completeUntil: CompleteUntil,
		{ history, percentiles, now }: Pick<DetectionOptions, "history" | "percentiles" | "now">,
		isOpen: (pair: number) => boolean,
	) {
		this.#windows = windows;
		this.#completeUntil = completeUntil;
		this.#history = history;
		this.#percentiles = percentiles;
		const next = Math.floor(now / STEP_MS);
		this.#watched = windows.pairs.flatMap(({ also }, pair) =>
			(also ?? []).flatMap((monitor): Watched | [] => {
				const terms = monitor.seasonal;
				if (!terms || monitor.mode === "draft") return [];
				const { direction, measure } = terms;
				if (measure === "latency" && !percentiles)
					throw new Error(
						`detection: pairs[${pair}]: monitor ${monitor.name} judges latencies; give \`percentiles\` to read them`,
					);
				const turn = measure === "latency" ? pair % TURNS : 0;
				const detector = createSeriesDetector({ stepMs: STEP_MS, direction, kind: KIND[measure] });
				return {
					pair,
					monitor,
					terms,
					detector,
					isOpen: isOpen(pair),
					calmSteps: 0,
					next,
					turn,
					beyondAt: Number.NEGATIVE_INFINITY,
					held: undefined,
				};
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
		const to = watched.next * STEP_MS;
		const from = to - LEARNT_MS;
		const sampleAt = this.#pastSamples(watched, this.#history, from, to);
		for (let at = from; at < to; at += STEP_MS) {
			const seen = observe(watched, at, sampleAt(at));
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
		const { pair, monitor } = watched;
		const completeUntil = Math.max(this.#completeUntil(pair, now), now - WAITS_AT_MOST_MS);
		const end = Math.floor(Math.min(now - watched.turn * MINUTE_MS, completeUntil) / STEP_MS);
		const findings: Finding[] = [];
		const sampleAt = this.#samples(watched, watched.next * STEP_MS, end * STEP_MS);
		for (; watched.next < end; watched.next++) {
			const at = watched.next * STEP_MS;
			note(watched, observe(watched, at, sampleAt(at)));
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

	#samples(watched: Watched, from: number, to: number): (at: number) => Sample {
		const { measure } = watched.terms;
		if (measure === "latency") return this.#latencies(watched, from, to);
		const windows = this.#windows;
		const { pair } = watched;
		const { fleetPair } = windows.pair(pair);
		return (at) => {
			const step = at / STEP_MS;
			const counts = windows.table(pair).bucket(RING.fiveMinutes, windows.row(pair), step);
			const others = windows.table(fleetPair).bucketTotal(RING.fiveMinutes, windows.row(fleetPair), step);
			return countsSample(measure, counts, fleetPair === pair ? 0 : others);
		};
	}

	#pastSamples(watched: Watched, history: ReadMinutes, from: number, to: number): (at: number) => Sample {
		const { measure } = watched.terms;
		if (measure === "latency") return this.#latencies(watched, from, to);
		const { tenant, slo, fleetPair } = this.#windows.pair(watched.pair);
		const fleet = this.#windows.pair(fleetPair).tenant;
		const columns = history(slo, [tenant, fleet], from, to);
		const perStep = STEP_MS / MINUTE_MS;
		const minutes = (to - from) / MINUTE_MS;
		return (at) => {
			const first = (at - from) / MINUTE_MS;
			const sum = (row: number, field: 0 | 1) => {
				let total = 0;
				for (let n = 0; n < perStep; n++) total += columns[(row * minutes + first + n) * 2 + field] as number;
				return total;
			};
			return countsSample(measure, { bad: sum(0, 0), total: sum(0, 1) }, sum(1, 1));
		};
	}

	#latencies({ pair, terms }: Watched, from: number, to: number): (at: number) => Sample {
		if (from >= to) return () => SAYS_NOTHING;
		const { tenant, slo } = this.#windows.pair(pair);
		const steps = this.#percentiles?.({ tenant, slo, from, to, stepMs: STEP_MS, ratio: (terms.percentile ?? 0) / 100 });
		const byAt = new Map(steps?.map((step) => [step.at, step]));
		return (at) => latencySample(terms, byAt.get(at));
	}
}

function observe(watched: Watched, at: number, sample: Sample): Seen {
	const { detector, terms } = watched;
	const verdict = detector.observe(at, sample.value, { calendarAt: terms.clock(at), ...sample.context });
	if (sample.value === undefined) return { isCalm: false, says: undefined };
	return {
		isCalm: verdict.score < CALM_SCORE && isInside(terms, verdict, sample),
		says: isClaim(watched, at, verdict) ? seasonalWords(terms, verdict, sample) : undefined,
	};
}

/** Five slow minutes alone are often one slow client: a claim of latency needs the next known step as well. */
function isClaim(watched: Watched, at: number, { score, shape, isAlert }: SeriesVerdict): boolean {
	if (watched.terms.measure !== "latency") return isAlert;
	const isRepeated = at - watched.beyondAt <= REPEATED_WITHIN_MS && score >= CALM_SCORE;
	watched.beyondAt = score >= 1 ? at : Number.NEGATIVE_INFINITY;
	return isRepeated || shape === "slow";
}

/** Holds an alert until it is told, or until it is calm again. */
function note(watched: Watched, { says, isCalm }: Seen): void {
	if (says !== undefined && !watched.isOpen) watched.held = says;
	watched.calmSteps = isCalm ? watched.calmSteps + 1 : 0;
	if (watched.calmSteps >= CALM_STEPS) watched.held = undefined;
}
