import type { Clock } from "@bellwether/model";
import { Webhook } from "standardwebhooks";
import type { ChannelSender, Egress, EgressResult, Message, SendResult } from "#platform";

export interface WebhookSenderOptions {
	readonly egress: Egress;
	readonly clock: Clock;
	/**
	 * Signing secret of the channel (`whsec_…`, base 64), read anew at each attempt; throws with the reference's name.
	 * Several, with white space between, sign side by side: so a receiver can change keys without a gap.
	 */
	readonly secret?: (() => string) | undefined;
}

/**
 * Posts messages as Standard Webhooks do: `webhook-id` is the message's id, the same at each attempt, so that the
 * receiver can tell a repetition; the body is `{ type, timestamp, data }`, signed with the channel's secret.
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
			const sentAt = new Date(options.clock.now());
			const body = JSON.stringify(webhookBody(message));
			const headers = {
				"content-type": "application/json",
				"webhook-id": message.id,
				"webhook-timestamp": String(Math.floor(sentAt.getTime() / 1000)),
				"webhook-signature": webhooks.map((webhook) => webhook.sign(message.id, sentAt, body)).join(" "),
			};
			return toSendResult(await options.egress.post(message.address, headers, body));
		},
	};
}

/** `timestamp` is when the message was written, so the body too is the same at each attempt. */
function webhookBody(message: Message): Readonly<Record<string, unknown>> {
	const { subject, text, url, person, data } = message.payload;
	const { type, ...rest } = data;
	return {
		type: typeof type === "string" ? type : message.kind,
		timestamp: new Date(message.createdAt).toISOString(),
		data: { subject, text, url, person, tenant: message.tenant, incident: message.incidentId, ...rest },
	};
}

/** Statuses with which a receiver asks for the same again: time-out, too early, too many. */
const TRY_AGAIN: ReadonlySet<number> = new Set([408, 425, 429]);

function toSendResult(result: EgressResult): SendResult {
	switch (result.status) {
		case "blocked":
			return { status: "refused", detail: result.reason };
		case "unreached":
			return { status: "retry", detail: result.reason };
		case "unanswered":
			return { status: "uncertain", detail: result.reason };
		case "answered":
			return judgeStatus(result.statusCode, result.retryAfterMs);
	}
}

function judgeStatus(statusCode: number, retryAfterMs: number | undefined): SendResult {
	const detail = `HTTP ${statusCode}`;
	if (statusCode >= 200 && statusCode < 300) return { status: "sent", detail };
	if (statusCode >= 500 || TRY_AGAIN.has(statusCode)) return { status: "retry", detail, retryAfterMs };
	if (statusCode >= 300 && statusCode < 400) {
		return { status: "refused", detail: `${detail}: redirects are not followed, give the final address` };
	}
	return { status: "refused", detail };
}
