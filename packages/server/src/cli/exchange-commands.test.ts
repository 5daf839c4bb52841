import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Catalogue, type ExchangeFormat, FORMATS, readCatalogue, starterFiles } from "#catalogue";
import { runExport } from "./export-command.ts";
import { catalogueToExport } from "./exported-catalogue.ts";
import { type ImportCommandOptions, runImport } from "./import-command.ts";

let dir: string;
let printed: string;
let complained: string;
beforeEach(async () => {
	dir = await mkdtemp(join(tmpdir(), "bellwether-exchange-"));
	printed = "";
	complained = "";
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const out = (text: string) => {
	printed += text;
};
const err = (text: string) => {
	complained += text;
};

function format(name: string): ExchangeFormat {
	const found = FORMATS.find((each) => each.name === name);
	if (!found) throw new Error(`no format ${name}`);
	return found;
}

const SLOTH = `version: prometheus/v1
service: shop
slos:
  - name: requests
    objective: 99.9
    sli: { events: { error_query: 'sum(rate(e[{{.window}}]))', total_query: 'sum(rate(t[{{.window}}]))' } }
`;
const BAD = `  - name: late
    objective: 99.9
    sli: { events: { error_query: 'up', total_query: 'sum(rate(t[{{.window}}]))' } }
`;

async function importing(text: string, changes: Partial<ImportCommandOptions> = {}): Promise<number> {
	const path = join(dir, "sloth.yml");
	await writeFile(path, text);
	const options = { format: format("sloth"), paths: [path], isDryRun: false, json: false, colour: false, out };
	return runImport({ ...options, ...changes });
}

async function writeStarter(into: string): Promise<void> {
	for (const file of starterFiles()) {
		const path = join(into, file.path);
		await mkdir(join(path, ".."), { recursive: true });
		await writeFile(path, file.text);
	}
}

describe("bellwether import", () => {
	test("writes a catalogue that validates", async () => {
		const outDir = join(dir, "new");
		expect(await importing(SLOTH, { outDir })).toBe(0);
		expect(printed).toBe("wrote slos/shop/shop-requests.yaml\nwrote workloads/shop.yaml\n1 imported, 0 refused.\n");
		expect((await readCatalogue(outDir)).catalogue?.slos).toHaveLength(1);
	});

	test("adds to a catalogue, and the second time there is nothing to write", async () => {
		const outDir = join(dir, "starter");
		await writeStarter(outDir);
		expect(await importing(SLOTH, { outDir })).toBe(0);
		expect((await readCatalogue(outDir)).catalogue?.slos).toHaveLength(2);
		printed = "";
		expect(await importing(SLOTH, { outDir })).toBe(0);
		expect(printed).toBe("1 files are there already, unchanged.\n1 imported, 0 refused.\n");
	});

	test("takes what it can, tells what it cannot, and ends with 1", async () => {
		const outDir = join(dir, "new");
		expect(await importing(SLOTH + BAD, { outDir })).toBe(1);
		expect(printed).toContain(`${join(dir, "sloth.yml")}:9:36 error slos.1.sli.events.error_query is the value of up`);
		expect(printed).toMatch(/1 imported, 1 refused\.\n$/);
	});

	test("overwrites nothing: one file in the way, and none is written", async () => {
		const outDir = join(dir, "new");
		await importing(SLOTH, { outDir });
		printed = "";
		const changed = SLOTH.replace("99.9", "99.5");
		expect(await importing(changed, { outDir })).toBe(1);
		expect(printed).toContain("slos/shop/shop-requests.yaml:1:1 error The folder has this file with other content.");
		expect(printed).toMatch(/Nothing was written\.\n$/);
		expect(await readFile(join(outDir, "slos/shop/shop-requests.yaml"), "utf8")).toContain("0.999");
	});

	test("does not add to a catalogue that is wrong itself", async () => {
		const outDir = join(dir, "wrong");
		await mkdir(join(outDir, "slos"), { recursive: true });
		await writeFile(join(outDir, "slos/a.yaml"), "kind: SLO\n");
		expect(await importing(SLOTH, { outDir })).toBe(1);
		expect(printed).toContain("slos/a.yaml:1:1 error apiVersion is missing.");
		expect(await readdir(join(outDir, "slos"))).toEqual(["a.yaml"]);
	});

	test("in a dry run says what it would write", async () => {
		const outDir = join(dir, "new");
		expect(await importing(SLOTH, { outDir, isDryRun: true })).toBe(0);
		expect(printed).toContain("would write slos/shop/shop-requests.yaml\n");
		await expect(readdir(outDir)).rejects.toThrow(/ENOENT/);
	});

	test("without a folder prints the documents, with what was refused as comments", async () => {
		expect(await importing(SLOTH + BAD)).toBe(1);
		expect(printed).toMatch(/^# .*error slos\.1\.sli/);
		expect(printed).toContain("# slos/shop/shop-requests.yaml\napiVersion: openslo/v1\n");
	});

	test("answers as JSON", async () => {
		expect(await importing(SLOTH + BAD, { json: true })).toBe(1);
		expect(JSON.parse(printed)).toMatchObject({ written: [], taken: 1, refused: 1, findings: [{ level: "error" }] });
	});

	test("tells which file cannot be read", async () => {
		expect(await importing(SLOTH, { paths: [join(dir, "none.yml"), dir] })).toBe(1);
		expect(printed).toMatch(/none\.yml:1:1 error The file cannot be read: ENOENT/);
		expect(printed).toContain("error This is no file with text.");
	});
});

describe("bellwether export", () => {
	async function starter(): Promise<Catalogue> {
		const folder = join(dir, "starter");
		await writeStarter(folder);
		const source = await catalogueToExport(folder, {});
		if (source.status === "failed") throw new Error(source.message);
		return source.catalogue;
	}

	test("prints one text, to be piped on", async () => {
		const shared = { catalogue: await starter(), json: false, colour: false, out, err };
		expect(await runExport({ ...shared, format: format("prometheus-rules") })).toBe(0);
		expect(printed).toMatch(/^# Written by bellwether export prometheus-rules\./);
		expect(complained).toBe("");
	});

	test("writes a file, or files into a folder", async () => {
		const shared = { catalogue: await starter(), json: false, colour: false, out, err };
		const file = join(dir, "deep/rules.yml");
		expect(await runExport({ ...shared, format: format("prometheus-rules"), outPath: file })).toBe(0);
		expect(await readFile(file, "utf8")).toContain("bellwether:tenant:info");
		await mkdir(join(dir, "dashboards"));
		expect(await runExport({ ...shared, format: format("grafana"), outPath: join(dir, "dashboards") })).toBe(0);
		expect(await readdir(join(dir, "dashboards"))).toEqual(["bellwether-files.json"]);
		expect(await runExport({ ...shared, format: format("kql"), outPath: `${join(dir, "new")}/` })).toBe(0);
		expect(await readdir(join(dir, "new"))).toEqual(["bellwether.kql"]);
	});

	test("asks for a catalogue, and refuses one that is wrong", async () => {
		expect(await catalogueToExport(undefined, {})).toMatchObject({ status: "failed", exitCode: 2 });
		await mkdir(join(dir, "slos"));
		await writeFile(join(dir, "slos/a.yaml"), "kind: SLO\n");
		const refused = await catalogueToExport(dir, {});
		expect(refused).toMatchObject({
			status: "failed",
			exitCode: 1,
			message: expect.stringContaining("slos/a.yaml:1:1"),
		});
	});
});
