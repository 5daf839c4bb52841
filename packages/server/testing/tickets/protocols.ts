import type { IntegrationKind } from "#catalogue";
import type { KeptTicket, Protocol, ReceivedRequest, Reply } from "./protocol.ts";
import { SECRETS } from "./secrets.ts";

const NOT_FOUND: Reply = { status: 404, body: { error: { message: "No Record found" } } };
const UNAUTHORIZED: Reply = { status: 401, body: { message: "not authenticated" } };

const basicOf = (user: string) => `Basic ${Buffer.from(`${user}:${SECRETS.password}`).toString("base64")}`;
const isSignedIn = (request: ReceivedRequest) => request.headers.authorization === basicOf("bellwether");

function keep(
	tickets: KeptTicket[],
	ticket: Omit<KeptTicket, "id" | "notes" | "resolution">,
	prefix: string,
): KeptTicket {
	const kept = { ...ticket, id: `${prefix}${tickets.length + 1}`, notes: [], resolution: "" };
	tickets.push(kept);
	return kept;
}

const alive = (tickets: KeptTicket[]) => tickets.filter((ticket) => !ticket.deleted);
const byId = (tickets: KeptTicket[], id: string | undefined) => alive(tickets).find((ticket) => ticket.id === id);

/** https://developer.pagerduty.com/docs/events-api-v2/trigger-events/ and the REST API's incidents. */
const pagerduty: Protocol = {
	isCreate: ({ path, body }) => path === "/v2/enqueue" && body?.event_action === "trigger",
	handle({ method, path, query, headers, body }, tickets) {
		if (path === "/v2/enqueue") {
			if (body.routing_key !== SECRETS.routingKey)
				return { status: 400, body: { status: "invalid event", errors: ["routing_key"] } };
			const open = alive(tickets).find(({ key, state }) => key === body.dedup_key && state !== "resolved");
			if (body.event_action === "trigger") {
				const { summary, severity, custom_details: details } = body.payload;
				// A trigger adds to the open alert; after a resolution it opens a second one.
				if (open) open.severity = severity;
				else
					keep(
						tickets,
						{ key: body.dedup_key, title: summary, text: details.text, severity, state: "triggered" },
						"PD",
					);
			} else if (open) open.state = body.event_action === "resolve" ? "resolved" : "acknowledged";
			return { status: 202, body: { status: "success", message: "Event processed", dedup_key: body.dedup_key } };
		}
		if (headers.authorization !== `Token token=${SECRETS.restToken}`) return UNAUTHORIZED;
		const wire = (ticket: KeptTicket) => ({
			id: ticket.id,
			incident_number: Number(ticket.id.slice(2)),
			incident_key: ticket.key,
			status: ticket.state,
			title: ticket.title,
			html_url: `https://acme.pagerduty.example/incidents/${ticket.id}`,
		});
		if (path === "/abilities") return { status: 200, body: { abilities: [] } };
		if (path === "/incidents") {
			const found = alive(tickets).filter(({ key }) => key === query.get("incident_key"));
			return { status: 200, body: { incidents: found.map(wire), more: false } };
		}
		const [, , id, notes] = path.split("/");
		const ticket = byId(tickets, id);
		if (!ticket) return NOT_FOUND;
		if (notes === "notes" && method === "GET") {
			return { status: 200, body: { notes: ticket.notes.map((content) => ({ content })) } };
		}
		if (notes === "notes") {
			ticket.notes.push(body.note.content);
			return { status: 201, body: { note: { id: `N${ticket.notes.length}`, content: body.note.content } } };
		}
		ticket.title = body.incident.title;
		return { status: 200, body: { incident: wire(ticket) } };
	},
};

