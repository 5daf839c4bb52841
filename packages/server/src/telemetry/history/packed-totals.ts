import { unpackSketches } from "../latency/packed-sketches.ts";
import { SKETCH_MS } from "../latency/sketch-rows.ts";
import type { RollUp } from "../store/store.ts";
import { FIELDS, unpackBuckets } from "./packed.ts";
import { TIERS } from "./retention.ts";

/** Width of a tier's buckets and of the block that is one row. */
export const TIER_SPANS = TIERS;

/** What a stored roll-up says, bucket by bucket. Throws when it is no roll-up. */
export function* packedTotals(
	kind: RollUp,
	block: number,
	packed: Uint8Array,
): Iterable<{ readonly at: number; readonly bad: number; readonly total: number }> {
	const { bucketMs, blockMs } = TIERS[kind];
	const buckets = new Float64Array((blockMs / bucketMs) * FIELDS);
	unpackBuckets(packed, buckets);
	for (let k = 0; k * FIELDS < buckets.length; k++) {
		const bad = buckets[k * FIELDS] as number;
		const total = buckets[k * FIELDS + 1] as number;
		if (bad !== 0 || total !== 0) yield { at: block * blockMs + k * bucketMs, bad, total };
	}
}

/** Events with a known latency that a stored row of sketches holds, without those of classic histograms, whose buckets come one by one. Throws when it is no such row. */
export function* packedLatencies(
	tier: RollUp,
	block: number,
	packed: Uint8Array,
): Iterable<{ readonly at: number; readonly count: number }> {
	for (const [bucket, sketch] of unpackSketches(packed))
		yield { at: block * TIERS[tier].blockMs + bucket * SKETCH_MS[tier], count: sketch.totalOfIntervals };
}
