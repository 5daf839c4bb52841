/** Numbers of events, each 0 or more, in the narrowest memory that holds them all. */
export type Counts = Uint8Array | Uint16Array | Int32Array;

/** Where nothing is counted. */
export const NO_COUNTS: Counts = new Uint8Array(0);

export const createCounts = (length: number): Counts => new Uint8Array(length);

/** `counts` with so many more events at `slot`: the same memory, or a wider copy where they do not fit. */
export function withMore(counts: Counts, slot: number, events: number): Counts {
	const sum = (counts[slot] as number) + events;
	if (counts instanceof Int32Array || (sum >= 0 && sum <= (counts instanceof Uint8Array ? 0xff : 0xffff))) {
		counts[slot] = sum;
		return counts;
	}
	const wider = sum >= 0 && sum <= 0xffff ? Uint16Array.from(counts) : Int32Array.from(counts);
	wider[slot] = sum;
	return wider;
}
