import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openTelemetryStore } from "../adapters/sqlite/telemetry-store.ts";
import { runBacktest } from "./backtest-command.ts";
import { runInit } from "./init-command.ts";

let dir: string;
let printed = "";
const out = (text: string) => {
	printed += text;
};
const quiet = { isTerminal: false, err: () => {}, now: () => 0 };
beforeEach(async () => {
	dir = await mkdtemp(join(tmpdir(), "bellwether-backtest-cli-"));
	await runInit({ dir, json: false, colour: false, out: () => {} });
	printed = "";
});
afterEach(() => rm(dir, { recursive: true, force: true }));

function options(changes: { readonly from?: string; readonly to?: string; readonly dataDir?: string } = {}) {
	const base = { dir, json: false, colour: false, out, from: undefined, to: undefined, now: Date.UTC(2026, 2, 2) };
	return { ...base, dataDir: dir, terminal: quiet, ...changes };
}

test("refuses a time that is none, and says what one looks like", async () => {
	expect(await runBacktest(options({ from: "yesterday" }))).toBe(2);
	expect(printed).toBe('"yesterday" is no time.\n  Write one such as 2026-11-23T02:00Z.\n');
});
test.each([
	{ name: "after its end", from: "2026-03-01T00:00Z", to: "2026-02-01T00:00Z" },
	{ name: "at its end", from: "2026-02-01T00:00Z", to: "2026-02-01T00:00Z" },
	{ name: "in the future", from: "2026-03-03T00:00Z" },
])("refuses a beginning that is $name", async ({ name: _, ...times }) => {
	expect(await runBacktest(options(times))).toBe(2);
	expect(printed).toMatch(/^--from is 2026-.* is not before the end, 2026-.*\n {2}Write an earlier one/);
});
test("tells a folder without data", async () => {
	expect(await runBacktest(options({ dataDir: join(dir, "nowhere") }))).toBe(1);
	expect(printed).toMatch(/cannot be replayed: .*\n {2}Name a data folder or a backup\.\n$/);
});
test("tells a folder in which nothing was ever counted", async () => {
	openTelemetryStore(join(dir, "telemetry.db")).close();
	expect(await runBacktest(options())).toBe(1);
	expect(printed).toContain("holds no counts of this catalogue's SLOs");
});
