import { type ChannelSender, type Egress, type Message, type SendResult, sendResultOf } from "#platform";
import { slackBlocks } from "./blocks.ts";

export type SlackSenderOptions = {
	readonly egress: Egress;
	/** Slack tells us which buttons are pressed. */
	readonly isInteractive: boolean;
} & (
	| { /** Address of the incoming webhook, a secret; read anew at each attempt. */ readonly url: () => string }
	| {
			/** Bot token; read anew at each attempt. Messages go to the address, the id or name of a channel or a person. */
			readonly token: () => string;
			/** Default: Slack's. */
			readonly apiUrl?: string | undefined;
	  }
);

const API_URL = "https://slack.com/api";

export function createSlackSender(options: SlackSenderOptions): ChannelSender {
	return {
		async send(message) {
			let secret: string;
			try {
				secret = ("token" in options ? options.token() : options.url()).trim();
			} catch (error) {
				return { status: "retry", detail: (error as Error).message };
			}
			const headers = { "content-type": "application/json; charset=utf-8", "webhook-id": message.id };
			if (!("token" in options)) {
				const mention = /^[UW][A-Z0-9]{5,20}$/.test(message.address) ? message.address : undefined;
				const body = JSON.stringify(slackBlocks(message, { isInteractive: options.isInteractive, mention }));
				return sendResultOf(await options.egress.post(secret, headers, body), judgeWebhook);
			}
			if (/[^\x21-\x7e]/.test(secret)) return { status: "retry", detail: "the token cannot stand in a header" };
			const result = await options.egress.post(
				`${options.apiUrl ?? API_URL}/chat.postMessage`,
				{ ...headers, authorization: `Bearer ${secret}` },
				postBody(message, options.isInteractive),
			);
			return sendResultOf(result, judgePost);
		},
	};
}

/** The message's id goes along, so that whoever reads the channel by program can tell a repetition. */
function postBody(message: Message, isInteractive: boolean): string {
	return JSON.stringify({
		channel: message.address,
		unfurl_links: false,
		unfurl_media: false,
		...slackBlocks(message, { isInteractive, mention: undefined }),
		metadata: {
			event_type: "bellwether_message",
			event_payload: { id: message.id, incident: message.incidentId ?? "" },
		},
	});
}

/** An incoming webhook says `ok`, and nothing else, when it has posted; those of the same shape elsewhere say so in JSON. */
function judgeWebhook(body: string, statusCode: number): SendResult {
	const answer = parse(body);
	if (body.trim() === "ok" || answer?.ok === true || answer?.success === true)
		return { status: "sent", detail: "posted" };
	return { status: "uncertain", detail: `HTTP ${statusCode} without Slack's "ok": it may not have been posted` };
}

/** Errors of Slack's that another attempt may not meet. */
const TRY_AGAIN: ReadonlySet<string> = new Set([
	"ratelimited",
	"rate_limited",
	"internal_error",
	"fatal_error",
	"service_unavailable",
	"request_timeout",
	"team_added_to_org",
]);

/** The interface answers 200 also when it refuses: its body decides. */
function judgePost(body: string, statusCode: number): SendResult {
	const answer = parse(body);
	if (answer?.ok === true) {
		const ts = typeof answer.ts === "string" && /^[\d.]{1,40}$/.test(answer.ts) ? ` as ${answer.ts}` : "";
		return { status: "sent", detail: `posted${ts}` };
	}
	if (answer?.ok !== false)
		return {
			status: "uncertain",
			detail: `HTTP ${statusCode} without an answer of Slack's: it may not have been posted`,
		};
	const error =
		typeof answer.error === "string" && /^[a-z_]{1,60}$/.test(answer.error) ? answer.error : "unknown_error";
	return { status: TRY_AGAIN.has(error) ? "retry" : "refused", detail: `Slack says ${error}` };
}

function parse(body: string): Record<string, unknown> | undefined {
	try {
		const value: unknown = JSON.parse(body);
		return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
	} catch {
		return undefined;
	}
}
