import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";

/** Takes the pages of the self-check, as a receiver outside would: over a socket, with their signature checked. */
export interface LoopbackReceiver {
	/** Known once it listens. */
	readonly url: string;
	readonly host: string;
	/** Key of the signature, for this process alone. */
	readonly secret: string;
	close(): Promise<void>;
}

const MAX_BODY_BYTES = 65_536;

export async function openLoopbackReceiver(onPage: (messageId: string) => void): Promise<LoopbackReceiver> {
	const secret = `whsec_${randomBytes(24).toString("base64")}`;
	const webhook = new Webhook(secret);
	const server = createServer(async (request, response) => {
		let body = "";
		for await (const chunk of request) {
			body += chunk;
			if (body.length > MAX_BODY_BYTES) return request.destroy();
		}
		try {
			webhook.verify(body, request.headers as Record<string, string>);
			onPage(String(request.headers["webhook-id"]));
			response.writeHead(204).end();
		} catch {
			response.writeHead(400).end();
		}
	});
	// Nobody waits for a socket that broke.
	server.on("clientError", (_error, socket) => socket.destroy());
	await new Promise<void>((resolve, reject) => {
		server.once("error", reject);
		server.listen(0, "127.0.0.1", resolve);
	});
	const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
	return {
		url: `http://${host}/page`,
		host,
		secret,
		close: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
}
