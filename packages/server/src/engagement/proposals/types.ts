import type { Principal, TenantScope } from "#platform";

/** What an agent may ask to be done; `arguments` of a proposal are these without the tool. */
export type ProposedAct =
	| { readonly tool: "acknowledge" | "mitigate"; readonly incident: string }
	| { readonly tool: "note"; readonly incident: string; readonly text: string }
	/** New words for the draft of the customer's notice; a person still approves it. */
	| { readonly tool: "draft_notice"; readonly incident: string; readonly subject: string; readonly body: string }
	/** Pages of the incident's tenant are held back for a time: of its SLO, of its workload, or all. */
	| {
			readonly tool: "mute";
			readonly incident: string;
			readonly covers: "slo" | "workload" | "tenant";
			readonly minutes: number;
	  };

/** `expired`: nobody decided in time. `refused`: it was let through, and could not be done: see `outcome`. */
export type ProposalState = "pending" | "done" | "refused" | "rejected" | "expired";

export interface Proposal {
	readonly id: string;
	readonly act: ProposedAct;
	readonly tenant: string;
	readonly incidentId: string;
	/** Why, in the agent's words: data, written by a program that read what others wrote. */
	readonly reason: string;
	/** "agent Copilot (for oncall-bot)". */
	readonly agent: string;
	readonly tokenId: string;
	readonly state: ProposalState;
	readonly createdAt: number;
	readonly expiresAt: number;
	/** Policy that let it through without a person. */
	readonly policy: string | undefined;
	readonly decidedAt: number | undefined;
	readonly decidedBy: string | undefined;
	readonly outcome: string | undefined;
	readonly version: number;
}

/** The agent behind a token; its name as it called itself, empty when it did not. */
export interface Agent {
	readonly name: string;
	readonly principal: Principal & { readonly tokenId: string };
}

export interface ProposalRequest {
	readonly scope: TenantScope;
	readonly principal: Principal;
	readonly proposalId: string;
	readonly now: number;
	readonly requestId: string;
	readonly expectedVersion?: number | undefined;
}

/** `repeated`: the same agent proposes the same already. `not-found`: the incident is none that the token may see. */
export type ProposeOutcome =
	| { readonly status: "proposed" | "repeated"; readonly proposal: Proposal }
	| { readonly status: "not-found" }
	| { readonly status: "refused"; readonly message: string; readonly remedy: string };

export type DecideOutcome =
	| { readonly status: "changed" | "unchanged"; readonly proposal: Proposal }
	| { readonly status: "not-found" }
	| { readonly status: "conflict"; readonly proposal: Proposal }
	| { readonly status: "refused"; readonly message: string; readonly remedy: string };
