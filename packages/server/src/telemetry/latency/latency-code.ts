import { boundOf, bucketOf, SKETCH_SCALE } from "./sketch.ts";

/** An event without a latency. */
export const UNKNOWN = -1;
const ZERO = 0;
const BELOW_ZERO = 1;
const FIRST = 2;

/** Which interval of the sketch's grid holds an event's latency, as a small number; UNKNOWN when it is no number. */
export function latencyCode(latency: number): number {
	if (!Number.isFinite(latency)) return UNKNOWN;
	if (latency <= 0) return latency === 0 ? ZERO : BELOW_ZERO;
	const bucket = bucketOf(latency);
	return FIRST + (bucket < 0 ? -bucket * 2 - 1 : bucket * 2);
}

export function latencyRange(code: number): readonly [low: number, high: number] {
	if (code === ZERO) return [0, 0];
	if (code === BELOW_ZERO) return [Number.NEGATIVE_INFINITY, 0];
	const number = code - FIRST;
	const bucket = number % 2 === 0 ? number / 2 : -(number + 1) / 2;
	return [boundOf(bucket, SKETCH_SCALE), boundOf(bucket + 1, SKETCH_SCALE)];
}
