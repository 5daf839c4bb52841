import type { ChannelSender, Egress, Message, SendResult } from "#platform";
import { sendResultOf } from "#platform";
import { MAX_CARD_BYTES, teamsCard } from "./card.ts";

export interface TeamsSenderOptions {
	readonly egress: Egress;
	/** The Workflow's address, a secret; read anew at each attempt; throws with the reference's name. */
	readonly url: () => string;
}

/** Posts a card to the Workflow. That Teams shows it is not told to anybody: a Workflow answers before it posts. */
export function createTeamsSender(options: TeamsSenderOptions): ChannelSender {
	return {
		async send(message) {
			let url: string;
			try {
				url = options.url().trim();
			} catch (error) {
				return { status: "retry", detail: (error as Error).message };
			}
			// A Workflow has no use for the header; a repetition can be told by the card's last line.
			const headers = { "content-type": "application/json", "webhook-id": message.id };
			const result = await options.egress.post(url, headers, teamsBody(message));
			return sendResultOf(result, judgeBody);
		},
	};
}

/** The request's body; a card that is too large becomes one of its title and links, and says so. */
export function teamsBody(message: Message): string {
	const mention = message.address.includes("@") ? message.address : undefined;
	const full = bodyOf(message, mention);
	if (Buffer.byteLength(full) <= MAX_CARD_BYTES) return full;
	const { card } = message.payload;
	const text = "The message was too large for Teams: see the incident's page for all of it.";
	const { facts: _, sentence: __, ...rest } = card ?? { short: "", facts: [], sentence: "" };
	const less = { ...message.payload, text, ...(card ? { card: { ...rest, sentence: text, facts: [] } } : {}) };
	return bodyOf({ ...message, payload: less }, mention);
}

function bodyOf(message: Message, mention: string | undefined): string {
	return JSON.stringify({
		type: "message",
		attachments: [
			{
				contentType: "application/vnd.microsoft.card.adaptive",
				contentUrl: null,
				content: teamsCard(message, mention),
			},
		],
	});
}

/** A page to sign in at, or of a proxy, is no Workflow that took the card. */
function judgeBody(body: string, statusCode: number): SendResult | undefined {
	if (!/^\s*</.test(body)) return { status: "sent", detail: `HTTP ${statusCode}: the Workflow took the card` };
	return { status: "uncertain", detail: `HTTP ${statusCode} with a web page instead of an acceptance` };
}
