import { keptNames, MAX_KEPT_ATTRIBUTES } from "./attribute-settings.ts";
import { checkMeasured, checkPart } from "./chosen-events.ts";
import { chosenStreams } from "./chosen-streams.ts";
import type { Entry } from "./entries.ts";
import { percentToRatio } from "./explain.ts";
import type { Input } from "./kinds.ts";
import { ANNOTATIONS, SLI_KINDS } from "./kinds-openslo.ts";
import { type Context, displayName } from "./references.ts";
import { goodSide, SLI_KIND } from "./sli-kinds.ts";
import { writtenSlos } from "./slo-names.ts";
import { heartbeatOf, slicingOf } from "./slo-slicing.ts";
import { windowOf } from "./slo-window.ts";
import type { SourceDocument } from "./source.ts";
import type { Indicator, Selector, SliKind, Slo } from "./types.ts";
import { oneOf, type Path, pathText, show, suggest } from "./wording.ts";

type SliInput = Input<"SLI">["spec"];
type ObjectiveInput = Input<"SLO">["spec"]["objectives"][number];
type MetricInput = NonNullable<SliInput["thresholdMetric"]>;

/** An indicator whose threshold, if it is one, still waits for the objective's `op` and `value`. */
type HalfIndicator = Extract<Indicator, { kind: "ratio" }> | { readonly kind: "threshold"; readonly metric: Selector };

/** SLOs whose every part is right. Each fault is reported where it stands, shared SLIs once. */
export function assembleSlos(context: Context): Slo[] {
	const shared = new Map<string, HalfIndicator | undefined>();
	for (const entry of context.entries.of("SLI")) {
		shared.set(entry.name, halfIndicator(context, entry.document, ["spec"], entry.input.spec));
	}
	for (const entry of context.entries.of("DataSource"))
		checkType(context, entry.document, ["spec", "type"], entry.input.spec.type);
	for (const entry of context.entries.of("SLI")) refuseAnnotations(context, entry.document, ["metadata"], entry.input);
	const names = namesOfObjectives(context);
	return context.entries.of("SLO").flatMap((entry) => assembleSlo(context, entry, shared, names.get(entry) ?? []));
}

/** Names of the SLOs that each document makes; two alike are told. */
function namesOfObjectives(context: Context): Map<Entry<"SLO">, string[]> {
	const names = new Map<Entry<"SLO">, string[]>();
	const claimed = new Set(context.entries.of("SLO").map((entry) => entry.name));
	for (const { name, entry, index } of writtenSlos(context.entries)) {
		names.set(entry, [...(names.get(entry) ?? []), name]);
		if (index === 0) continue;
		const path: Path = ["spec", "objectives", index];
		const remedy = "Give the objective another displayName.";
		if (claimed.has(name))
			context.error(entry, path, `${pathText(path)} makes an SLO ${show(name)}, and there is one already.`, remedy);
		else if (name.length > 63)
			context.error(entry, path, `${pathText(path)} makes an SLO ${show(name)}, longer than 63 characters.`, remedy);
		claimed.add(name);
	}
	return names;
}

