import { describe, expect, it } from "vitest";
import { createEgress, type PhoneProvider } from "#platform";
import { CASE_MESSAGE, channelSenderCases } from "../../platform/channel-sender.cases.ts";
import { echo, reply, startReceiver } from "../../platform/misbehaving-receiver.ts";
import { callXml } from "./call-xml.ts";
import { createTwilioProvider } from "./twilio-provider.ts";

const TOKEN = "hunter2hunter2";
const SID = `SM${"0123456789abcdef".repeat(2)}`;
const BASIC = Buffer.from(`AC1:${TOKEN}`).toString("base64");

const text = (provider: PhoneProvider, messageId: string) =>
	provider.sendText({
		to: "+447700900123",
		body: "Sev 2.5 Contoso: sign-in fails Reply ACK 4711",
		messageId,
		receiptUrl: `https://cre.example.com/api/v1/channels/sms/receipts?message=${messageId}`,
	});

channelSenderCases("text messages", {
	make: ({ origin, egress }) => {
		const provider = createTwilioProvider({
			egress,
			account: "AC1",
			from: "+15550001234",
			token: () => TOKEN,
			apiUrl: origin,
		});
		return { sender: { send: ({ id }) => text(provider, id) }, address: "+447700900123" };
	},
	acceptance: { status: "201 Created", body: `{"sid":"${SID}","status":"queued"}` },
	emptyAnswer: "uncertain",
	webPage: "uncertain",
	secrets: [TOKEN, BASIC],
	idOf: ({ body }) => /message%3D(\w+)/.exec(body)?.[1],
});

async function exchange(
	answer: Parameters<typeof reply>,
	act: (provider: PhoneProvider) => Promise<unknown>,
	from = "+15550001234",
) {
	await using receiver = await startReceiver(reply(...answer));
	const egress = createEgress({ allow: [receiver.host] });
	const apiUrl = `http://${receiver.host}`;
	const result = await act(
		createTwilioProvider({ egress, account: "AC1", from, token: () => `${TOKEN}\nthe one before\n`, apiUrl }),
	);
	const [request = { head: "", body: "" }] = receiver.requests;
	return {
		result,
		head: request.head,
		fields: Object.fromEntries(new URLSearchParams(request.body)),
		body: request.body,
	};
}
const CREATED = ["201 Created", { body: `{"sid":"${SID}","status":"queued"}` }] as const;

describe("the provider's interface", () => {
	it("is asked as it is documented", async () => {
		const { result, head, fields } = await exchange([...CREATED], (provider) => text(provider, "msg_1"));
		expect(result).toEqual({ status: "sent", detail: `taken by the provider as ${SID} (queued)` });
		expect(head).toMatch(/^POST \/2010-04-01\/Accounts\/AC1\/Messages\.json /);
		expect(head).toContain(`authorization: Basic ${BASIC}`);
		expect(fields).toEqual({
			To: "+447700900123",
			From: "+15550001234",
			Body: "Sev 2.5 Contoso: sign-in fails Reply ACK 4711",
			StatusCallback: "https://cre.example.com/api/v1/channels/sms/receipts?message=msg_1",
		});
	});

	it("sends by a messaging service too", async () => {
		const service = `MG${"0".repeat(32)}`;
		const { fields } = await exchange([...CREATED], (provider) => text(provider, "msg_1"), service);
		expect(fields).toMatchObject({ MessagingServiceSid: service });
		expect(fields).not.toHaveProperty("From");
	});

	it("calls with the words in the request itself, so that the phone rings when we cannot be reached", async () => {
		const call = { to: "+447700900123", says: "Contoso & co. <fail>", messageId: "msg_1" };
		const receiptUrl = "https://cre.example.com/r?message=msg_1";
		const { fields, body, head } = await exchange([...CREATED], (provider) =>
			provider.call({ ...call, keysUrl: "https://cre.example.com/k?message=msg_1", receiptUrl }),
		);
		expect(head).toContain("/Calls.json ");
		expect(fields.Twiml).toContain('<Gather input="dtmf" numDigits="1"');
		expect(fields.Twiml).toContain("Contoso &amp; co. &lt;fail&gt;");
		expect(new URLSearchParams(body).getAll("StatusCallbackEvent")).toEqual(["answered", "completed"]);
		const mute = await exchange([...CREATED], (provider) =>
			provider.call({ ...call, keysUrl: undefined, receiptUrl: undefined }),
		);
		expect(mute.fields.Twiml).not.toContain("Gather");
		expect(mute.fields).not.toHaveProperty("StatusCallback");
	});

	it.each([
		[
			"400 Bad",
			'{"code":21211,"message":"The To number +447700900123 is not valid"}',
			"refused",
			"HTTP 400, the provider's error 21211",
		],
		["401 Who", '{"code":20003,"message":"Authenticate"}', "refused", "HTTP 401, the provider's error 20003"],
		["429 Slow", '{"code":20429}', "retry", "HTTP 429, the provider's error 20429"],
		["500 Oops", "<html>", "retry", "HTTP 500"],
		[
			"201 Created",
			'{"sid":"nonsense"}',
			"uncertain",
			"HTTP 201 without the id of a message: it may not have been taken",
		],
	] as const)("answers %s %s", async (status, body, outcome, detail) => {
		const { result } = await exchange([status, { body }], (provider) => text(provider, "msg_1"));
		expect(result).toMatchObject({ status: outcome, detail });
	});

	it("tells nothing of the number or the token in what it says of an answer", async () => {
		const { result } = await exchange(["400 Bad", { body: echo }], (provider) => text(provider, CASE_MESSAGE.id));
		expect(JSON.stringify(result)).not.toMatch(/hunter2|7700900123/);
	});
});

it("the words of a call fit what the provider takes, whatever they are", () => {
	const xml = callXml('"'.repeat(5_000), `https://cre.example.com/${"k".repeat(200)}`);
	expect(xml.length).toBeLessThanOrEqual(4_000);
	expect(xml).not.toMatch(/&(?!quot;)/);
});

it("the words of a call are no markup", () => {
	expect(callXml('</Say><Dial>+1900</Dial>"\u0000', 'https://x.example/?a=1&b="2"')).not.toMatch(/<Dial>|&b=|\p{Cc}/u);
});
