import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { IntegrationKind } from "#catalogue";
import type { KeptTicket, ReceivedRequest, Reply } from "./protocol.ts";
import { PROTOCOLS } from "./protocols.ts";

/**
 * What a receiver does with a request. `lost` and `late`: it is carried out, now or when it catches up, and the connection
 * ends; `held` and `held-late`: the same, and no answer comes.
 */
export const BEHAVIOURS = [
	"ok",
	"error-500",
	"done-500",
	"unavailable",
	"too-many",
	"hang",
	"drip",
	"reset",
	"redirect",
	"garbage",
	"sign-in-page",
	"lost",
	"late",
	"held",
	"held-late",
	"slow",
	"huge",
	"refused",
] as const;
export type Behaviour = (typeof BEHAVIOURS)[number];

export interface TicketReceiver {
	readonly url: string;
	readonly host: string;
	readonly kind: IntegrationKind;
	readonly tickets: KeptTicket[];
	readonly requests: readonly ReceivedRequest[];
	/** Decides per request, by its number from 0; what it says of creates alone holds for creates alone. */
	behave(decide: (request: ReceivedRequest, isCreate: boolean, number: number) => Behaviour): void;
	/** Carries out what came `late`. */
	catchUp(): void;
	/** Tickets with this key that were not deleted. */
	withKey(key: string): KeptTicket[];
	close(): Promise<void>;
}

/** What a careless system says back of how it was asked. */
function echoOf({ headers, body }: ReceivedRequest): string {
	const authorization = headers.authorization ?? "";
	const decoded = Buffer.from(authorization.replace(/^Basic /, ""), "base64").toString();
	return [authorization, decoded, body?.routing_key].filter(Boolean).join(" ");
}

/** A system of record on loopback that speaks its documented protocol, well or badly. */
export async function openTicketReceiver(kind: IntegrationKind): Promise<TicketReceiver> {
	const protocol = PROTOCOLS[kind];
	const tickets: KeptTicket[] = [];
	const requests: ReceivedRequest[] = [];
	let late: (() => void)[] = [];
	let decide: Parameters<TicketReceiver["behave"]>[0] = () => "ok";
	const server = createServer((incoming, response) => {
		const chunks: Buffer[] = [];
		incoming.on("error", () => {});
		incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
		incoming.on("end", () => {
			const url = new URL(incoming.url ?? "/", "http://receiver");
			const text = Buffer.concat(chunks).toString();
			const request: ReceivedRequest = {
				method: incoming.method ?? "",
				path: decodeURI(url.pathname),
				query: url.searchParams,
				headers: incoming.headers,
				body: text === "" ? undefined : JSON.parse(text),
			};
			const isCreate = protocol.isCreate(request);
			const behaviour = decide(request, isCreate, requests.length);
			requests.push(request);
			respond(
				behaviour,
				echoOf(request),
				() => protocol.handle(request, tickets),
				response,
				(work) => late.push(work),
			);
		});
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
	return {
		url: `http://${host}`,
		host,
		kind,
		tickets,
		requests,
		behave: (next) => {
			decide = next;
		},
		catchUp() {
			for (const work of late) work();
			late = [];
		},
		withKey: (key) => tickets.filter((ticket) => ticket.key === key && !ticket.deleted),
		async close() {
			server.closeAllConnections();
			await new Promise<void>((resolve) => server.close(() => resolve()));
		},
	};
}

function respond(
	behaviour: Behaviour,
	echo: string,
	carryOut: () => Reply,
	response: ServerResponse,
	later: (work: () => void) => void,
): void {
	const send = ({ status, body }: Reply, headers: Record<string, string> = {}) => {
		response.writeHead(status, { "content-type": "application/json", ...headers });
		response.end(body === undefined ? "" : JSON.stringify(body));
	};
	switch (behaviour) {
		case "ok":
			send(carryOut());
			break;
		case "error-500":
			send({ status: 500, body: { message: `internal error near ${echo}` } });
			break;
		case "done-500":
			carryOut();
			send({ status: 502, body: { message: "bad gateway" } });
			break;
		case "unavailable":
			send({ status: 503 }, { "retry-after": "7" });
			break;
		case "too-many":
			send({ status: 429, body: { message: "slow down" } }, { "retry-after": "100000" });
			break;
		case "hang":
			break;
		case "drip": {
			response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
			const timer = setInterval(() => response.write(" "), 20);
			response.on("close", () => clearInterval(timer));
			break;
		}
		case "reset":
			response.socket?.resetAndDestroy();
			break;
		case "redirect":
			response.writeHead(307, { location: "http://169.254.169.254/latest/meta-data" }).end();
			break;
		case "garbage":
			response.socket?.end("no HTTP at all\r\n\r\n");
			break;
		case "sign-in-page":
			response.writeHead(200, { "content-type": "text/html" }).end("<html>Sign in</html>");
			break;
		case "lost":
			carryOut();
			response.socket?.destroy();
			break;
		case "late":
			later(carryOut);
			response.socket?.destroy();
			break;
		case "held":
			carryOut();
			break;
		case "held-late":
			later(carryOut);
			break;
		case "slow":
			setTimeout(() => send(carryOut()), 60);
			break;
		case "huge":
			carryOut();
			response.writeHead(200, { "content-type": "application/json" });
			response.end(`"${"x".repeat(1_100_000)}"`);
			break;
		case "refused":
			send({ status: 400, body: { message: `field is wrong, ${echo}` } });
			break;
	}
}
