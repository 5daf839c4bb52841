import { describe, expect, test } from "vitest";
import { formatFinding } from "./finding.ts";
import { compilePattern } from "./matcher.ts";
import { neededText, PatternIndex } from "./pattern-index.ts";
import { parseCatalogue } from "./reading.ts";
import { sampleFiles } from "./sample-files.ts";

function tenant(name: string, aliases: string): string {
	return `apiVersion: bellwether/v1\nkind: KeyTenant\nmetadata: { name: ${name} }\nspec:\n  timeZone: Europe/Berlin\n  aliases:\n${aliases}`;
}

function read(...documents: readonly string[]) {
	const reading = parseCatalogue(sampleFiles("tenants/more.yaml", documents.join("---\n")));
	return { ...reading, says: reading.findings.map((each) => formatFinding(each).split("\n")[0]) };
}

describe("Aliases of a key tenant", () => {
	test("hold ids of many attributes, patterns, and dates in the tenant's time zone", () => {
		const { catalogue, says } = read(
			tenant(
				"tailspin",
				`    - { attribute: org, values: [1, two], workload: purview, source: billing }\n    - { attribute: host, patterns: ["ts-.*"], from: 2026-01-05, until: 2026-02-01T12:00Z }\n`,
			),
		);
		expect(says).toEqual([]);
		expect(catalogue?.tenants.find((each) => each.name === "tailspin")).toMatchObject({
			match: {},
			aliases: [
				{ attribute: "org", values: ["1", "two"], patterns: [], workload: "purview", source: "billing" },
				{
					attribute: "host",
					values: [],
					patterns: ["ts-.*"],
					from: Date.UTC(2026, 0, 4, 23),
					until: Date.UTC(2026, 1, 1, 12),
				},
			],
		});
	});

	test.each<[name: string, first: string, second: string, says: string[]]>([
		[
			"the same value at the same time",
			"    - { attribute: org, values: [1, 2] }\n",
			"    - { attribute: org, values: [2] }\n",
			[
				'tenants/more.yaml:7:37 error spec.aliases.0.values "2" already belongs to tailspin (tenants/more.yaml:15).',
				'tenants/more.yaml:15:34 error spec.aliases.0.values "2" already belongs to fourth (tenants/more.yaml:7).',
			],
		],
		[
			"a value that the other's pattern fits",
			"    - { attribute: org, values: [ts-9] }\n",
			"    - { attribute: org, patterns: [x, 'ts-[0-9]'] }\n",
			[
				'tenants/more.yaml:7:34 error spec.aliases.0.values "ts-9" fits the pattern "ts-[0-9]" and already belongs to tailspin (tenants/more.yaml:15).',
				'tenants/more.yaml:15:39 error spec.aliases.0.patterns "ts-[0-9]" already belongs to fourth (tenants/more.yaml:7).',
			],
		],
		[
			"one tenant after the other",
			"    - { attribute: org, values: [2], until: 2026-03-01 }\n",
			"    - { attribute: org, values: [2], from: 2026-03-01 }\n",
			[],
		],
		[
			"different workloads",
			"    - { attribute: org, values: [2], workload: purview }\n",
			"    - { attribute: org, values: [2], workload: mail }\n",
			['tenants/more.yaml:15:48 error spec.aliases.0.workload "mail" is not a known Workload.'],
		],
		[
			"different sources",
			"    - { attribute: org, values: [2], source: a }\n",
			"    - { attribute: org, values: [2], source: b }\n",
			[],
		],
	])("%s", (_name, first, second, says) => {
		expect(read(tenant("fourth", first), tenant("tailspin", second)).says).toEqual(says);
	});

	test.each([
		["    - { attribute: org }\n", "7:7 error spec.aliases.0 has neither values nor patterns."],
		[
			"    - { attribute: org, patterns: ['(?=x)'] }\n",
			'7:36 error spec.aliases.0.patterns.0 "(?=x)" is not a pattern in RE2 syntax of at most 256 characters.',
		],
		[
			"    - { attribute: org, values: [a], from: 2026-02-30 }\n",
			'7:44 error spec.aliases.0.from "2026-02-30" is not a time that exists.',
		],
		[
			"    - { attribute: org, values: [a], from: 2026-02-02, until: 2026-02-02 }\n",
			'7:63 error spec.aliases.0.until "2026-02-02" is not after from.',
		],
	])("%s", (aliases, says) => {
		expect(read(tenant("tailspin", aliases)).says).toEqual([`tenants/more.yaml:${says}`]);
	});
});

