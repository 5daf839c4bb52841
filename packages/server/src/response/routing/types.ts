import type { EscalationPolicy } from "#catalogue";
import type { Incident } from "#incidents";
import type { Tx } from "#platform";

/** What routing does to chains. The escalation side implements it; routing decides when. All run in the caller's transaction. */
export interface Chains {
	/** Starts the incident's chain with this policy: its first page, its timers. */
	start(tx: Tx, incident: Incident, policy: EscalationPolicy, now: number): Promise<void>;
	/** One page to whom the policy's first reachable step means, without a chain; `lead` stands before the sentence. */
	pageOnce(tx: Tx, incident: Incident, policy: EscalationPolicy, lead: string, now: number): Promise<void>;
}
