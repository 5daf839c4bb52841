import { MINUTE_MS } from "@bellwether/model";
import type { ThresholdTerms } from "#catalogue";
import type { Finding } from "./claim.ts";
import type { PairWindows } from "./pair-windows.ts";
import type { CompleteUntil } from "./ripe.ts";
import type { PairMonitor } from "./types.ts";
import { RING } from "./windows.ts";

/** No source holds back a minute for longer. */
const WAITS_AT_MOST_MS = 5 * MINUTE_MS;
/** Of the minutes' ring, what is left for looking back after the longest wait. */
const MINUTES_KEPT = 60;

interface Watched {
	readonly pair: number;
	readonly monitor: PairMonitor;
	readonly terms: ThresholdTerms;
	isOpen: boolean;
}

/**
 * Static thresholds: whole minutes of event time are compared with a value, strictly. A claim opens when `minutes` of the last
 * `lookMs` are beyond it, and ends when `clearMs` have passed with events and without a minute beyond `clear`. A minute without
 * events says nothing, except of `events` while others of the same SLO had some: then it is 0.
 *
 * What it decides follows from the windows and from which claims are open, so a restart changes nothing.
 */
export class Thresholds {
	readonly #watched: Watched[];
	readonly #windows: PairWindows;
	readonly #completeUntil: CompleteUntil;
	#minute = Number.NEGATIVE_INFINITY;

	/** `isOpen`: whether a claim of this detector on the pair was open before the restart. */
	constructor(windows: PairWindows, completeUntil: CompleteUntil, isOpen: (pair: number) => boolean) {
		this.#windows = windows;
		this.#completeUntil = completeUntil;
		this.#watched = windows.pairs.flatMap(({ also }, pair) =>
			(also ?? []).flatMap((monitor) =>
				monitor.threshold && monitor.mode !== "draft"
					? { pair, monitor, terms: monitor.threshold, isOpen: isOpen(pair) }
					: [],
			),
		);
	}

	/** Judges once in a minute of the clock. */
	evaluate(now: number): Finding[] {
		const minute = Math.floor(now / MINUTE_MS);
		if (minute === this.#minute || this.#watched.length === 0) return [];
		this.#minute = minute;
		return this.#watched.flatMap((each) => this.#judge(each, now) ?? []);
	}

	#judge(watched: Watched, now: number): Finding | undefined {
		const { pair, monitor, terms } = watched;
		const completeUntil = Math.max(this.#completeUntil(pair, now), now - WAITS_AT_MOST_MS);
		const end = Math.floor(Math.min(now, completeUntil) / MINUTE_MS);
		const found = { pair, monitor: monitor.name, detector: "threshold" } as const;
		if (watched.isOpen) {
			if (!this.#isClear(watched, end)) return undefined;
			watched.isOpen = false;
			return { ...found, is: "closed" };
		}
		const beyond = this.#minutesBeyond(pair, terms, terms.value, end, terms.lookMs / MINUTE_MS);
		if (beyond.length < terms.minutes || now < (monitor.pausedUntil ?? 0)) return undefined;
		watched.isOpen = true;
		const since = Math.min(...beyond) * MINUTE_MS;
		return { ...found, is: "open", since, says: words(terms, beyond.length) };
	}

	#isClear({ pair, terms }: Watched, end: number): boolean {
		const minutes = terms.clearMs / MINUTE_MS;
		if (this.#minutesBeyond(pair, terms, terms.clear, end, minutes).length > 0) return false;
		for (let minute = end - minutes; minute < end; minute++)
			if (this.#value(pair, terms.measure, minute) !== undefined) return true;
		return false;
	}

	/** Those of the `count` minutes before `end` that lie beyond the limit. */
	#minutesBeyond(pair: number, terms: ThresholdTerms, limit: number, end: number, count: number): number[] {
		const beyond: number[] = [];
		for (let minute = end - Math.min(count, MINUTES_KEPT); minute < end; minute++) {
			const value = this.#value(pair, terms.measure, minute);
			if (value !== undefined && (terms.is === "above" ? value > limit : value < limit)) beyond.push(minute);
		}
		return beyond;
	}

	#value(pair: number, measure: ThresholdTerms["measure"], minute: number): number | undefined {
		const windows = this.#windows;
		const { bad, total } = windows.table(pair).bucket(RING.minute, windows.row(pair), minute);
		if (total > 0) return measure === "bad-ratio" ? Math.max(0, bad) / total : measure === "bad-events" ? bad : total;
		const { fleetPair } = windows.pair(pair);
		if (measure !== "events" || fleetPair === pair) return undefined;
		const others = windows.table(fleetPair).bucketTotal(RING.minute, windows.row(fleetPair), minute);
		return others > 0 ? 0 : undefined;
	}
}

function words({ measure, is, value, lookMs }: ThresholdTerms, beyond: number): string {
	const limit = measure === "bad-ratio" ? `${Number((value * 100).toPrecision(6))}%` : String(value);
	const what = { "bad-ratio": "the share of bad events", "bad-events": "bad events", events: "events" }[measure];
	return `In ${beyond} of the last ${lookMs / MINUTE_MS} minutes ${what} lay ${is} ${limit}.`;
}
