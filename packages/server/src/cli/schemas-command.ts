import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { configurationReference, jsonSchemas } from "#catalogue";
import { type CommandOptions, EXIT } from "./command-options.ts";

/** Writes `configuration.md` and `schemas/*.json` into `dir` (the repository's docs/); with `json`, prints the schemas instead. */
export async function runSchemas({ dir, json, out }: CommandOptions): Promise<number> {
	if (json) {
		out(`${JSON.stringify(jsonSchemas())}\n`);
		return EXIT.fine;
	}
	const files = referenceFiles();
	try {
		await mkdir(join(dir, "schemas"), { recursive: true });
		for (const file of files) await writeFile(join(dir, file.path), file.text);
	} catch (error) {
		out(`The schemas cannot be written: ${(error as Error).message}.\n  Name a folder that you may write to.\n`);
		return EXIT.findings;
	}
	out(`Wrote ${files.length} files to ${dir}.\n`);
	return EXIT.fine;
}

/** What docs/ must contain, byte for byte. */
export function referenceFiles(): { path: string; text: string }[] {
	const schemas = Object.entries(jsonSchemas()).map(([name, schema]) => ({
		path: `schemas/${name}`,
		text: `${formatJson(schema, 0)}\n`,
	}));
	return [{ path: "configuration.md", text: configurationReference() }, ...schemas];
}

/** JSON as the project's formatter lays it out: tabs, and lists of plain values on one line where they fit in 120 columns. */
function formatJson(value: unknown, depth: number, used = 0): string {
	if (typeof value !== "object" || value === null) return JSON.stringify(value);
	const inner = "\t".repeat(depth + 1);
	const close = "\t".repeat(depth);
	if (Array.isArray(value)) {
		const flat = `[${value.map((each) => JSON.stringify(each)).join(", ")}]`;
		const isPlain = value.every((each) => typeof each !== "object" || each === null);
		if (isPlain && used + flat.length < 120) return flat;
		return `[\n${value.map((each) => inner + formatJson(each, depth + 1)).join(",\n")}\n${close}]`;
	}
	const entries = Object.entries(value).filter(([, each]) => each !== undefined);
	if (entries.length === 0) return "{}";
	const lines = entries.map(([key, each]) => {
		const label = `${JSON.stringify(key)}: `;
		return `${inner}${label}${formatJson(each, depth + 1, 2 * (depth + 1) + label.length)}`;
	});
	return `{\n${lines.join(",\n")}\n${close}}`;
}
