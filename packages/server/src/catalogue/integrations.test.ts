import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { formatFinding, parseCatalogue, readCatalogue } from "./index.ts";
import { SAMPLE } from "./sample-files.ts";

const secret = (name: string) => `'\${env:${name}}'`;
const KEY = `auth: { routingKey: ${secret("PD_KEY")} }`;
const BASIC = `auth: { basic: { user: cre, password: ${secret("PASSWORD")} } }`;

function parse(...specs: readonly string[]) {
	const documents = specs.map(
		(spec, k) =>
			`apiVersion: bellwether/v1\nkind: Integration\nmetadata: { name: system-${k} }\nspec:\n${spec
				.trim()
				.split("\n")
				.map((line) => `  ${line.trim()}`)
				.join("\n")}\n`,
	);
	const files = { ...SAMPLE, "integrations/a.yaml": documents.join("---\n") };
	return parseCatalogue(Object.entries(files).map(([path, text]) => ({ path, text })));
}

const errors = (...specs: readonly string[]) =>
	parse(...specs)
		.findings.filter(({ level }) => level === "error")
		.map((finding) => formatFinding(finding).replace(/^integrations\/a\.yaml:\d+:\d+ error /, ""));

describe("an integration", () => {
	test("has its system's defaults", () => {
		const [pagerduty, jira] =
			parse(
				`kind: pagerduty\n${KEY}`,
				`kind: jira\nurl: https://contoso.atlassian.net/\nproject: CRE\n${BASIC}\nwhen: { severity: 2, workloads: [purview] }\ninbound: { secret: ${secret("JIRA_HOOK")} }`,
			).catalogue?.integrations ?? [];
		expect(pagerduty).toMatchObject({
			displayName: "PagerDuty",
			url: "https://events.pagerduty.com",
			auth: { kind: "pagerduty", apiUrl: "https://api.pagerduty.com" },
			when: { severity: "2.5", workloads: [], tenants: [] },
			timeoutMs: 10_000,
		});
		expect(pagerduty?.inbound).toBeUndefined();
		expect(jira).toMatchObject({
			displayName: "Jira",
			url: "https://contoso.atlassian.net",
			type: "Task",
			when: { severity: "2", workloads: ["purview"] },
			inbound: { auth: "hub-signature" },
		});
	});

	test("is read from its folder of the catalogue", async () => {
		const dir = mkdtempSync(join(tmpdir(), "bellwether-"));
		onTestFinished(() => rmSync(dir, { recursive: true }));
		const text = `apiVersion: bellwether/v1\nkind: Integration\nmetadata: { name: pager }\nspec:\n  kind: pagerduty\n  ${KEY}\n`;
		for (const [path, content] of Object.entries({ ...SAMPLE, "integrations/pager.yaml": text })) {
			await mkdir(dirname(join(dir, path)), { recursive: true });
			await writeFile(join(dir, path), content);
		}
		expect((await readCatalogue(dir)).catalogue?.integrations?.map(({ name }) => name)).toEqual(["pager"]);
	});

	test.each([
		[
			"without its key",
			"kind: pagerduty",
			"PagerDuty needs the integration key of a service, and spec.auth.routingKey is missing.",
		],
		[
			"with a token that acts as nobody",
			`kind: pagerduty\nauth: { routingKey: ${secret("A")}, apiToken: ${secret("B")} }`,
			"spec.auth.apiToken and spec.auth.from go together: the REST API acts as a user.",
		],
		["without an address", `kind: servicenow\n${BASIC}`, 'Integration "system-0" has no url.'],
		[
			"without a sign-in",
			"kind: servicenow\nurl: https://contoso.service-now.com",
			'Integration "system-0" has no way to sign in: spec.auth is missing.',
		],
		[
			"with two ways to sign in",
			`kind: servicenow\nurl: https://contoso.service-now.com\nauth: { bearer: ${secret("A")}, basic: { user: a, password: ${secret("B")} } }`,
			"spec.auth has two ways to sign in.",
		],
		[
			"with a key that its system does not use",
			`kind: jira\nurl: https://j.example\nproject: CRE\nauth: { routingKey: ${secret("A")}, bearer: ${secret("B")} }`,
			"spec.auth.routingKey is not used by jira.",
		],
		["without its project", `kind: jira\nurl: https://j.example\n${BASIC}`, "jira needs spec.project."],
		[
			"with a project that could end a query",
			`kind: jira\nurl: https://j.example\nproject: 'A" OR 1=1'\n${BASIC}`,
			'spec.project "A" OR 1=1" is no project of jira.',
		],
		[
			"with a project of another shape",
			`kind: azure-devops\nproject: Reliability\n${BASIC}`,
			'spec.project "Reliability" is no project of azure-devops.',
		],
		[
			"with a table that is none",
			`kind: servicenow\nurl: https://s.example\ntype: ../sys_user\n${BASIC}`,
			'spec.type "../sys_user" is no table.',
		],
		[
			"for a workload that does not exist",
			`kind: pagerduty\n${KEY}\nwhen: { workloads: [purvew] }`,
			'spec.when.workloads.0 "purvew" is not a known Workload.',
		],
		[
			"with a field that names an unknown fact",
			`kind: icm\nurl: https://i.example\nfields: { Title: '{{ titel }}' }`,
			'spec.fields.Title names the unknown fact "titel".',
		],
		[
			"with a field that is no Liquid",
			`kind: icm\nurl: https://i.example\nfields: { Title: '{{ title' }`,
			'Liquid: output "{{ title" not closed.',
		],
		[
			"with a query in its address",
			`kind: icm\nurl: https://i.example/?a=1`,
			"spec.url has a query, which is not used.",
		],
		[
			"with a time-out of a day",
			`kind: icm\nurl: https://i.example\ntimeout: 1d`,
			'spec.timeout "1d" is not from 1s to 1m.',
		],
	])("%s is refused", (_name, spec, message) => {
		expect(errors(spec)[0]?.split("\n")[0]).toBe(message);
	});

	test("that shares a signing key with another is refused: a message to one would be good for both", () => {
		const spec = `kind: icm\nurl: https://i.example\ninbound: { secret: ${secret("HOOK")} }`;
		expect(errors(spec, spec)[0]).toContain('spec.inbound.secret is also that of Integration "system-0"');
	});

	test("takes no secret that is written out", () => {
		const [message = ""] = errors("kind: pagerduty\nauth: { routingKey: 0123456789abcdef }");
		expect(message).toContain("is not a reference to a secret");
		expect(message).not.toContain("0123456789abcdef");
	});
});
