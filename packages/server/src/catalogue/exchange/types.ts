import type { Catalogue, CatalogueFile, Finding } from "../types.ts";

/**
 * What an import gives. Each document of the source is taken whole or not at all: what is refused is an `error` finding
 * at its place in the given file, what is taken but means something else here is a `warning`.
 */
export interface ImportResult {
	/** Catalogue files, paths relative to the catalogue's folder; together with the existing ones they are valid. */
	readonly files: readonly CatalogueFile[];
	readonly findings: readonly Finding[];
	/** What was taken and what was refused, such as SLOs. */
	readonly taken: number;
	readonly refused: number;
}

export interface ImportOptions {
	/** The catalogue that is added to; its workloads and monitors are not written again. */
	readonly existing?: Catalogue | undefined;
	/** Of SLOs whose source names no period, ms. Undefined: the format's own default. */
	readonly periodMs?: number | undefined;
	/** Workload of SLOs whose source names none. */
	readonly workload?: string | undefined;
}

/** Text → catalogue files. Paths of the given files are as the user named them. Bad content is a finding, never an exception. */
export type Importer = (files: readonly CatalogueFile[], options: ImportOptions) => ImportResult;

/** What an export gives. Findings have the place of the catalogue object that cannot be expressed, or only in part. */
export interface ExportResult {
	/** One file, or several that belong together; paths are proposals relative to where the user writes them. */
	readonly files: readonly CatalogueFile[];
	readonly findings: readonly Finding[];
}

export interface ExportOptions {
	/** Address of this Bellwether's OTLP receiver, for configurations that send to it. */
	readonly endpoint?: string | undefined;
	/** How often rules are evaluated, ms; the scrape interval. Undefined: one minute. */
	readonly intervalMs?: number | undefined;
	/** How late samples may become visible after their time, ms: the scrape timeout. Undefined: 10 s, at most half an interval. */
	readonly lagMs?: number | undefined;
}

/** A valid catalogue → text for another system. The same catalogue gives the same text. */
export type Exporter = (catalogue: Catalogue, options: ExportOptions) => ExportResult;

/** A format by the name that the command line takes. Its code is loaded when it runs. */
export interface ExchangeFormat {
	readonly name: string;
	readonly import?: { readonly about: string; readonly load: () => Promise<Importer> };
	readonly export?: { readonly about: string; readonly load: () => Promise<Exporter> };
}
