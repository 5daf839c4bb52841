import type { IncomingHttpHeaders } from "node:http";

/** A ticket as the receiver keeps it. */
export interface KeptTicket {
	readonly id: string;
	readonly key: string;
	title: string;
	text: string;
	severity: string;
	state: string;
	resolution: string;
	notes: string[];
	noteKeys?: string[];
	deleted?: boolean;
}

export interface ReceivedRequest {
	readonly method: string;
	readonly path: string;
	readonly query: URLSearchParams;
	readonly headers: IncomingHttpHeaders;
	// biome-ignore lint/suspicious/noExplicitAny: receivers look at whatever came
	readonly body: any;
}

export interface Reply {
	readonly status: number;
	readonly body?: unknown;
}

export interface Protocol {
	/** Answers as the documented system does; changes `tickets`. */
	handle(request: ReceivedRequest, tickets: KeptTicket[]): Reply;
	isCreate(request: ReceivedRequest): boolean;
}
