import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runExplain } from "./explain-command.ts";
import { runInit } from "./init-command.ts";

let dir: string;
let printed = "";
const out = (text: string) => {
	printed += text;
};
beforeEach(async () => {
	dir = await mkdtemp(join(tmpdir(), "bellwether-explain-"));
	await runInit({ dir, json: false, colour: false, out: () => {} });
	printed = "";
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const options = { json: false, colour: false, out, slo: undefined };

test("tells each value with the place where it is written", async () => {
	expect(await runExplain({ ...options, dir, tenant: "woodgrove" })).toBe(0);
	expect(printed).toMatch(/^file-open, woodgrove\n/);
	expect(printed).toMatch(/ {2}burn-rate severity +2\.5 +monitor burn-rate, monitors\/\S+:\d+\n/);
	expect(printed).toMatch(/ {2}objective +0\.999\d* +\w+ [\w-]+, \S+:\d+\n/);
});
test("names who is known when the name is not", async () => {
	expect(await runExplain({ ...options, dir, tenant: "wodgrove" })).toBe(2);
	expect(printed).toBe('"wodgrove" is no key tenant.\n  Known: woodgrove.\n');
});
test("answers as JSON", async () => {
	expect(await runExplain({ ...options, dir, tenant: undefined, json: true })).toBe(0);
	const told = JSON.parse(printed);
	expect(told).toMatchObject({ tenant: null, slos: [{ slo: "file-open" }] });
	expect(told.slos[0].values[0]).toMatchObject({ field: "objective", setBy: "slo" });
});
