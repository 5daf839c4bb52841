import { HOUR_MS } from "../counting/cells.ts";
import { TIERS } from "../history/retention.ts";
import type { FoldWriter, RollUp, SketchKind } from "../store/store.ts";
import { packSketches, unpackSketches } from "./packed-sketches.ts";
import { Sketch } from "./sketch.ts";
import { MINUTE_MS } from "./sketch-cells.ts";

/**
 * Width of a sketch in each tier; blocks are those of the counts. A sketch takes about ten times as much room as its count,
 * so it is one step coarser than a count of the same age.
 */
export const SKETCH_MS: Readonly<Record<RollUp, number>> = {
	"ten-seconds": MINUTE_MS,
	minutes: 10 * MINUTE_MS,
	"ten-minutes": HOUR_MS,
	hours: HOUR_MS,
};

export function sketchKind(tier: RollUp): SketchKind {
	return `latency-${tier}`;
}

/** Told of what a tier holds more or less. */
export type CountRows = (tier: RollUp, rows: number, bytes: number) => void;

/** Adds sketches that begin at `at` (ms epoch), all within one block, to their row. */
export function addSketches(
	writer: FoldWriter,
	tier: RollUp,
	pair: number,
	sketches: Iterable<readonly [at: number, sketch: Sketch]>,
	count: CountRows,
): void {
	const { blockMs } = TIERS[tier];
	const kind = sketchKind(tier);
	let block: number | undefined;
	let before: Uint8Array | undefined;
	let row = new Map<number, Sketch>();
	for (const [at, sketch] of sketches) {
		if (block === undefined) {
			block = Math.floor(at / blockMs);
			before = writer.readRollUp(kind, pair, block);
			row = unpackSketches(before);
		}
		const bucket = Math.floor((at - block * blockMs) / SKETCH_MS[tier]);
		const into = row.get(bucket) ?? new Sketch();
		into.merge(sketch);
		row.set(bucket, into);
	}
	if (block === undefined) return;
	const packed = packSketches(row);
	writer.writeRollUp(kind, pair, block, packed);
	count(tier, before ? 0 : 1, packed.length - (before?.length ?? 0));
}

/** Moves rows of the blocks in [from, to) to the next tier; undefined: they go. */
export function moveSketches(
	writer: FoldWriter,
	tier: RollUp,
	next: RollUp | undefined,
	place: { readonly pair: number; readonly from: number; readonly to: number },
	count: CountRows,
): void {
	const { pair, from, to } = place;
	const kind = sketchKind(tier);
	const { blockMs } = TIERS[tier];
	const moved: [number, Sketch][] = [];
	for (let block = from / blockMs; block < to / blockMs; block++) {
		const packed = writer.readRollUp(kind, pair, block);
		if (!packed) continue;
		if (next !== undefined)
			for (const [bucket, sketch] of unpackSketches(packed))
				moved.push([block * blockMs + bucket * SKETCH_MS[tier], sketch]);
		writer.removeRollUp(kind, pair, block);
		count(tier, -1, -packed.length);
	}
	if (next !== undefined) addSketches(writer, next, pair, moved, count);
}
