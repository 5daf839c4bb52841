import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { beginEarly, takeEarly } from "./early-start.ts";

describe("what a start has under way before its bulk is loaded", () => {
	let dir: string;
	beforeEach(() => {
		dir = mkdtempSync(join(tmpdir(), "bellwether-early-"));
	});
	afterEach(() => rmSync(dir, { recursive: true, force: true }));

	const end = (worker: { terminate(): Promise<number> }) => worker.terminate();

	it.each([
		["the folder as a word of its own", () => ["serve", "--catalogue", "c", "--data", dir]],
		["the folder behind an equals sign", () => ["serve", `--data=${dir}`, "--json"]],
	])("loads for serve: %s", async (_, args) => {
		beginEarly(args());
		const { warmWorker, compileCacheDir } = takeEarly(dir);
		expect(compileCacheDir).toBe(join(dir, "compile-cache"));
		expect(warmWorker.threadId).toBeGreaterThan(0);
		await end(warmWorker);
	});

	it("begins anew where the command line means another folder, and ends what began", async () => {
		beginEarly(["serve", "--data", join(dir, "other")]);
		const { warmWorker, compileCacheDir } = takeEarly(dir);
		expect(compileCacheDir).toBe(join(dir, "compile-cache"));
		await end(warmWorker);
	});

	it("does nothing for other commands: what is taken then is made then", async () => {
		beginEarly(["validate", "--data", dir]);
		const { warmWorker } = takeEarly(dir);
		await end(warmWorker);
	});
});
