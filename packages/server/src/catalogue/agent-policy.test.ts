import { describe, expect, test } from "vitest";
import { isTokenNamed, policyFor } from "./agent-policy.ts";
import { formatFinding, parseCatalogue } from "./index.ts";
import { SAMPLE } from "./sample-files.ts";

function parse(spec: string) {
	const text = `apiVersion: bellwether/v1\nkind: AgentPolicy\nmetadata: { name: quiet-hours }\nspec:\n${spec}`;
	return parseCatalogue(
		Object.entries({ ...SAMPLE, "agents/a.yaml": text }).map(([path, each]) => ({ path, text: each })),
	);
}

const errors = (spec: string) =>
	parse(spec)
		.findings.filter(({ level }) => level === "error")
		.map(formatFinding);

const SPEC = "  agents: [oncall-bot]\n  tools: [note, acknowledge]\n  severities: [4, 3]\n";

describe("a policy for agents", () => {
	test("says for whom, what and how severe; for all key tenants when it names none", () => {
		expect(parse(SPEC).catalogue?.agentPolicies).toEqual([
			{
				name: "quiet-hours",
				displayName: "quiet-hours",
				agents: ["oncall-bot"],
				tools: ["acknowledge", "note"],
				severities: ["3", "4"],
			},
		]);
	});

	test("is none where none is written, so that everything waits for a person", () => {
		const files = Object.entries(SAMPLE).map(([path, text]) => ({ path, text }));
		expect(parseCatalogue(files).catalogue?.agentPolicies).toBeUndefined();
	});

	test.each([
		["that lets notices through", SPEC.replace("note,", "draft_notice,"), /draft_notice/],
		[
			"of a tenant that there is not",
			`${SPEC}  tenants: [nobody]\n`,
			/spec\.tenants\.0 "nobody" is not a known KeyTenant/,
		],
		["without tools", "  agents: [a]\n  tools: []\n  severities: [4]\n", /tools/],
		["without severities", "  agents: [a]\n  tools: [note]\n", /severities/],
		["without agents", "  tools: [note]\n  severities: [4]\n", /agents/],
	])("%s is refused", (_, spec, message) => {
		expect(errors(spec).join("\n")).toMatch(message);
	});

	test("holds for what it names alone, and never for a platform incident", () => {
		const policies = [
			{ name: "a", displayName: "a", agents: ["bot"], tools: ["note"], tenants: ["contoso"], severities: ["3"] },
		] as const;
		const bot = { id: "tok_1", name: "bot", isOnlyOne: true };
		const asked = { agent: bot, tool: "note", tenant: "contoso", severity: "3" };
		expect(policyFor(policies, asked)?.name).toBe("a");
		for (const other of [
			{ agent: { ...bot, name: "x" } },
			{ tool: "mute" },
			{ tenant: "x" },
			{ tenant: "" },
			{ severity: "2" },
		])
			expect(policyFor(policies, { ...asked, ...other }), JSON.stringify(other)).toBeUndefined();
		const [all] = [{ ...policies[0], tenants: undefined }];
		expect(policyFor([all], asked)?.name).toBe("a");
		expect(policyFor([all], { ...asked, tenant: "" })).toBeUndefined();
		expect(policyFor(undefined, asked)).toBeUndefined();
	});

	test.each([
		["by its name, which no other bears", ["bot"], { id: "tok_1", name: "bot", isOnlyOne: true }, true],
		["not by a name that another bears as well", ["bot"], { id: "tok_1", name: "bot", isOnlyOne: false }, false],
		["by its id, whoever bears its name", ["tok_1"], { id: "tok_1", name: "bot", isOnlyOne: false }, true],
		["not by a name that looks like an id", ["tok_1"], { id: "tok_2", name: "tok_1", isOnlyOne: true }, false],
	])("means a token %s", (_, agents, token, expected) => {
		expect(isTokenNamed(agents, token)).toBe(expected);
	});
});
