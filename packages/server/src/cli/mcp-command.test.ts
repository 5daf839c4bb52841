import { PassThrough } from "node:stream";
import { expect, test, vi } from "vitest";
import { breachOpened } from "../../testing/catalogue.ts";
import { serveRooms } from "../../testing/served-rooms.ts";
import { EXIT } from "./command-options.ts";
import { runMcp } from "./mcp-command.ts";

// Sockets and a store on disk set the pace: on a busy machine everything takes longer.
vi.setConfig({ testTimeout: 30_000 });

function terminalOf(url: string, token: string) {
	const [input, output] = [new PassThrough(), new PassThrough()];
	let text = "";
	let complaints = "";
	output.on("data", (chunk) => {
		text += chunk;
	});
	const err = (said: string) => {
		complaints += said;
	};
	const exitCode = runMcp({ url, token, input, output, err });
	return {
		exitCode,
		complaints: () => complaints,
		end: () => input.end(),
		say: (message: object) => input.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`),
		async answer(id: number) {
			const found = () =>
				text
					.split("\n")
					.filter((line) => line !== "")
					.map(
						(line) =>
							JSON.parse(line) as { id?: number; result?: Record<string, unknown>; error?: { message: string } },
					)
					.find((message) => message.id === id);
			await expect.poll(found, { timeout: 20_000 }).toBeDefined();
			return found();
		},
	};
}

const INITIALIZE = {
	id: 1,
	method: "initialize",
	params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "Editor", version: "1" } },
};

test("standard input and output speak with a running server, under the name that the program gave itself", async () => {
	const served = await serveRooms();
	await served.claim(breachOpened("woodgrove"));
	const { token } = await served.token("agent", { name: "desk" });
	const terminal = terminalOf(served.url, token);
	terminal.say(INITIALIZE);
	expect((await terminal.answer(1))?.result).toMatchObject({ serverInfo: { name: "bellwether" } });
	terminal.say({ method: "notifications/initialized" });
	terminal.say({ id: 2, method: "tools/list" });
	expect(JSON.stringify((await terminal.answer(2))?.result)).toContain("get_incident");
	const note = { name: "propose_note", arguments: { incident: "INC-1001", reason: "x", text: "y" } };
	terminal.say({ id: 3, method: "tools/call", params: note });
	await terminal.answer(3);
	const [proposal] = await served.db.selectFrom("proposals").select("agent").execute();
	expect(proposal?.agent).toBe("agent Editor (for desk)");
	terminal.end();
	expect(await terminal.exitCode).toBe(EXIT.fine);
});

test("a request is answered with what is wrong when the server is away, or does not know the token", async () => {
	const served = await serveRooms();
	const unknown = terminalOf(served.url, "bw_unknown");
	unknown.say(INITIALIZE);
	expect((await unknown.answer(1))?.error?.message).toBe(
		`${served.url}: The token that was sent is not accepted: it is unknown here, revoked or expired. Send one that is good as Authorization: Bearer …; an administrator makes one with bellwether token.`,
	);
	unknown.end();
	await unknown.exitCode;

	const away = terminalOf("http://127.0.0.1:9", "bw_x");
	away.say(INITIALIZE);
	expect((await away.answer(1))?.error?.message).toMatch(/^http:\/\/127\.0\.0\.1:9: not reached: /);
	away.end();
	expect(await away.exitCode).toBe(EXIT.fine);
});
