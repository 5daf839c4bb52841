import { z } from "zod";
import { citeIncident } from "./shapes.ts";
import { at, IncidentId, Time, type Tool, type ToolCall, tool } from "./tool.ts";
import { Untrusted, untrusted } from "./untrusted.ts";

const REASON = z.string().min(1).max(1000).describe("why, for the person who decides");
const WAITS =
	"Nothing happens by this alone: it is a proposal that a person confirms in the console, unless a policy of the catalogue lets it through.";

const ProposalShape = z.object({
	id: z.string(),
	tool: z.string(),
	incident: z.string(),
	state: z
		.enum(["pending", "done", "refused", "rejected", "expired"])
		.describe("pending: it has not happened; do not say that it has"),
	createdAt: Time,
	expiresAt: Time,
	decidedBy: Untrusted.nullable(),
	policy: z.string().nullable(),
	outcome: Untrusted.nullable(),
});

export interface ProposalAnswer {
	readonly id: string;
	readonly incident: string;
	readonly tool: string;
	readonly state: z.infer<typeof ProposalShape>["state"];
	readonly createdAt: number;
	readonly expiresAt: number;
	readonly decidedBy: string | null;
	readonly policy: string | null;
	readonly outcome: string | null;
	readonly agent: string;
	readonly isOwn: boolean;
}

/** What agents may ask for. */
export const PROPOSE_TOOLS: readonly Tool[] = [
	proposing({
		name: "propose_acknowledge",
		title: "Propose to acknowledge",
		description: "Proposes that whoever confirms it takes the incident; paging stops then.",
		input: {},
		act: (incident) => ({ tool: "acknowledge", incident }),
	}),
	proposing({
		name: "propose_mitigate",
		title: "Propose to mark as mitigated",
		description: "Proposes to say that the impact ended.",
		input: {},
		act: (incident) => ({ tool: "mitigate", incident }),
	}),
	proposing({
		name: "propose_note",
		title: "Propose a note",
		description: "Proposes a note for the incident's timeline.",
		input: { text: z.string().min(1).max(4000) },
		act: (incident, { text }) => ({ tool: "note", incident, text }),
	}),
	proposing({
		name: "propose_notice_draft",
		title: "Propose words for the customer's notice",
		description:
			"Proposes new words for the draft of the notice to the customer. It is never sent by this: a person approves each notice.",
		input: { subject: z.string().min(1).max(200), body: z.string().min(1).max(20_000) },
		act: (incident, { subject, body }) => ({ tool: "draft_notice", incident, subject, body }),
	}),
	proposing({
		name: "propose_mute",
		title: "Propose to hold pages back",
		description:
			"Proposes that pages of the incident's tenant are held back for a time: of its SLO, its workload, or all.",
		input: {
			covers: z.enum(["slo", "workload", "tenant"]).default("slo"),
			minutes: z.number().int().min(5).max(240),
		},
		act: (incident, { covers, minutes }) => ({ tool: "mute", incident, covers, minutes }),
	}),
	tool({
		name: "list_proposals",
		title: "What became of proposals",
		description: "Proposals that this token made, newest first, and what became of them.",
		input: { incident: IncidentId.optional() },
		output: { proposals: z.array(ProposalShape) },
		run: async (call, { incident }) => {
			const query = incident === undefined ? "" : `?incident=${incident}`;
			const list = await call.ask<{ items: ProposalAnswer[] }>(`/api/v1/proposals${query}`);
			const own = list.items.filter(({ isOwn }) => isOwn);
			return {
				proposals: own.map(shapeOf),
				citations: own.map(({ id, incident: of }) => ({ id, url: call.link(`/incidents/${of}`) })),
			};
		},
	}),
];

function proposing<In extends z.ZodRawShape>(definition: {
	readonly name: string;
	readonly title: string;
	readonly description: string;
	readonly input: In;
	readonly act: (incident: string, input: z.output<z.ZodObject<In>>) => Parameters<ToolCall["propose"]>[0];
}): Tool {
	const { act, input } = definition;
	return tool({
		...definition,
		description: `${definition.description} ${WAITS}`,
		input: { incident: IncidentId, reason: REASON, ...input },
		output: { proposal: ProposalShape },
		isReading: false,
		run: async (call, given) => {
			const { incident, reason } = given as { readonly incident: string; readonly reason: string };
			const proposal = await call.propose(act(incident, given as never), reason);
			return {
				proposal: shapeOf(proposal as unknown as ProposalAnswer),
				citations: [citeIncident(call, { id: incident })],
			};
		},
	});
}

function shapeOf(proposal: ProposalAnswer): z.infer<typeof ProposalShape> {
	return {
		id: proposal.id,
		tool: proposal.tool,
		incident: proposal.incident,
		state: proposal.state,
		createdAt: at(proposal.createdAt),
		expiresAt: at(proposal.expiresAt),
		decidedBy: proposal.decidedBy === null ? null : untrusted(proposal.decidedBy, 200),
		policy: proposal.policy,
		outcome: proposal.outcome === null ? null : untrusted(proposal.outcome),
	};
}
