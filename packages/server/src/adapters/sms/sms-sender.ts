import type { ChannelSender, Message, PhoneProvider } from "#platform";
import { smsText } from "./sms-text.ts";

export interface SmsSenderOptions {
	readonly provider: PhoneProvider;
	/** Where receipts for a message are to be sent; undefined: the provider cannot reach us. */
	readonly receiptUrl: (message: Message) => string | undefined;
}

/** As E.164 has it. */
const PHONE = /^\+[1-9]\d{6,14}$/;

export function createSmsSender({ provider, receiptUrl }: SmsSenderOptions): ChannelSender {
	return {
		async send(message) {
			if (!PHONE.test(message.address))
				return { status: "refused", detail: "the address is no phone number: write it as +15550001234" };
			return provider.sendText({
				to: message.address,
				body: smsText(message),
				messageId: message.id,
				receiptUrl: receiptUrl(message),
			});
		},
	};
}
