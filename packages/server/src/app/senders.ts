import type { Clock } from "@bellwether/model";
import type { Catalogue, Channel } from "#catalogue";
import { departureOf, type EngagementDeps, guardNotices, subscriptionIdOf } from "#engagement";
import { type ChannelSender, type ControlStore, createEgress, resolveSecret } from "#platform";
import { createPhonePanel, type PhoneMessage } from "../adapters/phone-panel/index.ts";
import { createSmtpSender } from "../adapters/smtp/index.ts";
import { createSubscriberSender } from "../adapters/subscriber/index.ts";
import { createWebhookSender } from "../adapters/webhook/index.ts";

export interface SendersOptions {
	readonly store: ControlStore;
	readonly clock: Clock;
	readonly catalogue: () => Catalogue;
	/** For the last check of a notice before it leaves. */
	readonly deps: EngagementDeps;
	readonly onPhoneMessage: (message: PhoneMessage) => void;
}

/** The sender behind a channel's name, made anew when the catalogue changes; undefined when there is no such channel. */
export function channelSenders(options: SendersOptions): (channelName: string) => ChannelSender | undefined {
	const phone = createPhonePanel({ store: options.store, clock: options.clock, onMessage: options.onPhoneMessage });
	const subscribers = createSubscriberSender({
		egress: () => createEgress({ allow: options.catalogue().settings.egress.allow }),
		clock: options.clock,
		departure: (message) => options.store.transaction((tx) => departureOf(tx, message, options.clock.now())),
	});
	let builtFor: string | undefined;
	let senders = new Map<string, ChannelSender>();
	return (name) => {
		if (subscriptionIdOf(name) !== undefined) return subscribers;
		const catalogue = options.catalogue();
		if (builtFor !== catalogue.hash) {
			senders = new Map(
				catalogue.channels.map((channel) => [
					channel.name,
					guardNotices(options, senderOf(channel, catalogue, options, phone)),
				]),
			);
			builtFor = catalogue.hash;
		}
		return senders.get(name);
	};
}

function senderOf(
	channel: Channel,
	catalogue: Catalogue,
	options: SendersOptions,
	phone: ChannelSender,
): ChannelSender {
	const { secretRef } = channel;
	switch (channel.kind) {
		case "phone-panel":
			return phone;
		case "teams":
		case "slack":
		case "sms":
		case "voice":
			return refusing(`the channel "${channel.name}" is not built yet`);
		case "webhook":
			return createWebhookSender({
				egress: createEgress({ allow: catalogue.settings.egress.allow }),
				clock: options.clock,
				secret: secretRef === undefined ? undefined : () => resolveSecret(secretRef),
			});
		case "mail": {
			const { smtp } = catalogue.settings;
			if (!smtp)
				return refusing(`the channel "${channel.name}" is for mail, but bellwether.yaml has no spec.smtp: add it`);
			const { passwordRef, ...server } = smtp;
			return createSmtpSender({
				...server,
				password: passwordRef === undefined ? undefined : () => resolveSecret(passwordRef),
			});
		}
	}
}

function refusing(detail: string): ChannelSender {
	return { send: async () => ({ status: "refused", detail }) };
}
