import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Message, MessageCard, PhoneProvider } from "#platform";
import { CASE_MESSAGE } from "../../platform/channel-sender.cases.ts";
import { createSmsSender } from "./sms-sender.ts";
import { smsText } from "./sms-text.ts";

const page = (short: string, more: { code?: string | undefined; url?: string; subject?: string } = {}): Message => ({
	...CASE_MESSAGE,
	payload: {
		...CASE_MESSAGE.payload,
		subject: more.subject ?? `[Sev 2.5] ${short}`,
		url: more.url ?? "https://cre.example.com/p/INC-1001",
		card: {
			...(CASE_MESSAGE.payload.card as MessageCard),
			short,
			acknowledge: "code" in more ? { code: more.code } : { code: "4711" },
		},
	},
});

describe("a text message", () => {
	it("says severity, tenant and what fails first, then how to answer, then where", () => {
		expect(smsText(page("Contoso: sign-in fails"))).toBe(
			"Sev 2.5 Contoso: sign-in fails Reply ACK 4711 https://cre.example.com/p/INC-1001",
		);
	});

	it("without a code only leads to the page", () => {
		expect(smsText(page("Contoso: sign-in fails", { code: undefined }))).toBe(
			"Sev 2.5 Contoso: sign-in fails https://cre.example.com/p/INC-1001",
		);
	});

	it("leaves the link out before it cuts what happened, and never cuts the answer", () => {
		const text = smsText(page(`Contoso: ${"policy creation ".repeat(20)}fails`));
		expect(text).toHaveLength(160);
		expect(text).toMatch(/^Sev 2\.5 Contoso: policy creation .*\.\. Reply ACK 4711$/);
		const long = smsText(page("Contoso: sign-in fails", { url: `https://cre.example.com/${"x".repeat(120)}` }));
		expect(long).toBe("Sev 2.5 Contoso: sign-in fails Reply ACK 4711");
	});

	it("writes quotes and dashes plainly, so that 160 signs stay 160", () => {
		expect(smsText(page("Contoso – “sign-in” fails…", { code: undefined }))).toBe(
			'Sev 2.5 Contoso - "sign-in" fails... https://cre.example.com/p/INC-1001',
		);
	});

	it("keeps the accents that the alphabet has, and drops those it has not", () => {
		expect(smsText(page("Café Čapek: ñ", { code: undefined, url: "" }))).toBe("Sev 2.5 Café Capek: ñ ");
	});

	it("in other alphabets fits 70 units", () => {
		const text = smsText(page("日本商事: サインインが失敗しています".repeat(5)));
		expect(text.length).toBeLessThanOrEqual(70);
		expect(text).toMatch(/^Sev 2\.5 日本商事.*\.\. Reply ACK 4711$/);
	});

	it("never cuts a sign of two units in half", () => {
		const text = smsText(page("💥".repeat(60)));
		expect(text.length).toBeLessThanOrEqual(70);
		expect(text.isWellFormed()).toBe(true);
	});

	it("counts signs of the extended alphabet twice", () => {
		const text = smsText(page("[".repeat(200), { subject: "[Sev 2.5] x" }));
		const units = [...text].reduce((sum, sign) => sum + ("^{}\\[~]|€".includes(sign) ? 2 : 1), 0);
		expect(units).toBeLessThanOrEqual(160);
		expect(text).toContain("Reply ACK 4711");
	});

	it("is one message with the whole answer, whatever is said", () => {
		fc.assert(
			fc.property(fc.string({ unit: "grapheme", maxLength: 300 }), fc.stringMatching(/^\d{4,6}$/), (short, code) => {
				const text = smsText(page(short, { code }));
				const isGsm = !/[^\n\r -~£¥§¿¡¤ÄÅÆÇÉÑÖØÜßàäåæèéìñòöøùüΓΔΘΛΞΠΣΦΨΩ€]/.test(text);
				const units = isGsm ? text.length + (text.match(/[\^{}\\[~\]|€]/g)?.length ?? 0) : text.length;
				expect(units).toBeLessThanOrEqual(isGsm ? 160 : 70);
				expect(text).toContain(`Reply ACK ${code}`);
				expect(text.isWellFormed()).toBe(true);
			}),
			{ seed: 1, numRuns: 300 },
		);
	});

	it("is one line", () => {
		expect(smsText(page("a\r\nb\tc", { code: undefined, url: "" }))).toBe("Sev 2.5 a b c ");
	});
});

describe("the sender", () => {
	const sent: unknown[] = [];
	const provider: PhoneProvider = {
		sendText: async (text) => {
			sent.push(text);
			return { status: "sent", detail: "" };
		},
		call: () => Promise.reject(new Error("nobody is called")),
	};
	const sender = createSmsSender({ provider, receiptUrl: ({ id }) => `https://cre.example.com/r?message=${id}` });

	it("gives the provider number, text and where to tell what became of it", async () => {
		await sender.send({ ...CASE_MESSAGE, address: "+447700900123" });
		expect(sent).toEqual([
			{
				to: "+447700900123",
				body: expect.stringContaining("Reply ACK 4711"),
				messageId: "msg_01kcase",
				receiptUrl: "https://cre.example.com/r?message=msg_01kcase",
			},
		]);
	});

	it.each(["07700900123", "ada@example.com", "", "+1 555 000 1234", "+15550001234,+15550001235"])(
		"refuses %j",
		async (address) => {
			expect(await sender.send({ ...CASE_MESSAGE, address })).toMatchObject({ status: "refused" });
		},
	);
});
