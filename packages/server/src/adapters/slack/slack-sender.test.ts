// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to secrets are written so
import type { ActionsBlock, Button, HeaderBlock, SectionBlock } from "@slack/types";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEgress, type Message, type MessageCard } from "#platform";
import { CASE_MESSAGE, channelSenderCases } from "../../platform/channel-sender.cases.ts";
import { reply, startReceiver } from "../../platform/misbehaving-receiver.ts";
import { slackBlocks } from "./blocks.ts";
import { createSlackSender } from "./slack-sender.ts";

const TOKEN = "xoxb-hunter2";
const idOf = ({ body }: { readonly body: string }) => /msg_\w+/.exec(body)?.[0];

channelSenderCases("Slack by a token", {
	make: ({ origin, egress }) => ({
		sender: createSlackSender({ egress, isInteractive: true, token: () => TOKEN, apiUrl: `${origin}/api` }),
		address: "C0123456789",
	}),
	acceptance: { status: "200 OK", body: '{"ok":true,"channel":"C0123456789","ts":"1503435956.000247"}' },
	emptyAnswer: "uncertain",
	webPage: "uncertain",
	secrets: [TOKEN, "hunter2"],
	idOf,
});

channelSenderCases("Slack by an incoming webhook", {
	make: ({ origin, egress }) => ({
		sender: createSlackSender({ egress, isInteractive: false, url: () => `${origin}/services/T0/B0/hunter2` }),
		address: "ada",
	}),
	acceptance: { status: "200 OK", body: "ok" },
	emptyAnswer: "uncertain",
	webPage: "uncertain",
	secrets: ["hunter2"],
	idOf,
});

describe("what Slack's interface says in a 200", () => {
	it.each([
		['{"ok":true,"ts":"1503435956.000247"}', { status: "sent", detail: "posted as 1503435956.000247" }],
		['{"ok":false,"error":"channel_not_found"}', { status: "refused", detail: "Slack says channel_not_found" }],
		['{"ok":false,"error":"invalid_auth"}', { status: "refused", detail: "Slack says invalid_auth" }],
		['{"ok":false,"error":"ratelimited"}', { status: "retry", detail: "Slack says ratelimited" }],
		['{"ok":false,"error":"internal_error"}', { status: "retry", detail: "Slack says internal_error" }],
		[`{"ok":false,"error":"no such ${TOKEN}"}`, { status: "refused", detail: "Slack says unknown_error" }],
		["[]", { status: "uncertain" }],
		["null", { status: "uncertain" }],
		['{"ok":"yes"}', { status: "uncertain" }],
	])("%s", async (body, result) => {
		await using receiver = await startReceiver(reply("200 OK", { body }));
		const egress = createEgress({ allow: [receiver.host] });
		const apiUrl = `http://${receiver.host}/api`;
		const sender = createSlackSender({ egress, isInteractive: true, token: () => TOKEN, apiUrl });
		expect(await sender.send({ ...CASE_MESSAGE, address: "C0123456789" })).toMatchObject(result);
		expect(receiver.requests[0]?.head).toContain(`Bearer ${TOKEN}`);
	});
});

const withCard = (card: Partial<MessageCard>, more: Partial<Message["payload"]> = {}): Message => ({
	...CASE_MESSAGE,
	payload: { ...CASE_MESSAGE.payload, ...more, card: { ...(CASE_MESSAGE.payload.card as MessageCard), ...card } },
});
const blocksOf = (message: Message, options: { isInteractive?: boolean; mention?: string } = {}) =>
	slackBlocks(message, { isInteractive: false, mention: undefined, ...options });
const buttonsOf = (message: Message, isInteractive: boolean) =>
	(blocksOf(message, { isInteractive }).blocks.find(({ type }) => type === "actions") as ActionsBlock)
		.elements as Button[];

