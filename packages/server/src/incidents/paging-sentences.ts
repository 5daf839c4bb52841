import { describeDuration } from "@bellwether/model";

type Data = Readonly<Record<string, unknown>>;

const person = (data: Data) => `${data.personDisplayName ?? data.person}`;
/** Wall clock in UTC: a timeline is read in many zones. */
const time = (at: unknown) => `${new Date(Number(at)).toISOString().slice(0, 16).replace("T", " ")} UTC`;
const late = (data: Data) => (data.isLate ? ", though it had been acknowledged meanwhile" : "");

/** What chains and pages do, as sentences of the timeline. */
export const PAGING_SENTENCES: Readonly<Record<string, (data: Data, actor: string) => string>> = {
	"escalation.paused": (data) =>
		`The first page waits ${describeDuration(Number(data.waitMs))}: this signal cleared by itself ${data.flaps === 1 ? "once" : `${data.flaps} times`} within ${describeDuration(Number(data.withinMs))}.`,
	"escalation.cleared_while_waiting": (data) =>
		`The signal cleared before anybody was paged; somebody is told at ${time(data.untilAt)}, or at once if it returns.`,
	"escalation.step_left_out": (data) => `Step ${data.step} is left out: ${data.reason}.`,
	"escalation.waits_for_morning": (data) => `Step ${data.step} waits for the morning there: ${time(data.untilAt)}.`,
	"escalation.began_anew": (data) => `The escalation begins anew, time ${data.round} of ${data.max}.`,
	"escalation.fell_through": (data) => `No step reaches anybody; paging ${data.to} instead.`,
	"escalation.not_resolved": () => "Not resolved by the escalation: the signal has not cleared. It goes on.",
	"escalation.warned": (data) =>
		`Not acknowledged for ${describeDuration(Number(data.afterMs))}, due within ${describeDuration(Number(data.withinMs))}: paging ${(data.people as readonly string[]).join(" and ") || "nobody else"}.`,
	"escalation.reminded": (data) =>
		`Nothing has happened for ${describeDuration(Number(data.quietMs))} since ${data.by} acknowledged; asking.`,
	"escalation.unacknowledged": (data) =>
		`Nothing has happened for ${describeDuration(Number(data.quietMs))} since ${data.by} acknowledged: the escalation begins anew.`,
	"escalation.acknowledged_again": (_, actor) => `Acknowledged again by ${actor}.`,
	"page.queued": (data) =>
		`${data.isRepeat ? "Paging again" : "Paging"} ${person(data)} by ${data.channels}${Number(data.others ?? 0) > 0 ? `, with ${data.others} other incidents` : ""}.`,
	"incident.not_told": (data) => `Not told by ${data.channel}: it became private before the message left.`,
	"page.held": (data) =>
		`The page to ${person(data)} waits until ${time(data.untilAt)} and goes with others: ${data.perHour} an hour is the most.`,
	"page.not_needed": (data) => `The page to ${person(data)} that waited is not needed any more.`,
	"page.unreachable": (data) => `Every way to ${person(data)} failed.`,
	"page.sent": (data) => `Page to ${person(data)} went out by ${data.channel}${late(data)}.`,
};
