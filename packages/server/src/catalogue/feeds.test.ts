import { HOUR_MS } from "@bellwether/model";
import { describe, expect, test } from "vitest";
import { formatFinding, parseCatalogue } from "./index.ts";
import { SAMPLE } from "./sample-files.ts";

function parse(spec: string, name = "status") {
	const text = `apiVersion: bellwether/v1\nkind: Feed\nmetadata: { name: ${name} }\nspec:\n${spec}`;
	return parseCatalogue(
		Object.entries({ ...SAMPLE, "feeds/a.yaml": text }).map(([path, each]) => ({ path, text: each })),
	);
}

const errors = (spec: string) =>
	parse(spec)
		.findings.filter((finding) => finding.level === "error")
		.map(formatFinding);

describe("a feed", () => {
	test.each([
		["alertmanager", "platform-health", "bearer", HOUR_MS],
		["status-json", "platform-health", "standard-webhooks", HOUR_MS],
		["m365-health", "platform-health", "standard-webhooks", HOUR_MS],
		["azure-service-health", "platform-health", "standard-webhooks", HOUR_MS],
		["github", "changes", "github", undefined],
		["azure-devops", "changes", "basic", undefined],
	])("of kind %s tells %s, proven by %s", (kind, gives, auth, expectEveryMs) => {
		expect(parse(`  kind: ${kind}\n`).catalogue?.feeds).toMatchObject([
			{ name: "status", displayName: "status", kind, gives, auth, componentLabel: "service" },
		]);
		expect(parse(`  kind: ${kind}\n`).catalogue?.feeds[0]?.expectEveryMs).toBe(expectEveryMs);
	});

	test("maps components to workloads whatever their case", () => {
		const spec = `  kind: status-json
  secret: \${env:STATUS_SECRET}
  expectEvery: 10m
  components: { Purview Portal: purview, "API: v2": [purview] }
`;
		const [feed] = parse(spec).catalogue?.feeds ?? [];
		expect({ ...feed?.components }).toEqual({ "purview portal": ["purview"], "api: v2": ["purview"] });
		// biome-ignore lint/suspicious/noTemplateCurlyInString: the catalogue's own way to name a secret
		expect(feed).toMatchObject({ expectEveryMs: 600_000, secretRef: "${env:STATUS_SECRET}" });
	});

	test("of cloudevents or json says what it tells", () => {
		expect(errors("  kind: json\n")).toEqual([
			"feeds/a.yaml:5:9 error A feed of kind json can tell changes or cases, and spec.gives is missing.\n  Write gives: changes.",
		]);
	});

	test.each([
		[
			"cannot tell what its kind does not know",
			"  kind: github\n  gives: cases\n",
			'feeds/a.yaml:6:10 error spec.gives "cases" cannot come from a feed of kind github.\n  Write changes, or another kind.',
		],
		[
			"refers to workloads that exist",
			"  kind: status-json\n  components: { Portal: purvew }\n",
			'feeds/a.yaml:6:25 error spec.components.Portal "purvew" is not a known Workload.\n  Did you mean "purview"?',
		],
		[
			"holds no secret itself",
			"  kind: github\n  secret: hunter2\n",
			"feeds/a.yaml:6:11 error spec.secret is not a reference to a secret.\n",
		],
		[
			"maps only fields that we have",
			"  kind: json\n  gives: cases\n  fields: { tenants: a.b }\n",
			'feeds/a.yaml:7:13 error spec.fields.tenants is unknown.\n  Did you mean "tenant"?',
		],
		["expects messages in a possible rhythm", "  kind: github\n  expectEvery: 1s\n", "feeds/a.yaml:6:16"],
	])("%s", (_, spec, says) => {
		expect(errors(spec).map((each) => each.slice(0, says.length))).toEqual([says]);
	});

	test("shares its secret with no other", () => {
		const one = (name: string) =>
			`apiVersion: bellwether/v1\nkind: Feed\nmetadata: { name: ${name} }\nspec: { kind: github, secret: "\${env:S}" }\n`;
		const files = { ...SAMPLE, "feeds/a.yaml": `${one("a")}---\n${one("b")}` };
		const { findings } = parseCatalogue(Object.entries(files).map(([path, text]) => ({ path, text })));
		expect(findings.filter((each) => each.level === "error").map((each) => each.message)).toEqual([
			'spec.secret is also that of Feed "a": a message to one would be good for both.',
		]);
	});
});
