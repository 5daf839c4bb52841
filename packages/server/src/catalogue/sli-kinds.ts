import { describeDuration } from "@bellwether/model";
import type { Indicator, Slo } from "./types.ts";

export type Form = Indicator["kind"];
type Direction = "low" | "high" | "either";

/**
 * What a kind of SLI is: which forms it can have, on which side of a threshold good values are, and its words. Detection
 * takes its judgements from the form and the direction; every sentence about an SLI takes its words from here.
 */
interface SliKindDefinition {
	readonly forms: readonly Form[];
	/** Good values of a threshold lie below it (`low`) or above it (`high`). */
	readonly good: Direction;
	/** What goes wrong, as the end of "Woodgrove Bank: policy creation …". */
	readonly failure: string;
	/** What good events do, as the verb of "94.1% of policy creations by Woodgrove Bank …". */
	readonly success: string;
	/** Bad events, after their noun: "sign-ins that …". */
	readonly badEvents: string;
	/** What customers are told that bad events do: "Most sign-ins …". */
	readonly impact: string;
	/** A bad value of a threshold, after its noun and before the bound: "data older than 15 min". */
	readonly badValue: Readonly<Record<"low" | "high", string>>;
}

export const SLI_KIND: Readonly<Record<Slo["sliKind"], SliKindDefinition>> = {
	availability: {
		forms: ["ratio", "threshold", "heartbeat"],
		good: "high",
		failure: "fails",
		impact: "fail",
		success: "succeed",
		badEvents: "that fail",
		badValue: { high: "below", low: "above" },
	},
	latency: {
		forms: ["ratio", "threshold"],
		good: "low",
		failure: "is slow",
		impact: "take longer than usual",
		success: "are fast enough",
		badEvents: "that are slow",
		badValue: { low: "slower than", high: "below" },
	},
	freshness: {
		forms: ["ratio", "threshold", "heartbeat"],
		good: "low",
		failure: "is late",
		impact: "are late",
		success: "are fresh",
		badEvents: "that are late",
		badValue: { low: "older than", high: "below" },
	},
	throughput: {
		forms: ["ratio", "threshold", "heartbeat"],
		good: "high",
		failure: "is below its volume",
		impact: "are not processed at their usual rate",
		success: "reach their volume",
		badEvents: "below their volume",
		badValue: { high: "below", low: "above" },
	},
	correctness: {
		forms: ["ratio", "threshold"],
		good: "either",
		failure: "gives wrong results",
		impact: "give wrong results",
		success: "are correct",
		badEvents: "with wrong results",
		badValue: { low: "above", high: "below" },
	},
	saturation: {
		forms: ["ratio", "threshold"],
		good: "low",
		failure: "is near its limit",
		impact: "run close to their limit",
		success: "stay below the limit",
		badEvents: "near their limit",
		badValue: { low: "above", high: "below" },
	},
};

/** On which side of the bound good values are. */
export function goodSide(op: "lt" | "lte" | "gt" | "gte"): "low" | "high" {
	return op === "lt" || op === "lte" ? "low" : "high";
}

/** "Woodgrove Bank: policy creation …": what goes wrong, by kind and form. */
export function failureWords(slo: Pick<Slo, "sliKind" | "indicator" | "unit">): string {
	if (slo.indicator.kind === "heartbeat")
		return slo.indicator.atLeast > 1 ? `sends too few ${slo.unit}` : `sends no ${slo.unit}`;
	return SLI_KIND[slo.sliKind].failure;
}

/**
 * What counts as bad, as a noun: "sign-ins that fail", "data older than 15 min", "no heartbeat for 10 min",
 * "5 min slices with less than 95% good sign-ins".
 */
