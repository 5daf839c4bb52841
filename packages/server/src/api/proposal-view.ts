import type { Proposal } from "#engagement";
import type { ProposalView } from "./schemas-proposals.ts";

/** As people and agents read it; `tokenId`: of who reads. */
export function proposalView(proposal: Proposal, tokenId: string | undefined): ProposalView {
	const { tool, incident, ...given } = proposal.act;
	return {
		id: proposal.id,
		incident,
		tenant: proposal.tenant,
		tool,
		arguments: given,
		reason: proposal.reason,
		agent: proposal.agent,
		isOwn: proposal.tokenId === tokenId,
		state: proposal.state,
		createdAt: proposal.createdAt,
		expiresAt: proposal.expiresAt,
		policy: proposal.policy ?? null,
		decidedAt: proposal.decidedAt ?? null,
		decidedBy: proposal.decidedBy ?? null,
		outcome: proposal.outcome ?? null,
		version: proposal.version,
	};
}
