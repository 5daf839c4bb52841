import { parseDuration } from "@bellwether/model";
import { Findings } from "../finding.ts";
import { parseSelector } from "../selector.ts";
import { readSource, type SourceDocument } from "../source.ts";
import type { Selector } from "../types.ts";
import { type Path, pathText, show } from "../wording.ts";
import { type DraftIndicator, filesOf, type SloDraft } from "./draft.ts";
import { Refusal } from "./promql.ts";
import { asList, asRecord, asText, FoundFault, objectivePercent, promqlAt, strings, warnUnknown } from "./reader.ts";
import { sliKindOf } from "./sli-kind.ts";
import type { Importer } from "./types.ts";

type Fields = Readonly<Record<string, unknown>>;

const INDICATORS = ["ratio", "latency", "latencyNative", "bool_gauge"] as const;

/** Pyrra's `ServiceLevelObjective` objects. Each is taken whole or refused. */
export const importPyrra: Importer = (files, options) => {
	const findings = new Findings();
	const drafts: SloDraft[] = [];
	let objects = 0;
	for (const document of files.flatMap((file) => readSource(file, findings))) {
		objects += 1;
		try {
			drafts.push(draftOf(document, findings, options.workload));
		} catch (error) {
			if (!(error instanceof FoundFault)) throw error;
			findings.error(error.place, error.message, error.remedy);
		}
	}
	const result = filesOf(drafts, findings, options);
	return { ...result, refused: objects - result.taken };
};

function draftOf(document: SourceDocument, findings: Findings, workload: string | undefined): SloDraft {
	const root = asRecord(document.value);
	const fault = (at: Path, message: string, remedy: string) => new FoundFault(document.place(at), message, remedy);
	if (!String(root?.apiVersion).startsWith("pyrra.dev/") || root?.kind !== "ServiceLevelObjective")
		throw fault([], "This is no ServiceLevelObjective of Pyrra.", "Give objects of pyrra.dev/v1alpha1.");
	const metadata = asRecord(root.metadata);
	const spec = asRecord(root.spec) ?? {};
	const name = asText(metadata?.name);
	if (!name) throw fault(["metadata", "name"], "metadata.name is missing.", "Write the name.");
	warnUnknown(document, ["spec"], spec, ["target", "window", "description", "indicator", "alerting"], findings);
	const window = asText(spec.window);
	const periodMs = window === undefined ? undefined : parseDuration(window);
	if (periodMs === undefined)
		throw fault(["spec", "window"], `spec.window ${show(spec.window)} is not a duration.`, "Write 28d or 4w.");
	const indicator = indicatorOf(document, asRecord(spec.indicator) ?? {}, findings);
	warnAlerting(document, name, asRecord(spec.alerting), findings);
	const labels = strings(metadata?.labels);
	return {
		name,
		workload: labels["pyrra.dev/service"] ?? labels.service ?? workload ?? asText(metadata?.namespace) ?? name,
		owner: labels["pyrra.dev/owner"] ?? labels["pyrra.dev/team"] ?? labels.owner ?? labels.team,
		description: asText(spec.description),
		sliKind: sliKindOf(indicator),
		indicator,
		objective: objectivePercent(document, ["spec", "target"], spec.target),
		periodMs,
		labels,
		place: document.place(["metadata", "name"]),
	};
}

function indicatorOf(document: SourceDocument, indicator: Fields, findings: Findings): DraftIndicator {
	const path: Path = ["spec", "indicator"];
	const written = Object.keys(indicator).filter((key) => indicator[key] !== null);
	const kinds = INDICATORS.filter((kind) => written.includes(kind));
	const [kind] = kinds;
	if (!kind || kinds.length > 1) {
		const message =
			kinds.length > 1 ? `${pathText(path)} has ${kinds.join(" and ")}.` : `${pathText(path)} has no known indicator.`;
		const other = written.find((key) => !INDICATORS.some((known) => known === key));
		const at = other === undefined ? path : [...path, other];
		throw new FoundFault(document.place(at, "key"), message, `Write one of ${INDICATORS.join(", ")}.`);
	}
	const fields = asRecord(indicator[kind]) ?? {};
	const at: Path = [...path, kind];
	if (asList(fields.grouping).length > 0) {
		const message = `Pyrra alerts on each ${asList(fields.grouping).map(String).join(", ")}; here windows are kept by key tenant.`;
		findings.warn(document.place([...at, "grouping"], "key"), message, "Name the label in match of the key tenants.");
	}
	const selector = (...steps: string[]): Selector => selectorAt(document, [...at, ...steps, "metric"]);
	if (kind === "ratio") return { kind: "ratio", numerator: "bad", part: selector("errors"), total: selector("total") };
	if (kind === "latency") {
		const part = selector("success");
		if (!part.where.some((matcher) => matcher.name === "le")) {
			const message = "The success metric names no bucket, so every event would be good.";
			throw new FoundFault(document.place([...at, "success", "metric"]), message, 'Write le="0.5" or another bound.');
		}
		return { kind: "ratio", numerator: "good", part, total: selector("total") };
	}
	if (kind === "bool_gauge") return { kind: "gauge", metric: selector(), value: 1 };
	const ms = parseDuration(asText(fields.latency) ?? "");
	if (ms === undefined) {
		const message = `${pathText([...at, "latency"])} ${show(fields.latency)} is not a duration.`;
		throw new FoundFault(document.place([...at, "latency"]), message, "Write it such as 200ms.");
	}
	const total = selector("total");
	// Pyrra's native histograms are in seconds.
	return { kind: "ratio", numerator: "good", part: { ...total, le: ms / 1000 }, total };
}

function selectorAt(document: SourceDocument, path: Path): Selector {
	return promqlAt(document, path, (text) => {
		const reading = parseSelector(text);
		if (reading.status === "ok") return reading.selector;
		throw new Refusal(reading.at, reading.message, reading.remedy);
	});
}

function warnAlerting(document: SourceDocument, name: string, alerting: Fields | undefined, findings: Findings): void {
	if (!alerting) return;
	const warn = (key: string, message: string, remedy: string): void =>
		findings.warn(document.place(["spec", "alerting", key], "key"), message, remedy);
	if (alerting.disabled === true || alerting.burnrates === false) {
		const key = alerting.disabled === true ? "disabled" : "burnrates";
		const message = `${show(name)} has its burn-rate alerts disabled; here the monitor for all SLOs watches it.`;
		warn(key, message, "Write a monitor with mode: draft for it.");
	}
	if (alerting.burnRateType === "dynamic")
		warn("burnRateType", "Dynamic burn rates become the fixed tiers here.", "Evidence guards low traffic here.");
}
