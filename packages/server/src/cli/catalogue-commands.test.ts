import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readCatalogue, starterFiles } from "#catalogue";
import { runInit } from "./init-command.ts";
import { runPlan } from "./plan-command.ts";
import { runSchemas } from "./schemas-command.ts";
import { runValidate } from "./validate-command.ts";
import { referenceFiles, schemaFiles, writeReference } from "./write-reference.ts";

const DOCS = join(import.meta.dirname, "../../../../docs");

let dir: string;
let printed: string;
beforeEach(async () => {
	dir = await mkdtemp(join(tmpdir(), "bellwether-cli-"));
	printed = "";
});
afterEach(() => rm(dir, { recursive: true, force: true }));

function options(changes: { dir?: string; json?: boolean; colour?: boolean } = {}) {
	const out = (text: string) => {
		printed += text;
	};
	return { dir, json: false, colour: false, out, ...changes };
}

async function spoilObjective(): Promise<void> {
	const path = join(dir, "slos/files/file-open.yaml");
	await writeFile(path, (await readFile(path, "utf8")).replace("0.999", "99.5"));
}

describe("bellwether init", () => {
	test("writes a starter that validates", async () => {
		expect(await runInit(options({ dir: join(dir, "new/folder") }))).toBe(0);
		expect(printed).toContain("slos/files/file-open.yaml");
		expect(await runValidate(options({ dir: join(dir, "new/folder") }))).toBe(0);
	});

	test("overwrites nothing: one file in the way, and none is written", async () => {
		await writeFile(join(dir, "bellwether.yaml"), "mine");
		expect(await runInit(options())).toBe(1);
		expect(printed).toMatch(/already has bellwether\.yaml\. Nothing was written\.\n {2}Name an empty folder/);
		expect(await readFile(join(dir, "bellwether.yaml"), "utf8")).toBe("mine");
		await expect(readFile(join(dir, "tenants/woodgrove.yaml"))).rejects.toThrow(/ENOENT/);
	});

	test("lists as JSON what it wrote", async () => {
		expect(await runInit(options({ json: true }))).toBe(0);
		expect(JSON.parse(printed)).toEqual({ written: starterFiles().map((file) => file.path) });
	});
});

describe("bellwether validate", () => {
	test("sums a right folder up in one line", async () => {
		await runInit({ ...options(), out: () => {} });
		expect(await runValidate(options())).toBe(0);
		expect(printed).toMatch(
			/^The catalogue is valid, 0 warnings: 1 key tenant, 1 workload, 1 SLO, 1 monitor, 1 person on call; [0-9a-f]{12}\.\n$/,
		);
	});

	test("prints every finding and ends with 1 when one is an error", async () => {
		await runInit({ ...options(), out: () => {} });
		await spoilObjective();
		expect(await runValidate(options())).toBe(1);
		expect(printed).toBe(
			"slos/files/file-open.yaml:33:15 error spec.objectives.0.target 99.5 is not below 1.\n" +
				"  Write 0.995, or use targetPercent: 99.5.\n" +
				"1 error, 0 warnings. The catalogue cannot be applied.\n",
		);
	});

	test("colours the level only when asked", async () => {
		await runInit({ ...options(), out: () => {} });
		await spoilObjective();
		await runValidate(options({ colour: true }));
		expect(printed).toContain("\u001b[31merror\u001b[39m");
	});

	test("gives the same as JSON", async () => {
		await runInit({ ...options(), out: () => {} });
		await spoilObjective();
		expect(await runValidate(options({ json: true }))).toBe(1);
		expect(JSON.parse(printed)).toMatchObject({
			valid: false,
			hash: null,
			errors: 1,
			warnings: 0,
			findings: [{ file: "slos/files/file-open.yaml", line: 33, column: 15, level: "error" }],
		});
	});

	test("of no folder is a mistake of usage, of a missing one a finding", async () => {
		expect(await runValidate(options({ dir: "" }))).toBe(2);
		expect(await runValidate(options({ dir: join(dir, "none") }))).toBe(1);
		expect(printed).toContain("The catalogue's folder does not exist.");
	});
});

describe("bellwether plan", () => {
	test("shows what would change against what runs, field by field", async () => {
		await runInit({ ...options(), out: () => {} });
		const { catalogue: running } = await readCatalogue(dir);
		const path = join(dir, "slos/files/file-open.yaml");
		await writeFile(path, (await readFile(path, "utf8")).replace("0.999", "0.9995"));
		expect(await runPlan({ ...options(), running })).toBe(0);
		expect(printed).toBe("~ SLO file-open\n    objective 0.999 → 0.9995\n0 to add, 1 to change, 0 to remove.\n");
	});

	test("says so when nothing would", async () => {
		await runInit({ ...options(), out: () => {} });
		const { catalogue: running } = await readCatalogue(dir);
		expect(await runPlan({ ...options(), running })).toBe(0);
		expect(printed).toBe("Nothing would change.\n");
	});

	test("plans nothing from a folder with errors", async () => {
		await runInit({ ...options(), out: () => {} });
		await spoilObjective();
		expect(await runPlan({ ...options({ json: true }), running: undefined })).toBe(1);
		expect(JSON.parse(printed)).toMatchObject({ changes: null, findings: [{ level: "error" }] });
	});
});

describe("bellwether schemas", () => {
	test("writes one JSON Schema per kind", async () => {
		expect(await runSchemas(options())).toBe(0);
		expect(printed).toBe(`Wrote ${schemaFiles().length} files to ${dir}.\n`);
		expect((await readdir(dir)).sort()).toEqual((await readdir(join(DOCS, "schemas"))).sort());
		for (const { name, text } of schemaFiles()) expect(await readFile(join(dir, name), "utf8"), name).toBe(text);
		expect(JSON.parse(await readFile(join(dir, "key-tenant.json"), "utf8"))).toMatchObject({
			$schema: "https://json-schema.org/draft/2020-12/schema",
			title: "KeyTenant",
			required: ["apiVersion", "kind", "metadata", "spec"],
		});
	});

	test("prints them as JSON instead", async () => {
		expect(await runSchemas(options({ json: true }))).toBe(0);
		expect(Object.keys(JSON.parse(printed))).toContain("key-tenant.json");
	});
});

describe("The generated part of docs/", () => {
	test("is what the schemas say", async () => {
		await writeReference(dir);
		expect(referenceFiles().map(({ path }) => path)).toContain("configuration.md");
		for (const { path, text } of referenceFiles()) {
			expect(await readFile(join(dir, path), "utf8"), path).toBe(text);
			const committed = (await readFile(join(DOCS, path), "utf8")).replaceAll("\r\n", "\n");
			expect(committed, `docs/${path} is out of date; run node packages/server/src/cli/write-reference.ts`).toBe(text);
		}
	});

	test("explains every field", () => {
		const [reference] = referenceFiles();
		const rows = reference?.text.split("\n").filter((line) => line.startsWith("| `")) ?? [];
		expect(rows.length).toBeGreaterThan(100);
		expect(rows.filter((row) => / \| {2}\|$/.test(row))).toEqual([]);
	});
});
