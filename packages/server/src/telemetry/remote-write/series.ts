import type { DecoderContext } from "../intake/decoder.ts";
import { REASON, verdictReason } from "../intake/reasons.ts";
import { type Attribute, KIND, type Kind, type StreamIdentity } from "../selection/selection.ts";

/** Metadata.MetricType of remote write; 1.0 does not say it with the samples. */
export const SERIES_TYPE = { unknown: 0, gauge: 2, gaugeHistogram: 4, info: 6, stateSet: 7 } as const;

/** Finds or makes the stream of a series whose raw hash was not known, or the verdict on its samples. */
export function resolveSeries(context: DecoderContext, labels: readonly Attribute[], type: number): number {
	const identity = identityOfSeries(labels);
	return keep(context, identity, kindOfSeries(context, identity, type));
}

/** The same for a series of native histograms. */
export function resolveHistogramSeries(context: DecoderContext, labels: readonly Attribute[]): number {
	return keep(context, identityOfSeries(labels), KIND.cumulativeExponential);
}

function keep(context: DecoderContext, identity: StreamIdentity, kind: Kind): number {
	const { lo, hi } = context.hash;
	const code = context.streams.resolve(identity, kind, lo, hi);
	if (code >= 0) context.follow(code);
	return code;
}

export function metricOf(labels: readonly Attribute[]): string {
	return labels.find(([name]) => name === "__name__")?.[1].slice(1) ?? "";
}

function identityOfSeries(labels: readonly Attribute[]): StreamIdentity {
	return {
		metric: metricOf(labels),
		resource: [],
		scopeName: "",
		scopeVersion: "",
		scope: [],
		point: labels.filter(([name]) => name !== "__name__"),
	};
}

/**
 * Where the sender does not say what a series is, the SLO decides: one under a threshold is a gauge, all others are
 * counters. A quantile of a summary is a value, never a count.
 */
function kindOfSeries(context: DecoderContext, identity: StreamIdentity, type: number): Kind {
	const { gauge, gaugeHistogram, info, stateSet, unknown } = SERIES_TYPE;
	if (type === gauge || type === gaugeHistogram || type === info || type === stateSet) return KIND.gauge;
	if (identity.point.some(([name]) => name === "quantile")) return KIND.gauge;
	if (type !== unknown) return KIND.cumulativeSum;
	const roles = context.selection.resolve(identity, KIND.cumulativeSum);
	const isNoCounter = typeof roles === "number" && verdictReason(roles) === REASON.unsupported_type;
	return isNoCounter ? KIND.gauge : KIND.cumulativeSum;
}