export function badWords(slo: Pick<Slo, "sliKind" | "indicator" | "unit" | "slicing" | "valueUnit">): string {
	const { indicator, slicing, unit } = slo;
	const kind = SLI_KIND[slo.sliKind];
	if (indicator.kind === "heartbeat") {
		const every = describeDuration(indicator.everyMs);
		return indicator.atLeast > 1 ? `fewer than ${indicator.atLeast} ${unit} in ${every}` : `no ${unit} for ${every}`;
	}
	const events =
		indicator.kind === "ratio"
			? `${unit} ${kind.badEvents}`
			: `${unit} ${kind.badValue[goodSide(indicator.op)]} ${describeValue(indicator.value, slo.valueUnit)}`;
	if (!slicing) return events;
	const slices = `${describeDuration(slicing.sliceMs)} slices`;
	if (slicing.method === "ratio-timeslices") return `${events}, by ${slices}`;
	if (slicing.target === 1) return `${slices} with ${events}`;
	return `${slices} with more than ${percent(1 - slicing.target)} of ${events}`;
}

/**
 * After the percentage, in "94.1% of sign-ins by Woodgrove Bank succeed": what is counted, and what the good ones do.
 * `tenant` is the name for people; undefined: all tenants.
 */
export function goodWords(
	slo: Pick<Slo, "sliKind" | "indicator" | "unit" | "slicing">,
	tenant: string | undefined,
): string {
	const { indicator, slicing, unit } = slo;
	const events = `${unit} ${tenant === undefined ? "of all tenants" : `by ${tenant}`}`;
	const success = SLI_KIND[slo.sliKind].success;
	if (indicator.kind === "heartbeat") {
		const what = indicator.atLeast > 1 ? `${indicator.atLeast} or more ${unit}` : unit;
		const from = tenant === undefined ? "any tenant" : tenant;
		return `of ${describeDuration(indicator.everyMs)} intervals have ${what} from ${from}`;
	}
	if (slicing?.method === "timeslices") return `of ${describeDuration(slicing.sliceMs)} slices are good for ${events}`;
	if (slicing) return `of ${events} ${success} in the mean of ${describeDuration(slicing.sliceMs)} slices`;
	return `of ${events} ${success}`;
}

/** What customers are told, in their own words: what they cannot do, in how much of their own traffic. */
export function impactWords(slo: Pick<Slo, "sliKind" | "indicator" | "unit">, share: "all" | "most" | "some"): string {
	const { indicator, sliKind, unit } = slo;
	if (indicator.kind === "heartbeat")
		return share === "all" && indicator.atLeast === 1
			? `No ${unit} arrive at the moment.`
			: `Some ${unit} do not arrive.`;
	// "All sign-ins fail" could be read as "not all succeed".
	if (sliKind === "availability" && share === "all") return `No ${unit} succeed at the moment.`;
	return `${share.charAt(0).toUpperCase()}${share.slice(1)} ${unit} ${SLI_KIND[sliKind].impact}.`;
}

/** Whether the budget is counted in slices of time instead of events. */
export function isSliced({ indicator, slicing }: Pick<Slo, "indicator" | "slicing">): boolean {
	return slicing !== undefined || indicator.kind === "heartbeat";
}

/** What one event of the budget is, plural: its own unit, or the slices that it is counted in. */
export function budgetUnit(slo: Pick<Slo, "indicator" | "unit" | "slicing">): string {
	if (slo.indicator.kind === "heartbeat") return `intervals of ${describeDuration(slo.indicator.everyMs)}`;
	return slo.slicing ? `slices of ${describeDuration(slo.slicing.sliceMs)}` : slo.unit;
}

const VALUE_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 };

/** A bound with its unit: 900 s is 15 min, 250 ms stays, 0.9 without a unit is 0.9. */
export function describeValue(value: number, unit: string | undefined): string {
	const scale = unit === undefined ? undefined : VALUE_MS[unit];
	if (scale !== undefined && value * scale >= 1_000 && Number.isInteger((value * scale) / 1_000))
		return describeDuration(value * scale);
	if (unit === undefined) return String(value);
	return unit === "%" ? `${value}%` : `${value} ${unit}`;
}

function percent(ratio: number): string {
	return `${Number((ratio * 100).toPrecision(10))}%`;
}
