import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * The system of record of the demo: it speaks the contract that docs/integrations.md gives for ICM, keeps what it gets
 * in memory, and shows it as pages with buttons that tell Bellwether what was done here. On loopback alone.
 */
export interface TicketDesk {
	readonly url: string;
	/** Where to tell what people do here; until it is set, they can only look. */
	tellTo(eventsUrl: string): void;
	close(): Promise<void>;
}

interface Ticket {
	readonly id: string;
	readonly key: string;
	readonly fields: Record<string, string>;
	status: string;
	readonly notes: string[];
}

const MAX_BODY_BYTES = 100_000;
const MAX_TICKETS = 5_000;
const ACTS = { acknowledge: ["acknowledged", "Acknowledged"], resolve: ["resolved", "Resolved"] } as const;

/** `token` proves to Bellwether what comes from here. */
export async function openTicketDesk(token: string): Promise<TicketDesk> {
	const tickets: Ticket[] = [];
	let eventsUrl: string | undefined;
	let own = "";
	const server = createServer((request, response) => {
		handle(request, response).catch(() => {
			if (!response.headersSent) response.writeHead(500).end();
		});
	});

	async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
		// Another name that leads here (DNS rebinding) is nobody's business.
		if (request.headers.host !== own) return void response.writeHead(421).end();
		const { pathname, searchParams } = new URL(request.url ?? "/", `http://${own}`);
		const [, root, id = "", act = ""] = pathname.split("/");
		const ticket = tickets.find((each) => each.id === id);
		const json = (status: number, body: unknown) => {
			response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
		};
		if (request.method === "GET" && (root === "" || (root === "incidents" && ticket))) {
			const page = ticket ? ticketPage(ticket, eventsUrl !== undefined) : listPage(tickets);
			const policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'";
			response.writeHead(200, { "content-type": "text/html; charset=utf-8", "content-security-policy": policy });
			return void response.end(page);
		}
		// Pages of other sites can send forms here, and text that is read as JSON; browsers say from where.
		const { origin, "sec-fetch-site": site } = request.headers;
		if (request.method !== "GET" && ((origin ?? `http://${own}`) !== `http://${own}` || site === "cross-site"))
			return json(403, { message: "another site asked for this" });
		if (root !== "incidents") return json(404, { message: "there is nothing here" });
		if (request.method === "GET") {
			const key = searchParams.get("correlationId");
			return json(200, { items: tickets.filter((each) => each.key === key).map((each) => wire(each, own)) });
		}
		if (act in ACTS && ticket) {
			await tell(ticket, act as keyof typeof ACTS);
			return void response.writeHead(303, { location: `/incidents/${ticket.id}` }).end();
		}
		const body = JSON.parse(await textOf(request)) as Partial<Record<string, unknown>>;
		if (request.method === "POST" && id === "") {
			const key = String(body.correlationId);
			const known = tickets.find((each) => each.key === key);
			if (known) return json(200, wire(known, own));
			if (tickets.length >= MAX_TICKETS) return json(503, { message: "the demo's desk is full" });
			const made: Ticket = {
				id: String(tickets.length + 1),
				key,
				fields: texts(body.fields),
				status: "Active",
				notes: [],
			};
			tickets.push(made);
			return json(201, wire(made, own));
		}
		if (!ticket) return json(404, { message: "there is no such ticket" });
		if (act === "notes") {
			ticket.notes.push(String(body.text));
			return json(201, {});
		}
		Object.assign(ticket.fields, texts(body.fields));
		if (typeof body.state === "string") ticket.status = body.state;
		if (typeof body.resolution === "string") ticket.notes.push(body.resolution);
		return json(200, wire(ticket, own));
	}

	async function tell(ticket: Ticket, act: keyof typeof ACTS): Promise<void> {
		if (eventsUrl === undefined) return;
		const [event, status] = ACTS[act];
		ticket.status = status;
		const id = `${ticket.id}-${act}-${Date.now()}`;
		const at = new Date().toISOString();
		const body = { id, incidentId: ticket.id, correlationId: ticket.key, event, by: "Ticket desk", at };
		await fetch(eventsUrl, {
			method: "POST",
			headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
			body: JSON.stringify(body),
			signal: AbortSignal.timeout(5_000),
		}).catch(() => undefined);
	}

	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	own = `127.0.0.1:${(server.address() as AddressInfo).port}`;
	return {
		url: `http://${own}`,
		tellTo: (url) => {
			eventsUrl = url;
		},
		async close() {
			server.closeAllConnections();
			await new Promise<void>((resolve) => server.close(() => resolve()));
		},
	};
}

function wire(ticket: Ticket, own: string) {
	const { id, status } = ticket;
	return { id, name: `DESK-${id}`, url: `http://${own}/incidents/${id}`, status };
}

function texts(value: unknown): Record<string, string> {
	const entries = value !== null && typeof value === "object" ? Object.entries(value) : [];
	return Object.fromEntries(entries.map(([key, each]) => [key, String(each)]));
}

async function textOf(request: IncomingMessage): Promise<string> {
	const chunks: Buffer[] = [];
	let length = 0;
	for await (const chunk of request as AsyncIterable<Buffer>) {
		length += chunk.length;
		if (length > MAX_BODY_BYTES) throw new Error("the body is too large");
		chunks.push(chunk);
	}
	return Buffer.concat(chunks).toString("utf8");
}

const STYLE =
	"body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}pre{white-space:pre-wrap}button{font:inherit;padding:.5rem 1rem;margin-right:.5rem}";

function pageOf(title: string, body: string): string {
	return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title><style>${STYLE}</style></head><body><h1>${escaped(title)}</h1>${body}</body></html>`;
}

function listPage(tickets: readonly Ticket[]): string {
	const rows = tickets
		.toReversed()
		.map(
			(each) =>
				`<li><a href="/incidents/${each.id}">DESK-${each.id}</a> ${escaped(each.fields.Title ?? "")} (${escaped(each.status)})</li>`,
		);
	const list = rows.length === 0 ? "<p>No tickets yet. They come with incidents.</p>" : `<ul>${rows.join("")}</ul>`;
	return pageOf(
		"Demo ticket desk",
		`<p>This stands for your own system of record. It is on this machine alone.</p>${list}`,
	);
}

function ticketPage(ticket: Ticket, canTell: boolean): string {
	const { Title: title = "", Description: text = "", ...rest } = ticket.fields;
	const fields = Object.entries({ ...rest, Status: ticket.status }).map(
		([name, value]) => `<li>${escaped(name)}: ${escaped(value)}</li>`,
	);
	const buttons = canTell
		? `<form method="post"><button formaction="/incidents/${ticket.id}/acknowledge">Acknowledge here</button><button formaction="/incidents/${ticket.id}/resolve">Resolve here</button></form>`
		: "";
	const notes = ticket.notes.map((note) => `<pre>${escaped(note)}</pre>`).join("");
	const body = `<p><a href="/">All tickets</a></p><pre>${escaped(text)}</pre><ul>${fields.join("")}</ul>${buttons}<h2>Notes</h2>${notes || "<p>None.</p>"}`;
	return pageOf(`DESK-${ticket.id}: ${title}`, body);
}

function escaped(text: string): string {
	return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
