import type { LatencyBounds, PercentileStep } from "#telemetry";
import { explainSeries } from "./series/explain.ts";
import type { SampleContext, SeriesVerdict } from "./series/types.ts";
import type { PairMonitor } from "./types.ts";

export type SeasonalMonitorTerms = NonNullable<PairMonitor["seasonal"]>;

/** What a step says; `value` undefined: nothing. */
export interface Sample {
	readonly value: number | undefined;
	readonly context?: Pick<SampleContext, "events" | "within">;
	/** Of a percentile: the bounds that its source knows. */
	readonly bounds?: LatencyBounds;
}

export const SAYS_NOTHING: Sample = { value: undefined };

/** A step without events says nothing of a ratio; of the number it is 0 while others of the SLO have some. */
export function countsSample(
	measure: "events" | "bad-ratio",
	{ bad, total }: { readonly bad: number; readonly total: number },
	others: number,
): Sample {
	if (measure === "events") return total > 0 || others > 0 ? { value: total } : SAYS_NOTHING;
	return total > 0 ? { value: Math.max(0, bad) / total, context: { events: total } } : SAYS_NOTHING;
}

/**
 * A percentile is known by the bucket that it lies in. What is learned is the side of the bucket that a claim would have to
 * pass, so that within a bucket nothing moves, and going to the next one alone is no deviation.
 */
export function latencySample({ direction }: SeasonalMonitorTerms, step: PercentileStep | undefined): Sample {
	if (!step) return SAYS_NOTHING;
	const { value: bounds, within } = step;
	const { low, high } = bounds;
	const isUp = direction === "up";
	const value = isUp === Number.isFinite(isUp ? high : low) ? high : low;
	return { value, bounds, context: { within } };
}

/** Few latencies that may be usual ones are no sign that it is over: the estimate itself has to be inside what is expected. */
export function isInside({ direction }: SeasonalMonitorTerms, { expected }: SeriesVerdict, sample: Sample): boolean {
	const { value, bounds } = sample;
	if (!bounds || !expected || value === undefined) return true;
	return direction === "up" ? value <= expected.high : value >= expected.low;
}

export function seasonalWords(terms: SeasonalMonitorTerms, verdict: SeriesVerdict, { value, bounds }: Sample): string {
	if (bounds && terms.latency) {
		const { of, unit } = terms.latency;
		return `p${terms.percentile} of ${of} in five minutes: ${explainSeries(verdict, bounds, unit)}.`;
	}
	const seen = value ?? 0;
	if (terms.measure === "events") return `Events in five minutes: ${explainSeries(verdict, seen, "")}.`;
	const { expected } = verdict;
	const inPercent = expected && {
		value: expected.value * 100,
		low: Math.max(0, expected.low * 100),
		high: expected.high * 100,
	};
	return `Share of bad events: ${explainSeries({ ...verdict, expected: inPercent }, seen * 100, "%")}.`;
}
