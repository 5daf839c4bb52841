import { DAY_MS, parseDuration } from "@bellwether/model";
import { chosenStreams } from "./chosen-streams.ts";
import type { Entry } from "./entries.ts";
import { percentToRatio } from "./explain.ts";
import type { Input } from "./kinds.ts";
import { ANNOTATIONS, SLI_KINDS } from "./kinds-openslo.ts";
import { type Context, displayName } from "./references.ts";
import type { SourceDocument } from "./source.ts";
import type { Indicator, Selector, SliKind, Slo } from "./types.ts";
import { type Path, pathText, show, suggest } from "./wording.ts";

type SliInput = Input<"SLI">["spec"];
type ObjectiveInput = Input<"SLO">["spec"]["objectives"][number];
type MetricInput = NonNullable<SliInput["thresholdMetric"]>;

const DEFAULT_PERIOD_MS = 28 * DAY_MS;
const MAX_PERIOD_DAYS = 90;

/** An indicator whose threshold, if it is one, still waits for the objective's `op` and `value`. */
type HalfIndicator =
	| Exclude<Indicator, { kind: "threshold" }>
	| { readonly kind: "threshold"; readonly metric: Selector };

/** SLOs whose every part is right. Each fault is reported where it stands, shared SLIs once. */
export function assembleSlos(context: Context): Slo[] {
	const shared = new Map<string, HalfIndicator | undefined>();
	for (const entry of context.entries.of("SLI")) {
		shared.set(entry.name, halfIndicator(context, entry.document, ["spec"], entry.input.spec));
	}
	for (const entry of context.entries.of("DataSource"))
		checkType(context, entry.document, ["spec", "type"], entry.input.spec.type);
	return context.entries.of("SLO").flatMap((entry) => assembleSlo(context, entry, shared) ?? []);
}

function assembleSlo(
	context: Context,
	entry: Entry<"SLO">,
	shared: ReadonlyMap<string, HalfIndicator | undefined>,
): Slo | undefined {
	const { spec, metadata } = entry.input;
	context.refer(["Workload", "Service"], spec.service, entry.document, ["spec", "service"]);
	const half = indicatorOf(context, entry, shared);
	const periodMs = period(context, entry);
	const annotations = checkAnnotations(context, entry);
	if (spec.budgetingMethod && spec.budgetingMethod !== "Occurrences") {
		const message = `spec.budgetingMethod ${show(spec.budgetingMethod)} cannot be evaluated yet: counts are kept per event, not per slice.`;
		context.error(entry, ["spec", "budgetingMethod"], message, "Write Occurrences.");
	}
	if (spec.alertPolicies && spec.alertPolicies.length > 0) {
		const remedy = "Write a bellwether/v1 Monitor to say what pages.";
		context.warn(entry, ["spec", "alertPolicies"], "spec.alertPolicies is not used.", remedy, "key");
	}
	const objective = onlyObjective(context, entry);
	const target = objective && targetOf(context, entry, objective);
	const indicator = objective && half && withThreshold(context, entry, objective, half);
	if (target === undefined || indicator === undefined || periodMs === undefined) return undefined;
	return {
		name: entry.name,
		displayName: displayName(entry),
		description: spec.description ?? "",
		workload: spec.service,
		sliKind: annotations.sliKind,
		unit: metadata.annotations?.[ANNOTATIONS.unit] ?? "events",
		indicator,
		objective: target,
		periodMs,
		place: entry.document.place([]),
	};
}

function indicatorOf(
	context: Context,
	entry: Entry<"SLO">,
	shared: ReadonlyMap<string, HalfIndicator | undefined>,
): HalfIndicator | undefined {
	const { indicator, indicatorRef } = entry.input.spec;
	if (indicator && indicatorRef !== undefined) {
		context.error(
			entry,
			["spec", "indicatorRef"],
			"spec has both indicator and indicatorRef.",
			"Keep one of the two.",
			"key",
		);
		return undefined;
	}
	if (indicator) return halfIndicator(context, entry.document, ["spec", "indicator", "spec"], indicator.spec);
	if (indicatorRef === undefined) {
		const composite = entry.input.spec.objectives.some(
			(each) => each.indicator !== undefined || each.indicatorRef !== undefined,
		);
		if (!composite)
			context.error(
				entry,
				["spec"],
				"spec.indicator is missing.",
				"Write indicator, or indicatorRef with the name of an SLI.",
				"key",
			);
		return undefined;
	}
	context.refer(["SLI"], indicatorRef, entry.document, ["spec", "indicatorRef"]);
	return shared.get(indicatorRef);
}

