import type { Clock } from "@bellwether/model";
import { Webhook } from "standardwebhooks";
import { type ChannelSender, type Egress, type Message, sendResultOf } from "#platform";

/** Where a name of the subscriber's leads to inside is nothing for the subscriber. */
const BLOCKED = "blocked: its address leads to where this server sends nothing";

export interface SubscriberSenderOptions {
	readonly egress: () => Egress;
	readonly clock: Clock;
	/** What it is signed with, or why it must not leave now. Throws when that cannot be told. */
	readonly departure: (message: Message) => Promise<{ readonly secret: string } | { readonly withheld: string }>;
}

/**
 * Posts a subscriber one event as CloudEvents in structured JSON, signed as Standard Webhooks do. `id` and `webhook-id`
 * are the message's id, the same at each attempt. Sent as application/json, which flows can read. Text that a receiver
 * answers with goes nowhere.
 */
export function createSubscriberSender(options: SubscriberSenderOptions): ChannelSender {
	return {
		async send(message) {
			let departure: Awaited<ReturnType<SubscriberSenderOptions["departure"]>>;
			try {
				departure = await options.departure(message);
			} catch (error) {
				// Nothing has left yet.
				return { status: "retry", detail: `not checked: ${error instanceof Error ? error.message : String(error)}` };
			}
			if ("withheld" in departure) return { status: "refused", detail: `withheld: ${departure.withheld}` };
			const body = JSON.stringify({ id: message.id, ...(message.payload.data.event as object) });
			const sentAt = new Date(options.clock.now());
			const headers = {
				"content-type": "application/json; charset=utf-8",
				"webhook-id": message.id,
				"webhook-timestamp": String(Math.floor(sentAt.getTime() / 1000)),
				"webhook-signature": new Webhook(departure.secret).sign(message.id, sentAt, body),
			};
			const result = await options.egress().post(message.address, headers, body);
			return result.status === "blocked" ? { status: "refused", detail: BLOCKED } : sendResultOf(result);
		},
	};
}
