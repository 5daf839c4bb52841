// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to secrets are written so
import { ManualClock } from "@bellwether/model";
import { type CloudEvent, HTTP } from "cloudevents";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { CHANNEL_FACTS } from "#catalogue";
import { createEgress, messageFacts } from "#platform";
import { CASE_MESSAGE, channelSenderCases } from "../../platform/channel-sender.cases.ts";
import { reply, startReceiver } from "../../platform/misbehaving-receiver.ts";
import { webhookBody } from "./webhook-body.ts";
import { createWebhookSender, type WebhookSenderOptions } from "./webhook-sender.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

channelSenderCases("webhooks", {
	make: ({ origin, egress, clock }) => ({
		sender: createWebhookSender({ egress, clock, secret: () => SECRET, headers: { "X-Api-Key": () => "hunter2" } }),
		address: `${origin}/hook?key=hunter3`,
	}),
	acceptance: { status: "204 No Content", body: "" },
	emptyAnswer: "sent",
	webPage: "sent",
	secrets: [SECRET, "hunter2", "hunter3"],
	idOf: ({ head }) => /webhook-id: (\S+)/.exec(head)?.[1],
});

async function posted(options: Partial<WebhookSenderOptions>, message = CASE_MESSAGE) {
	await using receiver = await startReceiver(reply("204 No Content"));
	const egress = createEgress({ allow: [receiver.host] });
	const clock = new ManualClock(Date.now());
	const sender = createWebhookSender({ egress, clock, secret: () => SECRET, ...options });
	const result = await sender.send({ ...message, address: `http://${receiver.host}/hook` });
	const [{ head, body } = { head: "", body: "" }] = receiver.requests;
	const headers = Object.fromEntries(
		head
			.split("\r\n")
			.slice(1)
			.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
	);
	return { result, headers, body };
}

describe("a body as CloudEvents has it", () => {
	const form = { kind: "cloudevents", source: "https://cre.example.com" } as const;

	it("is read and found valid by the reference library, and is signed", async () => {
		const { headers, body } = await posted({ form });
		expect(headers["content-type"]).toBe("application/cloudevents+json; charset=utf-8");
		const event = HTTP.toEvent({ headers, body }) as CloudEvent<{ incident: string }>;
		expect(event.validate()).toBe(true);
		expect(event).toMatchObject({
			specversion: "1.0",
			id: "msg_01kcase",
			source: "https://cre.example.com",
			type: "dev.bellwether.incident.page",
			subject: "INC-1001",
			time: "2026-01-01T00:00:00.000Z",
		});
		expect(event.data).toMatchObject({
			incident: "INC-1001",
			tenant: "contoso",
			subject: CASE_MESSAGE.payload.subject,
		});
		expect(new Webhook(SECRET).verify(body, headers)).toBeDefined();
	});

	it("of a message without an incident has no subject", async () => {
		const { incidentId: _, ...message } = CASE_MESSAGE;
		const { headers, body } = await posted({ form }, message);
		expect((HTTP.toEvent({ headers, body }) as CloudEvent<unknown>).subject).toBeUndefined();
	});
});

describe("a body from a template", () => {
	const template =
		'{"who": {{ tenantName | json }}, "sev": {{ severity | json }}, "what": {{ facts | json }}, "at": {{ timestamp | json }} }';
	const form = { kind: "template", template, contentType: "application/json" } as const;

	it("has the message's facts, and is signed as it is", async () => {
		const { headers, body } = await posted({ form });
		expect(JSON.parse(body)).toEqual({
			who: "Contoso",
			sev: "2.5",
			what: "Tenant: Contoso\nPlatform: 99.96%\nObjective: 99.9%\nSince: 09:30 UTC",
			at: "2026-01-01T00:00:00.000Z",
		});
		expect(new Webhook(SECRET).verify(body, headers)).toBeDefined();
	});

	it.each([
		["does too much", "{% for i in (1..1000000) %}{{ text }}{% endfor %}", "text/plain", /memory/],
		["names what is not there", "{{ nothing }}", "text/plain", /undefined variable: nothing/],
		["gives no JSON", "{{ text }}", "application/json", /no JSON/],
	])("that %s is refused with the reason, and nothing leaves", async (_, bad, contentType, detail) => {
		const { result, body } = await posted({ form: { kind: "template", template: bad, contentType } });
		expect(result).toMatchObject({ status: "refused", detail: expect.stringMatching(detail) });
		expect(body).toBe("");
	});

	it("may name what the catalogue says, and nothing else", () => {
		expect(Object.keys(messageFacts(CASE_MESSAGE))).toEqual(CHANNEL_FACTS);
	});

	it("is the same at each attempt", () => {
		expect(webhookBody({ ...CASE_MESSAGE, attempt: 1 }, form)).toEqual(
			webhookBody({ ...CASE_MESSAGE, attempt: 9 }, form),
		);
	});
});

describe("more headers", () => {
	it("go along, and cannot replace those of the signature", async () => {
		const { headers } = await posted({ headers: { "X-Api-Key": () => "k1", "Webhook-Id": () => "forged" } });
		expect(headers).toMatchObject({ "x-api-key": "k1", "webhook-id": "msg_01kcase" });
	});

	it.each([
		[
			"that is missing",
			() => {
				throw new Error("the secret ${env:KEY} is missing: set that environment variable");
			},
			/\$\{env:KEY\} is missing/,
		],
		["with a line break", () => "a\r\nx-evil: hunter2", /the value of the header X-Key has characters/],
	])("with a value %s: nothing leaves, and the value is not told", async (_, value, detail) => {
		const { result, body } = await posted({ headers: { "X-Key": value } });
		expect(result).toMatchObject({ status: "retry", detail: expect.stringMatching(detail) });
		expect(JSON.stringify(result)).not.toContain("hunter2");
		expect(body).toBe("");
	});
});

it("an address by reference is taken instead of the message's own, and not told", async () => {
	const egress = createEgress({ allow: [] });
	const url = () => "http://10.0.0.1/hunter2\n";
	const sender = createWebhookSender({ egress, clock: new ManualClock(0), secret: () => SECRET, url });
	const result = await sender.send({ ...CASE_MESSAGE, address: "ada" });
	expect(result).toMatchObject({ status: "refused", detail: expect.stringContaining("10.0.0.1") });
	expect(result.detail).not.toContain("hunter2");
});
