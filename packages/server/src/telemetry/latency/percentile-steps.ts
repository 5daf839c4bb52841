import { HOUR_MS } from "../counting/cells.ts";
import { TIERS } from "../history/retention.ts";
import type { TelemetryStore } from "../store/store.ts";
import type { PercentileQuery, PercentileStep } from "../types.ts";
import { unpackSketches } from "./packed-sketches.ts";
import { Sketch } from "./sketch.ts";
import { MINUTE_MS, type SketchCells } from "./sketch-cells.ts";
import { SKETCH_MS, sketchKind } from "./sketch-rows.ts";

/** Of fewer a percentile is an anecdote. */
const LEAST_KNOWN = 10;
/** Standard deviations of a rank: beyond lies about one step in seven hundred, on either side. */
const RANK_DEVIATIONS = 3;
/** Products such as 0.9 × 70 are a little off whole numbers. */
const ROUNDING = 1e-9;

/** What is kept in wider steps (ten minutes, after some days) tells the step that it begins with; hours tell nothing. */
export function readPercentiles(
	store: TelemetryStore,
	waiting: readonly SketchCells[],
	pairId: number,
	{ from, to, stepMs, ratio }: PercentileQuery,
): PercentileStep[] {
	const sketches = new Map<number, Sketch>();
	const add = (at: number, sketch: Sketch): void => {
		if (at < from || at >= to) return;
		const step = Math.floor(at / stepMs) * stepMs;
		const into = sketches.get(step);
		if (into) into.merge(sketch);
		else {
			const first = new Sketch();
			first.merge(sketch);
			sketches.set(step, first);
		}
	};
	for (const tier of ["ten-seconds", "minutes"] as const) {
		const { blockMs } = TIERS[tier];
		const kind = sketchKind(tier);
		const first = Math.max(Math.floor(from / blockMs), store.firstBlock(kind) ?? Number.POSITIVE_INFINITY);
		const last = Math.min(Math.ceil(to / blockMs) - 1, store.lastBlock(kind) ?? 0);
		for (let block = first; block <= last; block++)
			for (const [bucket, sketch] of unpackSketches(store.readRollUp(kind, pairId, block)))
				add(block * blockMs + bucket * SKETCH_MS[tier], sketch);
	}
	for (let hour = Math.floor(from / HOUR_MS); hour * HOUR_MS < to; hour++)
		for (const cells of waiting)
			for (const [minute, sketch] of cells.of(hour, pairId) ?? []) add(minute * MINUTE_MS, sketch);
	return [...sketches].sort(([a], [b]) => a - b).flatMap(([at, sketch]) => stepOf(at, sketch, ratio) ?? []);
}

/**
 * How many of n events lie at or below the true percentile is binomial, so the ranks around n × ratio hold it whatever the
 * shape of the latencies. Undefined: too few are known, so that the percentile would be the slowest one alone.
 */
function stepOf(at: number, sketch: Sketch, ratio: number): PercentileStep | undefined {
	const known = sketch.total;
	const rank = Math.ceil(known * ratio - ROUNDING);
	if (known < LEAST_KNOWN || rank >= known) return undefined;
	// Half a rank for the discreteness.
	const reach = RANK_DEVIATIONS * Math.sqrt(known * ratio * (1 - ratio)) + 0.5;
	const lowest = Math.floor(known * ratio - reach);
	const highest = Math.ceil(known * ratio + reach);
	const ranks = [Math.max(1, lowest), rank, Math.min(known, highest)];
	const [low, value, high] = sketch.ranked(ranks);
	if (!low || !value || !high) return undefined;
	const within = {
		low: lowest < 1 ? Number.NEGATIVE_INFINITY : low.low,
		high: highest > known ? Number.POSITIVE_INFINITY : high.high,
	};
	return { at, value, within };
}
