import { DAY_MS, describeDuration } from "@bellwether/model";
import { describeValue, goodSide, SLI_KIND } from "./sli-kinds.ts";
import type { CalendarPeriod, Selector, Slo } from "./types.ts";

type Promised = Pick<
	Slo,
	"sliKind" | "indicator" | "unit" | "slicing" | "valueUnit" | "objective" | "periodMs" | "calendar"
>;

/** What is promised to every tenant: "Of the sign-ins of a tenant, 99.9% succeed, over any 28 days." */
export function promiseWords(slo: Promised): string {
	return `${promisedShare(slo)}, ${periodWords(slo)}.`;
}

function promisedShare({ indicator, slicing, sliKind, unit, valueUnit, objective }: Promised): string {
	const kind = SLI_KIND[sliKind];
	const share = percent(objective);
	if (indicator.kind === "heartbeat") {
		const what = indicator.atLeast > 1 ? `${indicator.atLeast} or more ${unit}` : unit;
		return `Of the ${describeDuration(indicator.everyMs)} intervals of a tenant, ${share} have ${what}`;
	}
	const bound =
		indicator.kind === "threshold"
			? ` (${kind.badValue[goodSide(indicator.op)]} ${describeValue(indicator.value, valueUnit)} is bad)`
			: "";
	if (slicing?.method === "timeslices") {
		const slice = describeDuration(slicing.sliceMs);
		const good = `${percent(slicing.target)} or more of the ${unit} ${kind.success}${bound}`;
		return `Of the ${slice} slices of a tenant, ${share} are good: ${good}`;
	}
	const mean = slicing ? ` in the mean of ${describeDuration(slicing.sliceMs)} slices` : "";
	return `Of the ${unit} of a tenant, ${share} ${kind.success}${bound}${mean}`;
}

/** "over any 28 days", or "in each calendar month (Europe/Berlin)". */
function periodWords({ periodMs, calendar }: Pick<Slo, "periodMs" | "calendar">): string {
	if (calendar) return `in each ${calendarWords(calendar)}`;
	const days = periodMs / DAY_MS;
	return `over any ${Number.isInteger(days) && days > 1 ? `${days} days` : describeDuration(periodMs)}`;
}

function calendarWords({ unit, count, timeZone }: CalendarPeriod): string {
	const length = count === 1 ? `calendar ${unit}` : `${count} calendar ${unit}s`;
	return `${length} (${timeZone})`;
}

/** What is counted, in plain words: one line for each role that streams or events have in the SLI. */
export function definitionWords({ indicator, valueUnit }: Pick<Slo, "indicator" | "valueUnit">): {
	readonly role: "good" | "bad" | "total" | "value" | "heartbeat";
	readonly text: string;
}[] {
	if (indicator.kind === "ratio")
		return [
			{ role: indicator.numerator, text: selectorWords(indicator.part) },
			{ role: "total", text: selectorWords(indicator.total) },
		];
	if (indicator.kind === "heartbeat") return [{ role: "heartbeat", text: selectorWords(indicator.metric) }];
	const side = { lt: "<", lte: "≤", gt: ">", gte: "≥" }[indicator.op];
	const good = `good: ${side} ${describeValue(indicator.value, valueUnit)}`;
	return [{ role: "value", text: `${selectorWords(indicator.metric)}, ${good}` }];
}

function selectorWords({ metric, where, le, signal }: Selector): string {
	const name = signal === undefined || signal === "metric" ? metric : `${signal} ${metric}`;
	const conditions = where.map((each) => `${each.name} ${SIGNS[each.op]} ${each.values.map(shown).join(" or ")}`);
	const bucket = le === undefined ? [] : [`value ≤ ${le}`];
	const all = [...conditions, ...bucket];
	return all.length === 0 ? name : `${name} where ${all.join(" and ")}`;
}

const SIGNS = { "=": "=", "!=": "≠", "=~": "fits", "!~": "does not fit" } as const;

function shown(value: string): string {
	return value === "" ? '""' : value;
}

function percent(ratio: number): string {
	return `${Number((ratio * 100).toPrecision(10))}%`;
}
