import type { LatenciesView, Percentile } from "../api-types.ts";
import type { Line } from "./series.ts";

export interface LatencyLines {
	/** Start of each window, ms. */
	readonly at: readonly number[];
	/** What each percentile is at most, in the order of the ratios. */
	readonly lines: readonly Line[];
	/** What the highest percentile is above. */
	readonly low: Line;
	readonly highest: number | null;
}

/** Percentiles on a time axis. A window without known latencies is a gap, as is one whose percentile has no upper bound. */
export function latencyLines({ windows, percentiles, resolutionMs }: LatenciesView): LatencyLines {
	const known = new Map(windows.filter((window) => window.known > 0).map((window) => [window.at, window.percentiles]));
	const lastOf = percentiles.length - 1;
	if (known.size === 0) return { at: [], lines: percentiles.map(() => []), low: [], highest: null };
	const at: number[] = [];
	const end = Math.max(...known.keys());
	for (let t = Math.min(...known.keys()); t <= end; t += resolutionMs) at.push(t);
	const lines = percentiles.map((_, k) => at.map((t) => known.get(t)?.[k]?.high ?? null));
	const low = at.map((t, i) => (lines[lastOf]?.[i] === null ? null : (known.get(t)?.[lastOf]?.low ?? null)));
	const all = lines.flat().filter((value) => value !== null);
	return { at, lines, low, highest: all.length === 0 ? null : Math.max(...all) };
}

/** `p99`, `p99.9`. */
export function percentileName(ratio: number): string {
	return `p${Number((ratio * 100).toFixed(4))}`;
}

/** Where a percentile lies: `1.02–1.07 s`, `at most 500 ms`, `over 10 s`; undefined: it is not known. */
export function latencyText({ low, high }: Percentile, unit: string | null): string | undefined {
	const of = unit === null ? "" : `\u00a0${unit}`;
	if (low === null && high === null) return undefined;
	if (high === null) return `over ${short(low as number)}${of}`;
	if (low === null || low <= 0) return `at most ${short(high)}${of}`;
	const [from, to] = [short(low), short(high)];
	return from === to ? `${to}${of}` : `${from}–${to}${of}`;
}

function short(value: number): string {
	return Number(value.toPrecision(3)).toLocaleString("en", { maximumSignificantDigits: 3 });
}
