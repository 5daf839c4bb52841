import { HOUR_MS } from "@bellwether/model";
import { describe, expect, test } from "vitest";
import { formatFinding, parseCatalogue } from "./index.ts";
import { SAMPLE } from "./sample-files.ts";

function parse(spec: string, more: Readonly<Record<string, string>> = {}) {
	const text = `apiVersion: bellwether/v1\nkind: Runbook\nmetadata: { name: dlp }\nspec:\n${spec}`;
	return parseCatalogue(
		Object.entries({ ...SAMPLE, "runbooks/a.yaml": text, ...more }).map(([path, each]) => ({ path, text: each })),
	);
}

const findings = (...args: Parameters<typeof parse>) => parse(...args).findings.map(formatFinding);

describe("a runbook", () => {
	test("stands in its document, for SLOs, kinds of SLI and workloads, with notes by tenant", () => {
		const { catalogue } = parse(
			"  text: |\n    - [ ] Look.\n  for: { slos: [dlp-create], sliKinds: [latency], workloads: [purview] }\n  tenants: { woodgrove: Call first. }\n",
		);
		expect(catalogue?.runbooks).toEqual([
			{
				name: "dlp",
				displayName: "dlp",
				text: "- [ ] Look.",
				for: { slos: ["dlp-create"], sliKinds: ["latency"], workloads: ["purview"] },
				notes: { woodgrove: "Call first." },
			},
		]);
	});
	test("or in a Markdown file of the catalogue", () => {
		const { catalogue } = parse("  file: runbooks/dlp.md\n  for: { slos: [dlp-create] }\n", {
			"runbooks/dlp.md": "# DLP\n\n- [ ] Look.\n",
		});
		expect(catalogue?.runbooks?.[0]?.text).toBe("# DLP\n\n- [ ] Look.");
	});
	test.each([
		[
			"a text and a file",
			"  text: x\n  file: runbooks/dlp.md\n  for: { slos: [dlp-create] }\n",
			"has both text and file",
		],
		["neither", "  for: { slos: [dlp-create] }\n", "has neither text nor file"],
		[
			"a file that is not there",
			"  file: runbooks/dpl.md\n  for: { slos: [dlp-create] }\n",
			'Did you mean "runbooks/dlp.md"?',
		],
		["nothing that it is for", "  text: x\n  for: {}\n", 'no incident would show "dlp"'],
		["an unknown SLO", "  text: x\n  for: { slos: [dlp-crate] }\n", 'Did you mean "dlp-create"?'],
		[
			"an unknown tenant",
			"  text: x\n  for: { slos: [dlp-create] }\n  tenants: { woodgrov: x }\n",
			'Did you mean "woodgrove"?',
		],
		["an empty file", "  file: runbooks/empty.md\n  for: { slos: [dlp-create] }\n", "The file is empty."],
	])("is refused with %s", (_, spec, says) => {
		const more = { "runbooks/dlp.md": "x", "runbooks/empty.md": " \n" };
		expect(parse(spec, more).catalogue).toBeUndefined();
		expect(findings(spec, more).join("\n")).toContain(says);
	});
	test("that no document names is told", () => {
		const told = findings("  text: x\n  for: { slos: [dlp-create] }\n", { "runbooks/old.md": "x" });
		expect(told).toEqual([
			"runbooks/old.md:1:1 warning No Runbook names this file.\n  Write a document of kind Runbook with file: runbooks/old.md, or remove it.",
		]);
	});
});

test("a workload has a criticality, and is ordinary without", () => {
	const workload = "apiVersion: bellwether/v1\nkind: Workload\nmetadata: { name: purview }\nspec:\n  owner: x\n";
	const of = (text: string) =>
		parse("  text: x\n  for: { slos: [dlp-create] }\n", { "workloads/purview.yaml": text }).catalogue?.workloads[0]
			?.criticality;
	expect(of(`${workload}  criticality: critical\n`)).toBe("critical");
	expect(of(workload)).toBeUndefined();
});

test("the cool-down of incidents is an hour at first, and at most a day", () => {
	const settings = (within: string) => ({
		"bellwether.yaml": `apiVersion: bellwether/v1\nkind: Settings\nspec:\n  incidents: { reopenWithin: ${within} }\n`,
	});
	const runbook = "  text: x\n  for: { slos: [dlp-create] }\n";
	expect(parse(runbook, settings("2h")).catalogue?.settings.incidents).toEqual({ coolDownMs: 2 * HOUR_MS });
	expect(parse(runbook).catalogue?.settings.incidents).toBeUndefined();
	expect(findings(runbook, settings("2d")).join("\n")).toContain(
		'spec.incidents.reopenWithin "2d" is not from 0s to 1d.',
	);
});
