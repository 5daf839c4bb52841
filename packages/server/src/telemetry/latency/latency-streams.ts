import { ByteReader, ByteWriter } from "../core/bytes.ts";
import { advanced, type BucketCounts, BucketReader, BucketWriter, difference, sketchOf } from "./buckets.ts";
import type { Sketch } from "./sketch.ts";

/** What a record of the journal says of a point's buckets. Order is part of the store's format. */
const SAYS = {
	/** They are what came since the point before. */
	change: 0,
	/** They are a base line: what came until now is not known. */
	base: 1,
	/** All that they hold came now, and the next point's are counted from here. */
	whole: 2,
	/** All that they hold came now; nothing of them need be remembered. */
	delta: 3,
} as const;

/** Buckets in memory, 16 bytes each: streams beyond them are without latencies. */
const MAX_HELD = 8_000_000;

interface State {
	readonly buckets: BucketCounts;
	/** Time of the point that gave them, µs. */
	readonly time: number;
}

/** How a point's good and total were counted, which its latencies follow. */
export type PointMode = "delta" | "base" | "whole" | "change";

/**
 * The last buckets of each cumulative histogram whose latencies are kept, and what a new point adds to them. A point whose
 * buckets cannot be compared with those before (other bounds, one that fell without a reset) is a base line: its events
 * count, their latency is unknown.
 */
export class LatencyStreams {
	readonly #states = new Map<number, State>();
	readonly #mostHeld: number;
	#held = 0;
	readonly #writer = new BucketWriter();
	readonly #reader = new BucketReader();

	/** `mostHeld`: buckets of all streams together. */
	constructor(mostHeld = MAX_HELD) {
		this.#mostHeld = mostHeld;
	}

	/** Starts a row, to be written or read. */
	beginRow(): void {
		this.#writer.begin();
		this.#reader.begin();
	}

	/**
	 * Takes a point of stream `id`, writes to the journal's record what it brings, and returns that; undefined: its latencies
	 * are not known. `previousTime`: of the stream's last point that counted.
	 */
	take(
		out: ByteWriter,
		id: number,
		buckets: BucketCounts,
		point: { readonly mode: PointMode; readonly time: number; readonly previousTime: number },
	): Sketch | undefined {
		const { mode, time, previousTime } = point;
		const before = this.#states.get(id);
		if (mode === "change" && before?.time === previousTime) {
			const found = difference(buckets, before.buckets);
			if (found) {
				this.#hold(id, before, found.later, time);
				this.#write(out, SAYS.change, found.change);
				return sketchOf(found.change);
			}
		}
		if (mode !== "delta") this.#hold(id, before, buckets, time);
		const isCounted = mode === "delta" || mode === "whole";
		this.#write(out, isCounted ? SAYS[mode] : SAYS.base, buckets);
		return isCounted ? sketchOf(buckets) : undefined;
	}

	#hold(id: number, before: State | undefined, buckets: BucketCounts, time: number): void {
		const held = this.#held + buckets.indices.length - (before?.buckets.indices.length ?? 0);
		if (held <= this.#mostHeld) {
			this.#held = held;
			this.#states.set(id, { buckets, time });
		} else if (before) {
			this.#held -= before.buckets.indices.length;
			this.#states.delete(id);
		}
	}

	#write(out: ByteWriter, says: number, buckets: BucketCounts): void {
		out.byte(says);
		this.#writer.write(out, buckets);
	}

	/** The same from a record of the journal. */
	replay(row: ByteReader, id: number, time: number): Sketch | undefined {
		const says = row.byte();
		const buckets = this.#reader.read(row);
		if (says === SAYS.delta) return sketchOf(buckets);
		const before = this.#states.get(id);
		if (says !== SAYS.change) {
			this.#hold(id, before, buckets, time);
			return says === SAYS.whole ? sketchOf(buckets) : undefined;
		}
		if (before) this.#hold(id, before, advanced(before.buckets, buckets), time);
		return sketchOf(buckets);
	}

	/** States as they stand: they are replaced, never changed. */
	snapshot(): ReadonlyMap<number, State> {
		return new Map(this.#states);
	}

	load(packed: Uint8Array, isKnown: (id: number) => boolean): void {
		const from = new ByteReader(packed);
		const reader = new BucketReader();
		let id = 0;
		while (!from.atEnd) {
			id += from.varint();
			const time = from.varint();
			const buckets = reader.read(from);
			if (isKnown(id)) this.#hold(id, this.#states.get(id), buckets, time);
		}
	}
}

/** States of the streams with from ≤ id < to as bytes; undefined: none of them has any. */
export function packStates(states: ReadonlyMap<number, State>, from: number, to: number): Uint8Array | undefined {
	if (states.size === 0) return undefined;
	const out = new ByteWriter();
	const writer = new BucketWriter();
	let previous = 0;
	for (let id = from; id < to; id++) {
		const state = states.get(id);
		if (!state) continue;
		out.varint(id - previous);
		out.varint(state.time);
		writer.write(out, state.buckets);
		previous = id;
	}
	return previous === 0 ? undefined : out.take();
}
