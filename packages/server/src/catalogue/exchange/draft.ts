import { DAY_MS, formatDuration } from "@bellwether/model";
import { stringify } from "yaml";
import type { Findings } from "../finding.ts";
import { ANNOTATIONS } from "../kinds-openslo.ts";
import { parseCatalogue } from "../reading.ts";
import { formatSelector } from "../selector.ts";
import type { CatalogueFile, Place, Selector, SliKind } from "../types.ts";
import { show } from "../wording.ts";
import type { ImportOptions, ImportResult } from "./types.ts";

/** An SLO on its way into a catalogue. */
export interface SloDraft {
	/** As the source has it; becomes a name of ours. */
	readonly name: string;
	readonly workload: string;
	readonly owner?: string | undefined;
	readonly description?: string | undefined;
	readonly sliKind: SliKind;
	readonly indicator: DraftIndicator;
	/** Ratio. */
	readonly objective: number;
	readonly periodMs: number;
	readonly labels?: Readonly<Record<string, string>> | undefined;
	/** Burn-rate tiers to run when the source turned some off. Undefined: all. */
	readonly only?: "page" | "ticket" | undefined;
	/** Where the source has it; faults are told there. */
	readonly place: Place;
}

export type DraftIndicator =
	| {
			readonly kind: "ratio";
			readonly numerator: "good" | "bad";
			readonly part: Selector;
			readonly total: Selector;
	  }
	/** Each sample is one event, good when it is at least `value`. */
	| { readonly kind: "gauge"; readonly metric: Selector; readonly value: number };

/** Letters, digits and hyphens of a name in another tool's spelling; undefined when nothing is left. */
export function nameFrom(text: string): string | undefined {
	const name = text
		.replace(/([a-z0-9])([A-Z])/g, "$1-$2")
		.toLowerCase()
		.replace(/[^a-z0-9]+/g, "-")
		.slice(0, 63)
		.replace(/^-+|-+$/g, "");
	return name === "" || name === "constructor" ? undefined : name;
}

/** Catalogue files of the drafts that are right by the catalogue's own rules; the others are refused where they come from. */
export function filesOf(drafts: readonly SloDraft[], findings: Findings, options: ImportOptions): ImportResult {
	const files = new Map<string, CatalogueFile>();
	const known = new Set([...(options.existing?.workloads ?? [])].map((workload) => workload.name));
	const watched: Record<"page" | "ticket", string[]> = { page: [], ticket: [] };
	const firstPlace = new Map<string, Place>();
	let taken = 0;
	for (const draft of drafts) {
		const { place } = draft;
		const name = nameFrom(draft.name);
		const workload = nameFrom(draft.workload);
		if (name === undefined || workload === undefined) {
			const which = name === undefined ? draft.name : draft.workload;
			findings.error(place, `${show(which)} has no letter or digit for a name.`, "Rename it.");
			continue;
		}
		const before = firstPlace.get(name);
		if (before) {
			const message = `The SLO ${show(name)} is already at ${before.file}:${before.line}.`;
			findings.error(place, message, "Give one of the two another name.");
			continue;
		}
		firstPlace.set(name, place);
		const slo: CatalogueFile = { path: `slos/${workload}/${name}.yaml`, text: sloText(draft, name, workload) };
		const workloadFile: CatalogueFile = { path: `workloads/${workload}.yaml`, text: workloadText(draft, workload) };
		const fault = parseCatalogue([slo, workloadFile]).findings.find((finding) => finding.level === "error");
		if (fault) {
			findings.error(place, `${show(draft.name)} cannot be an SLO here: ${fault.message}`, fault.remedy);
			continue;
		}
		files.set(slo.path, slo);
		if (!known.has(workload) && !files.has(workloadFile.path)) files.set(workloadFile.path, workloadFile);
		if (draft.only) watched[draft.only].push(name);
		taken += 1;
	}
	for (const file of monitorFiles(watched, options)) files.set(file.path, file);
	return { files: [...files.values()], findings: findings.sorted(), taken, refused: 0 };
}

function sloText(draft: SloDraft, name: string, workload: string): string {
	const { labels, description } = draft;
	return stringify(
		{
			apiVersion: "openslo/v1",
			kind: "SLO",
			metadata: {
				name,
				...(draft.name === name ? {} : { displayName: draft.name.slice(0, 120) }),
				...(labels && Object.keys(labels).length > 0 ? { labels } : {}),
				annotations: { [ANNOTATIONS.perTenant]: "true", [ANNOTATIONS.sliKind]: draft.sliKind },
			},
			spec: {
				...(description ? { description } : {}),
				service: workload,
				indicator: { metadata: { name }, spec: indicatorSpec(draft.indicator) },
				timeWindow: [{ duration: durationText(draft.periodMs), isRolling: true }],
				budgetingMethod: "Occurrences",
				objectives: [objectiveOf(draft)],
			},
		},
		{ lineWidth: 0 },
	);
}

function indicatorSpec(indicator: DraftIndicator): object {
	if (indicator.kind === "gauge") return { thresholdMetric: metric(indicator.metric) };
	const { numerator, part, total } = indicator;
	return { ratioMetric: { counter: true, [numerator]: metric(part), total: metric(total) } };
}

function metric(selector: Selector): object {
	const le = selector.le === undefined ? {} : { le: selector.le };
	return { metricSource: { metricSourceRef: "otlp", spec: { selector: formatSelector(selector), ...le } } };
}

function objectiveOf({ indicator, objective }: SloDraft): object {
	return { target: objective, ...(indicator.kind === "gauge" ? { op: "gte", value: indicator.value } : {}) };
}

function workloadText({ owner }: SloDraft, name: string): string {
	const spec = { owner: owner ?? "unknown" };
	const text = stringify({ apiVersion: "bellwether/v1", kind: "Workload", metadata: { name }, spec });
	return owner === undefined ? text.replace(/\n$/, " # no owner was named\n") : text;
}

/** Monitors for SLOs whose pages or tickets were off; and one for all others, unless the catalogue has it. */
function monitorFiles(watched: Readonly<Record<"page" | "ticket", string[]>>, options: ImportOptions): CatalogueFile[] {
	const tiers = { page: ["page-quick", "page-slow"], ticket: ["ticket-quick", "ticket-slow"] };
	const monitor = (name: string, spec: object): CatalogueFile => ({
		path: `monitors/${name}.yaml`,
		text: stringify({ apiVersion: "bellwether/v1", kind: "Monitor", metadata: { name }, spec }),
	});
	const own = (["page", "ticket"] as const)
		.filter((which) => watched[which].length > 0)
		.map((which) => monitor(`imported-${which}s-only`, { slos: watched[which].toSorted(), tiers: tiers[which] }));
	if (own.length === 0) return [];
	const hasGeneral = options.existing?.monitors.some((each) => each.mode === "live" && each.slos === undefined);
	const isSynthetic = options.existing?.monitors.length === 1 && options.existing.monitors[0]?.name === "burn-rate";
	return hasGeneral && !isSynthetic ? own : [...own, monitor("burn-rate", { mode: "live" })];
}

/** Whole days as days, since the catalogue asks for them; else as it is, to be refused with its own words. */
function durationText(ms: number): string {
	return ms % DAY_MS === 0 ? `${ms / DAY_MS}d` : formatDuration(ms);
}
