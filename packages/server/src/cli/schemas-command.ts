import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { jsonSchemas } from "#catalogue";
import { type CommandOptions, EXIT } from "./command-options.ts";
import { whyNotWritten } from "./not-written.ts";
import { schemaFiles } from "./write-reference.ts";

/** Writes one JSON Schema per kind into `dir`, for editors; with `json`, prints them all as one object instead. */
export async function runSchemas({ dir, json, out }: CommandOptions): Promise<number> {
	if (json) {
		out(`${JSON.stringify(jsonSchemas())}\n`);
		return EXIT.fine;
	}
	const files = schemaFiles();
	try {
		await mkdir(dir, { recursive: true });
		for (const file of files) await writeFile(join(dir, file.name), file.text);
	} catch (error) {
		out(`The schemas cannot be written: ${whyNotWritten(error)}.\n  Name a folder that you may write to.\n`);
		return EXIT.findings;
	}
	out(`Wrote ${files.length} files to ${dir}.\n`);
	return EXIT.fine;
}
