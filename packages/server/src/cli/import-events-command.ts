import { createHash } from "node:crypto";
import type { ImportRow } from "#telemetry";
import { type PostOptions, post } from "../demo/post.ts";
import { type CommandOptions, EXIT } from "./command-options.ts";
import { type EventFile, openEventFile, rowsOf } from "./event-file.ts";
import { type Progress, progress, type Terminal } from "./progress.ts";
import { refusalText } from "./server-client.ts";

export interface ImportEventsOptions extends Omit<CommandOptions, "dir"> {
	readonly paths: readonly string[];
	/** `column=field`, as they were written. */
	readonly map: readonly string[];
	readonly url: string | undefined;
	readonly token: string | undefined;
	/** Reads and checks all, and sends nothing. */
	readonly isDryRun: boolean;
	readonly rowsPerChunk?: number;
	readonly terminal: Terminal;
	readonly stop: AbortSignal;
	readonly sleep?: PostOptions["sleep"];
}

/** A chunk counts as a whole or not at all, so one that fails costs little. */
const ROWS_PER_CHUNK = 10_000;
/** Faults that are shown one by one. */
const MAX_SHOWN = 20;

interface Seen {
	rows: number;
	firstAt: number;
	lastAt: number;
	readonly tenants: Set<string>;
	readonly slos: Set<string>;
	readonly faults: string[];
	faultCount: number;
}

interface Sent {
	rows: number;
	counted: number;
	chunks: number;
	readonly rejected: Record<string, number>;
}

/**
 * Sends history from CSV or NDJSON files to a running server. All lines are checked first; then chunks go one by one, each
 * under a key made of its content and its place, so that a run that was stopped, or is repeated, counts nothing twice.
 */
export async function runImportEvents(options: ImportEventsOptions): Promise<number> {
	const columns = columnsOf(options.map);
	if (typeof columns === "string") return say(options, { status: "usage", message: columns }, EXIT.usage);
	const { url, token } = options;
	if (!options.isDryRun && (url === undefined || token === undefined)) {
		const missing = url === undefined ? "--url" : "--token";
		const message = `${missing} is missing: name the running server, or use --dry-run to check the files alone.`;
		return say(options, { status: "usage", message }, EXIT.usage);
	}
	const files: EventFile[] = [];
	for (const path of options.paths) {
		const file = await openEventFile(path, columns);
		if (typeof file === "string") return say(options, { status: "refused", message: file }, EXIT.findings);
		files.push(file);
	}
	const seen = await check(files, options);
	if (seen.faultCount > 0 || seen.rows === 0) return sayFaults(options, seen);
	if (options.isDryRun) return sayChecked(options, seen);
	return send(files, seen, { ...options, url: url as string, token: token as string });
}

function columnsOf(map: readonly string[]): ReadonlyMap<string, string> | string {
	const columns = new Map<string, string>();
	for (const each of map) {
		const at = each.lastIndexOf("=");
		if (at < 1 || at === each.length - 1)
			return `--map ${JSON.stringify(each)} is not COLUMN=FIELD. Write it such as --map customer=tenant, or --map note=- to leave a column out.`;
		columns.set(each.slice(0, at).trim().toLowerCase(), each.slice(at + 1).trim());
	}
	return columns;
}

async function check(files: readonly EventFile[], options: ImportEventsOptions): Promise<Seen> {
	const seen: Seen = {
		rows: 0,
		firstAt: Number.POSITIVE_INFINITY,
		lastAt: Number.NEGATIVE_INFINITY,
		tenants: new Set(),
		slos: new Set(),
		faults: [],
		faultCount: 0,
	};
	const bar = progress({ ...options.terminal, title: "checking" });
	for await (const each of read(files, bar, () => seen.rows, options.stop)) {
		if ("fault" in each) {
			seen.faultCount++;
			if (seen.faults.length < MAX_SHOWN) seen.faults.push(each.fault);
			continue;
		}
		const { at, tenant, slo } = each.row;
		seen.rows++;
		seen.firstAt = Math.min(seen.firstAt, at);
		seen.lastAt = Math.max(seen.lastAt, at);
		seen.tenants.add(tenant);
		seen.slos.add(slo);
	}
	bar.end();
	return seen;
}

/** All rows of all files; the bar follows the bytes. */
async function* read(
	files: readonly EventFile[],
	bar: Progress,
	rows: () => number,
	stop: AbortSignal,
): AsyncIterable<{ readonly row: ImportRow } | { readonly fault: string }> {
	const ofBytes = files.reduce((sum, file) => sum + file.bytes, 0);
	let before = 0;
	for (const file of files) {
		for await (const each of rowsOf(file)) {
			if (stop.aborted) return;
			bar.update((before + each.atBytes) / ofBytes, rows());
			yield "fault" in each ? { fault: `${file.path}: ${each.fault}` } : each;
		}
		before += file.bytes;
	}
}

type Sending = ImportEventsOptions & { readonly url: string; readonly token: string };

