export const CHANNEL_KINDS = ["webhook", "mail", "teams", "slack", "sms", "voice", "phone-panel"] as const;
export type ChannelKind = (typeof CHANNEL_KINDS)[number];

/**
 * A way out. A contact's address is what its kind wants: `webhook` a URL, `mail` a mail address, `sms` and `voice` a phone
 * number (+15550001234), `slack` the id of a channel or a person, `teams` the sign-in name of who is mentioned or nothing,
 * `phone-panel` nothing. Secrets stand here by reference alone.
 */
export interface Channel {
	readonly name: string;
	readonly kind: ChannelKind;
	/** webhook: what it signs with; slack: what Slack signs its requests to us with. */
	readonly secretRef?: string | undefined;
	/** The address of all messages, where it is a secret itself. */
	readonly urlRef?: string | undefined;
	/** Slack's bot token. */
	readonly tokenRef?: string | undefined;
	/** Of webhook; undefined: `standard`. */
	readonly body?: "standard" | "cloudevents" | undefined;
	/** Liquid text of a webhook's body, instead of `body`. */
	readonly template?: string | undefined;
	readonly contentType?: string | undefined;
	/** Header → reference to its value. */
	readonly headers?: Readonly<Record<string, string>> | undefined;
	/** Of sms and voice. */
	readonly provider?: ChannelProvider | undefined;
}

export interface ChannelProvider {
	readonly kind: "twilio";
	readonly account: string;
	/** A number of ours, or the id of a messaging service. */
	readonly from: string;
	readonly tokenRef: string;
	readonly apiUrl: string;
}

/** What a webhook's template may name; all are text. */
export const CHANNEL_FACTS = [
	"id",
	"kind",
	"type",
	"timestamp",
	"subject",
	"text",
	"url",
	"person",
	"tenant",
	"tenantName",
	"incident",
	"severity",
	"title",
	"sentence",
	"slo",
	"workload",
	"facts",
	"acknowledgeUrl",
	"runbookUrl",
] as const;
