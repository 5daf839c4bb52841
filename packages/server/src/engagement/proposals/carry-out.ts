import { acknowledgeIncident, addNote, type ChangeOutcome, type IncidentRequest, mitigateIncident } from "#incidents";
import type { Tx } from "#platform";
import { editNotice } from "../approval.ts";
import { listNotices } from "../rows.ts";
import type { EngagementDeps, NoticeOutcome } from "../types.ts";
import type { ProposedAct } from "./types.ts";

/** What became of an act, in a sentence. */
export interface Done {
	readonly status: "done" | "refused";
	readonly words: string;
}

/** Does what was proposed, in the name of whoever let it through: with that one's scope, and nothing beyond it. */
export async function carryOut(
	tx: Tx,
	deps: EngagementDeps,
	act: ProposedAct,
	request: IncidentRequest,
): Promise<Done> {
	switch (act.tool) {
		case "acknowledge":
			return ofIncident(await acknowledgeIncident(tx, deps, request), "Acknowledged.");
		case "mitigate":
			return ofIncident(await mitigateIncident(tx, deps, request), "Marked as mitigated.");
		case "note":
			return ofIncident(await addNote(tx, deps, { ...request, text: act.text }), "The note is in the timeline.");
		case "draft_notice":
			return draftNotice(tx, deps, act, request);
	}
}

async function draftNotice(
	tx: Tx,
	deps: EngagementDeps,
	act: ProposedAct & { readonly tool: "draft_notice" },
	request: IncidentRequest,
): Promise<Done> {
	const drafts = await listNotices(tx, request.scope, { incidentId: act.incident, states: ["draft"] });
	const draft = drafts.find(({ audience }) => audience === "customer");
	if (!draft) return { status: "refused", words: "The incident has no draft of a notice to the customer." };
	const { subject, body } = act;
	const { scope, principal, now, requestId } = request;
	const asked = { scope, principal, now, requestId, noticeId: draft.id, subject, body };
	return ofNotice(await editNotice(tx, deps, asked));
}

function ofIncident(outcome: ChangeOutcome, words: string): Done {
	switch (outcome.status) {
		case "changed":
			return { status: "done", words };
		case "unchanged":
			return { status: "done", words: `It was so already${outcome.by ? `, by ${outcome.by}` : ""}.` };
		case "not-found":
			return { status: "refused", words: "There is no such incident." };
		case "conflict":
			return { status: "refused", words: "The incident changed meanwhile." };
		case "refused":
			return { status: "refused", words: `${outcome.message} ${outcome.remedy}` };
	}
}

function ofNotice(outcome: NoticeOutcome): Done {
	switch (outcome.status) {
		case "changed":
		case "unchanged":
			return { status: "done", words: "The draft has these words; a person approves it before it leaves." };
		case "refused":
			return { status: "refused", words: `${outcome.message} ${outcome.remedy}` };
		default:
			return { status: "refused", words: "The draft changed meanwhile." };
	}
}
