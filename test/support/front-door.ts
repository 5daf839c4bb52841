import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onCleanUp } from "./server.ts";

/** Stands before a real HTTP server and can keep an answer back, so that a scenario may act while somebody waits for it. */
export interface FrontDoor {
	readonly url: string;
	readonly host: string;
	/** Requests that came. */
	count(): number;
	/** How many wait for `release`. */
	waiting(): number;
	/** The n-th request from now (1: the next) and all after it wait until `release`. */
	holdFrom(n: number): void;
	release(): void;
}

export async function frontDoor(target: string): Promise<FrontDoor> {
	let count = 0;
	let heldFrom = Number.POSITIVE_INFINITY;
	let waiting: (() => void)[] = [];
	const server = createServer(async (request, response) => {
		count++;
		if (count >= heldFrom) await new Promise<void>((resolve) => waiting.push(resolve));
		await pass(target, request, response).catch(() => response.destroy());
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	onCleanUp(() => {
		for (const go of waiting) go();
		server.closeAllConnections();
		server.close();
	});
	const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
	return {
		url: `http://${host}`,
		host,
		count: () => count,
		waiting: () => waiting.length,
		holdFrom(n) {
			heldFrom = count + n;
		},
		release() {
			heldFrom = Number.POSITIVE_INFINITY;
			for (const go of waiting) go();
			waiting = [];
		},
	};
}

async function pass(target: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
	const chunks: Buffer[] = [];
	for await (const chunk of request) chunks.push(chunk as Buffer);
	const answer = await fetch(`${target}${request.url}`, {
		method: request.method ?? "GET",
		headers: { "content-type": request.headers["content-type"] ?? "" },
		...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
	});
	response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
	response.end(Buffer.from(await answer.arrayBuffer()));
}
