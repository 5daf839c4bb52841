import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { runPageTest } from "./page-test-command.ts";

const METHOD = { attempts: 1, receipts: [], tookMs: null };

/** A server that answers the question so, and each look for the outcome with the next of these lists. */
async function against(
	asked: { status: number; body: object },
	looks: object[][],
	more: { json?: boolean; channel?: string } = {},
) {
	const seen: string[] = [];
	const server = createServer((request, response) => {
		let body = "";
		request.on("data", (chunk) => {
			body += chunk;
		});
		request.on("end", () => {
			seen.push(`${request.method} ${request.url} ${body}`.trim());
			const answer = request.method === "POST" ? asked : { status: 200, body: { items: looks.shift() ?? [] } };
			response.writeHead(answer.status, { "content-type": "application/json" }).end(JSON.stringify(answer.body));
		});
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	onTestFinished(() => void server.close());
	let text = "";
	const exitCode = await runPageTest({
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		token: "bw_1",
		person: "ada",
		waitMs: 2_000,
		sleep: async () => {},
		json: false,
		colour: false,
		out: (said) => {
			text += said;
		},
		...more,
	});
	return { exitCode, text, seen };
}
const waiting = { ...METHOD, messageId: "msg_1", channel: "sms", status: "waiting", detail: "", attempts: 0 };
const asked = { status: 202, body: { person: "ada", displayName: "Ada Lovelace", items: [waiting] } };

it("waits for each method's outcome and tells what the receiver said", async () => {
	const { exitCode, text, seen } = await against(
		asked,
		[
			[waiting],
			[
				{
					...waiting,
					status: "sent",
					attempts: 1,
					detail: "taken by the provider",
					tookMs: 812,
					receipts: [{ state: "delivered", detail: "delivered" }],
				},
			],
		],
		{ channel: "sms" },
	);
	expect({ exitCode, text }).toEqual({
		exitCode: 0,
		text: "Test pages to Ada Lovelace:\n  sms  sent in 812 ms: taken by the provider (the provider says: delivered)\n",
	});
	expect(seen).toEqual([
		'POST /api/v1/page-tests {"person":"ada","channel":"sms"}',
		"GET /api/v1/page-tests?ids=msg_1",
		"GET /api/v1/page-tests?ids=msg_1",
	]);
});

it.each([
	["failed", { status: "failed", detail: "HTTP 404" }, /sms {2}failed after 1 attempt: HTTP 404/],
	[
		"may not have arrived",
		{ status: "uncertain", detail: "no answer" },
		/uncertain, it may or may not have arrived: no answer/,
	],
	["still waits", { status: "waiting", attempts: 3, detail: "HTTP 503" }, /not sent within 2 s, 3 attempts: HTTP 503/],
])("a method that %s is told, and the exit code is 1", async (_, method, text) => {
	const answer = await against(
		asked,
		Array.from({ length: 9 }, () => [{ ...waiting, attempts: 1, ...method }]),
	);
	expect(answer.exitCode).toBe(1);
	expect(answer.text).toMatch(text);
});

it("a person without contacts was not reached", async () => {
	const { exitCode, text } = await against({ status: 202, body: { ...asked.body, items: [] } }, []);
	expect({ exitCode, text }).toEqual({
		exitCode: 1,
		text: "Ada Lovelace has no contact, so nothing was sent. Add contacts to that Person.\n",
	});
});

it("a refusal is told with its remedy, as JSON too", async () => {
	const refusal = { status: 404, body: { error: { message: "There is no person.", remedy: "Check the name." } } };
	expect(await against(refusal, [])).toMatchObject({
		exitCode: 1,
		text: "Nothing was sent: There is no person. Check the name.\n",
	});
	const { text } = await against(refusal, [], { json: true });
	expect(JSON.parse(text)).toMatchObject({ status: "refused", statusCode: 404 });
});

it("a server that is not there is another matter", async () => {
	let text = "";
	const exitCode = await runPageTest({
		url: "http://127.0.0.1:1",
		token: "bw_1",
		person: "me",
		waitMs: 1,
		json: true,
		colour: false,
		out: (said) => {
			text += said;
		},
	});
	expect(exitCode).toBe(3);
	expect(JSON.parse(text)).toMatchObject({ status: "unreachable" });
});
