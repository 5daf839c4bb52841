import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
	type CatalogueFile,
	type ExchangeFormat,
	type Finding,
	formatFinding,
	type ImportResult,
	parseCatalogue,
	readCatalogueFiles,
} from "#catalogue";
import { type CommandOptions, EXIT } from "./command-options.ts";
import { whyNotWritten } from "./not-written.ts";

/** More is no hand-written configuration; a wrong file of gigabytes costs nothing. */
const MAX_INPUT_BYTES = 16 * 1_048_576;

export interface ImportCommandOptions extends Omit<CommandOptions, "dir"> {
	readonly format: ExchangeFormat;
	readonly paths: readonly string[];
	/** Folder of a catalogue, new or existing; undefined: the documents are printed. */
	readonly outDir?: string | undefined;
	/** Says what would be written, and writes nothing. */
	readonly isDryRun: boolean;
	readonly periodMs?: number | undefined;
	readonly workload?: string | undefined;
}

interface Plan {
	readonly write: readonly CatalogueFile[];
	readonly unchanged: readonly CatalogueFile[];
}

/**
 * Turns other tools' files into catalogue files. 0: everything was taken, 1: something was refused or nothing could be
 * written. Files that exist with other content are never overwritten; one in the way, and nothing is written at all.
 */
export async function runImport(options: ImportCommandOptions): Promise<number> {
	const given = await readGiven(options.paths);
	const target = options.outDir === undefined ? NO_TARGET : await readTarget(options.outDir);
	const early = [...given.findings, ...target.findings];
	if (early.length > 0 || !options.format.import) return refuse(options, early);
	const importer = await options.format.import.load();
	const { periodMs, workload } = options;
	const existing = target.files.length > 0 ? parseCatalogue(target.files).catalogue : undefined;
	const result = importer(given.files, { existing, periodMs, workload });

	const plan = planOf(result.files, target.files);
	const inTheWay = result.files.filter((file) => !plan.write.includes(file) && !plan.unchanged.includes(file));
	const faults = [...inTheWay.map(inTheWayFinding), ...faultsTogether(target.files, plan.write)];
	const findings = [...result.findings, ...faults];
	if (faults.length > 0) return refuse(options, findings);
	if (options.outDir !== undefined && !options.isDryRun) {
		try {
			await writeAll(options.outDir, plan.write);
		} catch (error) {
			options.out(`The import cannot be written: ${whyNotWritten(error)}.\n  Name a folder that you may write to.\n`);
			return EXIT.findings;
		}
	}
	report(options, result, plan, findings);
	return result.refused > 0 || findings.some((finding) => finding.level === "error") ? EXIT.findings : EXIT.fine;
}

const NO_TARGET = { files: [] as readonly CatalogueFile[], findings: [] as readonly Finding[] };

async function readGiven(
	paths: readonly string[],
): Promise<{ files: readonly CatalogueFile[]; findings: readonly Finding[] }> {
	const files: CatalogueFile[] = [];
	const findings: Finding[] = [];
	const complain = (path: string, message: string, remedy: string): void => {
		findings.push({ file: path, line: 1, column: 1, level: "error", message, remedy });
	};
	for (const path of paths) {
		try {
			const info = await stat(path);
			if (!info.isFile()) complain(path, "This is no file with text.", "Name the files one by one.");
			else if (info.size > MAX_INPUT_BYTES)
				complain(path, `The file has ${info.size} bytes, more than ${MAX_INPUT_BYTES}.`, "Split it.");
			else files.push({ path, text: new TextDecoder("utf-8", { fatal: true }).decode(await readFile(path)) });
		} catch (error) {
			if (error instanceof TypeError) complain(path, "The file is not UTF-8 text.", "Save it as UTF-8.");
			else complain(path, `The file cannot be read: ${(error as Error).message}.`, "Name a file that you may read.");
		}
	}
	return { files, findings };
}

/** The catalogue that is added to; an empty or missing folder is a new one. It must be right itself. */
async function readTarget(dir: string): Promise<typeof NO_TARGET> {
	if (!(await stat(dir).catch(() => undefined))) return NO_TARGET;
	const { files, findings } = await readCatalogueFiles(dir);
	if (!files) return { files: [], findings };
	if (files.length === 0) return NO_TARGET;
	const reading = parseCatalogue(files);
	return { files, findings: reading.catalogue ? [] : reading.findings.filter((finding) => finding.level === "error") };
}

function planOf(files: readonly CatalogueFile[], existing: readonly CatalogueFile[]): Plan {
	const before = new Map(existing.map((file) => [file.path, file.text]));
	return {
		write: files.filter((file) => !before.has(file.path)),
		unchanged: files.filter((file) => before.get(file.path) === file.text),
	};
}

function inTheWayFinding(file: CatalogueFile): Finding {
	const remedy = "Move that file away, or write to another folder.";
	return {
		file: file.path,
		line: 1,
		column: 1,
		level: "error",
		message: "The folder has this file with other content.",
		remedy,
	};
}

/** What the written files would do to the whole: a name twice, an objective that cannot page. */
function faultsTogether(existing: readonly CatalogueFile[], write: readonly CatalogueFile[]): Finding[] {
	if (write.length === 0) return [];
	return parseCatalogue([...existing, ...write]).findings.filter((finding) => finding.level === "error");
}

async function writeAll(dir: string, files: readonly CatalogueFile[]): Promise<void> {
	for (const file of files) {
		const path = join(dir, file.path);
		await mkdir(dirname(path), { recursive: true });
		// wx: a file that appeared since the look above is not overwritten either.
		await writeFile(path, file.text, { flag: "wx" });
	}
}

function refuse(options: ImportCommandOptions, findings: readonly Finding[]): number {
	if (options.json) options.out(`${JSON.stringify({ written: [], taken: 0, refused: null, findings })}\n`);
	else options.out(`${findings.map((each) => `${formatFinding(each)}\n`).join("")}Nothing was written.\n`);
	return EXIT.findings;
}

function report(
	{ outDir, isDryRun, json, out }: ImportCommandOptions,
	result: ImportResult,
	plan: Plan,
	findings: readonly Finding[],
): void {
	const isWritten = outDir !== undefined && !isDryRun;
	const paths = plan.write.map((file) => file.path);
	if (json) {
		const { taken, refused } = result;
		const files = isWritten ? undefined : result.files;
		out(`${JSON.stringify({ written: isWritten ? paths : [], taken, refused, findings, files })}\n`);
		return;
	}
	if (outDir === undefined && !isDryRun) {
		// The documents alone can be piped on; what was refused stands above them as comments.
		out(findings.map((each) => `${formatFinding(each).replace(/^/gm, "# ")}\n`).join(""));
		out(result.files.map((file) => `# ${file.path}\n${file.text}`).join("---\n"));
		return;
	}
	out(findings.map((each) => `${formatFinding(each)}\n`).join(""));
	out(paths.map((path) => `${isWritten ? "wrote" : "would write"} ${path}\n`).join(""));
	if (plan.unchanged.length > 0) out(`${plan.unchanged.length} files are there already, unchanged.\n`);
	out(`${result.taken} imported, ${result.refused} refused.\n`);
}
