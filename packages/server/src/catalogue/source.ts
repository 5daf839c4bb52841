import {
	type Document,
	isAlias,
	isMap,
	isScalar,
	isSeq,
	LineCounter,
	type Node,
	type Pair,
	parseAllDocuments,
	visit,
} from "yaml";
import type { Findings } from "./finding.ts";
import type { CatalogueFile, Place } from "./types.ts";
import { escapeControls, type Path, pathText } from "./wording.ts";

/** 1 MiB: a hand-written catalogue file is a few kilobytes; more is a mistake or an attack on the parser. */
export const MAX_FILE_BYTES = 1_048_576;
/** Values of one document with its anchors written out. Fifty list tenants need about 2,000. */
const MAX_VALUES = 100_000;
const MAX_DEPTH = 64;
/** Syntax errors told per document; one slip can cause thousands. */
const MAX_PROBLEMS = 20;
/** Openers of nested blocks and flows in a row that no person writes; beyond it the parser's own recursion is at risk. */
const MAX_NESTING_RUN = 200;

/** One YAML document: its plain value and where each part of it is written. */
export interface SourceDocument {
	readonly file: string;
	/** Maps are objects without a prototype. */
	readonly value: unknown;
	/** Place of the value at `path`, or of what of the path exists. `at: "key"` points at the key's name instead. */
	place(path: Path, at?: "key" | "value"): Place;
	/** Place of the character `offset` of the text at `path`; of its beginning when the text is folded. */
	placeIn(path: Path, offset: number): Place;
	/** The scalar at `path` as it is written, e.g. `007` where the value is 7. */
	written(path: Path): string | undefined;
}

/** Documents of one file. What cannot be read is reported and left out; other documents of the file still count. */
export function readSource(file: CatalogueFile, findings: Findings): SourceDocument[] {
	const start: Place = { file: file.path, line: 1, column: 1 };
	const bytes = Buffer.byteLength(file.text);
	if (bytes > MAX_FILE_BYTES) {
		findings.error(start, `The file has ${bytes} bytes, more than ${MAX_FILE_BYTES}.`, "Split it into several files.");
		return [];
	}
	if (nestsTooDeep(file.text)) {
		findings.error(start, `The file nests deeper than ${MAX_DEPTH} levels.`, "Flatten it.");
		return [];
	}
	const lines = new LineCounter();
	const documents = parseDocuments(file, lines, findings);
	return documents.flatMap((document) => sourceDocument(file, document, lines, findings) ?? []);
}

