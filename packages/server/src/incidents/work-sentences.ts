import { describeDuration } from "@bellwether/model";

type Data = Readonly<Record<string, unknown>>;

const because = (data: Data) => (data.reason ? ` Reason: ${data.reason}` : "");

const ROLE_WORDS: Readonly<Record<string, string>> = {
	commander: "incident commander",
	communications: "communications lead",
	scribe: "scribe",
};

/** What people do with an incident, as sentences of its timeline. */
export const WORK_SENTENCES: Readonly<Record<string, (data: Data, actor: string) => string>> = {
	"incident.reopened": (data, actor) =>
		data.by === "signal"
			? "Reopened: the signal returned within the cool-down. It pages again."
			: `Reopened by ${actor}.${because(data)}`,
	"incident.reviewed": (data, actor) => `Reviewed by ${actor}.${data.finding ? ` ${data.finding}` : ""}`,
	"incident.merged": (data, actor) =>
		data.into ? `Merged into ${data.into} by ${actor}.` : `${actor} merged ${data.from} into this incident.`,
	"incident.related_linked": (data, actor) => `${actor} linked ${data.other}.`,
	"incident.related_unlinked": (data, actor) => `${actor} removed the link to ${data.other}.`,
	"incident.unlinked": (data, actor) =>
		data.isOver
			? `It still burns: it does not end with platform incident ${data.parentId}.`
			: data.byHand === false
				? `Its signal returned alone: it is no part of platform incident ${data.parentId} any more.`
				: `${actor} took it out of platform incident ${data.parentId}.`,
	"incident.severity_revised": (data) =>
		`Severity rises from ${data.from} to ${data.to}: ${data.reasons}.${data.isInForce ? "" : ` ${data.inForce}, as a person set it, stays in force.`}`,
	"incident.severity_set": (data, actor) => `${actor} set severity ${data.to} instead of ${data.from}.${because(data)}`,
	"incident.severity_unset": (data, actor) => `${actor} took back the severity set by hand; ${data.to} is in force.`,
	"incident.role_assigned": (data, actor) => {
		const role = ROLE_WORDS[String(data.role)] ?? data.role;
		if (data.from) return `${data.from} handed the part of ${role} over to ${data.person}.`;
		return data.person === actor ? `${actor} is ${role} now.` : `${actor} made ${data.person} ${role}.`;
	},
	"incident.role_ended": (data) => `${data.person} is no longer ${ROLE_WORDS[String(data.role)] ?? data.role}.`,
	"incident.task_added": (data, actor) =>
		`${actor} added a task${data.owner ? ` for ${data.owner}` : ""}: ${data.text}`,
	"incident.task_changed": (data, actor) =>
		`${actor} changed a task${data.owner ? `, now for ${data.owner}` : ""}: ${data.text}`,
	"incident.task_done": (data, actor) => `${actor} did: ${data.text}`,
	"incident.task_reopened": (data, actor) => `${actor} says this is not done after all: ${data.text}`,
	"incident.task_overdue": (data) =>
		`Overdue${data.owner ? `, ${data.owner}` : ""}: ${data.text} (since ${describeDuration(Number(data.lateMs))})`,
	"incident.made_private": (data, actor) => `${actor} made it private to ${data.readers}.`,
	"incident.readers_changed": (data, actor) => `${actor} changed who may read it: ${data.readers}.`,
	"incident.made_public": (_data, actor) => `${actor} ended its privacy.`,
	"incident.runbook_ticked": (data, actor) => `${actor} ticked "${data.text}".`,
	"incident.runbook_unticked": (data, actor) => `${actor} unticked "${data.text}".`,
};
