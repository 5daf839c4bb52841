import { formatSelector } from "../selector.ts";
import type { Indicator, Matcher, Selector, Slo } from "../types.ts";

/** How OpenTelemetry's exporters name attributes for Prometheus: what is no letter, digit or underscore becomes one. */
export function labelName(attribute: string): string {
	const name = attribute.replace(/[^a-zA-Z0-9_]/g, "_");
	return /^[0-9]/.test(name) ? `key_${name}` : name;
}

/** The series that a selector's events are counted in. */
export interface Series {
	readonly selector: Selector;
	/** As an instant selector in PromQL. */
	readonly text: string;
}

/**
 * Series of a selector as Prometheus has them. A name that is one of Prometheus stays; with other characters it is
 * taken for OpenTelemetry's, whose exporters write underscores and end counters in `_total`. A bucket bound means the
 * classic histogram's `_bucket`, and its count beside it `_count`.
 */
export function seriesOf(selector: Selector, isHistogram: boolean, isCounter: boolean): Series {
	const isForeign = !/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(selector.metric);
	const base = isForeign ? selector.metric.replace(/[^a-zA-Z0-9_:]/g, "_").replace(/^([0-9])/, "_$1") : selector.metric;
	const metric = isHistogram ? `${base}${selector.le === undefined ? "_count" : "_bucket"}` : base;
	const needsTotal = isForeign && isCounter && !isHistogram && !/_(total|count|bucket|sum)$/.test(metric);
	const where = selector.where.map((matcher): Matcher => ({ ...matcher, name: labelName(matcher.name) }));
	// Prometheus 3 writes bounds as 1500.0, earlier ones as the program gave them.
	const bound = selector.le === undefined ? [] : [boundMatcher(selector.le)];
	const named = { metric: needsTotal ? `${metric}_total` : metric, where: [...where, ...bound] };
	return { selector: named, text: formatSelector(named) };
}

function boundMatcher(le: number): Matcher {
	const text = String(le);
	return Number.isInteger(le)
		? { name: "le", op: "=", values: [text, `${text}.0`] }
		: { name: "le", op: "=", values: [text] };
}

/** Whether an indicator counts by bucket bounds of a histogram, given by `le` beside the metric. */
export function countsByBound(indicator: Extract<Indicator, { kind: "ratio" }>): boolean {
	return indicator.part.le !== undefined || indicator.total.le !== undefined;
}

/** A text as a string of PromQL. */
export function promqlString(text: string): string {
	return JSON.stringify(text);
}

/** Why an SLO cannot be put in words of counters and gauges; undefined when it can. */
export function whyNotSeries(slo: Slo): string | undefined {
	if (slo.slicing) return `counts its budget by ${slo.slicing.method}`;
	if (slo.indicator.kind === "heartbeat") return "is a heartbeat";
	const selectors = slo.indicator.kind === "ratio" ? [slo.indicator.part, slo.indicator.total] : [slo.indicator.metric];
	const signal = selectors.map((selector) => selector.signal ?? "metric").find((each) => each !== "metric");
	return signal === undefined ? undefined : `counts ${signal}s one by one`;
}
