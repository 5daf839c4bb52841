import { describe, expect, test } from "vitest";
import { type Catalogue, type CatalogueFile, parseCatalogue, planChanges } from "./index.ts";
import { sampleFiles } from "./sample-files.ts";

function read(files: readonly CatalogueFile[]): Catalogue {
	const { catalogue, findings } = parseCatalogue(files);
	if (!catalogue) throw new Error(JSON.stringify(findings));
	return catalogue;
}

const SAMPLE = read(sampleFiles());

describe("A plan", () => {
	test("of the same content is empty, even when it comes back from JSON", () => {
		expect(planChanges(SAMPLE, read(sampleFiles()))).toEqual([]);
		expect(planChanges(JSON.parse(JSON.stringify(SAMPLE)) as Catalogue, SAMPLE)).toEqual([]);
	});

	test("of an SLO that only moved to another line is empty", () => {
		expect(planChanges(SAMPLE, read(sampleFiles("slos/dlp-create.yaml", [["apiVersion", "\n\napiVersion"]])))).toEqual(
			[],
		);
	});

	test("against nothing adds every object", () => {
		const changes = planChanges(undefined, SAMPLE);
		expect(new Set(changes.map((change) => change.action))).toEqual(new Set(["added"]));
		expect(changes.map((change) => `${change.kind} ${change.name}`)).toContain("KeyTenant woodgrove");
	});

	test.each([
		["slos/dlp-create.yaml", "0.995", "0.999", "SLO dlp-create", ["objective 0.995 → 0.999"]],
		["slos/dlp-create.yaml", "28d", "14d", "SLO dlp-create", ["period 28d → 14d"]],
		[
			"tenants/woodgrove.yaml",
			"[3f2a, 9c1e]",
			"[3f2a, 77aa]",
			"KeyTenant woodgrove",
			['match["tenant.id"] + 77aa, - 9c1e'],
		],
		[
			"tenants/woodgrove.yaml",
			"    csam: j.park@example.com\n",
			"    support: s@example.com\n",
			"KeyTenant woodgrove",
			["contacts.csam j.park@example.com → (not set)", "contacts.support (not set) → s@example.com"],
		],
		[
			"oncall/cre.yaml",
			"2026-01-05T09:00",
			"2026-01-12T09:00",
			"Schedule cre",
			["startsAt 2026-01-05T09:00:00.000Z → 2026-01-12T09:00:00.000Z"],
		],
		[
			"bellwether.yaml",
			"  smtp:",
			"  telemetry: { lateness: 1h }\n  smtp:",
			"Settings bellwether",
			["telemetry.lateness 3h → 1h"],
		],
	])("of %s with %j written as %j names the object and the field", (path, from, to, object, words) => {
		const changes = planChanges(SAMPLE, read(sampleFiles(path, [[from, to]])));
		expect(changes.map((change) => [change.action, `${change.kind} ${change.name}`])).toEqual([["changed", object]]);
		expect(changes[0]?.fields.map((field) => field.words)).toEqual(words);
	});

	test("of a tenant that is renamed removes one and adds one", () => {
		const renamed = read(sampleFiles("tenants/woodgrove.yaml", [["name: woodgrove", "name: woodgrove-bank"]]));
		expect(planChanges(SAMPLE, renamed).map(({ action, kind, name }) => [action, kind, name])).toEqual([
			["removed", "KeyTenant", "woodgrove"],
			["added", "KeyTenant", "woodgrove-bank"],
		]);
	});
});
