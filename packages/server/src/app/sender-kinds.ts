import type { Clock } from "@bellwether/model";
import type { Catalogue, Channel, ChannelProvider } from "#catalogue";
import { type ChannelSender, type Egress, type Message, type PhoneProvider, resolveSecret } from "#platform";
import { createSlackSender } from "../adapters/slack/index.ts";
import { createSmsSender } from "../adapters/sms/index.ts";
import { createSmtpSender } from "../adapters/smtp/index.ts";
import { createTeamsSender } from "../adapters/teams/index.ts";
import { createTwilioProvider } from "../adapters/twilio/index.ts";
import { createVoiceSender } from "../adapters/voice/index.ts";
import { createWebhookSender } from "../adapters/webhook/index.ts";

export interface HttpSenderOptions {
	readonly egress: Egress;
	readonly clock: Clock;
	readonly publicUrl: () => string;
	/** Where others reach us; undefined: nobody said, so nobody is told to. */
	readonly reachableUrl: string | undefined;
}

/** The sender of a channel whose messages leave over HTTP. Secrets are read at each attempt. */
export function createHttpSender(channel: Channel, options: HttpSenderOptions): ChannelSender {
	const { egress, clock } = options;
	switch (channel.kind) {
		case "webhook":
			return createWebhookSender({
				egress,
				clock,
				secret: secretOf(channel.secretRef),
				url: secretOf(channel.urlRef),
				form: formOf(channel, options.publicUrl),
				headers: Object.fromEntries(
					Object.entries(channel.headers ?? {}).map(([name, reference]) => [name, () => resolveSecret(reference)]),
				),
			});
		case "teams": {
			const url = secretOf(channel.urlRef);
			return url ? createTeamsSender({ egress, url }) : refusing(`the channel "${channel.name}" has no url`);
		}
		case "slack": {
			const [token, url] = [secretOf(channel.tokenRef), secretOf(channel.urlRef)];
			const isInteractive = channel.secretRef !== undefined && options.reachableUrl !== undefined;
			if (token) return createSlackSender({ egress, isInteractive, token });
			return url
				? createSlackSender({ egress, isInteractive, url })
				: refusing(`the channel "${channel.name}" has neither token nor url`);
		}
		case "sms":
		case "voice":
			return channel.provider === undefined
				? refusing(`the channel "${channel.name}" has no provider`)
				: createPhoneSender(channel, providerOf(channel.provider, egress), options.reachableUrl);
		default:
			return refusing(`the channel "${channel.name}" is not for HTTP`);
	}
}

export function createMailSender(channel: Channel, { smtp }: Catalogue["settings"]): ChannelSender {
	if (!smtp) return refusing(`the channel "${channel.name}" is for mail, but bellwether.yaml has no spec.smtp: add it`);
	const { passwordRef, ...server } = smtp;
	return createSmtpSender({ ...server, password: secretOf(passwordRef) });
}

function createPhoneSender(channel: Channel, provider: PhoneProvider, reachableUrl: string | undefined): ChannelSender {
	const callback = (what: "receipts" | "keys") => (message: Message) =>
		reachableUrl === undefined
			? undefined
			: `${reachableUrl.replace(/\/+$/, "")}/api/v1/channels/${channel.name}/${what}?message=${encodeURIComponent(message.id)}`;
	const receiptUrl = callback("receipts");
	if (channel.kind === "sms") return createSmsSender({ provider, receiptUrl });
	return createVoiceSender({ provider, receiptUrl, keysUrl: callback("keys") });
}

function providerOf(provider: ChannelProvider, egress: Egress): PhoneProvider {
	const { account, from, apiUrl, tokenRef } = provider;
	return createTwilioProvider({ egress, account, from, apiUrl, token: () => resolveSecret(tokenRef) });
}

function formOf(
	channel: Channel,
	publicUrl: () => string,
): NonNullable<Parameters<typeof createWebhookSender>[0]["form"]> {
	if (channel.template !== undefined)
		return { kind: "template", template: channel.template, contentType: channel.contentType ?? "application/json" };
	if (channel.body !== "cloudevents") return { kind: "standard" };
	return {
		kind: "cloudevents",
		get source() {
			return publicUrl();
		},
	};
}

function secretOf(reference: string | undefined): (() => string) | undefined {
	return reference === undefined ? undefined : () => resolveSecret(reference);
}

function refusing(detail: string): ChannelSender {
	return { send: async () => ({ status: "refused", detail }) };
}
