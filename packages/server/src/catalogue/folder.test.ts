import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type CatalogueFile, formatFinding, parseCatalogue, readCatalogue, readCatalogueFiles } from "./index.ts";
import { sampleFiles } from "./sample-files.ts";

let dir: string;
beforeEach(async () => {
	dir = await mkdtemp(join(tmpdir(), "bellwether-catalogue-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function write(files: readonly { path: string; text: string | Uint8Array }[]): Promise<void> {
	for (const { path, text } of files) {
		await mkdir(dirname(join(dir, path)), { recursive: true });
		await writeFile(join(dir, path), text);
	}
}

const told = async () => (await readCatalogue(dir)).findings.map(formatFinding);

describe("A folder", () => {
	test("gives the same catalogue as its texts", async () => {
		await write(sampleFiles());
		const { catalogue, findings } = await readCatalogue(dir);
		expect(findings).toEqual([]);
		expect(catalogue).toEqual(parseCatalogue(sampleFiles()).catalogue);
	});

	test("that does not exist is a finding", async () => {
		const missing = join(dir, "none");
		const { catalogue, findings } = await readCatalogue(missing);
		expect(catalogue).toBeUndefined();
		expect(findings).toEqual([
			{
				file: missing,
				line: 1,
				column: 1,
				level: "error",
				message: "The catalogue's folder does not exist.",
				remedy: "Name an existing folder, or run bellwether init to write one.",
			},
		]);
	});

	test("that is a file is a finding", async () => {
		await write([{ path: "x", text: "x" }]);
		const { findings } = await readCatalogue(join(dir, "x"));
		expect(findings.map((finding) => finding.message)).toEqual(["The catalogue's path is a file, not a folder."]);
	});

	test("that is empty is a finding", async () => {
		expect(await told()).toEqual([
			"bellwether.yaml:1:1 error The folder holds no catalogue.\n  Run bellwether init to write a starter, or name another folder.",
		]);
	});

	test("with a link to a device is not read without end", async () => {
		await write(sampleFiles());
		await symlink("/dev/zero", join(dir, "tenants", "zero.yaml"));
		expect(await told()).toEqual([
			"tenants/zero.yaml:1:1 error This is no file with text.\n  Remove it, or write a file in its place.",
		]);
	});

	test("is read with its hidden files, its other folders and other sorts of files left out", async () => {
		const others: CatalogueFile[] = [
			{ path: ".git/config.yaml", text: ":::" },
			{ path: "tenants/.woodgrove.yaml.swp", text: ":::" },
			{ path: "node_modules/x/y.yaml", text: ":::" },
			{ path: "slos/README.md", text: ":::" },
		];
		await write([...sampleFiles(), ...others]);
		expect(await told()).toEqual([]);
	});

	test("whose name is misspelt is told, since its files would be missing in silence", async () => {
		await write([...sampleFiles(), { path: "tenant/tailspin.yaml", text: "x" }]);
		expect(await told()).toEqual(['tenant:1:1 warning The folder tenant is not read.\n  Did you mean "tenants"?']);
	});

	test("may consist of links, as mounted configuration does", async () => {
		await write(sampleFiles().map((file) => ({ ...file, path: `..data/${file.path}` })));
		for (const name of ["tenants", "workloads", "slos", "monitors", "oncall", "notify", "bellwether.yaml"]) {
			await symlink(join("..data", name), join(dir, name));
		}
		expect(await told()).toEqual([]);
	});

	test("with a circle of links is still read", async () => {
		await write(sampleFiles());
		await symlink("..", join(dir, "slos", "up"));
		const { findings } = await readCatalogue(dir);
		expect(findings.length).toBeGreaterThan(0);
		expect(findings.every((finding) => / is already at /.test(finding.message))).toBe(true);
	});
});

describe("The files alone, for whoever keeps or sends them", () => {
	test("are the texts in the order of their paths", async () => {
		await write(sampleFiles());
		const { files, findings } = await readCatalogueFiles(dir);
		expect(findings).toEqual([]);
		expect(files).toEqual(sampleFiles().toSorted((a, b) => (a.path < b.path ? -1 : 1)));
	});

	test("are none when one cannot be read, so that the rest is never taken for the whole", async () => {
		await write([...sampleFiles(), { path: "slos/latin.yaml", text: Uint8Array.of(0xe9) }]);
		const { files, findings } = await readCatalogueFiles(dir);
		expect(files).toBeUndefined();
		expect(findings.map((finding) => finding.message)).toEqual(["The file is not UTF-8 text."]);
	});
});

describe("A file", () => {
	test("that is not UTF-8 is a finding", async () => {
		await write([...sampleFiles(), { path: "slos/latin.yaml", text: Uint8Array.of(0x61, 0x3a, 0x20, 0xe9, 0x0a) }]);
		expect(await told()).toEqual(["slos/latin.yaml:1:1 error The file is not UTF-8 text.\n  Save it as UTF-8."]);
	});

	test("over 1 MiB is a finding", async () => {
		await write([...sampleFiles(), { path: "slos/big.yaml", text: "#".repeat(1_048_577) }]);
		expect(await told()).toEqual([
			"slos/big.yaml:1:1 error The file has 1048577 bytes, more than 1048576.\n  Split it into several files.",
		]);
	});

	test("that a link promises and nobody keeps is a finding", async () => {
		await write(sampleFiles());
		await symlink("nowhere.yaml", join(dir, "slos", "gone.yaml"));
		expect(await told()).toEqual([
			"slos/gone.yaml:1:1 error The link leads nowhere.\n  Remove it, or restore its target.",
		]);
	});
});
