import { TIER_NAMES, TIERS } from "../history/retention.ts";
import type { TelemetryStore } from "../store/store.ts";
import type { Latencies, LatenciesQuery, LatencyFigures, WindowBucket } from "../types.ts";
import { unpackSketches } from "./packed-sketches.ts";
import { Sketch } from "./sketch.ts";
import { MINUTE_MS, type SketchCells } from "./sketch-cells.ts";
import { SKETCH_MS, sketchKind } from "./sketch-rows.ts";

/**
 * Percentiles of one pair, from the store and the sketches that are not folded yet. What is kept only in wider steps than
 * are asked for is left out, as are windows without events. `windows`: those of the same query.
 */
export function readLatencies(
	store: TelemetryStore,
	waiting: readonly SketchCells[],
	pairId: number,
	query: LatenciesQuery,
	windows: readonly WindowBucket[],
): Latencies {
	const { from, to, resolutionMs, ratios } = query;
	const sketches = new Map<number, Sketch>();
	const add = (at: number, sketch: Sketch): void => {
		const window = Math.floor(at / resolutionMs) * resolutionMs;
		if (window < from || window >= to) return;
		const into = sketches.get(window) ?? new Sketch();
		sketches.set(window, into);
		into.merge(sketch);
	};
	for (const tier of TIER_NAMES) {
		if (resolutionMs % SKETCH_MS[tier] !== 0) continue;
		const { blockMs } = TIERS[tier];
		const kind = sketchKind(tier);
		const first = Math.max(Math.floor(from / blockMs), store.firstBlock(kind) ?? Number.POSITIVE_INFINITY);
		const last = Math.min(Math.floor((to + resolutionMs) / blockMs), store.lastBlock(kind) ?? 0);
		for (let block = first; block <= last; block++)
			for (const [bucket, sketch] of unpackSketches(store.readRollUp(kind, pairId, block)))
				add(block * blockMs + bucket * SKETCH_MS[tier], sketch);
	}
	for (const cells of waiting) for (const [minute, sketch] of cells.ofPair(pairId)) add(minute * MINUTE_MS, sketch);
	const whole = new Sketch();
	let total = 0;
	const steps = windows.map((window) => {
		const sketch = sketches.get(window.at) ?? new Sketch();
		whole.merge(sketch);
		total += window.total;
		return { at: window.at, ...figuresOf(sketch, window.total, ratios) };
	});
	return { ratios, ...figuresOf(whole, total, ratios), windows: steps };
}

function figuresOf(sketch: Sketch, total: number, ratios: readonly number[]): LatencyFigures {
	// Buckets of a classic histogram may come a scrape before its count.
	const known = Math.min(sketch.total, total);
	return { known, total, percentiles: ratios.map((ratio) => sketch.percentile(ratio)) };
}
