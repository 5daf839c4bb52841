import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Clock } from "@bellwether/model";

export interface DataLock {
	release(): void;
}

/** Another process uses the data folder. The message names it and says what to do. */
export class DataDirLocked extends Error {
	override readonly name = "DataDirLocked";
}

/**
 * Takes a data folder for this process alone, or throws at once. The lock is the operating system's, on a file that
 * an open transaction holds: it ends with the process, however that ends, so nothing stale is left after kill -9 or
 * in a restarted container with the same process id. Who holds it stands in a second file, for the message alone.
 */
export function lockDataDir(dir: string, options: { readonly clock: Clock; readonly holder: string }): DataLock {
	mkdirSync(dir, { recursive: true, mode: 0o700 });
	const holderPath = join(dir, "lock.json");
	const lockPath = join(dir, "lock.db");
	// Nobody but SQLite may open this file: closing it anywhere in a process ends all of that process's locks on it.
	const database = new DatabaseSync(lockPath, { timeout: 0 });
	chmodSync(lockPath, 0o600);
	try {
		// Without a WAL, "exclusive" is a lock on the file itself.
		database.exec("pragma journal_mode = delete; begin exclusive;");
	} catch (error) {
		database.close();
		if (!isBusy(error)) throw new Error(`it cannot be locked: ${(error as Error).message}`);
		throw new DataDirLocked(
			`the data folder ${dir} is in use by ${describeHolder(holderPath)}: stop that one, or choose another folder with --data`,
		);
	}
	const since = new Date(options.clock.now()).toISOString();
	writeFileSync(holderPath, JSON.stringify({ pid: process.pid, holder: options.holder, since }), { mode: 0o600 });
	return {
		release() {
			if (database.isOpen) database.close();
		},
	};
}

/** Who uses the folder now; undefined: nobody. Leaves it as it is: doctor asks without taking it. */
export function dataDirHolder(dir: string): string | undefined {
	const lockPath = join(dir, "lock.db");
	if (!existsSync(lockPath)) return undefined;
	const database = new DatabaseSync(lockPath, { timeout: 0 });
	try {
		database.exec("begin exclusive; rollback;");
		return undefined;
	} catch (error) {
		if (isBusy(error)) return describeHolder(join(dir, "lock.json"));
		throw error;
	} finally {
		database.close();
	}
}

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
	const code = (error as { errcode?: number }).errcode;
	return code !== undefined && (code & 0xff) === SQLITE_BUSY;
}

function describeHolder(path: string): string {
	try {
		const { pid, holder, since } = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
		return `process ${pid} (${holder}) since ${since}`;
	} catch {
		// The holder has the lock and has not written its name yet.
		return "another process";
	}
}