/** One SLO for each objective that is right. */
function assembleSlo(
	context: Context,
	entry: Entry<"SLO">,
	shared: ReadonlyMap<string, HalfIndicator | undefined>,
	names: readonly string[],
): Slo[] {
	const { spec, metadata } = entry.input;
	context.refer(["Workload", "Service"], spec.service, entry.document, ["spec", "service"]);
	if (spec.indicator) refuseAnnotations(context, entry.document, ["spec", "indicator", "metadata"], spec.indicator);
	const half = indicatorOf(context, entry, shared);
	const window = windowOf(context, entry);
	const annotations = checkAnnotations(context, entry);
	const heartbeat = heartbeatOf(context, entry);
	if (spec.alertPolicies && spec.alertPolicies.length > 0) {
		const remedy = "Write a bellwether/v1 Monitor to say what pages.";
		context.warn(entry, ["spec", "alertPolicies"], "spec.alertPolicies is not used.", remedy, "key");
	}
	if (spec.objectives.length === 0) {
		const remedy = "Write one objective, such as - target: 0.995.";
		context.error(entry, ["spec", "objectives"], "spec.objectives is empty.", remedy);
	}
	return spec.objectives.flatMap((objective, index) => {
		if (refuseComposite(context, entry, objective, index)) return [];
		const target = targetOf(context, entry, objective, index);
		const field = objective.target === undefined ? "targetPercent" : "target";
		context.note(`SLO/${names[index]}/objective`, entry.document, ["spec", "objectives", index, field]);
		const slicing = slicingOf(context, entry, objective, index);
		const indicator = half && completeIndicator(context, entry, objective, index, half, heartbeat);
		if (target === undefined || !slicing || !indicator || !window) return [];
		const valueUnit = metadata.annotations?.[ANNOTATIONS.valueUnit];
		return {
			name: names[index] as string,
			displayName: index === 0 ? displayName(entry) : `${displayName(entry)}, ${objective.displayName ?? index + 1}`,
			description: spec.description ?? "",
			workload: spec.service,
			sliKind: checkForm(context, entry, annotations.sliKind, indicator, index),
			unit: metadata.annotations?.[ANNOTATIONS.unit] ?? (indicator.kind === "heartbeat" ? "heartbeats" : "events"),
			indicator,
			objective: target,
			...window,
			...(slicing === "none" ? {} : { slicing }),
			...(annotations.keep === undefined ? {} : { keep: annotations.keep }),
			...(valueUnit === undefined ? {} : { valueUnit }),
			place: entry.document.place([]),
		};
	});
}

/** A kind that cannot have the form, or a threshold on whose good side such an SLI is bad, would be told in wrong words. */
function checkForm(
	context: Context,
	entry: Entry<"SLO">,
	sliKind: SliKind,
	indicator: Indicator,
	index: number,
): SliKind {
	const kind = SLI_KIND[sliKind] as (typeof SLI_KIND)[SliKind] | undefined;
	// An unknown kind was told already.
	if (!kind) return sliKind;
	const path: Path = ["metadata", "annotations", ANNOTATIONS.sliKind];
	const fitting = SLI_KINDS.filter((each) => SLI_KIND[each].forms.includes(indicator.kind));
	if (!kind.forms.includes(indicator.kind)) {
		const message = `${pathText(path)} ${show(sliKind)} cannot be a ${indicator.kind}.`;
		context.error(entry, path, message, `Write ${oneOf(fitting)}.`);
	} else if (indicator.kind === "threshold" && kind.good !== "either" && goodSide(indicator.op) !== kind.good) {
		const at: Path = ["spec", "objectives", index, "op"];
		const ops = kind.good === "low" ? ["lt", "lte"] : ["gt", "gte"];
		const message = `${pathText(at)} ${show(indicator.op)} would call ${kind.good === "low" ? "high" : "low"} values of ${sliKind} good.`;
		context.error(entry, at, message, `Write ${oneOf(ops)}, or another ${ANNOTATIONS.sliKind}.`);
	}
	return sliKind;
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
		checkMeasured(context, document, [...path, "thresholdMetric"], metric);
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
		const message = `${pathText([...at, which])} cannot be evaluated: a ready-made ratio does not say of how many events.`;
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
	checkPart(context, document, [...at, numerator], part, whole);
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
	const chosen = chosenStreams(context, document, [...at, "spec"], source.spec);
	return { ...chosen, ...(source.spec.le === undefined ? {} : { le: source.spec.le }) };
}

function checkType(context: Context, document: SourceDocument, path: Path, type: string): void {
	if (type.toLowerCase() === "otlp") return;
	const remedy = "Write otlp, and send the metric here by OTLP or remote write.";
	context.error({ document }, path, `${pathText(path)} ${show(type)} cannot be read.`, remedy);
}

function refuseComposite(context: Context, entry: Entry<"SLO">, objective: ObjectiveInput, index: number): boolean {
	const field = (["indicator", "indicatorRef", "compositeWeight"] as const).find(
		(each) => objective[each] !== undefined,
	);
	if (!field) return false;
	const path: Path = ["spec", "objectives", index, field];
	const message = `${pathText(path)} makes a composite SLO, which cannot be evaluated yet.`;
	context.error(entry, path, message, "Write one SLO per indicator.", "key");
	return true;
}

