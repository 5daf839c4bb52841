import { z } from "zod";
import { AGENT_TOOLS } from "./agent-policy.ts";
import * as f from "./fields.ts";

export const AgentPolicy = z.strictObject({
	apiVersion: f.apiVersion("bellwether/v1"),
	kind: f.kind("AgentPolicy"),
	metadata: z
		.strictObject({
			name: f.name("Name by which timelines refer to it."),
			displayName: f.text("Name for people. Default: the name.", 120).optional(),
		})
		.describe("Names."),
	spec: z.strictObject({
		agents: z
			.array(f.text("Id or name of a token.", 64))
			.min(1)
			.max(200)
			.describe("Tokens that it holds for: ids (`tok_…`), or names that only one good token bears."),
		tools: z
			.array(f.choice(AGENT_TOOLS, "Tool."))
			.min(1)
			.describe("What may be done without a person's confirmation. Drafts of notices are never among it."),
		tenants: z
			.array(f.name("Key tenant."))
			.min(1)
			.max(10_000)
			.describe("Key tenants whose incidents it holds for. Default: all. Platform incidents always wait for a person.")
			.optional(),
		severities: z.array(f.severity("Severity.")).min(1).describe("Severities of incidents that it holds for."),
	}),
});
