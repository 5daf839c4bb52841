import { lstatSync, mkdirSync } from "node:fs";
import { enableCompileCache, flushCompileCache } from "node:module";
import { join } from "node:path";

/**
 * Keeps the program's compiled code in the data folder, so that a start after a crash need not compile it again. The code
 * that lies there is run: only a folder that is this user's, and that nobody else can write, is used. Answers it.
 */
export function useCompileCache(dataDir: string): string | undefined {
	const dir = join(dataDir, "compile-cache");
	try {
		// A data folder that is not there yet is made, and checked, by who takes it.
		if (!isPrivate(dataDir)) return undefined;
		mkdirSync(dir, { mode: 0o700, recursive: true });
		if (!isPrivate(dir)) return undefined;
		enableCompileCache(dir);
		return dir;
	} catch {
		// Without it the start is slower, and nothing else.
		return undefined;
	}
}

/** What was compiled until now is written: a process that is killed later cannot. */
export function keepCompiled(): void {
	flushCompileCache();
}

function isPrivate(dir: string): boolean {
	const found = lstatSync(dir, { throwIfNoEntry: false });
	return found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
}