/** The Table API. */
const servicenow: Protocol = {
	isCreate: ({ method }) => method === "POST",
	handle(request, tickets) {
		const { method, path, query, body } = request;
		if (!isSignedIn(request))
			return { status: 401, body: { error: { message: "User Not Authenticated" }, status: "failure" } };
		const wire = (ticket: KeptTicket) => ({
			sys_id: ticket.id,
			number: `INC00${ticket.id.slice(1)}`,
			state: ticket.state,
			correlation_id: ticket.key,
		});
		const id = path.split("/")[5];
		if (path.endsWith("/sys_journal_field")) {
			const [, of, marker = ""] = /element_id=([^^]+)\^.*valueLIKE(.*)$/.exec(query.get("sysparm_query") ?? "") ?? [];
			const found = (byId(tickets, of)?.notes ?? []).filter((note) => note.includes(marker));
			return { status: 200, body: { result: found.map((value) => ({ value })) } };
		}
		if (method === "GET") {
			const key = /correlation_id=([^^]+)/.exec(query.get("sysparm_query") ?? "")?.[1];
			return {
				status: 200,
				body: {
					result: alive(tickets)
						.filter((ticket) => ticket.key === key)
						.map(wire),
				},
			};
		}
		if (method === "POST") {
			const { short_description: title, description: text, correlation_id: key, impact, urgency } = body;
			const ticket = keep(tickets, { key, title, text, severity: `${impact}/${urgency}`, state: "1" }, "s");
			return { status: 201, body: { result: wire(ticket) } };
		}
		const ticket = byId(tickets, id);
		if (!ticket) return NOT_FOUND;
		if (body.state === "6" && !(body.close_code && body.close_notes)) {
			return {
				status: 403,
				body: { error: { message: "Operation Failed", detail: "close code and notes are mandatory" } },
			};
		}
		ticket.title = body.short_description ?? ticket.title;
		ticket.state = body.state ?? ticket.state;
		ticket.resolution = body.close_notes ?? ticket.resolution;
		if (body.impact) ticket.severity = `${body.impact}/${body.urgency}`;
		if (body.work_notes) ticket.notes.push(body.work_notes);
		return { status: 200, body: { result: wire(ticket) } };
	},
};

const JIRA_STATUSES = [
	{ id: "11", name: "To Do", statusCategory: { key: "new" } },
	{ id: "21", name: "In Progress", statusCategory: { key: "indeterminate" } },
	{ id: "31", name: "Done", statusCategory: { key: "done" } },
];

/** REST API v2 of Jira Cloud, with the search that reads its own writes late or at once. */
const jira: Protocol = {
	isCreate: ({ method, path }) => method === "POST" && path === "/rest/api/2/issue",
	handle(request, tickets) {
		const { method, path, body } = request;
		if (!isSignedIn(request)) return UNAUTHORIZED;
		const status = (ticket: KeptTicket) => JIRA_STATUSES.find(({ name }) => name === ticket.state);
		const wire = (ticket: KeptTicket) => ({
			id: ticket.id,
			key: `CRE-${ticket.id.slice(1)}`,
			fields: { status: status(ticket), labels: ["bellwether", ticket.key] },
		});
		const [, , , , what, id, sub] = path.split("/");
		if (what === "project") return { status: 200, body: { key: id } };
		if (what === "search") {
			const key = /labels = "([^"]+)"/.exec(body.jql)?.[1];
			return {
				status: 200,
				body: {
					issues: alive(tickets)
						.filter((ticket) => ticket.key === key)
						.map(wire),
				},
			};
		}
		if (id === undefined) {
			const { summary, description, labels, priority } = body.fields;
			const ticket = keep(
				tickets,
				{ key: labels[1], title: summary, text: description, severity: priority.name, state: "To Do" },
				"j",
			);
			const { fields: _fields, ...rest } = wire(ticket);
			return { status: 201, body: rest };
		}
		const ticket = byId(tickets, id);
		if (!ticket)
			return {
				status: 404,
				body: { errorMessages: ["Issue does not exist or you do not have permission to see it."] },
			};
		if (sub === "comment" && method === "GET") {
			return { status: 200, body: { comments: ticket.notes.map((text) => ({ body: text })) } };
		}
		if (sub === "comment") {
			ticket.notes.push(body.body);
			return { status: 201, body: { id: String(ticket.notes.length) } };
		}
		if (sub === "transitions" && method === "GET") {
			return {
				status: 200,
				body: {
					transitions: JIRA_STATUSES.filter(({ name }) => name !== ticket.state).map((to) => ({ id: to.id, to })),
				},
			};
		}
		if (sub === "transitions") {
			ticket.state = JIRA_STATUSES.find((each) => each.id === body.transition.id)?.name ?? ticket.state;
			return { status: 204 };
		}
		if (method === "GET") return { status: 200, body: wire(ticket) };
		ticket.title = body.fields.summary ?? ticket.title;
		ticket.severity = body.fields.priority?.name ?? ticket.severity;
		return { status: 204 };
	},
};

