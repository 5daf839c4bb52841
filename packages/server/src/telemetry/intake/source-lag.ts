import { BUCKET_MS } from "../counting/cells.ts";
import type { SourceState } from "../types.ts";
import { Spread } from "./spread.ts";

/** Nothing waits longer for a source, whatever it usually does: pages fail open. */
export const MAX_WAIT_MS = 5 * 60_000;
/** A claim must hold 300 ms anyway: a source that is out of order by less needs no rule of its own. */
const IN_ORDER_MS = 300;
/** One late request in twenty is no habit; a shard of up to twenty that lags is. */
const LATENESS_QUANTILE = 0.95;
/** Fewer requests are no habit. */
const KNOWN_FROM = 5;
const LEAST_LATENESS_MS = 100;
const INTERVAL_QUANTILE = 0.95;
const DAY_MS = 86_400_000;
/** How often a new largest event time is noted; between them the older one stands. */
const NOTE_EVERY_MS = 500;
/** A source that misses three of its usual intervals is not waited for. */
const MISSED_INTERVALS = 3;

/** What one request showed. Event times, ms; undefined: none of its points could count. */
export interface Shown {
	readonly newestAt: number;
	/** Nine tenths of its points are younger. */
	readonly oldestAt: number;
}

/** As it is stored beside the counts. */
export interface StoredLag {
	readonly source: string;
	readonly requests: number;
	readonly firstAt: number;
	readonly lastAt: number;
	readonly newestAt: number;
	readonly interval: readonly number[];
	readonly lateness: readonly number[];
}

/**
 * How far the data of one source are complete, by what it did until now. An event time that the source has shown is complete
 * once it was shown for the source's usual lateness: how long after it had first shown a time it still sent older ones.
 * Clocks of senders do not matter for that, nor does the length of their intervals.
 */
export class SourceLag {
	readonly source: string;
	requests = 0;
	firstAt = 0;
	lastAt = 0;
	/** Largest event time shown. */
	newestAt = 0;
	#newestShownAt = 0;
	/** Largest event times as they grew, with when each was shown; of the last minutes. */
	#events: number[] = [];
	#shown: number[] = [];
	#interval = new Spread(LEAST_LATENESS_MS, DAY_MS);
	#lateness = new Spread(LEAST_LATENESS_MS, MAX_WAIT_MS);

	constructor(source: string) {
		this.source = source;
	}

	observe(shown: Shown | undefined, now: number): void {
		if (this.requests > 0) this.#interval.add(now - this.lastAt);
		else this.firstAt = now;
		this.requests++;
		this.lastAt = Math.max(this.lastAt, now);
		if (!shown) return;
		// A clock that is ahead says nothing of what is still to come.
		const newestAt = Math.min(shown.newestAt, now);
		const oldestAt = Math.min(shown.oldestAt, now);
		// What is older was not waited for: history that is sent again is no habit.
		if (this.newestAt > 0 && oldestAt > this.newestAt - MAX_WAIT_MS)
			this.#lateness.add(now - this.#shownAt(oldestAt, now));
		if (newestAt <= this.newestAt) return;
		this.newestAt = newestAt;
		this.#newestShownAt = now;
		const last = this.#shown.at(-1);
		if (last !== undefined && now - last < NOTE_EVERY_MS) return;
		this.#events.push(newestAt);
		this.#shown.push(now);
		let gone = 0;
		while ((this.#shown[gone + 1] ?? now) < now - MAX_WAIT_MS) gone++;
		if (gone < 60) return;
		this.#events.splice(0, gone);
		this.#shown.splice(0, gone);
	}

	/** How long a request may still bring what is older than what the source has shown. ms. */
	get usualLatenessMs(): number {
		if (this.#lateness.count < KNOWN_FROM) return 0;
		const ms = this.#lateness.quantile(LATENESS_QUANTILE) ?? 0;
		return ms <= LEAST_LATENESS_MS ? 0 : ms;
	}

	/** Undefined: not known yet. ms. */
	get usualIntervalMs(): number | undefined {
		return this.#interval.quantile(INTERVAL_QUANTILE);
	}

	/** All events before this are here, as far as its habits tell; 0: it has shown none. */
	completeUntil(now: number): number {
		const latenessMs = this.usualLatenessMs;
		// What it shows is whole, up to the end of the bucket that it is in.
		const wholeUntil = (Math.floor(this.newestAt / BUCKET_MS) + 1) * BUCKET_MS;
		if (this.newestAt === 0) return 0;
		if (latenessMs <= IN_ORDER_MS || now - this.#newestShownAt >= latenessMs) return wholeUntil;
		let k = this.#shown.length - 1;
		while (k >= 0 && (this.#shown[k] as number) > now - latenessMs) k--;
		return k < 0 ? 0 : (this.#events[k] as number);
	}

	/** Whether more of it can be expected soon enough to wait for. */
	isExpected(now: number): boolean {
		const intervalMs = this.usualIntervalMs ?? 0;
		if (intervalMs > MAX_WAIT_MS) return false;
		const waitMs = Math.max(MISSED_INTERVALS * intervalMs, this.usualLatenessMs) + IN_ORDER_MS;
		return now - this.lastAt <= Math.min(MAX_WAIT_MS, waitMs);
	}

	state(now: number): SourceState {
		const { source, requests, firstAt, lastAt, newestAt } = this;
		return {
			source,
			requests,
			firstRequestAt: firstAt,
			lastRequestAt: lastAt,
			newestEventAt: newestAt === 0 ? undefined : newestAt,
			completeUntil: newestAt === 0 ? undefined : Math.min(newestAt, this.completeUntil(now)),
			usualLatenessMs: this.usualLatenessMs,
			usualIntervalMs: this.usualIntervalMs,
		};
	}

	pack(): StoredLag {
		const { source, requests, firstAt, lastAt, newestAt } = this;
		const habits = { interval: this.#interval.pack(), lateness: this.#lateness.pack() };
		return { source, requests, firstAt, lastAt, newestAt, ...habits };
	}

	static unpack(stored: StoredLag): SourceLag {
		const lag = new SourceLag(stored.source);
		lag.requests = stored.requests;
		lag.firstAt = stored.firstAt;
		lag.lastAt = stored.lastAt;
		lag.newestAt = stored.newestAt;
		lag.#newestShownAt = stored.lastAt;
		lag.#events = [stored.newestAt];
		lag.#shown = [stored.lastAt];
		lag.#interval.load(stored.interval);
		lag.#lateness.load(stored.lateness);
		return lag;
	}

	/** When the source first showed an event time that is as large; at the earliest as far back as is known. */
	#shownAt(eventAt: number, now: number): number {
		if (eventAt > this.newestAt) return now;
		let k = this.#events.length;
		while (k > 0 && (this.#events[k - 1] as number) >= eventAt) k--;
		if (k === this.#events.length) return this.#newestShownAt;
		return Math.min(now, this.#shown[k] as number);
	}
}