describe("Cohorts", () => {
	test("are groups of an attribute's values, or tiers", () => {
		const { catalogue, says } = read(
			"apiVersion: bellwether/v1\nkind: Cohort\nmetadata: { name: region }\nspec: { attribute: cloud.region, groups: { eu: [west, north], us: east } }\n",
			"apiVersion: bellwether/v1\nkind: Cohort\nmetadata: { name: tier, displayName: Tiers }\nspec: { by: tier }\n",
		);
		expect(says).toEqual([]);
		expect(catalogue?.cohorts).toEqual([
			{
				name: "region",
				displayName: "region",
				by: "attribute",
				attribute: "cloud.region",
				groups: { eu: ["north", "west"], us: ["east"] },
			},
			{ name: "tier", displayName: "Tiers", by: "tier" },
		]);
	});

	test.each([
		["{ attribute: a }", "4:7 error spec.groups is missing."],
		["{ by: tier, attribute: a }", "4:19 error spec.attribute has no meaning for a cohort by tier."],
		["{ attribute: a, groups: { x: [1], y: [1] } }", '4:44 error spec.groups.y holds "1", which is in x already.'],
	])("%s is refused", (spec, says) => {
		const { says: told } = read(`apiVersion: bellwether/v1\nkind: Cohort\nmetadata: { name: region }\nspec: ${spec}\n`);
		expect(told).toEqual([`tenants/more.yaml:${says}`]);
	});
});

describe("Many patterns at once", () => {
	const PARTS = [
		"a",
		"ab",
		"x-",
		"-",
		"1",
		".*",
		".+",
		"[ab]",
		"(x|y)",
		"a?",
		"b+",
		"\\.",
		"\\d",
		"(?i)A",
		"|",
		"[^1]*",
	];

	test("fit what each of them fits alone", () => {
		let seed = 1;
		const random = (below: number): number => {
			seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
			return (seed >>> 8) % below;
		};
		const made = (parts: readonly string[]) =>
			Array.from({ length: 1 + random(4) }, () => parts[random(parts.length)]).join("");
		for (let round = 0; round < 60; round++) {
			const patterns = Array.from({ length: 20 }, () => made(PARTS));
			const index = new PatternIndex(patterns);
			for (let k = 0; k < 20; k++) {
				const value = made(["a", "b", "x-", "y", "1", ".", "A", "|"]);
				const alone = patterns.flatMap((pattern, at) => (compilePattern(pattern).testExact(value) ? [at] : []));
				expect([patterns, value, index.match(value)]).toEqual([patterns, value, alone]);
			}
		}
	});

	test.each<[string, runs: string[] | undefined, beginsWith: string | undefined]>([
		["contoso-.*", ["contoso-"], "contoso-"],
		[".*@contoso\\.example", ["@contoso.example"], undefined],
		["a[0-9]+-contoso", ["a", "-contoso"], "a"],
		["(eu|us)-contoso-\\d+x", ["-contoso-", "x"], undefined],
		["cont?oso", ["con", "oso"], "con"],
		["a|b", undefined, undefined],
		["(?i)contoso", undefined, undefined],
		[".*", undefined, undefined],
		["\\pLab", undefined, undefined],
	])("%s needs the texts %j", (pattern, runs, beginsWith) => {
		expect(neededText(pattern)).toEqual(runs && { runs, beginsWith });
	});

	test("more than a hundred of one attribute without plain text are refused", () => {
		const patterns = Array.from({ length: 101 }, (_, k) => `[a-z]{${k + 1}}`);
		const parts = [patterns.slice(0, 60), patterns.slice(60)].map(
			(each) => `    - { attribute: org, patterns: ${JSON.stringify(each)} }\n`,
		);
		expect(read(tenant("tailspin", parts.join(""))).says).toEqual([
			expect.stringMatching(/"\[a-z\]\{99\}" is one of 101 patterns of org without plain text, more than 100/),
		]);
	});
});
