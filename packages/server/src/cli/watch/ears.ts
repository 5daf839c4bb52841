import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createEgressReader } from "#platform";
import { type Reading, readStatement } from "./statement.ts";

const MAX_BYTES = 65_536;

/** Takes heartbeats that are sent here; answers where it listens. */
export async function listenForHeartbeats(options: {
	readonly host: string;
	readonly port: number;
	readonly key: string | undefined;
	/** A bare ping counts as of now: only without a key. */
	readonly now: () => number;
	readonly onReading: (reading: Reading) => void;
}): Promise<{ readonly address: string; close(): Promise<void> }> {
	const { host, port, key, now, onReading } = options;
	const server = createServer(async (request, response) => {
		let body = "";
		for await (const chunk of request) {
			body += chunk;
			if (body.length > MAX_BYTES) return request.destroy();
		}
		const isPing = request.method !== "POST" && key === undefined;
		const reading = isPing ? { at: now() } : readStatement(body, request.headers as Record<string, string>, key);
		onReading(reading);
		response.writeHead("fault" in reading ? 400 : 204).end();
	});
	server.on("clientError", (_error, socket) => socket.destroy());
	await new Promise<void>((resolve, reject) => {
		server.once("error", reject);
		server.listen(port, host, resolve);
	});
	const bound = server.address() as AddressInfo;
	return {
		address: `${host}:${bound.port}`,
		close: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
}

/** Asks a server for its newest heartbeat. */
export async function askForHeartbeat(url: string, key: string | undefined, timeoutMs: number): Promise<Reading> {
	const address = new URL("/api/v1/heartbeat", url);
	const port = address.port || (address.protocol === "https:" ? "443" : "80");
	// The operator of this program named it.
	const ask = createEgressReader({ allow: [`${address.hostname}:${port}`] });
	const signal = AbortSignal.timeout(timeoutMs);
	const answer = await ask({
		url: String(address),
		method: "GET",
		headers: {},
		maxBytes: MAX_BYTES,
		timeoutMs,
		signal,
	});
	if (answer.status !== "answered") return { fault: `it was not reached: ${answer.reason}` };
	const view = parse(Buffer.from(answer.body).toString("utf8"));
	const { state, reasons, heartbeat } = view;
	if (state === undefined) return { fault: `HTTP ${answer.statusCode}: no Bellwether server answers there` };
	if (state !== "well") return { fault: `it says ${state}: ${reasons?.join(", ") || "no reason"}` };
	if (!heartbeat) return { fault: "it has no heartbeat yet" };
	return readStatement(heartbeat.body, heartbeat.headers, key);
}

interface Asked {
	readonly state?: string;
	readonly reasons?: readonly string[];
	readonly heartbeat?: { readonly body: string; readonly headers: Readonly<Record<string, string>> } | null;
}

function parse(text: string): Asked {
	try {
		return (JSON.parse(text) as Asked | null) ?? {};
	} catch {
		return {};
	}
}
