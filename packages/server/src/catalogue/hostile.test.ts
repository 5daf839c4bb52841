import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatFinding, parseCatalogue } from "./index.ts";
import { SAMPLE, sampleFiles } from "./sample-files.ts";

const MANY = 200_000;

describe("Text that is made to hurt", () => {
	test.each([
		[
			"a file over 1 MiB",
			`# ${"x".repeat(1_048_576)}`,
			"x.yaml:1:1 error The file has 1048578 bytes, more than 1048576.",
		],
		["brackets without end", "[".repeat(MANY), "x.yaml:1:1 error The file nests deeper than 64 levels."],
		["braces without end", "{a: ".repeat(MANY), "x.yaml:1:1 error The file nests deeper than 64 levels."],
		["lists in lists on one line", `${"- ".repeat(MANY)}x`, "x.yaml:1:1 error The file nests deeper than 64 levels."],
		[
			"lists in lists, not quite as deep",
			`${"- ".repeat(150)}x`,
			"x.yaml:1:131 error The file nests deeper than 64 levels.",
		],
	])("%s is refused", (_name, text, says) => {
		const { catalogue, findings } = parseCatalogue([{ path: "x.yaml", text }]);
		expect(findings.map((finding) => formatFinding(finding).split("\n")[0])).toEqual([says]);
		expect(catalogue).toBeUndefined();
	});

	// Where the stack ends, and whether the parser meets its end once or twice, depends on what called it.
	test("blocks nested beyond the parser's stack are a finding, not an exception", () => {
		const text = Array.from({ length: 1_400 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n");
		const { findings } = parseCatalogue([{ path: "x.yaml", text }]);
		expect(findings).not.toEqual([]);
		for (const { message } of findings) expect(message).toMatch(/nest/);
	});

	test("a slip that breaks every line is told twenty times, not a thousand", () => {
		const { findings } = parseCatalogue([{ path: "x.yaml", text: "a: ".repeat(10_000) }]);
		expect(findings).toHaveLength(20);
	});

	test("control characters of a value reach neither terminal nor log", () => {
		const files = sampleFiles("workloads/purview.yaml", [["leadSlo: dlp-create", 'leadSlo: "\\e[31m\\u202Ex"']]);
		const text = parseCatalogue(files).findings.map(formatFinding).join("\n");
		expect(text).toContain("\\u001b[31m\\u202ex");
		expect(text).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
	});

	test("a key called __proto__ changes no object", () => {
		parseCatalogue(
			sampleFiles("tenants/woodgrove.yaml", [
				["    host.domain: woodgrove.example", "    __proto__: { polluted: yes }"],
			]),
		);
		expect("polluted" in {}).toBe(false);
	});

	test("an attribute may have the name of something that objects inherit", () => {
		const { catalogue } = parseCatalogue(sampleFiles("tenants/woodgrove.yaml", [["host.domain", "toString"]]));
		expect(catalogue?.tenants[0]?.match).toEqual({ "tenant.id": ["3f2a", "9c1e"], toString: ["woodgrove.example"] });
	});
});

describe("Any damage to a right catalogue", () => {
	const paths = Object.keys(SAMPLE);
	const damage = fc.record({
		path: fc.constantFrom(...paths),
		at: fc.double({ min: 0, max: 1, noNaN: true }),
		remove: fc.nat(12),
		insert: fc.oneof(
			fc.string({ maxLength: 6 }),
			fc.constantFrom(
				"\n",
				"\t",
				"- ",
				": ",
				"*a",
				"&a ",
				"<<: ",
				"{",
				"}",
				"[",
				'"',
				"null",
				"---\n",
				"! ",
				"|",
				"99",
			),
		),
	});

	test("is a finding with a place inside a file and a remedy, or still a catalogue; never an exception", {
		timeout: 60_000,
	}, () => {
		fc.assert(
			fc.property(damage, ({ path, at, remove, insert }) => {
				const text = SAMPLE[path] ?? "";
				const from = Math.floor(at * text.length);
				const damaged = text.slice(0, from) + insert + text.slice(from + remove);
				const { catalogue, findings } = parseCatalogue(sampleFiles(path, damaged));
				expect(catalogue === undefined).toBe(findings.some((finding) => finding.level === "error"));
				for (const finding of findings) {
					expect(finding.line).toBeGreaterThan(0);
					expect(finding.column).toBeGreaterThan(0);
					expect(finding.message).toMatch(/^\S.*\.$/);
					expect(finding.remedy).not.toBe("");
				}
			}),
			{ numRuns: 250, seed: 20_261_122 },
		);
	});
});
