import { mkdir, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Catalogue, type CatalogueFile, type ExchangeFormat, type Finding, formatFinding } from "#catalogue";
import { type CommandOptions, EXIT } from "./command-options.ts";
import { whyNotWritten } from "./not-written.ts";

export interface ExportCommandOptions extends Omit<CommandOptions, "dir"> {
	readonly format: ExchangeFormat;
	readonly catalogue: Catalogue;
	/** A file, or a folder when the format has several files; undefined: the text is printed. */
	readonly outPath?: string | undefined;
	readonly endpoint?: string | undefined;
	readonly intervalMs?: number | undefined;
	readonly lagMs?: number | undefined;
	/** Where findings go, so that the text itself can be piped on. */
	readonly err: (text: string) => void;
}

/** Writes the catalogue in another system's words. 1 when something in it has no words there; the rest is written. */
export async function runExport(options: ExportCommandOptions): Promise<number> {
	const { format, catalogue, outPath, endpoint, intervalMs, lagMs, json, out, err } = options;
	if (!format.export) return EXIT.usage;
	const { files, findings } = (await format.export.load())(catalogue, { endpoint, intervalMs, lagMs });
	const isComplete = !findings.some((finding) => finding.level === "error");
	if (outPath === undefined) {
		if (json) out(`${JSON.stringify({ files, findings })}\n`);
		else {
			err(findingLines(findings));
			out(files.map((file) => file.text).join(separator(files)));
		}
		return isComplete ? EXIT.fine : EXIT.findings;
	}
	const written: string[] = [];
	try {
		const isFolder =
			files.length > 1 || outPath.endsWith("/") || (await stat(outPath).catch(() => undefined))?.isDirectory() === true;
		for (const file of files) {
			const path = isFolder ? join(outPath, file.path) : outPath;
			await mkdir(dirname(path), { recursive: true });
			await writeFile(path, file.text);
			written.push(path);
		}
	} catch (error) {
		out(`The export cannot be written: ${whyNotWritten(error)}.\n  Name a place that you may write to.\n`);
		return EXIT.findings;
	}
	if (json) out(`${JSON.stringify({ written, findings })}\n`);
	else {
		err(findingLines(findings));
		out(written.map((path) => `wrote ${path}\n`).join(""));
	}
	return isComplete ? EXIT.fine : EXIT.findings;
}

function findingLines(findings: readonly Finding[]): string {
	return findings.map((finding) => `${formatFinding(finding)}\n`).join("");
}

function separator(files: readonly CatalogueFile[]): string {
	return files.every((file) => /\.ya?ml$/.test(file.path)) ? "---\n" : "\n";
}
