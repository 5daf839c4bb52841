import { describeDuration } from "@bellwether/model";
import { PAGING_SENTENCES } from "./paging-sentences.ts";
import { ROUTING_SENTENCES } from "./routing-sentences.ts";
import { TICKET_SENTENCES } from "./tickets/sentences.ts";
import { WORK_SENTENCES } from "./work-sentences.ts";

export interface RecordedFact {
	readonly type: string;
	readonly actor: string;
	readonly data: Readonly<Record<string, unknown>>;
}

type Data = Readonly<Record<string, unknown>>;

const VERDICT_WORDS: Readonly<Record<string, string>> = {
	"real-impact": "real, with customer impact",
	"real-no-impact": "real, without customer impact",
	noise: "noise",
	"expected-change": "an expected change",
	duplicate: "a duplicate",
};

/** One sentence per kind of fact, whichever room states it: a timeline is read as one story. */
const SENTENCES: Readonly<Record<string, (data: Data, actor: string) => string>> = {
	"incident.reported": (data, actor) => `Reported${reporter(data)} by ${actor}: ${data.text}`,
	"incident.opened": (data, actor) => {
		if (data.reportedBy) return `Reported${reporter(data)} by ${actor}, severity ${data.severity}.`;
		if (data.kind === "platform") return `Opened by monitor ${data.monitor}: the platform itself is affected.`;
		const part = data.parentId
			? ` Part of platform incident ${data.parentId}; it pages by itself only while that pages nobody.`
			: "";
		return `Opened by monitor ${data.monitor}, severity ${data.severity}.${part}`;
	},
	"incident.breach_attached": (data) => `Monitor ${data.monitor} claimed another breach of the same SLO.`,
	"incident.linked": (data, actor) =>
		data.byHand
			? `${actor} put it under platform incident ${data.parentId}.`
			: `Linked to platform incident ${data.parentId}, which opened after it.`,
	"incident.related": (data) =>
		data.isOpen
			? `Opened beside ${data.previousId}, which is at work as well.`
			: data.resolvedAgoMs === null
				? `Follows ${data.previousId}, whose signal had been quiet for more than an hour.`
				: `Follows ${data.previousId}, resolved ${describeDuration(Number(data.resolvedAgoMs))} before.`,
	"incident.cause_blamed": (data) =>
		`${data.isAnother ? "Another change fits better now" : "Probably because of a change"} (${Math.min(99, Math.round(100 * Number(data.probability)))} %): ${data.what}.`,
	"incident.acknowledged": (data, actor) =>
		data.with ? `Acknowledged with ${data.with} by ${actor}.` : `Acknowledged by ${actor}.`,
	"incident.investigating": (data, actor) =>
		data.mitigationUndone
			? `${actor} is investigating again; the mitigation did not hold.`
			: `${actor} is investigating.`,
	"incident.mitigated": (data, actor) =>
		data.with ? `Mitigated with ${data.with} by ${actor}.` : `Mitigated, says ${actor}.`,
	"incident.resolved": (data, actor) => {
		if (data.mergedInto) return `Merged into ${data.mergedInto} by ${actor}.`;
		const reason = data.reason ? ` Reason: ${data.reason}` : "";
		return `Resolved by ${actor} as ${VERDICT_WORDS[String(data.verdict)] ?? data.verdict}.${reason}`;
	},
	...WORK_SENTENCES,
	...ROUTING_SENTENCES,
	"incident.signal_cleared": () => "The signal cleared: the SLI meets its objective again. The incident stays open.",
	"incident.signal_returned": (data) =>
		data.mitigationUndone ? "The signal returned: the mitigation did not hold." : "The signal returned.",
	"incident.note_added": (data, actor) => `${actor}: ${data.text}`,
	"escalation.started": (data) => `Escalation policy ${data.policy} started.`,
	"escalation.step_reached": (data) => {
		const target = data.person ? `${data.personDisplayName ?? data.person}` : "nobody";
		return `Step ${data.step} of the escalation: ${target}.`;
	},
	"escalation.step_unreachable": (data) => `Step ${data.step} reaches nobody: ${data.reason}.`,
	"escalation.exhausted": () => "The escalation can reach nobody. Nobody has been paged; act by other means.",
	"escalation.acknowledge_overdue": (data) =>
		`Not acknowledged within ${describeDuration(Number(data.withinMs))} of the page.`,
	"escalation.stopped": (data) => `Paging stopped: ${data.reason}.`,
	"page.failed": (data) => `Page to ${data.personDisplayName ?? data.person} by ${data.channel} failed: ${data.detail}`,
	"page.delivered": (data) => `Page to ${data.personDisplayName ?? data.person} by ${data.channel} was delivered.`,
	"page.answered": (data) => `${data.personDisplayName ?? data.person} answered the call by ${data.channel}.`,
	"page.undelivered": (data) =>
		`Page to ${data.personDisplayName ?? data.person} by ${data.channel} was not delivered: ${data.detail}`,
	"page.uncertain": (data) =>
		`Page to ${data.personDisplayName ?? data.person} by ${data.channel} may not have arrived: ${data.detail}`,
	"proposal.made": (data, actor) => `${actor} proposes: ${proposed(data)}.${data.reason ? ` Why: ${data.reason}` : ""}`,
	"proposal.confirmed": (data, actor) => {
		const done = data.outcome ? ` ${data.outcome}` : "";
		const who = data.policy ? `Policy ${data.policy} lets ${data.agent}` : `${actor} lets ${data.agent}`;
		return `${who} ${proposed(data)}.${done}`;
	},
	"proposal.rejected": (data, actor) => `${actor} does not let ${data.agent} ${proposed(data)}. ${data.outcome}`,
	...PAGING_SENTENCES,
	...TICKET_SENTENCES,
	"notice.drafted": (data) =>
		`Notice for ${audience(data)} drafted${data.waitsFor ? `; it waits for ${data.waitsFor}` : ""}.`,
	"notice.draft_failed": (data) => `No notice for ${audience(data)} could be drafted: ${data.reason}`,
	"notice.edited": (data, actor) => `${actor} edited the notice for ${audience(data)}.`,
	"notice.approved": (data, actor) => `${actor} approved the notice for ${audience(data)}.`,
	"notice.discarded": (data, actor) =>
		`${actor} discarded the notice for ${audience(data)}${data.reason ? `: ${data.reason}` : ""}.`,
	"notice.sent": (data) => `Notice to ${audience(data)} sent.`,
	"notice.failed": (data) => `Notice to ${audience(data)} failed: ${data.detail}`,
	"notice.uncertain": (data) =>
		`Notice to ${audience(data)} may or may not have arrived; it is not sent again. Ask the recipients, then decide.`,
};

/** An unknown kind of fact still has its place in the timeline, under its own name. */
export function describeFact(fact: RecordedFact): string {
	return SENTENCES[fact.type]?.(fact.data, fact.actor) ?? `${fact.type} by ${fact.actor}.`;
}

function reporter(data: Data): string {
	return data.reportedBy === "customer" ? " for the customer" : "";
}

const PROPOSED: Readonly<Record<string, string>> = {
	acknowledge: "acknowledge it",
	mitigate: "mark it as mitigated",
	note: "add a note",
	draft_notice: "write the draft of the customer's notice",
	mute: "mute its pages",
};

function proposed(data: Data): string {
	return PROPOSED[String(data.tool)] ?? String(data.tool);
}

function audience(data: Data): string {
	if (data.audience === "csam") return "the CSAM";
	return data.audience === "customer" ? "the customer" : String(data.audience);
}
