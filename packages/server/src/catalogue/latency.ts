import type { Slo } from "./types.ts";

/**
 * An SLO whose good or bad events are told by a bound on a histogram or a duration: latencies of all its events are kept,
 * as its total selects them. Values of gauges are no latencies of events.
 */
export function keepsLatency({ indicator, sliKind }: Slo): boolean {
	if (indicator.kind === "ratio") return indicator.part.le !== undefined && indicator.total.le === undefined;
	const isOfEvents = indicator.kind === "threshold" && (indicator.metric.signal ?? "metric") !== "metric";
	return isOfEvents && sliKind === "latency";
}
