import type { Kind } from "../selection/selection.ts";

/** Instead of its kind, of a stream whose identity another kind has taken. Never stored. */
export const RETIRED = 255;

/**
 * Streams of one identity under several kinds: a program that was started again with another temporality, or with another
 * form of histogram. One of them counts, the others are retired. A retired one takes over with a point that begins where
 * the other has ended: so a change counts on at once, and a sender of both kinds at the same time counts once.
 */
export class StreamKin {
	readonly #families = new Map<number, number[]>();
	/** Of retired ones. */
	readonly #kinds = new Map<number, Kind>();

	/** The stream of this kind with the identity of `slot`. */
	find(slot: number, kind: Kind, kinds: Uint8Array): number | undefined {
		const family = this.#families.get(slot) ?? [slot];
		return family.find((each) => (this.#kinds.get(each) ?? kinds[each]) === kind);
	}

	/** `slot` has the identity of `known`. */
	add(known: number, slot: number): void {
		const family = this.#families.get(known) ?? [known];
		family.push(slot);
		for (const each of family) this.#families.set(each, family);
	}

	retire(slot: number, kinds: Uint8Array): void {
		if (kinds[slot] === RETIRED) return;
		this.#kinds.set(slot, kinds[slot] as Kind);
		kinds[slot] = RETIRED;
	}

	/** A point of a retired stream, `start` in µs: true when it counts from now on. */
	takeOver(slot: number, start: number, kinds: Uint8Array, lastTimes: Float64Array): boolean {
		const family = this.#families.get(slot) ?? [];
		for (const each of family) {
			const last = lastTimes[each] as number;
			if (each !== slot && last > 0 && !(start >= last)) return false;
		}
		for (const each of family) this.retire(each, kinds);
		kinds[slot] = this.#kinds.get(slot) as Kind;
		this.#kinds.delete(slot);
		return true;
	}

	/** Of each identity, the stream with the newest point counts. */
	settle(kinds: Uint8Array, lastTimes: Float64Array): void {
		for (const [slot, family] of this.#families) {
			const newest = family.reduce((a, b) => ((lastTimes[b] as number) >= (lastTimes[a] as number) ? b : a));
			if (slot !== newest) this.retire(slot, kinds);
		}
	}
}
