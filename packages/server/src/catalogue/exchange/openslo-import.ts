import { formatDuration } from "@bellwether/model";
import { stringify } from "yaml";
import { assemble } from "../assemble.ts";
import { readEntries } from "../entries.ts";
import { Findings } from "../finding.ts";
import { UNUSED_KINDS } from "../kinds.ts";
import { Context } from "../references.ts";
import { formatSelector } from "../selector.ts";
import { writtenSlos } from "../slo-names.ts";
import { readSource, type SourceDocument } from "../source.ts";
import type { CatalogueFile, Finding, Monitor, Selector, Slo } from "../types.ts";
import { type Path, pathText, show } from "../wording.ts";
import { counted, wordsOf } from "./error-ratio.ts";
import { serviceFile, sloFile } from "./openslo-export.ts";
import { parsePromql, Refusal } from "./promql.ts";
import { asRecord, asText, FoundFault, promqlAt } from "./reader.ts";
import type { Importer, ImportOptions } from "./types.ts";

/** Data sources whose `query` is PromQL; such metrics come here by remote write under the same names. */
const PROMQL_TYPES = /^(?:amazon ?prometheus|prometheus|mimir|thanos|cortex|victoria ?metrics)$/i;

interface Given {
	readonly document: SourceDocument;
	readonly kind: string;
	readonly name: string;
}

/**
 * OpenSLO v1 documents as another tool has them. Queries in PromQL become the streams that they count; what an SLO says
 * beyond the standard's meaning here is told. Each SLO is taken whole or refused.
 */
export const importOpenSlo: Importer = (files, options) => {
	const findings = new Findings();
	const given = files.flatMap((file) => readSource(file, findings)).map(givenOf);
	const types = new Map(
		given
			.filter(({ kind }) => kind === "DataSource")
			.map(({ name, document }) => [name, asText(asRecord(asRecord(document.value)?.spec)?.type) ?? ""]),
	);
	const refused = new Set<string>();
	const documents = given.flatMap((each) => {
		if (each.kind === "DataSource") {
			warnDataSource(each, findings);
			return [];
		}
		try {
			return [withStreams(each, types, options, findings)];
		} catch (error) {
			if (!(error instanceof FoundFault)) throw error;
			findings.error(error.place, error.message, error.remedy);
			refused.add(each.name);
			return [];
		}
	});
	const synthetic = undeclaredServices(documents).flatMap((name) =>
		readSource(serviceFile({ name, displayName: name }), findings),
	);
	const monitors = monitorFiles(options.existing?.monitors ?? [], documents);
	const watching = monitors.flatMap((file) => readSource(file, findings));
	const entries = readEntries([...documents, ...synthetic, ...watching], findings);
	const { slos, workloads } = assemble(new Context(entries, findings, refused), []);
	const told = findings.sorted().filter((finding) => given.some(({ document }) => document.file === finding.file));
	const wrong = new Set(
		told.filter((finding) => finding.level === "error").map((finding) => documentAt(given, finding)),
	);
	const taken = slos.filter((slo) => !wrong.has(documentAt(given, slo.place)));
	const lost = given.filter(
		(each) => each.kind === "SLO" && !taken.some((slo) => documentAt(given, slo.place) === each),
	);
	const unexplained = lost.filter((each) => !wrong.has(each));
	return {
		files: filesOf(taken, workloads, options.existing?.workloads.map((workload) => workload.name) ?? []),
		findings: [...told, ...unexplained.map(becauseOfItsSli)],
		taken: taken.length,
		refused: lost.length + [...wrong].filter((each) => each && each.kind !== "SLO").length,
	};
};

function givenOf(document: SourceDocument): Given {
	const value = asRecord(document.value);
	return { document, kind: String(value?.kind), name: asText(asRecord(value?.metadata)?.name) ?? "" };
}

/** The given document that a place lies in: the last that begins before it. */
function documentAt(
	given: readonly Given[],
	place: { readonly file: string; readonly line: number },
): Given | undefined {
	return given.findLast(({ document }) => document.file === place.file && document.place([]).line <= place.line);
}

function becauseOfItsSli({ document, name }: Given): Finding {
	const path: Path = ["spec", "indicatorRef"];
	const message = `The SLO ${show(name)} needs an SLI that was refused.`;
	return { ...document.place(path), level: "error", message, remedy: "Correct the SLI." };
}

function warnDataSource({ document, name }: Given, findings: Findings): void {
	const message = `DataSource ${show(name)} has no effect but to tell the type of its metrics: telemetry is sent here.`;
	findings.warn(document.place(["kind"]), message, "Point its OTLP exporter or remote write to this server.");
}

/** Services that SLOs name and nobody declares: the standard does not ask for it, a catalogue does. */
function undeclaredServices(documents: readonly SourceDocument[]): string[] {
	const given = documents.map(givenOf);
	const declared = new Set(given.filter(({ kind }) => kind === "Service").map(({ name }) => name));
	const named = given
		.filter(({ kind }) => kind === "SLO")
		.map(({ document }) => asText(asRecord(asRecord(document.value)?.spec)?.service) ?? "");
	return [...new Set(named)].filter(
		(name) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(name) && !declared.has(name),
	);
}

