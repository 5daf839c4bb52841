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

describe("a feed that is asked", () => {
	const pullOf = (spec: string) => parse(spec).catalogue?.feeds[0]?.pull;

	test("has a rhythm by what it gives, and is stale after three of its turns", () => {
		const [health] = parse("  kind: status-json\n  pull: { url: https://status.example }\n").catalogue?.feeds ?? [];
		expect(health).toMatchObject({
			expectEveryMs: 3 * 60_000 + 15_000,
			pull: {
				urls: ["https://status.example/api/v2/summary.json"],
				everyMs: 60_000,
				timeoutMs: 15_000,
				maxResponseBytes: 8_388_608,
				auth: { kind: "none" },
			},
		});
		const spec = "  kind: github\n  expectEvery: 1h\n  pull: { url: [https://a.example/x, https://b.example/y] }\n";
		expect(parse(spec).catalogue?.feeds).toMatchObject([
			{ expectEveryMs: HOUR_MS, pull: { urls: ["https://a.example/x", "https://b.example/y"], everyMs: 300_000 } },
		]);
	});

	test.each([
		[
			"alertmanager",
			"https://am.example:9093/",
			"https://am.example:9093/api/v2/alerts?silenced=false&inhibited=false",
		],
		["alertmanager", "https://am.example/am/api/v2/alerts", "https://am.example/am/api/v2/alerts"],
		["json", "https://desk.example", "https://desk.example"],
	])("of kind %s at %s asks %s", (kind, url, asked) => {
		const gives = kind === "json" ? "  gives: cases\n" : "";
		expect(pullOf(`  kind: ${kind}\n${gives}  pull: { url: "${url}" }\n`)?.urls).toEqual([asked]);
	});

	test.each([
		["m365-health", "https://graph.microsoft.com/.default", "https://graph.microsoft.com/v1.0/"],
		["azure-service-health", "https://management.azure.com/.default", "https://management.azure.com/providers/"],
	])("of kind %s knows its address and the scope of its token", (kind, scope, url) => {
		const pull = pullOf(`  kind: ${kind}\n  pull: { auth: { managedIdentity: {} } }\n`);
		expect(pull).toMatchObject({ auth: { kind: "managed-identity", scope }, urls: [expect.stringContaining(url)] });
	});

	test.each([
		["needs an address", "  kind: github\n  pull: {}\n", /spec\.pull\.url is missing, and kind github/],
		["is no CloudEvent", "  kind: cloudevents\n  gives: changes\n  pull: { url: https://a.example }\n", /are sent/],
		["proves itself to Microsoft", "  kind: m365-health\n  pull: {}\n", /spec\.pull\.auth is missing/],
		[
			"has one way to sign in",
			// biome-ignore lint/suspicious/noTemplateCurlyInString: the catalogue's own way to name a secret
			'  kind: github\n  pull: { url: https://a.example, auth: { bearer: "${env:A}", managedIdentity: {} } }\n',
			/spec\.pull\.auth has bearer and managedIdentity/,
		],
		[
			"does not ask GitHub for alerts",
			"  kind: github\n  pull: { url: https://a.example, expectAlert: Watchdog }\n",
			/spec\.pull\.expectAlert is not used by kind github/,
		],
		["is polite", "  kind: github\n  pull: { url: https://a.example, every: 1s }\n", /spec\.pull\.every "1s"/],
		[
			"takes no password in an address",
			"  kind: github\n  pull: { url: https://u:p@a.example }\n",
			/^(?!.*u:p).*spec\.pull\.url is not a web address/,
		],
	])("%s", (_, spec, message) => {
		expect(errors(spec)).toEqual([expect.stringMatching(message)]);
	});

	test("is warned of credentials that go unencrypted", () => {
		// biome-ignore lint/suspicious/noTemplateCurlyInString: the catalogue's own way to name a secret
		const spec = '  kind: github\n  pull: { url: "http://a.example/x", auth: { bearer: "${env:A}" } }\n';
		expect(parse(spec).findings.map(({ level, message }) => [level, message])).toEqual([
			["warning", "spec.pull.url is not encrypted, and credentials go with it."],
		]);
	});
});
