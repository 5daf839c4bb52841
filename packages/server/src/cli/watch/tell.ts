import { randomUUID } from "node:crypto";
import { describeDuration, systemClock } from "@bellwether/model";
import { createEgress, type Message } from "#platform";
import { createSmtpSender } from "../../adapters/smtp/index.ts";
import { createWebhookSender } from "../../adapters/webhook/index.ts";
import type { WatchNews } from "./judgement.ts";

/** Whom the watch tells, and how. */
export interface Listeners {
	readonly webhooks: readonly string[];
	/** Signs webhooks as the product's own are (Standard Webhooks). */
	readonly webhookKey: string | undefined;
	readonly mails: readonly string[];
	readonly smtp: { readonly host: string; readonly port: number; readonly from: string } | undefined;
}

/** Tells everyone; answers who was not reached, with why. One that fails holds up no other. */
export async function tellAll(listeners: Listeners, watched: string, news: WatchNews, id: string): Promise<string[]> {
	const message = messageOf(watched, news, id);
	const { webhooks, webhookKey, mails, smtp } = listeners;
	const attempts = [
		...webhooks.map((address) => postTo(address, webhookKey, message)),
		...mails.map(async (address) => {
			if (!smtp) return `${address}: no mail server is named`;
			const sender = createSmtpSender({ ...smtp, secure: smtp.port === 465 });
			const result = await sender.send({ ...message, channel: "mail", address });
			return result.status === "sent" ? undefined : `${address}: ${result.detail}`;
		}),
	];
	return (await Promise.all(attempts)).filter((failure) => failure !== undefined);
}

async function postTo(address: string, key: string | undefined, message: Message): Promise<string | undefined> {
	const { host, hostname, port, protocol } = new URL(address);
	// The operator of this program named it.
	const egress = createEgress({ allow: [`${hostname}:${port || (protocol === "https:" ? "443" : "80")}`] });
	if (key !== undefined) {
		const sender = createWebhookSender({ egress, clock: systemClock, secret: () => key });
		const result = await sender.send({ ...message, address });
		return result.status === "sent" ? undefined : `${host}: ${result.detail}`;
	}
	const { subject, text, data } = message.payload;
	const body = JSON.stringify({
		type: data.type,
		timestamp: new Date(message.createdAt),
		data: { subject, text, ...data },
	});
	const answer = await egress.post(address, { "content-type": "application/json", "webhook-id": message.id }, body);
	if (answer.status !== "answered") return answer.reason;
	return answer.statusCode >= 200 && answer.statusCode < 300 ? undefined : `${host}: HTTP ${answer.statusCode}`;
}

function messageOf(watched: string, news: WatchNews, id: string): Message {
	const type = `watchdog.${news.type}`;
	const payload =
		news.type === "missing"
			? {
					subject: `Bellwether at ${watched} cannot be relied on to page`,
					text: `No heartbeat for ${describeDuration(news.forMs)}${news.fault ? `: ${news.fault}` : ""}. Incidents may be open that nobody hears of. Whom to call stands in phone-tree.md of its data folder, and wherever you copied it.`,
					data: { type, watched, forMs: news.forMs, fault: news.fault ?? null, isRepeat: news.isRepeat },
				}
			: {
					subject: `Bellwether at ${watched} is back`,
					text: "Its checks of itself pass again, and it can page.",
					data: { type, watched },
				};
	return {
		id,
		kind: "page",
		delivery: "at-least-once",
		tenant: "",
		channel: "watch",
		address: "",
		payload,
		attempt: 1,
		createdAt: Date.now(),
	};
}

/** The same for all attempts to tell one thing. */
export function newMessageId(): string {
	return `watch_${randomUUID()}`;
}
