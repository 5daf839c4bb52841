import type { Slo } from "#catalogue";
import type { UnusedMetric } from "#telemetry";

/** An SLO that nothing was ever counted for: what it waits for, and what came that looks like it. */
export interface UncoveredSlo {
	readonly slo: string;
	readonly displayName: string;
	readonly workload: string;
	/** Names that it selects: metrics, or spans, log records and events. */
	readonly waitsFor: readonly string[];
	/** Closest first, at most three. */
	readonly seenInstead: readonly string[];
}

const SHOWN = 3;

export function uncoveredSlos(
	slos: readonly Pick<Slo, "name" | "displayName" | "workload" | "indicator">[],
	hasData: (slo: string) => boolean,
	unused: readonly UnusedMetric[],
): UncoveredSlo[] {
	return slos
		.filter(({ name }) => !hasData(name))
		.map((slo) => {
			const waitsFor = metricsOf(slo);
			return {
				slo: slo.name,
				displayName: slo.displayName,
				workload: slo.workload,
				waitsFor,
				seenInstead: closest(waitsFor, unused).map(describe),
			};
		});
}

function metricsOf({ indicator }: Pick<Slo, "indicator">): string[] {
	const selectors = indicator.kind === "ratio" ? [indicator.part, indicator.total] : [indicator.metric];
	return [...new Set(selectors.map(({ metric }) => metric))];
}

function closest(wanted: readonly string[], unused: readonly UnusedMetric[]): UnusedMetric[] {
	return unused
		.map((each) => ({ each, score: Math.max(...wanted.map((name) => likeness(name, each.metric))) }))
		.sort((a, b) => b.score - a.score || (a.each.metric < b.each.metric ? -1 : 1))
		.slice(0, SHOWN)
		.map(({ each }) => each);
}

/** 1: the same name; else the share of words that both have, so that `mail_sends_total` is like `mail.sends`. */
export function likeness(a: string, b: string): number {
	if (a === b) return 1;
	const [first, second] = [words(a), words(b)];
	const shared = [...first].filter((word) => second.has(word)).length;
	return (0.99 * shared) / Math.max(1, new Set([...first, ...second]).size);
}

function words(name: string): Set<string> {
	return new Set(
		name
			.replace(/([a-z])([A-Z])/g, "$1 $2")
			.toLowerCase()
			.split(/[^a-z0-9]+/)
			.filter((word) => word !== "" && word !== "total"),
	);
}

function describe({ metric, attributes }: UnusedMetric): string {
	return attributes === undefined ? metric : `${metric} with ${attributes}`;
}
