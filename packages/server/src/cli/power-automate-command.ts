import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { openApiDocument, powerAutomateFiles } from "#api";
import { VERSION } from "../app/version.ts";
import { type CommandOptions, EXIT } from "./command-options.ts";
import { whyNotWritten } from "./not-written.ts";

export interface PowerAutomateOptions extends Omit<CommandOptions, "dir"> {
	/** Where Power Automate reaches the server. */
	readonly url: string;
	readonly outDir: string;
}

/** Writes the custom connector, the flow definitions and what to do with them. */
export async function runPowerAutomate({ url, outDir, json, out }: PowerAutomateOptions): Promise<number> {
	const files = powerAutomateFiles(await openApiDocument(VERSION), url);
	const written: string[] = [];
	try {
		for (const { path, text } of files) {
			const target = join(outDir, path);
			await mkdir(dirname(target), { recursive: true });
			await writeFile(target, text);
			written.push(target);
		}
	} catch (error) {
		out(`The connector cannot be written: ${whyNotWritten(error)}.\n  Name a folder that you may write to.\n`);
		return EXIT.findings;
	}
	out(json ? `${JSON.stringify({ written })}\n` : written.map((path) => `wrote ${path}\n`).join(""));
	return EXIT.fine;
}
