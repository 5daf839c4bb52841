import { describeDuration } from "@bellwether/model";

type Data = Readonly<Record<string, unknown>>;

const HELD: Readonly<Record<string, string>> = {
	mute: "a mute",
	maintenance: "planned maintenance",
	inhibition: "another incident",
	interval: "the route's time interval",
};

const VOICES: Readonly<Record<string, string>> = {
	over: "is over",
	mitigated: "is mitigated",
	held: "is held back before it paged anybody",
	"only-tells": "pages nobody",
	quiet: "no longer burns",
	"reaches-nobody": "reaches nobody",
	"not-routed": "pages nobody yet",
	"has-paged": "pages nobody any more",
};

/** What routing states: who shares a page, what holds one back, who was handed the incident. */
export const ROUTING_SENTENCES: Readonly<Record<string, (data: Data, actor: string) => string>> = {
	"incident.routed": (data) =>
		data.policy === null
			? `Route ${first(data.routes)} pages nobody for it.`
			: `Route ${first(data.routes)} takes it; escalation policy ${data.policy} pages.`,
	"incident.told": (data) =>
		data.isResolved ? `That it is resolved is told by ${data.channel}.` : `Told by ${data.channel}.`,
	"routing.waits": (data) =>
		data.joins
			? `It joins the page of ${data.joins} at ${clock(data.pageAt)}.`
			: `The page waits until ${clock(data.pageAt)} for others of its group.`,
	"routing.shared": (data) => `It shares the page of ${data.leadId}; who acknowledges that has this one too.`,
	"routing.names": (data) => `The page also names ${data.incidents}.`,
	"routing.held": (data) => `No page: held back by ${HELD[String(data.kind)] ?? data.kind}. ${data.words}`.trim(),
	"routing.released": (data) =>
		data.isBurning
			? "What held the page back is over, and it still burns: it pages now."
			: "What held the page back is over. It no longer burns, so nobody is woken.",
	"routing.by_itself": (data) =>
		`Platform incident ${data.parentId} ${VOICES[String(data.voice)]}, so this one is routed by itself.`,
	"routing.muted": (data, actor) => `${actor} muted it while it was paging: ${data.words}`,
	"routing.failed": (data) => `Routing failed, so it pages all the same: ${data.reason}`,
	"handoff.made": (data, actor) =>
		`${actor} handed it to ${data.team} (${data.party}), to be taken within ${describeDuration(Number(data.withinMs))}: ${data.reason}`,
	"handoff.taken": (data, actor) => `${actor} took it for ${data.team}.`,
	"handoff.overdue": (data) => `${data.team} has not taken it within ${describeDuration(Number(data.withinMs))}.`,
	"handoff.over": (data) => `The hand-off to ${data.team} is over: ${data.reason}.`,
};

function first(routes: unknown): string {
	return Array.isArray(routes) ? String(routes[0]) : "";
}

function clock(at: unknown): string {
	return `${new Date(Number(at)).toISOString().slice(11, 19)} UTC`;
}
