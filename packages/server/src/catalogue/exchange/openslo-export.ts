import { isDeepStrictEqual } from "node:util";
import { DAY_MS, formatDuration, MINUTE_MS } from "@bellwether/model";
import { stringify } from "yaml";
import { localTimeOf } from "../calendar-period.ts";
import { ANNOTATIONS } from "../kinds-openslo.ts";
import { formatSelector, parseSelector } from "../selector.ts";
import type { CalendarPeriod, CatalogueFile, Finding, Matcher, Selector, Slo } from "../types.ts";
import { show } from "../wording.ts";
import type { Exporter } from "./types.ts";

/** The catalogue's SLOs and workloads as OpenSLO v1 documents: what OpenSLO has no field for stands in annotations. */
export const exportOpenSlo: Exporter = (catalogue) => {
	const used = new Set(catalogue.slos.map((slo) => slo.workload));
	const services = catalogue.workloads.filter((workload) => used.has(workload.name));
	const files = [...services.map(serviceFile), ...catalogue.slos.map(sloFile)];
	const findings = catalogue.slos.flatMap((slo) => faultOf(slo) ?? []);
	return { files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)), findings };
};

export function serviceFile({ name, displayName }: { name: string; displayName: string }): CatalogueFile {
	const metadata = { name, ...(displayName === name ? {} : { displayName }) };
	// Sorted before the SLOs, whose names cannot begin with an underscore.
	return { path: `slos/${name}/_service.yaml`, text: text({ apiVersion: "openslo/v1", kind: "Service", metadata }) };
}

/** One objective: what was one document with several objectives is written as several. */
export function sloFile(slo: Slo): CatalogueFile {
	const { name, displayName, description, workload, indicator } = slo;
	const document = {
		apiVersion: "openslo/v1",
		kind: "SLO",
		metadata: {
			name,
			...(displayName === name ? {} : { displayName }),
			annotations: annotationsOf(slo),
		},
		spec: {
			...(description === "" ? {} : { description }),
			service: workload,
			indicator: { metadata: { name }, spec: indicatorOf(slo) },
			timeWindow: [windowOf(slo)],
			budgetingMethod: methodOf(slo),
			objectives: [
				{
					...(indicator.kind === "threshold" ? { op: indicator.op, value: indicator.value } : {}),
					...(indicator.kind === "heartbeat" ? { op: "gte", value: indicator.atLeast } : {}),
					target: slo.objective,
					...sliceTerms(slo),
				},
			],
		},
	};
	return { path: `slos/${workload}/${name}.yaml`, text: text(document) };
}

function text(document: object): string {
	return stringify(document, { lineWidth: 0 });
}

function annotationsOf({ sliKind, unit, valueUnit, keep, indicator }: Slo): Record<string, string> {
	const annotations: Record<string, string> = {
		[ANNOTATIONS.perTenant]: "true",
		[ANNOTATIONS.sliKind]: sliKind,
		[ANNOTATIONS.unit]: unit,
	};
	if (valueUnit !== undefined) annotations[ANNOTATIONS.valueUnit] = valueUnit;
	if (keep) annotations[ANNOTATIONS.keep] = keep.length === 0 ? "none" : keep.join(",");
	if (indicator.kind === "heartbeat") {
		annotations[ANNOTATIONS.heartbeat] = formatDuration(indicator.everyMs);
		if (indicator.effectiveAt !== undefined)
			annotations[ANNOTATIONS.effectiveFrom] = new Date(indicator.effectiveAt).toISOString().replace(/\.\d+Z$/, "Z");
	}
	return annotations;
}

function indicatorOf({ indicator }: Slo): object {
	if (indicator.kind !== "ratio") return { thresholdMetric: metricOf(indicator.metric) };
	const { numerator, part, total } = indicator;
	return { ratioMetric: { counter: true, [numerator]: metricOf(part), total: metricOf(total) } };
}

function metricOf(selector: Selector): object {
	return { metricSource: { type: "otlp", spec: selectorFields(selector) } };
}

function selectorFields(selector: Selector): object {
	const le = selector.le === undefined ? {} : { le: selector.le };
	if (!isByAttributes(selector.where)) {
		const signal = selector.signal === undefined ? {} : { signal: selector.signal };
		return { selector: formatSelector(selector), ...signal, ...le };
	}
	const where = Object.fromEntries(selector.where.map(({ name, values }) => [name, values]));
	const hasWhere = selector.where.length > 0;
	return { [selector.signal ?? "metric"]: selector.metric, ...(hasWhere ? { where } : {}), ...le };
}

/** Conditions that attributes and their values can say, in the order in which they are read again. */
function isByAttributes(where: readonly Matcher[]): boolean {
	const names = where.map((matcher) => matcher.name);
	const isSet = (values: readonly string[]) => isDeepStrictEqual([...values], [...new Set(values)].toSorted());
	return (
		isSet(names) &&
		// JavaScript orders keys that look like numbers before all others.
		names.every((name) => !/^\d+$/.test(name) && name !== "__proto__") &&
		where.every(({ op, values }) => op === "=" && values.length > 0 && !values.includes("") && isSet(values))
	);
}

/** A selector that no document can say as it is: with several values under another condition than "=". */
function faultOf(slo: Slo): Finding | undefined {
	const { indicator } = slo;
	const selectors = indicator.kind === "ratio" ? [indicator.part, indicator.total] : [indicator.metric];
	const lossy = selectors.find((selector) => {
		if (isByAttributes(selector.where)) return false;
		const reading = parseSelector(formatSelector(selector));
		return reading.status !== "ok" || !isDeepStrictEqual(reading.selector.where, selector.where);
	});
	if (!lossy) return undefined;
	const message = `SLO ${show(slo.name)}: the conditions on ${show(lossy.metric)} are written as patterns that mean the same.`;
	return { ...slo.place, level: "warning", message, remedy: "Nothing is lost but the way in which they were written." };
}

const LETTER = { day: "d", week: "w", month: "M", quarter: "Q", year: "Y" } as const;

function windowOf({ periodMs, calendar }: Slo): object {
	if (!calendar) return { duration: `${periodMs / DAY_MS}d`, isRolling: true };
	return { duration: durationOf(calendar), calendar: startOf(calendar), isRolling: false };
}

function durationOf({ unit, count }: CalendarPeriod): string {
	return `${count}${LETTER[unit]}`;
}

function startOf({ startsAt, timeZone }: CalendarPeriod): object {
	return { startTime: localTimeOf(startsAt, timeZone), timeZone };
}

function methodOf({ slicing }: Slo): string {
	if (!slicing) return "Occurrences";
	return slicing.method === "timeslices" ? "Timeslices" : "RatioTimeslices";
}

function sliceTerms({ slicing }: Slo): object {
	if (!slicing) return {};
	const timeSliceWindow = `${slicing.sliceMs / MINUTE_MS}m`;
	return slicing.method === "timeslices" ? { timeSliceTarget: slicing.target, timeSliceWindow } : { timeSliceWindow };
}
