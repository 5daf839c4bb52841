import { Sketch } from "./sketch.ts";

export const MINUTE_MS = 60_000;
const MINUTES_PER_HOUR = 60;
/** Ids of pairs lie below it, as in the store's keys. */
const PAIR_LIMIT = 4_194_304;
/** Intervals, some 100 bytes each: a fold begins long before. What comes while it cannot keep up is not known. */
const MOST_WAITING = 3_000_000;

/** Sketches by (hour, pair), then minute since the epoch, on their way to the roll-ups. Pairs by their number in the store. */
export class SketchCells {
	readonly #hours = new Map<number, Map<number, Sketch>>();
	/** Intervals in all of them. */
	size = 0;

	/** `at`: ms epoch. */
	at(pair: number, at: number): Sketch {
		const minute = Math.floor(at / MINUTE_MS);
		const key = Math.floor(minute / MINUTES_PER_HOUR) * PAIR_LIMIT + pair;
		let minutes = this.#hours.get(key);
		if (!minutes) {
			minutes = new Map();
			this.#hours.set(key, minutes);
		}
		let sketch = minutes.get(minute);
		if (!sketch) {
			sketch = new Sketch();
			minutes.set(minute, sketch);
		}
		return sketch;
	}

	/** What there is of one hour and pair. */
	of(hour: number, pair: number): ReadonlyMap<number, Sketch> | undefined {
		return this.#hours.get(hour * PAIR_LIMIT + pair);
	}

	/** What there is of one pair. */
	*ofPair(pair: number): Iterable<readonly [minute: number, sketch: Sketch]> {
		for (const [key, minutes] of this.#hours) if (key % PAIR_LIMIT === pair) yield* minutes;
	}

	/** It is in the roll-ups now. */
	remove(hour: number, pair: number): void {
		this.#hours.delete(hour * PAIR_LIMIT + pair);
	}

	clear(): void {
		this.#hours.clear();
		this.size = 0;
	}
}

/** Sketches that wait for the next fold, and those that a fold under way has sealed; the two take turns. */
export class SketchStages {
	readonly #pairIds: readonly number[];
	readonly #mostWaiting: number;
	#unfolded = new SketchCells();
	#sealed = new SketchCells();
	/** While the journal is replayed: what an earlier fold brought to the roll-ups already. */
	isFolded: ((pairId: number, hour: number) => boolean) | undefined;

	/** `pairIds`: numbers in the store of the catalogue's pairs. */
	constructor(pairIds: readonly number[], mostWaiting = MOST_WAITING) {
		this.#pairIds = pairIds;
		this.#mostWaiting = mostWaiting;
	}

	/** Intervals that wait. */
	get size(): number {
		return this.#unfolded.size;
	}

	get waiting(): readonly SketchCells[] {
		return [this.#unfolded, this.#sealed];
	}

	seal(): SketchCells {
		const cells = this.#unfolded;
		this.#unfolded = this.#sealed;
		this.#sealed = cells;
		return cells;
	}

	/** `at`: ms epoch. */
	add(pair: number, at: number, sketch: Sketch): void {
		this.#change(pair, at, (into) => into.merge(sketch));
	}

	/** So many events of one interval. */
	addOne(pair: number, at: number, low: number, high: number, count: number): void {
		this.#change(pair, at, (into) => into.add(low, high, count));
	}

	#change(pair: number, at: number, change: (into: Sketch) => void): void {
		if (this.#unfolded.size >= this.#mostWaiting) return;
		const id = this.#pairIds[pair] as number;
		if (this.isFolded?.(id, Math.floor(at / (MINUTES_PER_HOUR * MINUTE_MS)))) return;
		const into = this.#unfolded.at(id, at);
		const before = into.size;
		change(into);
		this.#unfolded.size += into.size - before;
	}
}