describe("blocks", () => {
	it("say what happened, with facts, and for whom", () => {
		const { text, blocks } = blocksOf(CASE_MESSAGE);
		expect(text).toBe("[Sev 2.5] Contoso: sign-in fails");
		expect(blocks).toMatchObject([
			{ type: "header", text: { type: "plain_text", text: "[Sev 2.5] Contoso: sign-in fails" } },
			{ type: "section", text: { text: expect.stringContaining("62% of sign-ins") } },
			{
				type: "section",
				fields: ["Tenant: Contoso", "Platform: 99.96%", "Objective: 99.9%", "Since: 09:30 UTC"].map((text) => ({
					text,
				})),
			},
			{ type: "actions", block_id: "page.msg_01kcase" },
			{ type: "context", elements: [{ text: "INC-1001 · for Ada Lovelace · msg_01kcase" }] },
		]);
	});

	it("acknowledge at once where Slack tells us of buttons, else by a page that asks", () => {
		expect(buttonsOf(CASE_MESSAGE, true)[0]).toMatchObject({
			action_id: "bellwether_acknowledge",
			value: "a1.tok.sig",
		});
		expect(buttonsOf(CASE_MESSAGE, false)[0]).toMatchObject({ url: "https://cre.example.com/ack?t=a1.tok" });
		expect(buttonsOf(CASE_MESSAGE, false)[0]).not.toHaveProperty("value");
	});

	it("mention a member of Slack", () => {
		const { blocks } = blocksOf(CASE_MESSAGE, { mention: "U0G9QF9C6" });
		expect((blocks[1] as SectionBlock).text?.text).toMatch(/^<@U0G9QF9C6> 62%/);
	});

	it("show what looks like a mention, a link or a mark as it is written", () => {
		const text = JSON.stringify(blocksOf(withCard({ sentence: "<!channel> <https://evil.example|here> *now* a & b" })));
		expect(text).toContain("&lt;!channel&gt;");
		expect(text).not.toContain("<https");
		expect(text).toContain("a &amp; b");
		expect(text).not.toContain("*now*");
	});

	it.each<[string, Message]>([
		["long", withCard({ sentence: "é".repeat(100_000) }, { subject: "s".repeat(1_000) })],
		["made of signs that are written longer", withCard({ sentence: "<&>".repeat(5_000) })],
		["many", withCard({ facts: Array.from({ length: 50 }, (_, k) => ({ label: `f${k}`, value: "<".repeat(5_000) })) })],
	])("stay within Slack's limits when texts are %s, and say so", (_, message) => {
		const { blocks } = blocksOf(message);
		expect(JSON.stringify(blocks)).toMatch(/\(shortened\)|more facts/);
		expect(((blocks[0] as HeaderBlock).text.text ?? "").length).toBeLessThanOrEqual(150);
		for (const block of blocks.filter(({ type }) => type === "section") as SectionBlock[]) {
			expect(block.text?.text.length ?? 0).toBeLessThanOrEqual(3_000);
			expect(block.fields?.length ?? 0).toBeLessThanOrEqual(10);
			for (const field of block.fields ?? []) expect(field.text.length).toBeLessThanOrEqual(2_000);
		}
		// No sign is cut within its escape.
		expect(JSON.stringify(blocks)).not.toMatch(/&(?!amp;|lt;|gt;)/);
	});
});

it("whatever is said, nobody is mentioned by it, no link is made of it, and Slack's limits hold", () => {
	const text = fc.oneof(
		fc.string({ unit: "grapheme", maxLength: 4_000 }),
		fc
			.array(fc.constantFrom("<!here>", "<@U0G9QF9C6>", "<https://evil.example|x>", "*", "_", "&amp;", " "), {
				maxLength: 900,
			})
			.map((all) => all.join("")),
	);
	fc.assert(
		fc.property(text, text, text, (subject, sentence, value) => {
			const { blocks, text: notification } = blocksOf(
				withCard({ sentence, facts: [{ label: "f", value }] }, { subject }),
			);
			const sections = blocks.filter(({ type }) => type === "section") as SectionBlock[];
			const marked = [
				notification,
				...sections.flatMap(({ text: own, fields }) => [own, ...(fields ?? [])].map((each) => each?.text ?? "")),
			];
			for (const each of marked) {
				expect(each).not.toMatch(/[<>]/);
				expect(each.length).toBeLessThanOrEqual(3_000);
			}
			expect((blocks[0] as HeaderBlock).text.text.length).toBeLessThanOrEqual(150);
			expect((blocks[0] as HeaderBlock).text.text).not.toBe("");
		}),
		{ seed: 1, numRuns: 100 },
	);
});

it("a token that cannot be read is named by its reference, and tried again later", async () => {
	const sender = createSlackSender({
		egress: createEgress({ allow: [] }),
		isInteractive: false,
		token: () => {
			throw new Error("the secret ${env:SLACK} is missing: set that environment variable");
		},
	});
	expect(await sender.send(CASE_MESSAGE)).toMatchObject({
		status: "retry",
		detail: expect.stringContaining("${env:SLACK}"),
	});
});
