import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";
import { ManualClock } from "@bellwether/model";
import { Webhook } from "standardwebhooks";
import { expect, onTestFinished, test, vi } from "vitest";
import { createEgress, type Message, type SendResult } from "#platform";
import { createWebhookSender } from "./webhook-sender.ts";

// Disks, sockets and processes set the pace here: on a busy machine everything takes longer.
vi.setConfig({ testTimeout: 30_000 });

const NOW = Date.now();
const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const MESSAGE: Message = {
	id: "msg_1",
	kind: "page",
	delivery: "at-least-once",
	tenant: "contoso",
	incidentId: "inc_1",
	channel: "hook",
	address: "",
	payload: {
		subject: "[Sev 2.5] Contoso cannot sign in",
		text: "Since 09:30",
		url: "https://cre.example.com/p/inc_1",
		person: "Ada Lovelace",
		data: { type: "incident.page", person: "ada", severity: "2.5" },
	},
	attempt: 1,
	createdAt: Date.UTC(2026, 0, 1),
};

/** A receiver that gets the raw request and does with the connection what it likes. */
async function receiver(behave: (socket: Socket, request: string) => void, timeoutMs = 5_000) {
	const requests: string[] = [];
	const sockets = new Set<Socket>();
	const server = createServer((socket) => {
		sockets.add(socket);
		socket.on("error", () => undefined);
		let text = "";
		socket.on("data", (chunk) => {
			text += chunk;
			const [head, body] = text.split("\r\n\r\n");
			const length = Number(/content-length: (\d+)/i.exec(head ?? "")?.[1] ?? 0);
			if (body === undefined || Buffer.byteLength(body) < length) return;
			requests.push(text);
			behave(socket, text);
			text = "";
		});
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	onTestFinished(() => {
		for (const socket of sockets) socket.destroy();
		server.close();
	});
	const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
	const clock = new ManualClock(NOW);
	const egress = createEgress({ allow: [host], timeoutMs, clock });
	const sender = createWebhookSender({ egress, clock, secret: () => SECRET });
	return { requests, host, egress, clock, send: () => sender.send({ ...MESSAGE, address: `http://${host}/hook` }) };
}

const reply = (status: string, headers = "", body = "") => {
	return (socket: Socket) =>
		void socket.end(`HTTP/1.1 ${status}\r\n${headers}content-length: ${body.length}\r\n\r\n${body}`);
};

function headersOf(head: string): Record<string, string> {
	const lines = head.split("\r\n").slice(1);
	return Object.fromEntries(
		lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
	);
}

test("while keys are changed, a receiver with either key can verify", async () => {
	const { requests, host, egress, clock } = await receiver(reply("200 OK"));
	const next = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
	const sender = createWebhookSender({ egress, clock, secret: () => `${SECRET}\n${next}\n` });
	await sender.send({ ...MESSAGE, address: `http://${host}/hook` });
	const [head = "", body = ""] = requests[0]?.split("\r\n\r\n") ?? [];
	for (const key of [SECRET, next]) expect(new Webhook(key).verify(body, headersOf(head))).toBeDefined();
	expect(() => new Webhook("whsec_AAAA").verify(body, headersOf(head))).toThrow();
});

test("the message arrives signed, as a verifier of Standard Webhooks wants it", async () => {
	const { requests, send } = await receiver(reply("200 OK"));
	expect(await send()).toEqual({ status: "sent", detail: "HTTP 200" });
	const [head = "", body = ""] = requests[0]?.split("\r\n\r\n") ?? [];
	const headers = headersOf(head);
	expect(headers).toMatchObject({ "webhook-id": "msg_1", "content-type": "application/json" });
	expect(new Webhook(SECRET).verify(body, headers)).toEqual({
		type: "incident.page",
		timestamp: "2026-01-01T00:00:00.000Z",
		data: {
			subject: "[Sev 2.5] Contoso cannot sign in",
			text: "Since 09:30",
			url: "https://cre.example.com/p/inc_1",
			tenant: "contoso",
			incident: "inc_1",
			person: "ada",
			severity: "2.5",
		},
	});
	expect(() => new Webhook(SECRET).verify(body.replace("2.5", "4"), headers)).toThrow();
});

test("every attempt carries the same id and body; the time of sending is the attempt's own", async () => {
	const { requests, clock, send } = await receiver(reply("500 Oops"));
	await send();
	clock.advance(60_000);
	await send();
	const ids = requests.map((request) => /webhook-id: (\S+)/.exec(request)?.[1]);
	const times = requests.map((request) => Number(/webhook-timestamp: (\d+)/.exec(request)?.[1]));
	const bodies = requests.map((request) => request.split("\r\n\r\n")[1]);
	expect(ids).toEqual(["msg_1", "msg_1"]);
	expect(bodies[0]).toBe(bodies[1]);
	expect((times[1] ?? 0) - (times[0] ?? 0)).toBe(60);
});

const UNCERTAIN = { status: "uncertain" } as const;

test.each<{
	name: string;
	behave: (socket: Socket) => void;
	result: Partial<SendResult> & { retryAfterMs?: number };
	timeoutMs?: number;
}>([
	{ name: "answers 204", behave: reply("204 No Content"), result: { status: "sent", detail: "HTTP 204" } },
	{
		name: "answers 202 after a while",
		behave: (socket) => void setTimeout(() => reply("202 Accepted")(socket), 60),
		result: { status: "sent", detail: "HTTP 202" },
	},
	{ name: "answers 500", behave: reply("500 Oops"), result: { status: "retry", detail: "HTTP 500" } },
	{
		name: "answers 503 with Retry-After",
		behave: reply("503 Busy", "retry-after: 20\r\n"),
		result: { status: "retry", detail: "HTTP 503", retryAfterMs: 20_000 },
	},
	{
		name: "answers 429 with Retry-After",
		behave: reply("429 Slow down", "Retry-After: 7\r\n"),
		result: { status: "retry", detail: "HTTP 429", retryAfterMs: 7_000 },
	},
	{ name: "answers 408", behave: reply("408 Timeout"), result: { status: "retry", detail: "HTTP 408" } },
	{ name: "answers 400", behave: reply("400 Bad"), result: { status: "refused", detail: "HTTP 400" } },
	{ name: "answers 404", behave: reply("404 Gone"), result: { status: "refused", detail: "HTTP 404" } },
	{ name: "answers 410", behave: reply("410 Gone"), result: { status: "refused", detail: "HTTP 410" } },
	{
		name: "redirects",
		behave: reply("302 Found", "location: http://127.0.0.1/elsewhere\r\n"),
		result: { status: "refused", detail: "HTTP 302: redirects are not followed, give the final address" },
	},
	{ name: "never answers", behave: () => undefined, result: UNCERTAIN, timeoutMs: 500 },
	{
		name: "drips its headers byte by byte",
		behave: (socket) => {
			const drip = setInterval(() => socket.write("H"), 10);
			socket.on("close", () => clearInterval(drip));
			socket.write("HTTP/1.1 200 OK\r\nx-");
		},
		result: UNCERTAIN,
		timeoutMs: 500,
	},
	{
		name: "answers 200 and drips its body",
		behave: (socket) => {
			socket.write("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n");
			const drip = setInterval(() => socket.write("x"), 10);
			socket.on("close", () => clearInterval(drip));
		},
		result: { status: "sent" },
		timeoutMs: 500,
	},
	{ name: "resets the connection", behave: (socket) => socket.resetAndDestroy(), result: UNCERTAIN },
	{ name: "hangs up without a word", behave: (socket) => void socket.end(), result: UNCERTAIN },
	{
		name: "hangs up within its headers",
		behave: (socket) => void socket.end("HTTP/1.1 200 OK\r\nx: "),
		result: UNCERTAIN,
	},
	{
		name: "answers 200 and breaks off its body",
		behave: (socket) => {
			socket.write("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf", () => socket.resetAndDestroy());
		},
		result: { status: "sent" },
	},
	{ name: "answers garbage", behave: (socket) => void socket.end("%&/()=\u0000\u0001"), result: UNCERTAIN },
	{
		name: "answers with a megabyte",
		behave: reply("200 OK", "", "x".repeat(1_000_000)),
		result: { status: "sent" },
	},
	{
		name: "answers with endless headers",
		behave: (socket) => void socket.write(`HTTP/1.1 200 OK\r\n${`x: ${"y".repeat(1000)}\r\n`.repeat(100)}`),
		result: UNCERTAIN,
	},
])("a receiver that $name", async ({ behave, result, timeoutMs }) => {
	const { send, requests } = await receiver(behave, timeoutMs);
	expect(await send()).toMatchObject(result);
	expect(requests).toHaveLength(1);
});

test("a receiver that is not there: surely not arrived, to be tried again", async () => {
	const server = createServer();
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
	server.close();
	await once(server, "close");
	const clock = new ManualClock(NOW);
	const sender = createWebhookSender({ egress: createEgress({ allow: [host] }), clock, secret: () => SECRET });
	expect(await sender.send({ ...MESSAGE, address: `http://${host}/` })).toEqual({
		status: "retry",
		detail: `${host}: ECONNREFUSED`,
	});
});

test("an address that the guard refuses is refused", async () => {
	const clock = new ManualClock(NOW);
	const sender = createWebhookSender({ egress: createEgress({ allow: [] }), clock, secret: () => SECRET });
	expect(await sender.send({ ...MESSAGE, address: "http://169.254.169.254/" })).toMatchObject({ status: "refused" });
});

test.each([
	{
		name: "no secret",
		secret: undefined,
		result: {
			status: "refused",
			detail: `the channel "hook" has no secret to sign with: give it secret: \${env:NAME}`,
		},
	},
	{
		name: "a secret that is missing",
		secret: () => {
			throw new Error(`the secret \${env:HOOK} is missing: set that environment variable`);
		},
		result: {
			status: "retry",
			detail: `cannot sign: the secret \${env:HOOK} is missing: set that environment variable`,
		},
	},
	{ name: "a secret that is no base 64", secret: () => "whsec_hunter2!", result: { status: "retry" } },
])("with $name nothing is sent, and no secret is told", async ({ secret, result }) => {
	const { host, egress, clock, requests } = await receiver(reply("200 OK"));
	const sender = createWebhookSender({ egress, clock, secret });
	const answer = await sender.send({ ...MESSAGE, address: `http://${host}/` });
	expect(answer).toMatchObject(result);
	expect(answer.detail).not.toContain("hunter2");
	expect(requests).toEqual([]);
});