/** What will watch the SLOs in the catalogue that is added to: whether they can page depends on it. */
function monitorFiles(monitors: readonly Monitor[], documents: readonly SourceDocument[]): CatalogueFile[] {
	const names = new Set(writtenSlos(readEntries(documents, new Findings())).map(({ name }) => name));
	return monitors.flatMap(({ name, slos, mode, tiers, evidenceP }) => {
		const here = slos?.filter((slo) => names.has(slo));
		if (here?.length === 0) return [];
		const spec = { mode, evidenceP, ...(here ? { slos: here } : {}), ...(tiers ? { tiers } : {}) };
		const document = { apiVersion: "bellwether/v1", kind: "Monitor", metadata: { name }, spec };
		return [{ path: `monitors/${name}.yaml`, text: stringify(document) }];
	});
}

function filesOf(
	slos: readonly Slo[],
	workloads: readonly { readonly name: string; readonly displayName: string }[],
	existing: readonly string[],
): CatalogueFile[] {
	const used = new Set(slos.map((slo) => slo.workload));
	const services = workloads.filter(({ name }) => used.has(name) && !existing.includes(name));
	return [...services.map(serviceFile), ...slos.map(sloFile)].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** The document with every metric source as a catalogue has it; places are those of the given one. */
function withStreams(
	given: Given,
	types: ReadonlyMap<string, string>,
	options: ImportOptions,
	findings: Findings,
): SourceDocument {
	const { document, kind } = given;
	if ((UNUSED_KINDS as readonly string[]).includes(kind)) return document;
	const value = structuredClone(document.value) as Record<string, unknown>;
	const spec = asRecord(value.spec) as Record<string, unknown> | undefined;
	if (kind === "SLO" && spec) {
		if (options.workload !== undefined) spec.service ??= options.workload;
		if (options.periodMs !== undefined)
			spec.timeWindow ??= [{ duration: formatDuration(options.periodMs), isRolling: true }];
	}
	const at: Path = kind === "SLO" ? ["spec", "indicator", "spec"] : ["spec"];
	const sli = asRecord(at.reduce<unknown>((inner, step) => asRecord(inner)?.[step], value));
	const ratio = asRecord(sli?.ratioMetric);
	for (const part of ["good", "bad", "total"] as const)
		replaceSource(given, [...at, "ratioMetric", part], asRecord(ratio?.[part]), "events", types, findings);
	replaceSource(given, [...at, "thresholdMetric"], asRecord(sli?.thresholdMetric), "values", types, findings);
	return {
		file: document.file,
		value,
		place: (path, side) => document.place(path, side),
		placeIn: (path, offset) => document.placeIn(path, offset),
		written: (path) => document.written(path),
	};
}

function replaceSource(
	{ document }: Given,
	path: Path,
	metric: Readonly<Record<string, unknown>> | undefined,
	what: "events" | "values",
	types: ReadonlyMap<string, string>,
	findings: Findings,
): void {
	const source = asRecord(metric?.metricSource) as Record<string, unknown> | undefined;
	if (!source) return;
	const at = [...path, "metricSource"];
	const ref = asText(source.metricSourceRef);
	const written = asText(source.type);
	const type = written ?? (ref === undefined || ref === "otlp" ? "otlp" : types.get(ref));
	delete source.metricSourceRef;
	source.type = "otlp";
	if (type?.toLowerCase() === "otlp") return;
	const field = [...at, written === undefined ? "metricSourceRef" : "type"];
	const shown = `${pathText(field)} ${show(written ?? ref)}`;
	if (type === undefined)
		throw new FoundFault(document.place(field), `${shown} is not among the given DataSources.`, "Give its file too.");
	if (!PROMQL_TYPES.test(type)) {
		const why = written === undefined ? `is of type ${show(type)}, which cannot be read` : "cannot be read";
		const remedy = "Send the metric here by OTLP or remote write, and write type: otlp with its metric and where.";
		throw new FoundFault(document.place(field), `${shown} ${why}.`, remedy);
	}
	const query = [...at, "spec", "query"];
	const { selector, isExact } = promqlAt(document, query, (text) =>
		what === "events" ? eventsOf(text) : valuesOf(text),
	);
	for (const key of Object.keys(asRecord(source.spec) ?? {})) {
		if (key === "query") continue;
		const message = `${pathText([...at, "spec", key])} is not taken over.`;
		findings.warn(document.place([...at, "spec", key], "key"), message, "Look whether it changes the SLO.");
	}
	source.spec = { selector: formatSelector(selector) };
	if (isExact) return;
	const message = `${pathText(query)} is read as ${formatSelector(selector)}: every event is counted as it comes, over windows of our own.`;
	findings.warn(document.place(query), message, "Look whether that counts the same.");
}

function eventsOf(text: string): { readonly selector: Selector; readonly isExact: boolean } {
	const expr = parsePromql(text);
	if (expr.kind === "selector" && expr.rangeMs === undefined) return { selector: expr.selector, isExact: true };
	const sum = expr.kind === "aggregate" && expr.op === "sum" ? expr.args[0] : undefined;
	if (sum?.kind === "selector" && sum.rangeMs === undefined) return { selector: sum.selector, isExact: false };
	return { selector: counted(expr).selector, isExact: false };
}

function valuesOf(text: string): { readonly selector: Selector; readonly isExact: boolean } {
	const expr = parsePromql(text);
	if (expr.kind === "selector" && expr.rangeMs === undefined) return { selector: expr.selector, isExact: true };
	throw new Refusal(0, `is ${wordsOf(expr)}, not the values of one metric`, "Write the metric and its matchers.");
}
