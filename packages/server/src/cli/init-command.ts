import { mkdir, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { starterFiles } from "#catalogue";
import { type CommandOptions, EXIT } from "./command-options.ts";
import { whyNotWritten } from "./not-written.ts";

/** Writes a starter catalogue into `dir`. Nothing is overwritten: one file in the way, and nothing is written at all. */
export async function runInit({ dir, json, out }: CommandOptions): Promise<number> {
	const files = starterFiles();
	const inTheWay: string[] = [];
	for (const file of files) {
		if (await stat(join(dir, file.path)).catch(() => undefined)) inTheWay.push(file.path);
	}
	if (inTheWay.length > 0) {
		const message = `${dir} already has ${inTheWay.join(", ")}. Nothing was written.`;
		const remedy = "Name an empty folder, or move these files away.";
		out(json ? `${JSON.stringify({ written: [], message, remedy })}\n` : `${message}\n  ${remedy}\n`);
		return EXIT.findings;
	}
	try {
		for (const file of files) {
			const path = join(dir, file.path);
			await mkdir(dirname(path), { recursive: true });
			// wx: a file that appeared since the look above is not overwritten either.
			await writeFile(path, file.text, { flag: "wx" });
		}
	} catch (error) {
		const message = `The starter cannot be written: ${whyNotWritten(error)}.`;
		const remedy = "Name a folder that you may write to.";
		out(json ? `${JSON.stringify({ written: [], message, remedy })}\n` : `${message}\n  ${remedy}\n`);
		return EXIT.findings;
	}
	if (json) out(`${JSON.stringify({ written: files.map((file) => file.path) })}\n`);
	else {
		out(`Wrote ${files.length} files to ${dir}:\n${files.map((file) => `  ${file.path}\n`).join("")}`);
		out(`Next: bellwether validate ${dir}, then bellwether serve --catalogue ${dir} --data bellwether-data\n`);
	}
	return EXIT.fine;
}
