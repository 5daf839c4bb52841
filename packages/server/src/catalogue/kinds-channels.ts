import { z } from "zod";
import { CHANNEL_KINDS } from "./channels.ts";
import * as f from "./fields.ts";

const PHONE = /^\+[1-9]\d{6,14}$/;

/** As E.164 has it. */
export function isPhone(value: string): boolean {
	return PHONE.test(value);
}

/** Headers that are made here, or that would change how the message is carried. */
const RESERVED_HEADER =
	/^(?:webhook-.*|content-.*|host|connection|keep-alive|transfer-encoding|te|trailer|upgrade|expect|proxy-.*|user-agent)$/i;

const headerName = f.worded(
	z
		.string()
		.max(100)
		.regex(/^[A-Za-z0-9!#$%&'*+.^_|~-]+$/)
		.refine((name) => !RESERVED_HEADER.test(name)),
	"is not the name of a header that may be added",
	"Write a name such as X-Api-Key or Authorization; content-type, host, webhook-id and the like are set by the channel.",
);

const provider = z
	.strictObject({
		kind: f.choice(["twilio"], "Whose interface it speaks."),
		account: f.worded(
			z
				.string()
				.regex(/^[A-Za-z0-9_-]{1,64}$/)
				.describe("Account, the user name of the interface."),
			"is not an account",
			"Write the account's id, such as AC and 32 hexadecimal digits.",
		),
		from: f.worded(
			z
				.string()
				.refine((value) => isPhone(value) || /^MG[0-9a-f]{32}$/.test(value))
				.describe("Number of yours that it sends and calls from; for sms also the id of a messaging service."),
			"is not a phone number or the id of a messaging service",
			"Write it in quotes with country code and without blanks, such as '+15550001234'.",
		),
		token: f.secret("Reference to the account's token."),
		url: f.webUrl("Address of its interface. Default: https://api.twilio.com.").optional(),
	})
	.describe("Who sends the text messages or makes the calls.");

export const Channel = z.strictObject({
	apiVersion: f.apiVersion("bellwether/v1"),
	kind: f.kind("Channel"),
	metadata: z
		.strictObject({ name: f.name("Name by which others refer to it."), displayName: displayName() })
		.describe("Names."),
	spec: z.strictObject({
		kind: f.choice(CHANNEL_KINDS, "Sort of channel."),
		secret: f
			.secret(
				"Reference to the key that signs webhooks (Standard Webhooks), or that Slack signs its requests with (its signing secret).",
			)
			.optional(),
		url: f
			.secret(
				"Reference to the address that all messages go to, for teams, slack and webhook; addresses of Workflows and of Slack are secrets.",
			)
			.optional(),
		token: f.secret("Reference to Slack's bot token; then contacts name channels or people of Slack.").optional(),
		body: f
			.choice(
				["standard", "cloudevents"],
				"Form of a webhook's body: Standard Webhooks, or CloudEvents 1.0. Default: standard.",
			)
			.optional(),
		template: f.paragraph("Liquid template of a webhook's body, instead of `body`.", 65_536).optional(),
		contentType: f
			.worded(
				z
					.string()
					.max(200)
					.regex(/^[a-z]+\/[a-z0-9.+-]+(?:; ?charset=utf-8)?$/i)
					.describe("Content type of what the template gives. Default: application/json."),
				"is not a content type",
				"Write one such as application/json or text/plain.",
			)
			.optional(),
		headers: z
			.record(headerName, f.secret("Reference to the header's value."))
			.refine((headers) => Object.keys(headers).length <= 20)
			.describe("More headers of a webhook.")
			.optional(),
		provider: provider.optional(),
	}),
});

function displayName() {
	return f.text("Name for people. Default: the name.", 120).optional();
}
