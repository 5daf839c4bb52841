type Data = Readonly<Record<string, unknown>>;

const ticket = (data: Data) => `${data.system} ticket ${data.name}`;

/** What timelines say of tickets. */
export const TICKET_SENTENCES: Readonly<Record<string, (data: Data, actor: string) => string>> = {
	"ticket.created": (data) => `${ticket(data)} was created.`,
	"ticket.adopted": (data) =>
		Number(data.found) > 1
			? `${ticket(data)} was there already, and ${Number(data.found) - 1} more with the same key: close what is double.`
			: `${ticket(data)} was there already; nothing was created.`,
	"ticket.failed": (data) => `The ticket in ${data.system} needs a person: ${data.detail}.`,
	"ticket.gone": (data) => `${ticket(data)} was deleted there. No new one is made by itself.`,
	"ticket.note_refused": (data) => `${data.system} did not take a note: ${data.detail}.`,
	"ticket.acknowledged_there": (data, actor) =>
		`${actor} acknowledged it in ${data.integration}, as somebody had here.`,
	"ticket.resolved_there": (data, actor) =>
		`${actor} resolved ${data.name}. Marked mitigated here; a verdict is still needed to resolve the incident.`,
	"ticket.reopened_there": (data, actor) =>
		`${actor} reopened ${data.name}. The incident stays as it is: reopen it here if the impact is back.`,
	"ticket.let_go": (data, actor) =>
		data.name === null
			? `${actor} let go of the ticket in ${data.integration}, which the catalogue has no more: none is made.`
			: `${actor} let go of ticket ${data.name} in ${data.integration}, which the catalogue has no more: it is told nothing more.`,
	"ticket.retried": (_data, actor) => `${actor} asked for the ticket to be sent again.`,
	"ticket.requested": (data, actor) => `${actor} asked for a ticket in ${data.system}.`,
};
