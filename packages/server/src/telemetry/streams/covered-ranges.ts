/** Kept per delta stream; a sender that leaves gaps everywhere loses the oldest first, and the floor rises. */
export const MAX_RANGES = 64;

/**
 * Time that the points of one delta stream have covered, as half-open ranges (start, end] in whole microseconds, sorted,
 * apart from each other: touching ranges are one. `floor`: nothing at or before it is known any more.
 */
export interface CoveredRanges {
	floor: number;
	/** start, end, start, end … */
	readonly edges: number[];
}

export type Coverage = "new" | "duplicate" | "overlap" | "too_old";

/** Adds (start, end] when it is new. Inside a range: duplicate; partly inside: overlap; before the floor: too old to know. */
export function cover(ranges: CoveredRanges, start: number, end: number): Coverage {
	const { edges } = ranges;
	if (end <= ranges.floor) return "too_old";
	// First range that ends after our start; all before it are to the left.
	let k = edges.length;
	while (k >= 2 && (edges[k - 1] as number) > start) k -= 2;
	const from = edges[k];
	if (from !== undefined && from < end) {
		const to = edges[k + 1] as number;
		return from <= start && end <= to ? "duplicate" : "overlap";
	}
	if (start < ranges.floor) return "overlap";
	const joinsLeft = k >= 2 && edges[k - 1] === start;
	const joinsRight = from === end;
	if (joinsLeft && joinsRight) edges.splice(k - 1, 2);
	else if (joinsLeft) edges[k - 1] = end;
	else if (joinsRight) edges[k] = start;
	else edges.splice(k, 0, start, end);
	if (edges.length > MAX_RANGES * 2) {
		ranges.floor = edges[1] as number;
		edges.splice(0, 2);
	}
	return "new";
}

/** Forgets ranges that ended before `horizon`; points that old are rejected by their age alone. */
export function forget(ranges: CoveredRanges, horizon: number): void {
	let k = 0;
	while (k + 2 < ranges.edges.length && (ranges.edges[k + 1] as number) < horizon) k += 2;
	if (k > 0) {
		ranges.floor = Math.max(ranges.floor, ranges.edges[k - 1] as number);
		ranges.edges.splice(0, k);
	}
}