function halfIndicator(
	context: Context,
	document: SourceDocument,
	path: Path,
	spec: SliInput,
): HalfIndicator | undefined {
	const complain = (at: Path, message: string, remedy: string): undefined => {
		context.error({ document }, at, message, remedy, "key");
		return undefined;
	};
	const { ratioMetric, thresholdMetric } = spec;
	if (ratioMetric && thresholdMetric) {
		return complain(
			[...path, "thresholdMetric"],
			`${pathText(path)} has both ratioMetric and thresholdMetric.`,
			"Keep one of the two.",
		);
	}
	if (thresholdMetric) {
		const metric = selector(context, document, [...path, "thresholdMetric"], thresholdMetric);
		if (metric.le === undefined) return { kind: "threshold", metric };
		const at = [...path, "thresholdMetric", "metricSource", "spec", "le"];
		return complain(
			at,
			`${pathText(at)} is for histograms in a ratioMetric.`,
			"Remove it, and compare by op and value of the objective.",
		);
	}
	if (!ratioMetric)
		return complain(
			path,
			`${pathText(path)} has no metric.`,
			"Write ratioMetric with good and total, or thresholdMetric.",
		);
	const at = [...path, "ratioMetric"];
	if (ratioMetric.raw !== undefined || ratioMetric.rawType !== undefined) {
		const which = ratioMetric.raw !== undefined ? "raw" : "rawType";
		const message = `${pathText([...at, which])} cannot be evaluated yet: a ready-made ratio does not say of how many events.`;
		return complain([...at, which], message, "Write good and total.");
	}
	const { good, bad, total } = ratioMetric;
	if (good && bad)
		return complain([...at, "bad"], `${pathText(at)} has both good and bad.`, "Keep one of the two, beside total.");
	if (!good && !bad)
		return complain(at, `${pathText(at)} has neither good nor bad.`, "Write good and total, or bad and total.");
	if (!total)
		return complain(at, `${pathText([...at, "total"])} is missing.`, "Write the metric that counts all events.");
	const numerator = good ? "good" : "bad";
	const part = selector(context, document, [...at, numerator], (good ?? bad) as MetricInput);
	const whole = selector(context, document, [...at, "total"], total);
	if (JSON.stringify(part) === JSON.stringify(whole)) {
		const message = `${pathText([...at, numerator])} selects the same events as total.`;
		return complain([...at, numerator], message, `Say by where (or le) which events are ${numerator}.`);
	}
	return { kind: "ratio", numerator, part, total: whole };
}

function selector(context: Context, document: SourceDocument, path: Path, metric: MetricInput): Selector {
	const source = metric.metricSource;
	const at = [...path, "metricSource"];
	if (source.metricSourceRef !== undefined) {
		context.refer(["DataSource"], source.metricSourceRef, document, [...at, "metricSourceRef"]);
	}
	if (source.type !== undefined) checkType(context, document, [...at, "type"], source.type);
	const { metric: name, where } = chosenStreams(context, document, [...at, "spec"], source.spec);
	return { metric: name, where, ...(source.spec.le === undefined ? {} : { le: source.spec.le }) };
}

function checkType(context: Context, document: SourceDocument, path: Path, type: string): void {
	if (type.toLowerCase() === "otlp") return;
	const remedy = "Write otlp, and send the metric here by OTLP or remote write.";
	context.error({ document }, path, `${pathText(path)} ${show(type)} cannot be read.`, remedy);
}

function onlyObjective(context: Context, entry: Entry<"SLO">): ObjectiveInput | undefined {
	const { objectives } = entry.input.spec;
	const [objective] = objectives;
	if (!objective) {
		context.error(
			entry,
			["spec", "objectives"],
			"spec.objectives is empty.",
			"Write one objective, such as - target: 0.995.",
		);
		return undefined;
	}
	if (objectives.length > 1) {
		const message = `spec.objectives has ${objectives.length} entries; one is evaluated per SLO.`;
		context.error(entry, ["spec", "objectives", 1], message, "Write one SLO per objective.");
		return undefined;
	}
	const at: Path = ["spec", "objectives", 0];
	for (const field of ["indicator", "indicatorRef", "compositeWeight"] as const) {
		if (objective[field] === undefined) continue;
		const message = `${pathText([...at, field])} makes a composite SLO, which cannot be evaluated yet.`;
		context.error(entry, [...at, field], message, "Write one SLO per indicator.", "key");
		return undefined;
	}
	for (const field of ["timeSliceTarget", "timeSliceWindow"] as const) {
		if (objective[field] === undefined) continue;
		const message = `${pathText([...at, field])} cannot be evaluated yet: counts are kept per event, not per slice.`;
		context.error(entry, [...at, field], message, "Remove it, and write budgetingMethod: Occurrences.", "key");
	}
	return objective;
}

function targetOf(context: Context, entry: Entry<"SLO">, objective: ObjectiveInput): number | undefined {
	const at: Path = ["spec", "objectives", 0];
	const { target, targetPercent } = objective;
	if (target !== undefined && targetPercent !== undefined) {
		const remedy = "Keep one of the two.";
		context.error(entry, [...at, "targetPercent"], `${pathText(at)} has both target and targetPercent.`, remedy, "key");
		return undefined;
	}
	if (target !== undefined) return target;
	if (targetPercent === undefined) {
		context.error(entry, at, `${pathText(at)}.target is missing.`, "Write target: 0.995, or targetPercent: 99.5.");
		return undefined;
	}
	if (targetPercent > 0 && targetPercent < 1) {
		const message = `${pathText([...at, "targetPercent"])} ${targetPercent} looks like a ratio.`;
		context.error(
			entry,
			[...at, "targetPercent"],
			message,
			`Write target: ${targetPercent}, or a percentage such as 99.5.`,
		);
		return undefined;
	}
	if (targetPercent > 0 && targetPercent < 100) return percentToRatio(targetPercent);
	const side = targetPercent > 0 ? "below 100" : "above 0";
	const path = [...at, "targetPercent"];
	context.error(entry, path, `${pathText(path)} ${targetPercent} is not ${side}.`, "Write a percentage such as 99.5.");
	return undefined;
}

