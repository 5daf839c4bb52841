import type { Clock } from "@bellwether/model";
import type { Catalogue, Channel } from "#catalogue";
import { departureOf, type EngagementDeps, guardNotices, subscriptionIdOf } from "#engagement";
import { type ChannelSender, type ControlStore, createCallbackEgress, createEgress } from "#platform";
import { guardTells, guardTestPages } from "#response";
import { createPhonePanel, type PhoneMessage } from "../adapters/phone-panel/index.ts";
import { createSubscriberSender } from "../adapters/subscriber/index.ts";
import { createHttpSender, createMailSender } from "./sender-kinds.ts";

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
		egress: () => createCallbackEgress(options.catalogue().settings),
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
					guardNotices(
						options,
						guardTells(options, guardTestPages(options.clock, senderOf(channel, catalogue, options, phone))),
					),
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
	if (channel.kind === "phone-panel") return phone;
	if (channel.kind === "mail") return createMailSender(channel, catalogue.settings);
	return createHttpSender(channel, {
		egress: createEgress({ allow: catalogue.settings.egress.allow }),
		clock: options.clock,
		// Asked for each message: the address that is bound is known only after the start.
		publicUrl: options.deps.publicUrl,
		reachableUrl: catalogue.settings.publicUrl,
	});
}
