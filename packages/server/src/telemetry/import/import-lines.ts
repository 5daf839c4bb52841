import { parse } from "csv-parse/sync";
import { Malformed, TooLarge } from "../intake/wire.ts";
import { IMPORT_FIELDS, type ImportRow, importRow } from "./import-row.ts";

export type ImportFormat = "ndjson" | "csv";

/** Rows of a body, line by line. Throws Malformed at the first that cannot be read, naming its line. */
export function* importRows(body: Uint8Array, format: ImportFormat): Iterable<ImportRow> {
	const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");
	if (format === "csv") yield* csvRows(text);
	else yield* ndjsonRows(text);
}

function* ndjsonRows(text: string): Iterable<ImportRow> {
	let number = 0;
	for (let from = 0; from < text.length; ) {
		const newline = text.indexOf("\n", from);
		const end = newline < 0 ? text.length : newline;
		const line = text.slice(from, end).trim();
		from = end + 1;
		number++;
		if (line !== "") yield importRow(jsonFields(line, number), number);
	}
}

/** The object that a line holds. Throws Malformed, which names the line. */
export function jsonFields(line: string, number: number): Readonly<Record<string, unknown>> {
	let value: unknown;
	try {
		value = JSON.parse(line);
	} catch {
		throw new Malformed(`line ${number} is not JSON: ${line.slice(0, 60)}`);
	}
	return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

/** How csv-parse is to read our files: by the names in the first line, whatever separates them there. */
export const CSV_OPTIONS = {
	bom: true,
	columns: (names: readonly string[]): string[] => names.map((name) => name.trim().toLowerCase()),
	skip_empty_lines: true,
	info: true,
} as const;

/** What separates the names in the first line: the most frequent of comma, semicolon and tab. */
export function delimiterOf(text: string): string {
	const [header = ""] = text.split("\n", 1);
	const counts = [",", ";", "\t"].map((each) => [each, header.split(each).length] as const);
	return counts.reduce((best, each) => (each[1] > best[1] ? each : best))[0];
}

/** Which needed columns a header lacks, and which it has that nobody knows. */
export function headerFault(names: readonly string[]): string | undefined {
	const missing = ["tenant", "slo", "at"].find((name) => !names.includes(name));
	if (missing !== undefined) return `column ${missing} is missing in line 1: columns are ${IMPORT_FIELDS.join(", ")}`;
	const stray = names.find((name) => !(IMPORT_FIELDS as readonly string[]).includes(name));
	return stray === undefined
		? undefined
		: `column ${JSON.stringify(stray.slice(0, 60))} is unknown: columns are ${IMPORT_FIELDS.join(", ")}`;
}

/** Letters of a line; a line of ours has some hundred. */
const MAX_RECORD = 10_000;
/** The parser makes objects of all lines before we see the first. */
const MAX_CSV_LINES = 250_000;

function refuseCostly(text: string): void {
	const header = text.indexOf("\n");
	if ((header < 0 ? text.length : header) > MAX_RECORD)
		throw new Malformed(`line 1 is longer than ${MAX_RECORD} letters`);
	let lines = 0;
	for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1))
		if (++lines > MAX_CSV_LINES)
			throw new TooLarge(`the CSV has more than ${MAX_CSV_LINES} lines: send it in parts, each with a key of its own`);
}

function* csvRows(text: string): Iterable<ImportRow> {
	refuseCostly(text);
	let records: { info: { lines: number }; record: Record<string, string> }[];
	const columns = (names: readonly string[]): string[] => {
		const known = CSV_OPTIONS.columns(names);
		const fault = headerFault(known);
		if (fault !== undefined) throw new Malformed(fault);
		return known;
	};
	const options = { ...CSV_OPTIONS, columns, delimiter: delimiterOf(text), max_record_size: MAX_RECORD };
	try {
		records = parse(text, options) as unknown as typeof records;
	} catch (error) {
		if (error instanceof Malformed) throw error;
		const { lines, message } = error as Error & { lines?: number };
		throw new Malformed(`line ${lines ?? 1}: ${message}`);
	}
	for (const { info, record } of records) yield importRow(record, info.lines);
}