function parseDocuments(file: CatalogueFile, lines: LineCounter, findings: Findings): Document[] {
	try {
		// uniqueKeys is off because its check is quadratic; `plain` finds duplicates itself.
		const parsed = parseAllDocuments(file.text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
		return "empty" in parsed ? [] : (parsed as Document[]);
	} catch (error) {
		const reason = error instanceof RangeError ? "it nests too deep" : String((error as Error).message);
		findings.error({ file: file.path, line: 1, column: 1 }, `The file is not readable YAML: ${reason}.`, "Flatten it.");
		return [];
	}
}

function sourceDocument(
	{ path: file, text }: CatalogueFile,
	document: Document,
	lines: LineCounter,
	findings: Findings,
): SourceDocument | undefined {
	const at = (offset: number): Place => {
		const { line, col } = lines.linePos(offset);
		return { file, line: Math.max(1, line), column: Math.max(1, col) };
	};
	const problems = withoutEchoes([...document.errors, ...document.warnings]);
	for (const problem of problems.slice(0, MAX_PROBLEMS)) {
		const tooDeep = problem.message.includes("call stack");
		// After a colon the parser repeats what it read, which may be a secret: the place says enough.
		const message = tooDeep ? "The nesting is too deep" : escapeControls(problem.message.replace(/\.$|: .*$/s, ""));
		findings.error(at(problem.pos[0]), `YAML: ${message}.`, tooDeep ? "Flatten it." : yamlRemedy(problem.code));
	}
	if (problems.length > 0 || document.contents === null) return undefined;
	const root = document.contents as Node;
	const aliases = aliasTargets(document);
	const place = (path: Path, which: "key" | "value" = "value"): Place => at(locate(aliases, root, path, which));
	const before = findings.errors;
	const value = plain(aliases, root, (path, which, message, remedy) =>
		findings.error(place(path, which), message, remedy),
	);
	if (findings.errors > before) return undefined;
	return {
		file,
		value,
		place,
		placeIn: (path, offset) => {
			const node = nodeAt(aliases, root, path);
			const range = isScalar(node) ? node.range : undefined;
			if (!range) return place(path);
			return at(range[0] + writtenOffset(text.slice(range[0], range[1]), offset));
		},
		written: (path) => {
			const node = nodeAt(aliases, root, path);
			return isScalar(node) ? node.source : undefined;
		},
	};
}

/** One tab or one line that stands wrong makes the parser complain of what follows too: of those only the cause is told. */
function withoutEchoes<Problem extends { readonly code: string }>(problems: readonly Problem[]): readonly Problem[] {
	const tabs = problems.filter((problem) => problem.code === "TAB_AS_INDENT");
	if (tabs.length > 0) return tabs;
	const firstIndent = problems.findIndex((problem) => problem.code === "BAD_INDENT");
	return problems.filter((problem, k) => problem.code !== "BAD_INDENT" || k === firstIndent);
}

function yamlRemedy(code: string): string {
	if (code === "TAB_AS_INDENT") return "Indent with spaces.";
	if (code === "TAG_RESOLVE_FAILED") return "Remove the tag; plain values are enough.";
	if (code === "BAD_INDENT") return "Line the entry up with its siblings.";
	if (code === "MISSING_CHAR") return "Close the quote or bracket, and put a space after each colon.";
	return "Correct the YAML; quote texts that contain : # { [ or start with @ ` % &.";
}

type Aliases = ReadonlyMap<unknown, unknown>;
type Complain = (path: Path, at: "key" | "value", message: string, remedy: string) => void;

/**
 * The plain value of a document. Our own walk instead of `toJS`: it bounds depth and expansion, finds duplicate keys
 * in linear time, and makes objects without a prototype, so that `__proto__` is no way in.
 */
function plain(aliases: Aliases, root: Node, complain: Complain): unknown {
	let values = 0;
	let stopped = false;
	const open = new Set<unknown>();
	const stop = (path: Path, message: string, remedy: string): undefined => {
		if (!stopped) complain(path, "value", message, remedy);
		stopped = true;
		return undefined;
	};
	const walk = (node: unknown, path: Path): unknown => {
		if (stopped) return undefined;
		values += 1;
		if (values > MAX_VALUES) {
			return stop(
				[],
				`The document has more than ${MAX_VALUES} values once its anchors are written out.`,
				"Use fewer aliases.",
			);
		}
		if (path.length > MAX_DEPTH) return stop(path, `The file nests deeper than ${MAX_DEPTH} levels.`, "Flatten it.");
		const target = isAlias(node) ? aliases.get(node) : node;
		if (target === undefined) {
			complain(
				path,
				"value",
				`${pathText(path)} is an alias of nothing.`,
				"Write the anchor before the alias, or the value itself.",
			);
			return undefined;
		}
		if (isScalar(target)) return target.value;
		if (!isMap(target) && !isSeq(target)) return null;
		if (open.has(target))
			return stop(path, `${pathText(path)} contains itself.`, "Write the value out instead of an alias.");
		open.add(target);
		const value = isSeq(target) ? target.items.map((item, k) => walk(item, [...path, k])) : map(target.items, path);
		open.delete(target);
		return value;
	};
	const map = (items: readonly Pair[], path: Path): Record<string, unknown> => {
		const result: Record<string, unknown> = Object.create(null);
		const isTwoDocuments = path.length === 0 && hasTwoHeads(items);
		for (const item of items) {
			const key = keyOf(item);
			if (key === undefined) {
				complain(
					path,
					"value",
					`${pathText(path)} has a key that is not plain text.`,
					"Write a text before the colon.",
				);
			} else if (key === "__proto__" || key === "<<") {
				const remedy = key === "<<" ? "Write the fields out; merge keys are not read." : "Remove it.";
				complain([...path, key], "key", `${pathText([...path, key])} is not allowed as a key.`, remedy);
			} else if (key in result) {
				// A second document without its separator repeats every key of the first: one finding says it all.
				if (isTwoDocuments && key !== "apiVersion") continue;
				const message = `${pathText([...path, key])} is written twice.`;
				const remedy = isTwoDocuments
					? "Write --- on a line above it to begin another document."
					: "Remove one of the two.";
				complain(duplicatePath(items, path, item), "key", message, remedy);
			} else {
				result[key] = walk(item.value, [...path, key]);
			}
		}
		return result;
	};
	return walk(root, []);
}

function hasTwoHeads(items: readonly Pair[]): boolean {
	return items.filter((item) => keyOf(item) === "apiVersion").length > 1;
}

function keyOf(item: Pair): string | undefined {
	return isScalar(item.key) && item.key.value !== null ? String(item.key.value) : undefined;
}

/** A numeric last step addresses the k-th item of a map: the only way to point at the second of two equal keys. */
function duplicatePath(items: readonly Pair[], path: Path, item: Pair): Path {
	return [...path, items.indexOf(item)];
}

/** Each alias and the node it stands for, found in one pass; the library's own look-up walks the document per alias. */
function aliasTargets(document: Document): Map<unknown, unknown> {
	const anchors = new Map<string, unknown>();
	const targets = new Map<unknown, unknown>();
	visit(document, {
		Node(_key, node) {
			if (isAlias(node)) targets.set(node, anchors.get(node.source));
			else if (node.anchor) anchors.set(node.anchor, node);
		},
	});
	return targets;
}

function nodeAt(aliases: Aliases, root: Node, path: Path): unknown {
	let node: unknown = root;
	for (const step of path) {
		const target = isAlias(node) ? aliases.get(node) : node;
		if (isMap(target)) node = target.items.find((item) => keyOf(item) === String(step))?.value;
		else if (isSeq(target)) node = target.items[Number(step)];
		else return undefined;
	}
	return node;
}

/** Offset of the deepest part of `path` that is written. A value that is absent or empty is placed at its key. */
function locate(aliases: Aliases, root: Node, path: Path, at: "key" | "value"): number {
	let node: unknown = root;
	let offset = offsetOf(root) ?? 0;
	for (const [k, step] of path.entries()) {
		const target = isAlias(node) ? aliases.get(node) : node;
		const last = k === path.length - 1;
		if (isMap(target)) {
			const item =
				typeof step === "number" && at === "key" && last
					? target.items[step]
					: target.items.find((each) => keyOf(each) === String(step));
			if (!item) return offset;
			const keyOffset = offsetOf(item.key) ?? offset;
			const isEmpty = isScalar(item.value) && item.value.source === "" && item.value.value === null;
			offset = (last && at === "key") || isEmpty ? keyOffset : (offsetOf(item.value) ?? keyOffset);
			node = item.value;
		} else if (isSeq(target)) {
			const item = target.items[Number(step)];
			offset = offsetOf(item) ?? offset;
			node = item;
		} else return offset;
	}
	return offset;
}

/** Where the character `offset` of a scalar's value stands in the scalar as written; 0 when that is folded from several lines. */
function writtenOffset(written: string, offset: number): number {
	if (written.startsWith("|")) return offsetInBlock(written, offset);
	if (/[\r\n]/.test(written)) return 0;
	const quote = written[0];
	if (quote !== "'" && quote !== '"') return offset;
	const unit = quote === "'" ? /''|./y : /\\x..|\\u.{4}|\\U.{8}|\\?./y;
	unit.lastIndex = 1;
	for (let k = 0; k < offset && unit.lastIndex < written.length - 1; k++) unit.exec(written);
	return unit.lastIndex;
}

/** In a block after `|`, lines are as they are, less their indentation. */
function offsetInBlock(written: string, offset: number): number {
	const indent = /\n+( +)/.exec(written)?.[1]?.length ?? 0;
	let left = offset;
	let at = written.indexOf("\n") + 1;
	for (let end = written.indexOf("\n", at); end >= 0; end = written.indexOf("\n", at)) {
		const length = Math.max(0, end - at - indent);
		if (left <= length) break;
		left -= length + 1;
		at = end + 1;
	}
	return at + indent + left;
}

function offsetOf(node: unknown): number | undefined {
	return (node as { range?: readonly [number, number, number] | null } | null | undefined)?.range?.[0];
}

/** A cheap look before parsing: a long run of openers is no catalogue and would exhaust the parser's stack. */
function nestsTooDeep(text: string): boolean {
	let run = 0;
	for (let k = 0; k < text.length; k++) {
		const char = text.charCodeAt(k);
		if (char === 0x5b || char === 0x7b) run += 1;
		else if (char === 0x5d || char === 0x7d) run = Math.max(0, run - 1);
		if (run > MAX_NESTING_RUN) return true;
	}
	return /(?:[-?] ){200}/.test(text);
}
