import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CatalogueFile, parseCatalogue } from "./index.ts";
import { sampleFiles } from "./sample-files.ts";

function hashOf(files: readonly CatalogueFile[]): string | undefined {
	return parseCatalogue(files).catalogue?.hash;
}

const SAMPLE_HASH = hashOf(sampleFiles());

/** Every document by itself; templates stay the files they are. */
const DOCUMENTS = sampleFiles()
	.filter((file) => file.path.endsWith(".yaml"))
	.flatMap((file) => file.text.split(/^---\n/m));
const TEMPLATES = sampleFiles().filter((file) => file.path.endsWith(".liquid"));

describe("The hash names the content", () => {
	test("it is a SHA-256", () => {
		expect(SAMPLE_HASH).toMatch(/^[0-9a-f]{64}$/);
	});

	test("whatever the order of files, and whatever documents share a file", { timeout: 60_000 }, () => {
		const arrangement = fc.tuple(
			fc.shuffledSubarray(DOCUMENTS, { minLength: DOCUMENTS.length }),
			fc.array(fc.nat(3), { minLength: DOCUMENTS.length, maxLength: DOCUMENTS.length }),
			fc.boolean(),
		);
		fc.assert(
			fc.property(arrangement, ([documents, folders, templatesFirst]) => {
				const texts = new Map<number, string[]>();
				documents.forEach((document, k) => {
					const folder = folders[k] ?? 0;
					texts.set(folder, [...(texts.get(folder) ?? []), document]);
				});
				const yaml = [...texts].map(([folder, parts]) => ({ path: `slos/${folder}.yaml`, text: parts.join("---\n") }));
				const files = templatesFirst ? [...TEMPLATES, ...yaml] : [...yaml, ...TEMPLATES];
				expect(hashOf(files)).toBe(SAMPLE_HASH);
			}),
			{ numRuns: 60, seed: 7 },
		);
	});

	test("comments and the order of set-like lists do not matter", () => {
		expect(hashOf(sampleFiles("tenants/woodgrove.yaml", [["[3f2a, 9c1e]", "[9c1e, 3f2a] # two"]]))).toBe(SAMPLE_HASH);
	});

	test.each([
		["an objective", "slos/dlp-create.yaml", "0.995", "0.996"],
		["a display name", "tenants/woodgrove.yaml", "Woodgrove Bank", "Woodgrove"],
		["a word of a notice", "notify/templates/breach.customer.fr.liquid", "depuis", "dès"],
		["a secret's reference", "notify/channels.yaml", "PAGER_SECRET", "PAGER_KEY"],
		["a mail server", "bellwether.yaml", "mail.example.com", "mx.example.com"],
	])("%s does", (_name, path, from, to) => {
		const changed = hashOf(sampleFiles(path, [[from, to]]));
		expect(changed).toMatch(/^[0-9a-f]{64}$/);
		expect(changed).not.toBe(SAMPLE_HASH);
	});
});
