import type { ChannelSender, Message, PhoneProvider } from "#platform";

export interface VoiceSenderOptions {
	readonly provider: PhoneProvider;
	/** Where receipts for a message are to be sent; undefined: the provider cannot reach us. */
	readonly receiptUrl: (message: Message) => string | undefined;
	/** Where the key that is pressed is to be sent. */
	readonly keysUrl: (message: Message) => string | undefined;
}

/** As E.164 has it. */
const PHONE = /^\+[1-9]\d{6,14}$/;
/** About a minute of speech, said twice. */
const MAX_SPOKEN = 700;

export function createVoiceSender({ provider, receiptUrl, keysUrl }: VoiceSenderOptions): ChannelSender {
	return {
		async send(message) {
			if (!PHONE.test(message.address))
				return { status: "refused", detail: "the address is no phone number: write it as +15550001234" };
			const { token, code } = message.payload.card?.acknowledge ?? {};
			const keys = token === undefined && code === undefined ? undefined : keysUrl(message);
			return provider.call({
				to: message.address,
				says: spoken(message, keys !== undefined),
				messageId: message.id,
				keysUrl: keys,
				receiptUrl: receiptUrl(message),
			});
		},
	};
}

/** How to answer comes before the details: whoever is woken may press at once. */
export function spoken({ payload }: Message, asksForKey: boolean): string {
	const { card } = payload;
	const severity = /^\[Sev ([\d.]{1,4})\]/.exec(payload.subject)?.[1];
	const what = card?.short ?? payload.subject;
	const parts = [
		`Bellwether calls${payload.person === undefined ? "" : ` ${payload.person}`}.`,
		severity === undefined ? undefined : `Severity ${severity}.`,
		`${what.replace(/[.!]?$/, ".")}`,
		asksForKey ? "Press 1 to acknowledge." : "To acknowledge, open the console.",
		card?.sentence,
	];
	return parts.filter(Boolean).join(" ").replace(/\s+/g, " ").slice(0, MAX_SPOKEN);
}
