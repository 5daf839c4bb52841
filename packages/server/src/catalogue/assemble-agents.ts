import { AGENT_TOOLS, type AgentPolicy } from "./agent-policy.ts";
import { order } from "./finding.ts";
import { type Context, displayName, sortedSet } from "./references.ts";

/** What agents may do by themselves; undefined when nothing is written: then everything waits for a person. */
export function assembleAgentPolicies(context: Context): readonly AgentPolicy[] | undefined {
	const entries = context.entries.of("AgentPolicy");
	if (entries.length === 0) return undefined;
	return entries
		.map((entry) => {
			const { agents, tools, tenants, severities } = entry.input.spec;
			tenants?.forEach((tenant, k) => {
				context.refer(["KeyTenant"], tenant, entry.document, ["spec", "tenants", k]);
			});
			return {
				name: entry.name,
				displayName: displayName(entry),
				agents: sortedSet(agents),
				tools: AGENT_TOOLS.filter((tool) => tools.includes(tool)),
				...(tenants && { tenants: sortedSet(tenants) }),
				severities: sortedSet(severities.map(String)),
			};
		})
		.toSorted((a, b) => order(a.name, b.name));
}