/** Work items and WIQL of Azure DevOps Services. */
const azureDevOps: Protocol = {
	isCreate: ({ method, path }) => method === "POST" && path.includes("/workitems/$"),
	handle(request, tickets) {
		const { method, path, headers, body } = request;
		if (!isSignedIn(request)) return { status: 203, body: "<html>" };
		const wire = (ticket: KeptTicket) => ({
			id: Number(ticket.id.slice(1)),
			rev: 1,
			fields: { "System.State": ticket.state, "System.Tags": `bellwether; ${ticket.key}` },
			_links: { html: { href: `https://dev.azure.example/contoso/Reliability/_workitems/edit/${ticket.id.slice(1)}` } },
		});
		if (path.endsWith("/wiql")) {
			const key = /CONTAINS '([^']+)'/.exec(body.query)?.[1];
			const found = alive(tickets).filter((ticket) => ticket.key === key);
			return { status: 200, body: { workItems: found.map((ticket) => ({ id: Number(ticket.id.slice(1)) })) } };
		}
		if (path.endsWith("/comments")) {
			const [item] = path.split("/").slice(-2);
			return { status: 200, body: { comments: (byId(tickets, `w${item}`)?.notes ?? []).map((text) => ({ text })) } };
		}
		if (path.includes("/workitemtypes/")) return { status: 200, body: { name: "Issue" } };
		if (headers["content-type"] !== "application/json-patch+json")
			return { status: 415, body: { message: "media type" } };
		const fields = Object.fromEntries(
			(body as { path: string; value: string }[]).map(({ path: field, value }) => [
				field.replace("/fields/", ""),
				value,
			]),
		);
		const priority = fields["Microsoft.VSTS.Common.Priority"];
		if (method === "POST") {
			const key = fields["System.Tags"]?.split("; ")[1] ?? "";
			const ticket = keep(
				tickets,
				{
					key,
					title: fields["System.Title"] ?? "",
					text: fields["System.Description"] ?? "",
					severity: priority ?? "",
					state: "New",
				},
				"w",
			);
			return { status: 200, body: wire(ticket) };
		}
		const ticket = byId(tickets, `w${path.split("/").at(-1)}`);
		if (!ticket) return { status: 404, body: { message: "TF401232: Work item does not exist" } };
		ticket.title = fields["System.Title"] ?? ticket.title;
		ticket.severity = priority ?? ticket.severity;
		ticket.state = fields["System.State"] ?? ticket.state;
		if (fields["System.History"] !== undefined) {
			if (fields["System.State"] === undefined) ticket.notes.push(fields["System.History"]);
			else ticket.resolution = fields["System.History"];
		}
		return { status: 200, body: wire(ticket) };
	},
};

/** The contract of docs/integrations.md. */
const icm: Protocol = {
	isCreate: ({ method, path }) => method === "POST" && path === "/incidents",
	handle(request, tickets) {
		const { method, path, query, body } = request;
		if (!isSignedIn(request)) return UNAUTHORIZED;
		const wire = (ticket: KeptTicket) => ({
			id: ticket.id,
			url: `https://icm.example/incidents/${ticket.id}`,
			status: ticket.state,
		});
		const [, , id, sub] = path.split("/");
		if (method === "GET") {
			const found = alive(tickets).filter((ticket) => ticket.key === query.get("correlationId"));
			return { status: 200, body: { items: found.map(wire) } };
		}
		if (id === undefined) {
			const { Title: title, Description: text, Severity: severity } = body.fields;
			const ticket = keep(tickets, { key: body.correlationId, title, text, severity, state: "Active" }, "i");
			return { status: 201, body: wire(ticket) };
		}
		const ticket = byId(tickets, id);
		if (!ticket) return NOT_FOUND;
		if (sub === "notes") {
			const noteKey = String(request.headers["idempotency-key"]);
			// The same key again is the same note.
			if (!ticket.noteKeys?.includes(noteKey)) ticket.notes.push(body.text);
			ticket.noteKeys = [...(ticket.noteKeys ?? []), noteKey];
			return { status: 201, body: { id: String(ticket.notes.length) } };
		}
		ticket.title = body.fields.Title ?? ticket.title;
		ticket.severity = body.fields.Severity ?? ticket.severity;
		ticket.state = body.state ?? ticket.state;
		ticket.resolution = body.resolution ?? ticket.resolution;
		return { status: 200, body: wire(ticket) };
	},
};

export const PROTOCOLS: Readonly<Record<IntegrationKind, Protocol>> = {
	pagerduty,
	servicenow,
	jira,
	"azure-devops": azureDevOps,
	icm,
};
