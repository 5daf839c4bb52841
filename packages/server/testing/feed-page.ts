import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface Asked {
	readonly method: string;
	readonly url: string;
	readonly headers: IncomingHttpHeaders;
	readonly body: string;
}

export interface FeedPage {
	readonly url: string;
	/** host:port, as settings.egress.allow has it. */
	readonly host: string;
	readonly asked: readonly Asked[];
	/** What it answers from now on; objects are sent as JSON. */
	answer: (asked: Asked, response: ServerResponse) => unknown;
}

/** A real HTTP server in the place of a status page or an API that feeds are read from. */
export async function feedPage(answer: FeedPage["answer"]): Promise<FeedPage> {
	const asked: Asked[] = [];
	const server = createServer(async (request, response) => {
		let body = "";
		for await (const chunk of request) body += chunk;
		const one = { method: request.method ?? "", url: request.url ?? "", headers: request.headers, body };
		asked.push(one);
		const said = page.answer(one, response);
		// Undefined: it has answered, or is still at it, by itself.
		if (said === undefined) return;
		if (!response.hasHeader("content-type")) response.setHeader("content-type", "application/json");
		response.end(typeof said === "string" ? said : JSON.stringify(said));
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	onTestFinished(() => {
		server.closeAllConnections();
		server.close();
	});
	const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
	const page: FeedPage = { url: `http://${host}`, host, asked, answer };
	return page;
}
