import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type Catalogue, DEFAULT_RETENTION } from "#catalogue";
import { openCatalogueCache } from "./catalogue-cache.ts";

/** Of a catalogue only that it comes back matters: with what JSON would not keep. */
const KEPT = {
	hash: "one",
	settings: { telemetry: { retention: DEFAULT_RETENTION } },
	limit: Number.POSITIVE_INFINITY,
};
const catalogue = (): Catalogue => KEPT as unknown as Catalogue;

function folder(): string {
	const path = mkdtempSync(join(tmpdir(), "bellwether-"));
	onTestFinished(() => rmSync(path, { recursive: true, force: true }));
	return path;
}

test("a catalogue comes back as it was, for the same files alone", () => {
	const dir = folder();
	const kept = catalogue();
	openCatalogueCache(dir).write("digest", kept);
	const cache = openCatalogueCache(dir);
	expect(cache.read("digest")).toEqual(kept);
	expect(cache.read("another")).toBeUndefined();
	expect(statSync(join(dir, "catalogue.cache")).mode & 0o077).toBe(0);
});

test("a cache that is missing, cut or changed is not read", () => {
	const dir = folder();
	const path = join(dir, "catalogue.cache");
	const cache = openCatalogueCache(dir);
	expect(cache.read("digest")).toBeUndefined();
	cache.write("digest", catalogue());
	const whole = readFileSync(path);
	for (const bytes of [whole.subarray(0, 40), flipped(whole), Buffer.alloc(0)]) {
		writeFileSync(path, bytes);
		expect(cache.read("digest")).toBeUndefined();
	}
});

function flipped(whole: Buffer): Buffer {
	const copy = Buffer.from(whole);
	copy[copy.length - 3] = (copy[copy.length - 3] as number) ^ 1;
	return copy;
}
