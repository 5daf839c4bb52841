import type { CellState } from "../api-types.ts";

/** A row as its place depends on it. */
export interface Placed {
	readonly name: string;
	readonly worst: CellState;
}

/** The rows as they stand on screen. The first `attention` of them stand above "… need no action". */
export interface Shown {
	readonly order: readonly string[];
	readonly attention: number;
	readonly breached: ReadonlySet<string>;
}

export function needsAction(state: CellState): boolean {
	return state === "breach" || state === "at-risk" || state === "no-data";
}

/** The rows in the order of the server, which is the order that the page would like to have. */
export function arrange(rows: readonly Placed[]): Shown {
	return {
		order: rows.map((row) => row.name),
		attention: rows.filter((row) => needsAction(row.worst)).length,
		breached: breachedOf(rows),
	};
}

/**
 * What to show when `rows` arrive. While a pointer or the focus is in the grid (`isHeld`), rows keep their places,
 * except that a new breach enters at once, above the rows that are not in breach; new tenants join at the end, gone
 * ones leave. `waiting` counts the rows whose place would change if `arrange` were applied.
 */
export function place(
	shown: Shown,
	rows: readonly Placed[],
	isHeld: boolean,
): { readonly shown: Shown; readonly waiting: number } {
	const wanted = arrange(rows);
	if (!isHeld || shown.order.length === 0) return { shown: wanted, waiting: 0 };
	const present = new Set(wanted.order);
	const known = new Set(shown.order);
	const entering = wanted.order.filter((name) => wanted.breached.has(name) && !shown.breached.has(name));
	const isEntering = new Set(entering);
	const stay = (name: string) => present.has(name) && !isEntering.has(name);
	const above = shown.order.slice(0, shown.attention).filter(stay);
	const below = shown.order.slice(shown.attention).filter(stay);
	const joining = wanted.order.filter((name) => !known.has(name) && !isEntering.has(name));
	const firstCalm = above.findIndex((name) => !wanted.breached.has(name));
	const at = firstCalm === -1 ? above.length : firstCalm;
	const next: Shown = {
		order: [...above.slice(0, at), ...entering, ...above.slice(at), ...below, ...joining],
		attention: above.length + entering.length,
		breached: wanted.breached,
	};
	return { shown: next, waiting: movedCount(next, wanted) };
}

/** Rows that would have to move: all but the longest run of rows that already stand in the wanted order and part. */
function movedCount(shown: Shown, wanted: Shown): number {
	const rank = new Map(wanted.order.map((name, i) => [name, i]));
	const part = (s: Shown) => new Set(s.order.slice(0, s.attention));
	const [isAbove, wantsAbove] = [part(shown), part(wanted)];
	const changesPart = (name: string) => isAbove.has(name) !== wantsAbove.has(name);
	const ranks = shown.order.filter((name) => !changesPart(name)).map((name) => rank.get(name) ?? 0);
	return shown.order.length - longestRise(ranks);
}

/** Length of the longest increasing subsequence (patience sorting). */
function longestRise(numbers: readonly number[]): number {
	const tails: number[] = [];
	for (const n of numbers) {
		let low = 0;
		let high = tails.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if ((tails[middle] ?? 0) < n) low = middle + 1;
			else high = middle;
		}
		tails[low] = n;
	}
	return tails.length;
}

function breachedOf(rows: readonly Placed[]): ReadonlySet<string> {
	return new Set(rows.filter((row) => row.worst === "breach").map((row) => row.name));
}