async function send(files: readonly EventFile[], seen: Seen, options: Sending): Promise<number> {
	const sent: Sent = { rows: 0, counted: 0, chunks: 0, rejected: {} };
	const bar = progress({ ...options.terminal, title: "importing" });
	const size = options.rowsPerChunk ?? ROWS_PER_CHUNK;
	let lines: string[] = [];
	const flush = async (): Promise<string | undefined> => {
		const failure = await sendChunk(lines, sent, options);
		lines = [];
		return failure;
	};
	let failure: string | undefined;
	for await (const each of read(files, bar, () => sent.rows, options.stop)) {
		if ("fault" in each) {
			failure = `${each.fault}; the file has changed while it was read`;
			break;
		}
		lines.push(JSON.stringify(each.row));
		if (lines.length === size) failure = await flush();
		if (failure !== undefined) break;
	}
	if (failure === undefined && lines.length > 0 && !options.stop.aborted) failure = await flush();
	bar.end();
	if (failure === undefined && options.stop.aborted) failure = "stopped";
	if (failure !== undefined) {
		const message = `${failure}. ${sent.rows} of ${seen.rows} rows are stored; run the same command again to go on: they are not counted twice.`;
		return say(options, { status: "stopped", message, ...sent }, EXIT.findings);
	}
	return saySent(options, sent);
}

/** Undefined: stored, now or by an earlier run. */
async function sendChunk(lines: readonly string[], sent: Sent, options: Sending): Promise<string | undefined> {
	const body = `${lines.join("\n")}\n`;
	const digest = createHash("sha256").update(body).digest("hex");
	const result = await post(
		{
			url: `${options.url.replace(/\/$/, "")}/api/v1/import`,
			headers: {
				"content-type": "application/x-ndjson",
				"idempotency-key": `file-${sent.chunks}-${digest}`,
				authorization: `Bearer ${options.token}`,
			},
			body,
		},
		{ signal: options.stop, ...(options.sleep ? { sleep: options.sleep } : {}) },
	);
	if (result.status === "stopped") return "stopped";
	if (result.status === "refused")
		return `The server answered ${result.code}: ${refusalText({ statusCode: result.code, body: parsed(result.text) })}`;
	const answer = parsed(result.text) as { lines: number; counted: number; rejected: Record<string, number> };
	sent.chunks++;
	sent.rows += answer.lines;
	sent.counted += answer.counted;
	for (const [reason, count] of Object.entries(answer.rejected))
		sent.rejected[reason] = (sent.rejected[reason] ?? 0) + count;
	return undefined;
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

/** As `--json` prints it; people read the message. */
interface Answer {
	readonly status: "usage" | "refused" | "stopped" | "checked" | "imported";
	readonly message: string;
	readonly [more: string]: unknown;
}

function say(options: ImportEventsOptions, answer: Answer, exitCode: number): number {
	options.out(options.json ? `${JSON.stringify(answer)}\n` : `${answer.message}\n`);
	return exitCode;
}

function sayFaults(options: ImportEventsOptions, seen: Seen): number {
	const { faults, faultCount, rows } = seen;
	const message =
		faultCount === 0
			? "The files hold no rows. Nothing was sent."
			: `${faults.join("\n")}\n${faultCount > faults.length ? `… and ${faultCount - faults.length} more\n` : ""}${faultCount} of ${rows + faultCount} lines cannot be read; nothing was sent. Correct them and run it again.`;
	return say(options, { status: "refused", message, faults, faultCount }, EXIT.findings);
}

function sayChecked(options: ImportEventsOptions, seen: Seen): number {
	const [from, to] = [seen.firstAt, seen.lastAt].map((at) => new Date(at).toISOString());
	const slos = [...seen.slos].sort();
	const message = `${seen.rows} rows of ${seen.tenants.size} tenants and ${slos.length} SLOs (${slos.slice(0, 10).join(", ")}), ${from} to ${to}. Nothing was sent.`;
	const { rows } = seen;
	return say(options, { status: "checked", message, rows, tenants: seen.tenants.size, slos, from, to }, EXIT.fine);
}

const REASON_REMEDIES: Readonly<Record<string, string>> = {
	no_sli: "the catalogue has no SLO of that name",
	too_old: "older than 400 days",
	future: "later than now",
};

function saySent(options: ImportEventsOptions, sent: Sent): number {
	const left = Object.entries(sent.rejected).map(
		([reason, count]) => `${count} ${reason}${REASON_REMEDIES[reason] ? ` (${REASON_REMEDIES[reason]})` : ""}`,
	);
	const rest = left.length === 0 ? "" : ` Not counted: ${left.join(", ")}.`;
	const message = `${sent.counted} of ${sent.rows} rows are counted, in ${sent.chunks} chunks.${rest}`;
	return say(options, { status: "imported", message, ...sent }, left.length === 0 ? EXIT.fine : EXIT.findings);
}
