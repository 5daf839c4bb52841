import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { useCompileCache } from "./compile-cache.ts";

function folder(): string {
	const path = mkdtempSync(join(tmpdir(), "bellwether-"));
	onTestFinished(() => rmSync(path, { recursive: true, force: true }));
	return path;
}

// Whoever can write there could have their code run.
test.each([
	["the data folder can be written by others", (dir: string) => chmodSync(dir, 0o777)],
	[
		"the cache can be written by others",
		(dir: string) => {
			mkdirSync(join(dir, "compile-cache"));
			chmodSync(join(dir, "compile-cache"), 0o770);
		},
	],
	["the cache is a link to another place", (dir: string) => symlinkSync(tmpdir(), join(dir, "compile-cache"))],
	["there is no data folder yet", (dir: string) => rmSync(dir, { recursive: true })],
])("compiled code is neither read nor kept where %s", (_, prepare) => {
	const dir = folder();
	prepare(dir);
	const before = existsSync(dir);
	expect(useCompileCache(dir)).toBeUndefined();
	expect(existsSync(dir)).toBe(before);
});

test("in a folder of our own it is", () => {
	const dir = folder();
	expect(useCompileCache(dir)).toBe(join(dir, "compile-cache"));
});
