import type { Cells } from "../counting/cells.ts";
import type { SourceState } from "../types.ts";
import { type Shown, SourceLag, type StoredLag } from "./source-lag.ts";
import type { Stage } from "./stage.ts";

/** Sources that pairs remember by a bit; what more there are are not waited for. */
const MAX_WAITED = 31;
/** A source that fed a pair within this time or twice as long ago still feeds it. */
const FEEDS_KEPT_MS = 10 * 60_000;
const MAX_SOURCES = 256;
/** A source that is gone must not take the place of another for ever. */
const FORGOTTEN_AFTER_MS = 7 * 86_400_000;
const SAMPLED = 32;

/** How far the counts of each pair are complete: what is known of each source, and which sources feed which pair. */
export class SourceLags {
	readonly #lags: SourceLag[] = [];
	readonly #bySource = new Map<string, number>();
	/** By pair, a bit per source: of this span of time and of the one before. */
	#feeds: Uint32Array;
	#fedBefore: Uint32Array;
	#turnAt = 0;
	readonly #times = new Float64Array(SAMPLED);

	constructor(pairCount: number) {
		this.#feeds = new Uint32Array(pairCount);
		this.#fedBefore = new Uint32Array(pairCount);
	}

	/** What a request showed, by some of its points: they mostly have a few times in common. */
	shownBy({ count, codes, times }: Pick<Stage, "count" | "codes" | "times">): Shown | undefined {
		const step = Math.max(1, Math.floor(count / SAMPLED));
		let found = 0;
		for (let k = count - 1; k >= 0 && found < SAMPLED; k -= step)
			if ((codes[k] as number) >= 0 && (times[k] as number) > 0) this.#times[found++] = (times[k] as number) / 1000;
		if (found === 0) return undefined;
		const sorted = this.#times.subarray(0, found).sort();
		return { newestAt: sorted[found - 1] as number, oldestAt: sorted[Math.floor(found / 10)] as number };
	}

	/** A request of the source came; it made the entries of `cells` from `from` on. */
	observe(source: string, shown: Shown | undefined, now: number, cells: Cells, from: number): void {
		let index = this.#bySource.get(source);
		if (index === undefined) {
			if (this.#lags.length >= MAX_SOURCES) return;
			index = this.#add(new SourceLag(source));
		}
		this.#lags[index]?.observe(shown, now);
		if (index >= MAX_WAITED) return;
		if (now - this.#turnAt >= FEEDS_KEPT_MS || now < this.#turnAt) this.#turn(now);
		const bit = 1 << index;
		for (let k = from; k < cells.count; k++) {
			const pair = cells.pairs[k] as number;
			this.#feeds[pair] = (this.#feeds[pair] as number) | bit;
		}
	}

	/** Counts of the pair before this event time rest on all sources that feed it, as far as these can be waited for. */
	completeUntil(pair: number, now: number): number {
		const feeds = (this.#feeds[pair] as number) | (this.#fedBefore[pair] as number);
		let until = Number.POSITIVE_INFINITY;
		for (const [index, lag] of this.#lags.entries()) {
			if (index >= MAX_WAITED) break;
			if ((feeds & (1 << index)) !== 0 && lag.isExpected(now)) until = Math.min(until, lag.completeUntil(now));
		}
		return until;
	}

	states(now: number): SourceState[] {
		return this.#lags.map((lag) => lag.state(now));
	}

	pack(): string {
		return JSON.stringify(this.#lags.map((lag) => lag.pack()));
	}

	/** Which sources feed which pair is learnt anew: it depends on the catalogue. */
	load(packed: string, now: number): void {
		for (const stored of JSON.parse(packed) as StoredLag[])
			if (now - stored.lastAt < FORGOTTEN_AFTER_MS) this.#add(SourceLag.unpack(stored));
	}

	#add(lag: SourceLag): number {
		this.#bySource.set(lag.source, this.#lags.length);
		return this.#lags.push(lag) - 1;
	}

	#turn(now: number): void {
		const before = this.#fedBefore.fill(0);
		this.#fedBefore = this.#feeds;
		this.#feeds = before;
		this.#turnAt = now;
	}
}
