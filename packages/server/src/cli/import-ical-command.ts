import { readFile, stat, writeFile } from "node:fs/promises";
import { DAY_MS } from "@bellwether/model";
import { stringify } from "yaml";
import { formatFinding, readCatalogue } from "#catalogue";
import { createEgressReader } from "#platform";
import type { ReadEvent } from "#response";
import { MAX_CALENDAR_BYTES, readCalendar } from "../adapters/ical/index.ts";
import { type CommandOptions, EXIT } from "./command-options.ts";
import { whyNotWritten } from "./not-written.ts";

export interface ImportIcalOptions extends Omit<CommandOptions, "dir"> {
	/** A file, or an https address. */
	readonly source: string;
	/** Folder of the catalogue whose people titles name. */
	readonly catalogueDir: string;
	/** Name of the schedule that is written. */
	readonly schedule: string;
	/** Zone of whole-day events, and of the schedule. */
	readonly timeZone: string;
	/** The shifts win over all other layers. */
	readonly isOverride: boolean;
	readonly days: number;
	/** File that is written; undefined: the document is printed. */
	readonly outFile?: string | undefined;
	readonly now: number;
}

const TIMEOUT_MS = 20_000;

/**
 * Writes the events of a calendar as a schedule of single shifts, one layer per priority `[L3]` of the titles.
 * 0: every title names somebody, 1: some do not, or nothing could be read or written.
 */
export async function runImportIcal(options: ImportIcalOptions): Promise<number> {
	const { catalogue, findings } = await readCatalogue(options.catalogueDir);
	if (!catalogue) {
		options.out(findings.map((finding) => `${formatFinding(finding)}\n`).join(""));
		return EXIT.findings;
	}
	const text = await readSource(options.source);
	if ("fault" in text) return refuse(options, text.fault, text.remedy);
	const reading = await readCalendar(text.text, catalogue.people, {
		from: options.now,
		to: options.now + options.days * DAY_MS,
		timeZone: options.timeZone,
	});
	if (reading.status === "unreadable")
		return refuse(options, `The calendar cannot be read: ${reading.reason}`, "Export it again as iCalendar (.ics).");
	const known = reading.events.filter(({ people }) => people.length > 0);
	if (known.length === 0)
		return refuse(options, "No event to come names a person of the catalogue", "Write the person's name into titles.");
	const document = stringify(scheduleOf(options, known), { lineWidth: 0, flowCollectionPadding: true });
	if (options.outFile === undefined) options.out(document);
	else {
		try {
			await writeFile(options.outFile, document, { flag: "wx" });
		} catch (error) {
			return refuse(options, `The schedule cannot be written: ${whyNotWritten(error)}`, "Name a new file.");
		}
		options.out(`wrote ${options.outFile}: ${known.length} shifts\n`);
	}
	for (const title of reading.unknown) {
		const remedy = "Write the name, display name or mail address of a Person into the title.";
		options.out(`# The title ${JSON.stringify(title)} names nobody.\n#   ${remedy}\n`);
	}
	return reading.unknown.length > 0 ? EXIT.findings : EXIT.fine;
}

async function readSource(
	source: string,
): Promise<{ readonly text: string } | { readonly fault: string; readonly remedy: string }> {
	if (/^https?:\/\//i.test(source)) {
		const ask = createEgressReader({ allow: [] });
		const answer = await ask({
			url: source,
			method: "GET",
			headers: { accept: "text/calendar" },
			maxBytes: MAX_CALENDAR_BYTES,
			timeoutMs: TIMEOUT_MS,
			signal: new AbortController().signal,
		});
		if (answer.status !== "answered")
			return { fault: `The calendar was not reached: ${answer.reason}`, remedy: "Download it and name the file." };
		if (answer.statusCode !== 200)
			return { fault: `The calendar's address answered ${answer.statusCode}`, remedy: "Check the address." };
		return { text: Buffer.from(answer.body).toString("utf8") };
	}
	try {
		const { size } = await stat(source);
		if (size > MAX_CALENDAR_BYTES)
			return { fault: `The file has ${size} bytes, more than ${MAX_CALENDAR_BYTES}`, remedy: "Export fewer events." };
		return { text: await readFile(source, "utf8") };
	} catch (error) {
		return { fault: `The file cannot be read: ${(error as Error).message}`, remedy: "Name a file that you may read." };
	}
}

function scheduleOf(options: ImportIcalOptions, events: readonly ReadEvent[]): object {
	const priorities = [...new Set(events.map(({ priority }) => priority ?? 0))].toSorted((a, b) => a - b);
	return {
		apiVersion: "bellwether/v1",
		kind: "Schedule",
		metadata: { name: options.schedule },
		spec: {
			timeZone: options.timeZone,
			layers: priorities.map((priority) => ({
				name: priorities.length === 1 ? "calendar" : `calendar-l${priority}`,
				...(options.isOverride ? { override: true } : { priority }),
				shifts: events
					.filter((event) => (event.priority ?? 0) === priority)
					.map(({ from, to, people }) => ({ from: instant(from), to: instant(to), people })),
			})),
		},
	};
}

function instant(ms: number): string {
	return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

function refuse({ out, json }: ImportIcalOptions, message: string, remedy: string): number {
	out(json ? `${JSON.stringify({ error: message, remedy })}\n` : `${message}.\n  ${remedy}\n`);
	return EXIT.findings;
}
