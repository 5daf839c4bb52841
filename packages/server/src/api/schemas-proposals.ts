import { z } from "zod";
import { Instant } from "./schemas.ts";

/** What an agent proposed, and what became of it. */
export const ProposalView = z.object({
	id: z.string(),
	incident: z.string(),
	tenant: z.string(),
	tool: z.enum(["acknowledge", "note", "mitigate", "draft_notice", "mute"]),
	arguments: z.record(z.string(), z.unknown()).describe("what it is to be done with, such as a note's text"),
	reason: z.string().describe("in the agent's words"),
	agent: z.string().describe("what it calls itself, and whose token it holds"),
	isOwn: z.boolean().describe("made with the caller's own token, which cannot decide about it"),
	state: z
		.enum(["pending", "done", "refused", "rejected", "expired"])
		.describe("refused: it was let through, and could not be done"),
	createdAt: Instant,
	expiresAt: Instant,
	policy: z.string().nullable().describe("policy of the catalogue that let it through without a person"),
	decidedAt: Instant.nullable(),
	decidedBy: z.string().nullable(),
	outcome: z.string().nullable(),
	version: z.number(),
});
export type ProposalView = z.infer<typeof ProposalView>;
