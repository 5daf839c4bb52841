import type { Indicator, Matcher, Selector, Slo } from "#catalogue";
import { keepsLatency, matcherTest } from "#catalogue";

export { keepsLatency };

export type ThresholdOp = (Indicator & { kind: "threshold" })["op"];

/** How an SLO counts what one of its selectors selects. */
export interface Use {
	readonly slo: number;
	readonly workload: string;
	readonly selector: Selector;
	readonly where: readonly { readonly name: string; readonly test: (value: string) => boolean }[];
	/** Of one event; `threshold` instead for gauges. */
	readonly bad: number;
	readonly total: number;
	readonly threshold: { readonly op: ThresholdOp; readonly value: number } | undefined;
	/** The latencies of what it selects are kept. */
	readonly keepsLatency: boolean;
	/** The stream counts events of at most this latency, and nothing else: a bucket of a classic histogram. */
	readonly bucket?: number | undefined;
}

export function meetsThreshold(value: number, op: ThresholdOp, limit: number): boolean {
	if (op === "lt") return value < limit;
	if (op === "lte") return value <= limit;
	if (op === "gt") return value > limit;
	return value >= limit;
}

/** A store may hold a selection from before conditions had operators: attribute → values. */
function matchersOf(where: Selector["where"] | Readonly<Record<string, readonly string[]>>): readonly Matcher[] {
	if (Array.isArray(where)) return where;
	return Object.entries(where).map(([name, values]) => ({ name, op: "=", values }));
}

/** What an SLO counts; `index` is its place in the catalogue. */
export function usesOf(slo: Slo, index: number): Use[] {
	const { indicator } = slo;
	const keeps = keepsLatency(slo);
	const use = (selector: Selector, bad: number, total: number, threshold: Use["threshold"] = undefined): Use => ({
		slo: index,
		workload: slo.workload,
		selector,
		where: matchersOf(selector.where).map((matcher) => ({ name: matcher.name, test: matcherTest(matcher) })),
		bad,
		total,
		threshold,
		keepsLatency: keeps && total !== 0,
	});
	if (indicator.kind === "threshold")
		return [use(indicator.metric, 0, 0, { op: indicator.op, value: indicator.value })];
	// Whatever comes is a sign of life: an event of a counter, a value of a gauge.
	if (indicator.kind === "heartbeat")
		return [use(indicator.metric, 0, 1), use(indicator.metric, 0, 0, { op: "gte", value: Number.NEGATIVE_INFINITY })];
	// bad = total − good: what the total brings as bad, the good takes away again.
	if (indicator.numerator === "good") return [use(indicator.part, -1, 0), use(indicator.total, 1, 1)];
	return [use(indicator.part, 1, 0), use(indicator.total, 0, 1)];
}

/** Of its latencies; null: as its source says, which is as `le` is written. Undefined: none are kept. */
export function latencyUnit(slo: Slo): string | null | undefined {
	if (!keepsLatency(slo)) return undefined;
	const { indicator } = slo;
	const { signal } = indicator.kind === "ratio" ? indicator.total : indicator.metric;
	return signal === "span" ? "ms" : (slo.valueUnit ?? null);
}
