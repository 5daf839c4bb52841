import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { extname } from "node:path";
import { createInterface } from "node:readline";
import { parse } from "csv-parse";
import { CSV_OPTIONS, delimiterOf, headerFault, type ImportRow, importRow, jsonFields, Malformed } from "#telemetry";

export interface EventFile {
	readonly path: string;
	readonly bytes: number;
	readonly format: "csv" | "ndjson";
	/** Column of the file, in lower case → field. */
	readonly columns: ReadonlyMap<string, string>;
}

/** Rows of a file with how far into it they stand; `fault`: the line cannot be read, and goes on behind it. */
export type FileRow =
	| { readonly row: ImportRow; readonly atBytes: number }
	| { readonly fault: string; readonly atBytes: number };

const HEADER_BYTES = 64 * 1024;

/** Looks at the file; a text says what is wrong with it. */
export async function openEventFile(path: string, columns: ReadonlyMap<string, string>): Promise<EventFile | string> {
	const ending = extname(path).toLowerCase();
	const format =
		ending === ".csv" || ending === ".tsv" ? "csv" : [".ndjson", ".jsonl"].includes(ending) ? "ndjson" : "";
	if (format === "")
		return `${path}: its name ends in none of .csv, .tsv, .ndjson, .jsonl. Rename it to what it holds.`;
	try {
		const info = await stat(path);
		if (!info.isFile()) return `${path} is no file. Name a CSV or NDJSON file.`;
		return { path, bytes: info.size, format, columns };
	} catch (error) {
		return `${path} cannot be read: ${(error as Error).message}. Name a file that you may read.`;
	}
}

/** Reads the file as a stream: memory does not follow its size. */
export function rowsOf(file: EventFile): AsyncIterable<FileRow> {
	return file.format === "csv" ? csvRows(file) : ndjsonRows(file);
}

async function* ndjsonRows(file: EventFile): AsyncIterable<FileRow> {
	const stream = createReadStream(file.path);
	let number = 0;
	for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
		number++;
		if (line.trim() === "") continue;
		yield rowOf(file, stream.bytesRead, number, () => jsonFields(line.trim(), number));
	}
}

async function* csvRows(file: EventFile): AsyncIterable<FileRow> {
	const delimiter = delimiterOf(await headerOf(file.path));
	const stream = createReadStream(file.path);
	const parser = stream.pipe(parse({ ...CSV_OPTIONS, delimiter }));
	stream.on("error", (error) => parser.destroy(error));
	let isHeaderChecked = false;
	try {
		for await (const { info, record } of parser as AsyncIterable<{
			readonly info: { readonly lines: number };
			readonly record: Readonly<Record<string, string>>;
		}>) {
			if (!isHeaderChecked) {
				isHeaderChecked = true;
				const fault = headerFault(Object.keys(mapped(file, record)));
				if (fault !== undefined) {
					yield { fault: `${fault}; map others with --map COLUMN=FIELD`, atBytes: file.bytes };
					return;
				}
			}
			yield rowOf(file, stream.bytesRead, info.lines, () => record);
		}
	} catch (error) {
		const { lines, message } = error as Error & { readonly lines?: number };
		// What is behind a broken quote cannot be told from it: the rest of the file is not read.
		yield { fault: `line ${lines ?? 1}: ${message}`, atBytes: stream.bytesRead };
	} finally {
		stream.destroy();
	}
}

function rowOf(
	file: EventFile,
	atBytes: number,
	line: number,
	fields: () => Readonly<Record<string, unknown>>,
): FileRow {
	try {
		return { row: importRow(mapped(file, fields()), line), atBytes };
	} catch (error) {
		if (!(error instanceof Malformed)) throw error;
		return { fault: error.message, atBytes };
	}
}

/** Under the fields' own names. A column that is mapped to nothing ("-") is left out. */
function mapped({ columns }: EventFile, fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
	if (columns.size === 0) return fields as Record<string, unknown>;
	const named: Record<string, unknown> = {};
	for (const [name, value] of Object.entries(fields)) {
		const field = columns.get(name.toLowerCase()) ?? name;
		if (field !== "-") named[field] = value;
	}
	return named;
}

async function headerOf(path: string): Promise<string> {
	const handle = await open(path);
	try {
		const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
		return buffer.toString("utf8", 0, bytesRead);
	} finally {
		await handle.close();
	}
}
