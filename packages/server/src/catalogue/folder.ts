import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { Findings } from "./finding.ts";
import { MAX_FILE_BYTES } from "./source.ts";
import type { CatalogueFile, Place } from "./types.ts";
import { nearest } from "./wording.ts";

/** Where documents stand. Which kind stands where is custom, not law: a document says itself what it is. */
const FOLDERS = [
	"tenants",
	"workloads",
	"slos",
	"monitors",
	"oncall",
	"notify",
	"sources",
	"feeds",
	"integrations",
	"agents",
	"routing",
	"ownership",
	"runbooks",
];
const MAX_DEPTH = 8;
const MAX_FILES = 20_000;

/** The catalogue's files, as text. Undefined when there is no such folder; other folders beside it are not looked into. */
export async function readFolder(dir: string, findings: Findings): Promise<CatalogueFile[] | undefined> {
	const root = await stat(dir).catch(() => undefined);
	if (!root?.isDirectory()) {
		const message = root ? "The catalogue's path is a file, not a folder." : "The catalogue's folder does not exist.";
		findings.error(start(dir), message, "Name an existing folder, or run bellwether init to write one.");
		return undefined;
	}
	const paths = await listFiles(dir, findings);
	if (paths.length > MAX_FILES) {
		findings.error(
			start(dir),
			`The folder has ${paths.length} files, more than ${MAX_FILES}.`,
			"Name the catalogue's own folder.",
		);
		return undefined;
	}
	const files: CatalogueFile[] = [];
	for (const path of paths) {
		const text = await readText(dir, path, findings);
		if (text !== undefined) files.push({ path, text });
	}
	return files;
}

/** What tells a folder from the same folder after an edit, without reading a file of it. */
export interface FolderSignature {
	/** Equal when no file came, went or was changed. */
	readonly text: string;
	/** When the newest file was changed, ms: one that is changed twice within a tick of its disk's clock looks the same. */
	readonly changedAt: number;
}

/** Undefined when something of the folder cannot be looked at. */
export async function folderSignature(dir: string): Promise<FolderSignature | undefined> {
	const findings = new Findings();
	const paths = await listFiles(dir, findings);
	if (findings.errors > 0 || paths.length > MAX_FILES) return undefined;
	let changedAt = 0;
	const lines: string[] = [];
	for (const path of paths) {
		const found = await stat(join(dir, path), { bigint: true }).catch(() => undefined);
		if (!found) return undefined;
		// The time of change cannot be set back, as that of modification can.
		const { dev, ino, size, mtimeNs, ctimeNs } = found;
		lines.push([path, dev, ino, size, mtimeNs, ctimeNs].join(" "));
		changedAt = Math.max(changedAt, Number(ctimeNs / 1_000_000n), Number(mtimeNs / 1_000_000n));
	}
	return { text: lines.join("\n"), changedAt };
}

function start(file: string): Place {
	return { file, line: 1, column: 1 };
}

async function listFiles(dir: string, findings: Findings): Promise<string[]> {
	const paths: string[] = [];
	const walk = async (folder: string, depth: number): Promise<void> => {
		const entries = await readdir(join(dir, folder), { withFileTypes: true }).catch((error: Error) => {
			findings.error(
				start(folder),
				`The folder cannot be read: ${error.message}.`,
				"Let the user that runs Bellwether read it.",
			);
			return [];
		});
		for (const entry of entries) {
			if (entry.name.startsWith(".") || paths.length > MAX_FILES) continue;
			const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
			// Links are followed, because mounted configuration consists of them; the depth bounds a circle.
			const found = entry.isSymbolicLink() ? await stat(join(dir, path)).catch(() => undefined) : entry;
			if (!found) findings.error(start(path), "The link leads nowhere.", "Remove it, or restore its target.");
			else if (found.isDirectory()) await enter(path, entry.name, depth);
			else if (isCatalogueFile(path)) paths.push(path);
		}
	};
	const enter = async (path: string, name: string, depth: number): Promise<void> => {
		if (depth > 0) {
			if (depth < MAX_DEPTH) await walk(path, depth + 1);
			return;
		}
		if (FOLDERS.includes(name)) return walk(path, depth + 1);
		const meant = nearest(name, FOLDERS);
		if (meant) findings.warn(start(path), `The folder ${name} is not read.`, `Did you mean "${meant}"?`);
	};
	await walk("", 0);
	return paths.toSorted();
}

function isCatalogueFile(path: string): boolean {
	return /\.ya?ml$/.test(path) || /^notify\/templates\/.*\.liquid$/.test(path) || /^runbooks\/.*\.md$/.test(path);
}

async function readText(dir: string, path: string, findings: Findings): Promise<string | undefined> {
	const complain = (message: string, remedy: string): undefined => {
		findings.error(start(path), message, remedy);
		return undefined;
	};
	try {
		const info = await stat(join(dir, path));
		// A pipe is never read to its end, a device has none: both would stop every later look at the folder.
		if (!info.isFile()) return complain("This is no file with text.", "Remove it, or write a file in its place.");
		const { size } = info;
		// Looked at before reading, so that a wrong file of gigabytes costs nothing.
		if (size > MAX_FILE_BYTES)
			return complain(`The file has ${size} bytes, more than ${MAX_FILE_BYTES}.`, "Split it into several files.");
		const bytes = await readFile(join(dir, path));
		return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
	} catch (error) {
		if (error instanceof TypeError) return complain("The file is not UTF-8 text.", "Save it as UTF-8.");
		return complain(
			`The file cannot be read: ${(error as Error).message}.`,
			"Let the user that runs Bellwether read it.",
		);
	}
}
