import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { EXIT } from "./command-options.ts";

export interface McpOptions {
	readonly url: string;
	readonly token: string;
	readonly input: NodeJS.ReadableStream;
	readonly output: NodeJS.WritableStream;
	readonly err: (text: string) => void;
}

/** JSON-RPC's code for what went wrong inside. */
const INTERNAL_ERROR = -32_603;

/**
 * Speaks the Model Context Protocol on standard input and output for programs that start a process, and passes each
 * message on to a running server. It knows no tools itself. Ends with its input.
 */
export async function runMcp({ url, token, input, output, err }: McpOptions): Promise<number> {
	const local = new StdioServerTransport(input as never, output as never);
	const remote = new StreamableHTTPClientTransport(new URL("/mcp", url), {
		requestInit: { headers: { authorization: `Bearer ${token}` }, redirect: "error" },
	});
	const under = new Set<Promise<void>>();
	const answer = (message: JSONRPCMessage) => local.send(message);
	remote.onmessage = (message) => void answer(message);
	remote.onerror = (error) => err(`bellwether: ${error.message}\n`);
	local.onmessage = (message) => {
		const sent = remote.send(message).catch(async (error: Error) => {
			// Whoever waits for an answer gets one; a notification has nobody who waits.
			if (!("id" in message) || !("method" in message)) return;
			const why = `${url}: ${whyRefused(error)}`;
			await answer({ jsonrpc: "2.0", id: message.id, error: { code: INTERNAL_ERROR, message: why } });
		});
		const done = sent.finally(() => under.delete(done));
		under.add(done);
	};
	await remote.start();
	const isOver = new Promise<void>((resolve) => {
		input.once("end", resolve);
		input.once("close", resolve);
	});
	await local.start();
	await isOver;
	await Promise.all(under);
	await Promise.all([local.close(), remote.close()]);
	return EXIT.fine;
}

/** What the server said, where it said anything; else what went wrong on the way. */
function whyRefused(error: Error): string {
	const said = /\{.*\}/s.exec(error.message)?.[0];
	try {
		const { message, remedy } = (JSON.parse(said ?? "") as { error: { message: string; remedy: string } }).error;
		return `${message} ${remedy}`;
	} catch {
		const { message = "" } = (error.cause ?? {}) as { message?: string };
		return `not reached: ${message || error.message}`;
	}
}