function withThreshold(
	context: Context,
	entry: Entry<"SLO">,
	objective: ObjectiveInput,
	half: HalfIndicator,
): Indicator | undefined {
	const at: Path = ["spec", "objectives", 0];
	if (half.kind === "ratio") {
		const extra = (["op", "value"] as const).find((field) => objective[field] !== undefined);
		if (!extra) return half;
		const message = `${pathText([...at, extra])} is only for a thresholdMetric.`;
		context.error(entry, [...at, extra], message, "Remove it; a ratioMetric counts good events itself.", "key");
		return undefined;
	}
	const { op, value } = objective;
	if (op !== undefined && value !== undefined) return { kind: "threshold", metric: half.metric, op, value };
	const missing = op === undefined ? "op" : "value";
	const remedy = "A thresholdMetric needs both, such as op: lte and value: 250.";
	context.error(entry, at, `${pathText([...at, missing])} is missing.`, remedy);
	return undefined;
}

function period(context: Context, entry: Entry<"SLO">): number | undefined {
	const windows = entry.input.spec.timeWindow;
	const complain = (path: Path, message: string, remedy: string): undefined => {
		context.error(entry, path, message, remedy);
		return undefined;
	};
	if (!windows) return DEFAULT_PERIOD_MS;
	const at: Path = ["spec", "timeWindow", 0];
	const [window] = windows;
	if (!window || windows.length > 1) {
		return complain(
			["spec", "timeWindow"],
			`spec.timeWindow has ${windows.length} entries, not one.`,
			"Write one window, such as - duration: 28d and isRolling: true.",
		);
	}
	const remedy = "Write duration: 28d and isRolling: true (1d to 90d).";
	if (window.calendar !== undefined || window.isRolling === false) {
		const which = window.calendar !== undefined ? "calendar" : "isRolling";
		const message = `${pathText([...at, which])} asks for a calendar window, which cannot be evaluated yet.`;
		return complain([...at, which], message, remedy);
	}
	const path = [...at, "duration"];
	const shown = `${pathText(path)} ${show(window.duration)}`;
	if (/^\d+[MQY]$/.test(window.duration))
		return complain(path, `${shown} is a calendar period, which cannot be evaluated yet.`, remedy);
	const ms = parseDuration(window.duration);
	if (ms === undefined) return complain(path, `${shown} is not a duration.`, remedy);
	if (ms < DAY_MS || ms > MAX_PERIOD_DAYS * DAY_MS || ms % DAY_MS !== 0) {
		return complain(path, `${shown} is not a whole number of days from 1 to ${MAX_PERIOD_DAYS}.`, remedy);
	}
	return ms;
}

function checkAnnotations(context: Context, entry: Entry<"SLO">): { sliKind: SliKind } {
	const annotations = entry.input.metadata.annotations ?? {};
	const known: readonly string[] = Object.values(ANNOTATIONS);
	for (const key of Object.keys(annotations)) {
		if (!key.startsWith("bellwether.dev/") || known.includes(key)) continue;
		const path = ["metadata", "annotations", key];
		context.error(entry, path, `${pathText(path)} is unknown.`, suggest(key, known, ""), "key");
	}
	const path = (key: string): Path => ["metadata", "annotations", key];
	const perTenant = annotations[ANNOTATIONS.perTenant];
	if (perTenant !== undefined && perTenant !== "true") {
		const message = `${pathText(path(ANNOTATIONS.perTenant))} ${show(perTenant)} is not "true".`;
		context.error(
			entry,
			path(ANNOTATIONS.perTenant),
			message,
			'Every SLO is held for each tenant of its workload; write "true" or remove it.',
		);
	}
	const unit = annotations[ANNOTATIONS.unit];
	if (unit !== undefined && !/^[\p{L}\p{N}][\p{L}\p{N} ./'-]{0,39}$/u.test(unit)) {
		const message = `${pathText(path(ANNOTATIONS.unit))} ${show(unit)} is not a unit.`;
		context.error(entry, path(ANNOTATIONS.unit), message, "Write what one event is, in the plural, such as sign-ins.");
	}
	const sliKind = annotations[ANNOTATIONS.sliKind] ?? "availability";
	if (!(SLI_KINDS as readonly string[]).includes(sliKind)) {
		const message = `${pathText(path(ANNOTATIONS.sliKind))} ${show(sliKind)} is unknown.`;
		context.error(entry, path(ANNOTATIONS.sliKind), message, suggest(sliKind, SLI_KINDS, ""));
	}
	return { sliKind: sliKind as SliKind };
}
