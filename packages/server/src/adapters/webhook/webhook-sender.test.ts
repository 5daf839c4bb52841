import { ManualClock } from "@bellwether/model";
import { Webhook } from "standardwebhooks";
import { expect, onTestFinished, test, vi } from "vitest";
import { createEgress, type Message } from "#platform";
import { type Behaviour, reply, startReceiver } from "../../platform/misbehaving-receiver.ts";
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

async function receiver(behave: Behaviour) {
	const started = await startReceiver(behave);
	onTestFinished(() => started[Symbol.asyncDispose]());
	const { host } = started;
	const clock = new ManualClock(NOW);
	const egress = createEgress({ allow: [host], clock });
	const sender = createWebhookSender({ egress, clock, secret: () => SECRET });
	const requests = () => started.requests.map(({ head, body }) => `${head}\r\n\r\n${body}`);
	return { requests, host, egress, clock, send: () => sender.send({ ...MESSAGE, address: `http://${host}/hook` }) };
}

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
	const [head = "", body = ""] = requests()[0]?.split("\r\n\r\n") ?? [];
	for (const key of [SECRET, next]) expect(new Webhook(key).verify(body, headersOf(head))).toBeDefined();
	expect(() => new Webhook("whsec_AAAA").verify(body, headersOf(head))).toThrow();
});

test("the message arrives signed, as a verifier of Standard Webhooks wants it", async () => {
	const { requests, send } = await receiver(reply("200 OK"));
	expect(await send()).toEqual({ status: "sent", detail: "HTTP 200" });
	const [head = "", body = ""] = requests()[0]?.split("\r\n\r\n") ?? [];
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
	const ids = requests().map((request) => /webhook-id: (\S+)/.exec(request)?.[1]);
	const times = requests().map((request) => Number(/webhook-timestamp: (\d+)/.exec(request)?.[1]));
	const bodies = requests().map((request) => request.split("\r\n\r\n")[1]);
	expect(ids).toEqual(["msg_1", "msg_1"]);
	expect(bodies[0]).toBe(bodies[1]);
	expect((times[1] ?? 0) - (times[0] ?? 0)).toBe(60);
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
	expect(requests()).toEqual([]);
});
