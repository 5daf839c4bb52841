import type { SpreadView, WindowsView } from "../api-types.ts";

/** A value for each instant; null: unknown. */
export type Line = readonly (number | null)[];

export interface Series {
	/** Start of each window, ms. */
	readonly at: readonly number[];
	readonly lines: readonly Line[];
	readonly lowest: number | null;
}

/** Several views on one time axis, as ratios. A window without events is a gap, never 0 or 1. */
export function seriesOf(views: readonly WindowsView[], resolutionMs: number): Series {
	const maps = views.map(
		(view) => new Map(view.windows.filter((w) => w.total > 0).map((w) => [w.at, w.good / w.total])),
	);
	const known = maps.flatMap((map) => [...map.keys()]);
	if (known.length === 0) return { at: [], lines: views.map(() => []), lowest: null };
	const at: number[] = [];
	const last = Math.max(...known);
	for (let t = Math.min(...known); t <= last; t += resolutionMs) at.push(t);
	const lines = maps.map((map) => at.map((t) => map.get(t) ?? null));
	return { at, lines, lowest: Math.min(...maps.flatMap((map) => [...map.values()])) };
}

/** The spread over key tenants on the time axis of a series. Instants without any are unknown. */
export function bandOf(steps: SpreadView["steps"], at: readonly number[]): { readonly low: Line; readonly high: Line } {
	const known = new Map(steps.map((step) => [step.at, step]));
	return { low: at.map((t) => known.get(t)?.p5 ?? null), high: at.map((t) => known.get(t)?.p95 ?? null) };
}

/** Places of values that have a gap on both sides: no line shows them. */
export function isolated(line: Line): number[] {
	return line.flatMap((value, i) =>
		value !== null && (line[i - 1] ?? null) === null && (line[i + 1] ?? null) === null ? [i] : [],
	);
}

/** Where the axis begins: just below the lowest value and below the objective, on a round number of the budget's size. */
export function axisFloor(lowest: number | null, objective: number): number {
	const budget = 1 - objective;
	const wanted = Math.min(lowest ?? objective, objective - budget);
	const depth = 1 - wanted;
	const step = 10 ** Math.floor(Math.log10(depth)) / 2;
	return Math.max(0, 1 - Math.ceil((depth * 1.02) / step) * step);
}
