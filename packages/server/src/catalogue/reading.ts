import { assemble } from "./assemble.ts";
import { readEntries } from "./entries.ts";
import { Findings } from "./finding.ts";
import { readFolder } from "./folder.ts";
import { Context } from "./references.ts";
import { MAX_FILE_BYTES, readSource, type SourceDocument } from "./source.ts";
import { readTemplates } from "./templates.ts";
import type { Catalogue, CatalogueFile, Finding } from "./types.ts";

/** `catalogue` is undefined exactly when a finding is an error. Findings stand in the order of file, line, column. */
export interface CatalogueReading {
	readonly catalogue: Catalogue | undefined;
	readonly findings: Finding[];
}

/** Reads and checks files without touching the disk. Never throws for bad content. */
export function parseCatalogue(files: readonly CatalogueFile[]): CatalogueReading {
	return read(files, new Findings());
}

/** Reads the folder `dir`. A folder or file that is missing or cannot be read is a finding. */
export async function readCatalogue(dir: string): Promise<CatalogueReading> {
	const findings = new Findings();
	const files = await readFolder(dir, findings);
	return files === undefined ? { catalogue: undefined, findings: findings.sorted() } : read(files, findings);
}

/** The folder's files as text, for whoever keeps or sends them. `files` is undefined when one of the findings is an error. */
export async function readCatalogueFiles(
	dir: string,
): Promise<{ readonly files: readonly CatalogueFile[] | undefined; readonly findings: Finding[] }> {
	const findings = new Findings();
	const files = await readFolder(dir, findings);
	return { files: findings.errors > 0 ? undefined : files, findings: findings.sorted() };
}

function read(files: readonly CatalogueFile[], findings: Findings): CatalogueReading {
	const inOrder = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
	const templates = inOrder.filter((file) => file.path.endsWith(".liquid"));
	const texts = new Map(inOrder.flatMap(({ path, text }) => (path.endsWith(".md") ? [[path, text] as const] : [])));
	const yaml = inOrder.filter((file) => !/\.(?:liquid|md)$/.test(file.path));
	if (yaml.length === 0) {
		const place = { file: "bellwether.yaml", line: 1, column: 1 };
		findings.error(
			place,
			"The folder holds no catalogue.",
			"Run bellwether init to write a starter, or name another folder.",
		);
		return { catalogue: undefined, findings: findings.sorted() };
	}
	const documents: SourceDocument[] = [];
	const unreadable = new Set<string>();
	for (const file of yaml) {
		const before = findings.errors;
		documents.push(...readSource(file, findings));
		if (findings.errors > before) for (const name of namesIn(file.text)) unreadable.add(name);
	}
	const entries = readEntries(documents, findings);
	const catalogue = assemble(new Context(entries, findings, unreadable, texts), readTemplates(templates, findings));
	return { catalogue: findings.errors > 0 ? undefined : catalogue, findings: findings.sorted() };
}

/** Names that a file would declare if it were YAML; a line with a syntax error must not make its neighbours unknown. */
function namesIn(text: string): string[] {
	if (text.length > MAX_FILE_BYTES) return [];
	return [...text.matchAll(/\bname:[ \t]*["']?([a-z0-9-]+)/g)].map((match) => match[1] as string);
}
