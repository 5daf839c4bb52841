import type { Clock } from "@bellwether/model";
import { Webhook } from "standardwebhooks";
import { type ChannelSender, type Egress, sendResultOf } from "#platform";
import { type BodyForm, webhookBody } from "./webhook-body.ts";

export interface WebhookSenderOptions {
	readonly egress: Egress;
	readonly clock: Clock;
	/**
	 * Signing secret of the channel (`whsec_…`, base 64), read anew at each attempt; throws with the reference's name.
	 * Several, with white space between, sign side by side: so a receiver can change keys without a gap.
	 */
	readonly secret?: (() => string) | undefined;
	/** The address of all messages, where it is a secret; undefined: each message's own. */
	readonly url?: (() => string) | undefined;
	/** Default: Standard Webhooks' own. */
	readonly form?: BodyForm | undefined;
	/** More headers; their values are read anew at each attempt. */
	readonly headers?: Readonly<Record<string, () => string>> | undefined;
}

/** Throws with the header's name, never with its value. */
function readHeaders(headers: Readonly<Record<string, () => string>>): Record<string, string> {
	return Object.fromEntries(
		Object.entries(headers).map(([name, read]) => {
			const value = read().trim();
			// biome-ignore lint/suspicious/noControlCharactersInRegex: they would end the header
			if (/[\u0000-\u0008\u000a-\u001f\u007f]|[^\u0000-\u00ff]/.test(value))
				throw new Error(`the value of the header ${name} has characters that a header cannot carry`);
			return [name.toLowerCase(), value];
		}),
	);
}

/**
 * Posts messages as Standard Webhooks do: `webhook-id` is the message's id, the same at each attempt, so that the
 * receiver can tell a repetition; the body, `{ type, timestamp, data }` or of another form, is signed with the channel's
 * secret.
 */
export function createWebhookSender(options: WebhookSenderOptions): ChannelSender {
	return {
		async send(message) {
			if (!options.secret) {
				const detail = `the channel "${message.channel}" has no secret to sign with: give it secret: \${env:NAME}`;
				return { status: "refused", detail };
			}
			let webhooks: Webhook[];
			try {
				webhooks = options
					.secret()
					.trim()
					.split(/\s+/)
					.map((key) => new Webhook(key));
			} catch (error) {
				// The file behind a reference may yet be mounted, so this is worth another try. The library's own message
				// tells nothing of the key.
				return { status: "retry", detail: `cannot sign: ${(error as Error).message}` };
			}
			let url: string;
			let more: Readonly<Record<string, string>>;
			try {
				url = options.url?.().trim() ?? message.address;
				more = readHeaders(options.headers ?? {});
			} catch (error) {
				return { status: "retry", detail: (error as Error).message };
			}
			const written = webhookBody(message, options.form ?? { kind: "standard" });
			if (written.status === "failed") {
				const detail = `the template of the channel "${message.channel}" failed: ${written.reason}`;
				return { status: "refused", detail };
			}
			const { body, contentType } = written;
			const sentAt = new Date(options.clock.now());
			const headers = {
				...more,
				"content-type": contentType,
				"webhook-id": message.id,
				"webhook-timestamp": String(Math.floor(sentAt.getTime() / 1000)),
				"webhook-signature": webhooks.map((webhook) => webhook.sign(message.id, sentAt, body)).join(" "),
			};
			return sendResultOf(await options.egress.post(url, headers, body));
		},
	};
}
