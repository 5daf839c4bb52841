import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { onTestFinished } from "vitest";
import { breachOpened } from "./catalogue.ts";
import { type ServedRooms, serveRooms } from "./served-rooms.ts";

/** The official client, connected with a token. */
export async function agent(served: ServedRooms, token: string, name = "Copilot") {
	const client = new Client({ name, version: "1" });
	const transport = new StreamableHTTPClientTransport(new URL(`${served.url}/mcp`), {
		requestInit: { headers: { authorization: `Bearer ${token}` } },
	});
	await client.connect(transport as never);
	onTestFinished(() => client.close());
	return {
		client,
		async call(tool: string, given: Record<string, unknown> = {}) {
			const answer = await client.callTool({ name: tool, arguments: given });
			const [first] = answer.content as { readonly text: string }[];
			return { isError: answer.isError === true, text: first?.text ?? "", data: answer.structuredContent as never };
		},
	};
}

/** An open incident of woodgrove, and an agent. */
export async function withIncident() {
	const served = await serveRooms();
	await served.claim(breachOpened("woodgrove"));
	const bot = await served.token("agent", { name: "oncall-bot" });
	return { served, bot, ...(await agent(served, bot.token)) };
}

export type Answer<T> = { readonly isError: boolean; readonly text: string; readonly data: T };
export interface Proposed {
	readonly proposal: { readonly id: string; readonly state: string; readonly outcome: { untrusted: string } | null };
}
