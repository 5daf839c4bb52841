import { writeFile } from "node:fs/promises";
import type { Catalogue } from "#catalogue";
import { phoneTree } from "#response";
import { EXIT } from "./command-options.ts";
import { whyNotWritten } from "./not-written.ts";

export interface PhoneTreeOptions {
	readonly catalogue: Catalogue;
	readonly now: number;
	/** Undefined: it is printed. */
	readonly outPath?: string | undefined;
	readonly out: (text: string) => void;
}

/** The sheet for the time when the system is gone, from the catalogue alone: overrides and swaps are not in it. */
export async function runPhoneTree({ catalogue, now, outPath, out }: PhoneTreeOptions): Promise<number> {
	const sheet = phoneTree(catalogue, now);
	if (outPath === undefined) {
		out(sheet);
		return EXIT.fine;
	}
	try {
		await writeFile(outPath, sheet, { mode: 0o600 });
	} catch (error) {
		out(`The sheet cannot be written: ${whyNotWritten(error)}.\n  Name a place that you may write to.\n`);
		return EXIT.findings;
	}
	out(`wrote ${outPath}\n`);
	return EXIT.fine;
}
