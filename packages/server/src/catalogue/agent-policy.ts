/** Tools that may run without a person's word. A notice is never among them: what customers read is a person's. */
export const AGENT_TOOLS = ["acknowledge", "note", "mitigate", "mute"] as const;
export type AgentTool = (typeof AGENT_TOOLS)[number];

/** What some agents may do without confirmation. What no policy names waits for a person. */
export interface AgentPolicy {
	readonly name: string;
	readonly displayName: string;
	/** Ids of the tokens that it holds for (`tok_…`), or names that only one good token bears. */
	readonly agents: readonly string[];
	readonly tools: readonly AgentTool[];
	/** Key tenants; platform incidents concern all, and are never among them. Undefined: all key tenants. */
	readonly tenants?: readonly string[] | undefined;
	/** Severity keys. */
	readonly severities: readonly string[];
}

/** Begins the id of every token; no token's name does. */
export const TOKEN_ID_PREFIX = "tok_";

/** Whether a token is meant by what `agents` has. `isOnlyOne`: no other good token bears its name. */
export function isTokenNamed(
	agents: readonly string[],
	token: { readonly id: string; readonly name: string; readonly isOnlyOne: boolean },
): boolean {
	const isByName = token.isOnlyOne && !token.name.startsWith(TOKEN_ID_PREFIX) && agents.includes(token.name);
	return isByName || (token.id.startsWith(TOKEN_ID_PREFIX) && agents.includes(token.id));
}

/** The first policy that lets a tool through, in order of names; undefined: a person confirms. */
export function policyFor(
	policies: readonly AgentPolicy[] | undefined,
	asked: {
		readonly agent: Parameters<typeof isTokenNamed>[1];
		readonly tool: string;
		readonly tenant: string;
		readonly severity: string | undefined;
	},
): AgentPolicy | undefined {
	const { agent, tool, tenant, severity } = asked;
	if (tenant === "" || severity === undefined) return undefined;
	return policies?.find(
		(policy) =>
			isTokenNamed(policy.agents, agent) &&
			(policy.tools as readonly string[]).includes(tool) &&
			(policy.tenants === undefined || policy.tenants.includes(tenant)) &&
			policy.severities.includes(severity),
	);
}
