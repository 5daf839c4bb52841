import { resolve } from "node:path";
import { systemClock } from "@bellwether/model";
import { BackupRefused, backUp, restore } from "../adapters/sqlite/backup.ts";
import { VERSION } from "../app/version.ts";
import { type CommandOptions, EXIT } from "./command-options.ts";
import { type Progress, progress, type Terminal } from "./progress.ts";

export interface CopyOptions extends CommandOptions {
	/** Folder that is made. */
	readonly target: string;
	readonly terminal: Terminal;
}

/** Copies a data folder as it stands at one moment. */
export function runBackup(options: CopyOptions): Promise<number> {
	return answered(options, async () => {
		const bar = progress({ ...options.terminal, title: "backing up", unit: "MB" });
		const manifest = await backUp(resolve(options.dir), resolve(options.target), {
			clock: systemClock,
			version: VERSION,
			onProgress: megabytes(bar),
		}).finally(() => bar.end());
		const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
		const text = `Backed up ${options.dir} as of ${manifest.at} to ${options.target} (${Math.ceil(bytes / 1e6)} MB).\nCheck it with: bellwether verify ${options.target}\n`;
		return { text, ...manifest };
	});
}

/** Makes a data folder of a backup. */
export function runRestore(options: CopyOptions): Promise<number> {
	return answered(options, async () => {
		const bar = progress({ ...options.terminal, title: "restoring", unit: "MB" });
		const { manifest, notices, pages } = await restore(resolve(options.dir), resolve(options.target), {
			clock: systemClock,
			onProgress: megabytes(bar),
		}).finally(() => bar.end());
		const text = `Restored ${options.target} as of ${manifest.at}.\nNot sent again: ${notices} notices (they wait for a person as "uncertain"), ${pages} pages (their escalations go on).\n`;
		return { text, at: manifest.at, notices, pages };
	});
}

/** Files are read twice, so that half of what was gone through is what was copied. */
function megabytes(bar: Progress): (doneBytes: number, ofBytes: number) => void {
	return (done, of) => bar.update(of === 0 ? 1 : done / of, Math.round(done / 2e6));
}

async function answered(options: CopyOptions, work: () => Promise<{ readonly text: string }>): Promise<number> {
	// Tenants' health data lie in every file that is made, from its first byte on.
	process.umask(0o077);
	try {
		const { text, ...rest } = await work();
		options.out(options.json ? `${JSON.stringify({ status: "done", ...rest })}\n` : text);
		return EXIT.fine;
	} catch (error) {
		const code = (error as NodeJS.ErrnoException).code;
		if (!(error instanceof BackupRefused) && code === undefined) throw error;
		const { message } = error as Error;
		options.out(options.json ? `${JSON.stringify({ status: "refused", message })}\n` : `bellwether: ${message}.\n`);
		return EXIT.findings;
	}
}
