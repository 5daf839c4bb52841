import { existsSync } from "node:fs";
import { join } from "node:path";
import { BackupRefused, changedFiles, readManifest } from "../adapters/sqlite/backup.ts";
import { verifyControl } from "../adapters/sqlite/verify-control.ts";
import { verifyTelemetry } from "../adapters/sqlite/verify-telemetry.ts";
import { type CommandOptions, EXIT } from "./command-options.ts";
import { progress, type Terminal } from "./progress.ts";

export interface VerifyOptions extends CommandOptions {
	readonly terminal: Terminal;
}

/** Reads everything that a data folder or a backup holds. 0: all is well, 1: findings, one a line. */
export async function runVerify(options: VerifyOptions): Promise<number> {
	const { dir } = options;
	const findings: string[] = [];
	let manifest: ReturnType<typeof readManifest>;
	try {
		manifest = readManifest(dir);
		if (manifest)
			for (const name of await changedFiles(dir, manifest)) findings.push(`${name}: is not as it was backed up`);
	} catch (error) {
		if (!(error instanceof BackupRefused)) throw error;
		findings.push(error.message);
	}
	const rows: Record<string, number> = {};
	let auditHead: { readonly seq: number; readonly hash: string } | undefined;
	const look = async (name: string, work: (path: string) => Promise<readonly string[]> | readonly string[]) => {
		const path = join(dir, name);
		if (!existsSync(path)) {
			findings.push(`${name}: is not there`);
			return;
		}
		try {
			findings.push(...(await work(path)));
		} catch (error) {
			// A file that is damaged where its tables are told cannot be read at all.
			findings.push(`${name}: cannot be read: ${(error as Error).message}`);
		}
	};
	await look("control.db", async (path) => {
		const verdict = await verifyControl(path, manifest?.auditHead);
		auditHead = verdict.auditHead;
		return verdict.findings;
	});
	await look("telemetry.db", (path) => {
		const bar = progress({ ...options.terminal, title: "reading" });
		const verdict = verifyTelemetry(path, (doneRatio, read) => bar.update(doneRatio, read));
		bar.end();
		Object.assign(rows, verdict.rows);
		return verdict.findings;
	});
	const status = findings.length === 0 ? "intact" : "damaged";
	if (options.json) options.out(`${JSON.stringify({ status, findings, auditHead: auditHead ?? null, rows })}\n`);
	else if (findings.length > 0) options.out(`${findings.join("\n")}\n`);
	else {
		const count = Object.values(rows).reduce((sum, each) => sum + each, 0);
		options.out(`${dir} is intact: ${count} stored rows, audit log of ${auditHead?.seq ?? 0} entries.\n`);
	}
	return findings.length === 0 ? EXIT.fine : EXIT.findings;
}
