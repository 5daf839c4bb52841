// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to secrets are written so
import type { IAdaptiveCard } from "@microsoft/teams.cards";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Message, MessageCard } from "#platform";
import { CASE_MESSAGE, channelSenderCases } from "../../platform/channel-sender.cases.ts";
import { MAX_CARD_BYTES, teamsCard } from "./card.ts";
import { createTeamsSender, teamsBody } from "./teams-sender.ts";

const SECRET = "sig=hunter2";

channelSenderCases("Teams", {
	make: ({ origin, egress }) => ({
		sender: createTeamsSender({ egress, url: () => `${origin}/workflows/1/triggers/manual/paths/invoke?${SECRET}\n` }),
		address: "ada",
	}),
	acceptance: { status: "202 Accepted", body: "" },
	emptyAnswer: "sent",
	webPage: "uncertain",
	secrets: [SECRET, "hunter2"],
	idOf: ({ body }) => /msg_\w+/.exec(body)?.[0],
});

const cardOf = (message: Message): IAdaptiveCard => JSON.parse(teamsBody(message)).attachments[0].content;
const withCard = (card: Partial<MessageCard>, more: Partial<Message["payload"]> = {}): Message => ({
	...CASE_MESSAGE,
	payload: { ...CASE_MESSAGE.payload, ...more, card: { ...(CASE_MESSAGE.payload.card as MessageCard), ...card } },
});
const textOf = (card: IAdaptiveCard) => JSON.stringify(card.body);

describe("a card", () => {
	it("says what happened, with facts and buttons that open pages", () => {
		const card = teamsCard(CASE_MESSAGE, undefined);
		expect(card).toMatchObject({
			type: "AdaptiveCard",
			version: "1.4",
			body: [
				{ type: "TextBlock", text: "\\[Sev 2.5\\] Contoso: sign-in fails" },
				{ type: "TextBlock", text: expect.stringContaining("62% of sign-ins") },
				{
					type: "FactSet",
					facts: [
						{ title: "Tenant", value: "Contoso" },
						{ title: "Platform", value: "99.96%" },
						{ title: "Objective", value: "99.9%" },
						{ title: "Since", value: "09:30 UTC" },
					],
				},
				{ type: "TextBlock", text: "INC-1001 · for Ada Lovelace · msg_01kcase", isSubtle: true },
			],
			actions: [
				{ type: "Action.OpenUrl", title: "Acknowledge", url: "https://cre.example.com/ack?t=a1.tok" },
				{ type: "Action.OpenUrl", title: "Open incident", url: "https://cre.example.com/incidents/INC-1001" },
				{ type: "Action.OpenUrl", title: "Runbook" },
			],
		});
	});

	it("mentions whoever has a sign-in name, under the name that the text has", () => {
		const card = cardOf({ ...CASE_MESSAGE, address: "ada@example.com" });
		expect(textOf(card)).toContain("<at>Ada Lovelace</at>");
		expect(card.msteams).toMatchObject({
			entities: [
				{ type: "mention", text: "<at>Ada Lovelace</at>", mentioned: { id: "ada@example.com", name: "Ada Lovelace" } },
			],
		});
	});

	it("is made of a message without parts too", () => {
		const { card: _, ...payload } = CASE_MESSAGE.payload;
		const card = cardOf({ ...CASE_MESSAGE, payload });
		expect(textOf(card)).toContain("62% of sign-ins by Contoso");
		expect(card.actions).toEqual([{ type: "Action.OpenUrl", title: "Open incident", url: payload.url }]);
	});

	it("shows what looks like Markdown or a mention as it is written", () => {
		const text = textOf(cardOf(withCard({ sentence: "[click](https://evil.example) <at>Eve</at> *now*" })));
		expect(text).not.toContain("[click](");
		expect(text).not.toContain("<at>Eve");
		expect(text).toContain("\\\\[click\\\\]");
	});

	it("has no button for what is no web address", () => {
		const card = cardOf(withCard({ acknowledge: { url: "javascript:alert(1)" } }));
		expect(JSON.stringify(card.actions)).not.toContain("javascript");
	});

	it.each<[string, Message]>([
		["a sentence of 100,000 letters", withCard({ sentence: "é".repeat(100_000) })],
		["a subject of 10,000 signs of two units", withCard({}, { subject: "💥".repeat(10_000) })],
		[
			"a thousand facts",
			withCard({ facts: Array.from({ length: 1_000 }, (_, k) => ({ label: `f${k}`, value: "v" })) }),
		],
		[
			"links that are endless",
			withCard({ incidentUrl: `https://x.example/${"y".repeat(30_000)}`, sentence: "é".repeat(9_000) }),
		],
	])("with %s is shortened, and says so", (_, message) => {
		const body = teamsBody(message);
		expect(() => JSON.parse(body)).not.toThrow();
		expect(body).toMatch(/shortened|more facts|too large for Teams/);
		expect(Buffer.byteLength(body)).toBeLessThanOrEqual(MAX_CARD_BYTES);
	});
});

it("whatever is said is a card that fits, in which it is text", () => {
	const text = fc.oneof(
		fc.string({ unit: "grapheme", maxLength: 3_000 }),
		fc
			.array(fc.constantFrom("[a](https://evil.example)", "<at>Eve</at>", "**", "\\", "\n", "💥"), { maxLength: 600 })
			.map((all) => all.join("")),
	);
	fc.assert(
		fc.property(text, text, text, (subject, sentence, value) => {
			const message = withCard({ sentence, facts: [{ label: "f", value }] }, { subject });
			expect(Buffer.byteLength(teamsBody(message))).toBeLessThanOrEqual(MAX_CARD_BYTES);
			const shown = textOf(cardOf(message));
			expect(shown).not.toContain("<at>Eve");
			expect(shown).not.toContain("a](https");
		}),
		{ seed: 1, numRuns: 100 },
	);
});

it("an address that cannot be read is named by its reference, and tried again later", async () => {
	const sender = createTeamsSender({
		egress: {
			post: () => {
				throw new Error("nothing may leave");
			},
		},
		url: () => {
			throw new Error("the secret ${env:TEAMS} is missing: set that environment variable");
		},
	});
	expect(await sender.send(CASE_MESSAGE)).toEqual({
		status: "retry",
		detail: "the secret ${env:TEAMS} is missing: set that environment variable",
	});
});
