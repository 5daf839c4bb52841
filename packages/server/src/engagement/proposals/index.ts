export { agentName, confirmProposal, propose, rejectProposal } from "./proposing.ts";
export { getProposal, listProposals, type ProposalFilter } from "./rows.ts";
export * from "./types.ts";
