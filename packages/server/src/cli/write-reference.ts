import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { configurationReference, jsonSchemas } from "#catalogue";

/** One JSON Schema per kind. */
export function schemaFiles(): { name: string; text: string }[] {
	return Object.entries(jsonSchemas()).map(([name, schema]) => ({ name, text: `${formatJson(schema, 0)}\n` }));
}

/** What the repository's docs/ must contain, byte for byte. */
export function referenceFiles(): { path: string; text: string }[] {
	const schemas = schemaFiles().map(({ name, text }) => ({ path: `schemas/${name}`, text }));
	return [{ path: "configuration.md", text: configurationReference() }, ...schemas];
}

/** Writes the generated part of docs/ anew; run this file after a change of the kinds. */
export async function writeReference(docs: string): Promise<void> {
	for (const { path, text } of referenceFiles()) {
		await mkdir(dirname(join(docs, path)), { recursive: true });
		await writeFile(join(docs, path), text);
	}
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

if (import.meta.main) await writeReference(join(import.meta.dirname, "../../../../docs"));
