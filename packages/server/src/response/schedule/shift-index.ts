import type { FixedShift } from "#catalogue";

/** Shifts ready to be asked often: thousands of them, as an imported calendar has, cost a binary search. */
export interface ShiftIndex<T extends FixedShift> {
	/** Those that hold at an instant, by their beginning. */
	at(instant: number): T[];
	/** The next instant after this one at which one begins or ends; +∞ when there is none. */
	nextEdge(instant: number): number;
}

export function indexShifts<T extends FixedShift>(shifts: readonly T[]): ShiftIndex<T> {
	const byStart = shifts.toSorted((a, b) => a.from - b.from);
	/** The latest end of all that begin no later: beyond it there is nothing to look for. */
	const latestEnd: number[] = [];
	for (const { to } of byStart) latestEnd.push(Math.max(to, latestEnd.at(-1) ?? Number.NEGATIVE_INFINITY));
	const edges = [...new Set(shifts.flatMap(({ from, to }) => [from, to]))].toSorted((a, b) => a - b);
	const starts = byStart.map(({ from }) => from);
	return {
		at(instant) {
			const found: T[] = [];
			for (let k = after(starts, instant) - 1; k >= 0 && (latestEnd[k] as number) > instant; k--) {
				const shift = byStart[k] as T;
				if (shift.to > instant) found.push(shift);
			}
			return found.reverse();
		},
		nextEdge: (instant) => edges[after(edges, instant)] ?? Number.POSITIVE_INFINITY,
	};
}

/** Index of the first value greater than this one. */
function after(values: readonly number[], value: number): number {
	let low = 0;
	let high = values.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if ((values[middle] as number) <= value) low = middle + 1;
		else high = middle;
	}
	return low;
}
