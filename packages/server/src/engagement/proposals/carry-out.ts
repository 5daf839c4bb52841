import { MINUTE_MS } from "@bellwether/model";
import { addNote, type ChangeOutcome, getIncident, type IncidentRequest, mitigateIncident } from "#incidents";
import type { Tx } from "#platform";
import { acknowledgePage, makeMute } from "#response";
import { editNotice } from "../approval.ts";
import { listNotices } from "../rows.ts";
import type { EngagementDeps, NoticeOutcome } from "../types.ts";
import type { ProposedAct } from "./types.ts";

const MAX_MUTE_REASON = 200;

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
	reason: string,
	request: IncidentRequest,
): Promise<Done> {
	switch (act.tool) {
		case "acknowledge":
			return ofIncident(await acknowledgePage(tx, deps, request), "Acknowledged.");
		case "mitigate":
			return ofIncident(await mitigateIncident(tx, deps, request), "Marked as mitigated.");
		case "note":
			return ofIncident(await addNote(tx, deps, { ...request, text: act.text }), "The note is in the timeline.");
		case "mute":
			return mute(tx, deps, act, reason, request);
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

/** Only ever of the incident's own tenant; a platform incident concerns everybody, and is muted by people alone. */
async function mute(
	tx: Tx,
	deps: EngagementDeps,
	act: ProposedAct & { readonly tool: "mute" },
	reason: string,
	request: IncidentRequest,
): Promise<Done> {
	const { scope, principal, now, requestId = "" } = request;
	const incident = await getIncident(tx, scope, act.incident);
	if (!incident || incident.kind === "platform")
		return { status: "refused", words: "Pages of platform incidents are muted by people alone." };
	const { tenant, workload, slo } = incident;
	const labels = {
		tenant,
		...(act.covers === "workload" ? { workload } : {}),
		...(act.covers === "slo" ? { slo } : {}),
	};
	const matchers = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
	const wanted = {
		matchers: [matchers.join(", ")],
		owner: principal.name,
		reason: `${incident.id}: ${reason}`.slice(0, MAX_MUTE_REASON),
		endsAt: now + act.minutes * MINUTE_MS,
	};
	const outcome = await makeMute(tx, deps, { scope, principal, requestId, now }, wanted);
	if (outcome.status === "made") return { status: "done", words: `Muted for ${act.minutes} min: ${outcome.mute.id}.` };
	if (outcome.status === "refused") return { status: "refused", words: `${outcome.message} ${outcome.remedy}` };
	return { status: "refused", words: "It could not be muted." };
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