function targetOf(context: Context, entry: Entry<"SLO">, objective: ObjectiveInput, index: number): number | undefined {
	const at: Path = ["spec", "objectives", index];
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

function completeIndicator(
	context: Context,
	entry: Entry<"SLO">,
	objective: ObjectiveInput,
	index: number,
	half: HalfIndicator,
	heartbeat: { readonly everyMs: number; readonly effectiveAt?: number } | undefined,
): Indicator | undefined {
	const at: Path = ["spec", "objectives", index];
	const { op, value } = objective;
	const isHeartbeat = entry.input.metadata.annotations?.[ANNOTATIONS.heartbeat] !== undefined;
	if (half.kind === "ratio") {
		if (isHeartbeat) {
			const path: Path = ["metadata", "annotations", ANNOTATIONS.heartbeat];
			const remedy = "Write a thresholdMetric, whose metric is the heartbeat.";
			context.error(entry, path, `${pathText(path)} needs a thresholdMetric, not a ratioMetric.`, remedy, "key");
			return undefined;
		}
		for (const extra of ["op", "value"] as const) {
			if (objective[extra] === undefined) continue;
			const message = `${pathText([...at, extra])} has no effect: a ratioMetric counts good events itself.`;
			context.warn(entry, [...at, extra], message, "Remove it.", "key");
		}
		return half;
	}
	if (isHeartbeat) {
		if (!heartbeat) return undefined;
		const atLeast = value ?? 1;
		if ((op === undefined || op === "gte") && Number.isInteger(atLeast) && atLeast >= 1)
			return { kind: "heartbeat", metric: half.metric, atLeast, ...heartbeat };
		const wrong = op !== undefined && op !== "gte" ? "op" : "value";
		const message = `${pathText([...at, wrong])} ${show(objective[wrong])} does not say how many heartbeats an interval needs.`;
		context.error(entry, [...at, wrong], message, "Write op: gte and value: 1, or more, or leave both out.");
		return undefined;
	}
	if (op !== undefined && value !== undefined) return { kind: "threshold", metric: half.metric, op, value };
	const missing = op === undefined ? "op" : "value";
	const remedy = "A thresholdMetric needs both, such as op: lte and value: 250.";
	context.error(entry, at, `${pathText([...at, missing])} is missing.`, remedy);
	return undefined;
}

/** An SLI may be shared; what its events are called and how they are judged is said by each SLO. */
function refuseAnnotations(
	context: Context,
	document: SourceDocument,
	path: Path,
	{
		metadata,
	}: { readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> | undefined } | undefined },
): void {
	for (const key of Object.keys(metadata?.annotations ?? {})) {
		if (!key.startsWith("bellwether.dev/")) continue;
		const at = [...path, "annotations", key];
		const remedy = "Write it in the metadata of the SLO.";
		context.error({ document }, at, `${pathText(at)} has no effect on an SLI.`, remedy, "key");
	}
}

function checkAnnotations(
	context: Context,
	entry: Entry<"SLO">,
): { readonly sliKind: SliKind; readonly keep: readonly string[] | undefined } {
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
	const valueUnit = annotations[ANNOTATIONS.valueUnit];
	if (valueUnit !== undefined && !/^[\p{L}%°][\p{L}\p{N}%°/ ]{0,19}$/u.test(valueUnit)) {
		const message = `${pathText(path(ANNOTATIONS.valueUnit))} ${show(valueUnit)} is not a unit of a value.`;
		context.error(entry, path(ANNOTATIONS.valueUnit), message, "Write s, ms, min, h, d, % or another short unit.");
	}
	const sliKind = annotations[ANNOTATIONS.sliKind] ?? "availability";
	if (!(SLI_KINDS as readonly string[]).includes(sliKind)) {
		const message = `${pathText(path(ANNOTATIONS.sliKind))} ${show(sliKind)} is unknown.`;
		context.error(entry, path(ANNOTATIONS.sliKind), message, suggest(sliKind, SLI_KINDS, ""));
	}
	const written = annotations[ANNOTATIONS.keep];
	const keep = written === undefined ? undefined : keptNames(written);
	if (written !== undefined && !keep) {
		const message = `${pathText(path(ANNOTATIONS.keep))} ${show(written)} is not a list of attributes.`;
		const remedy = `Write up to ${MAX_KEPT_ATTRIBUTES} names with commas between them, such as cloud.region,service.version, or none.`;
		context.error(entry, path(ANNOTATIONS.keep), message, remedy);
	}
	return { sliKind: sliKind as SliKind, keep };
}
