import type { Catalogue, Channel } from "#catalogue";
import { secretFault } from "./secret-fault.ts";

/** Messages may go there without a person's address. */
export function hasOwnAddress(channel: Channel): boolean {
	return channel.kind === "phone-panel" || channel.urlRef !== undefined;
}

/** References to everything secret that a channel needs to send. */
export function channelSecrets(channel: Channel): string[] {
	const { secretRef, urlRef, tokenRef, headers, provider } = channel;
	return [secretRef, urlRef, tokenRef, provider?.tokenRef, ...Object.values(headers ?? {})].filter(
		(reference) => reference !== undefined,
	);
}

/** Why nothing could leave by a channel, as far as the configuration tells; undefined: nothing is known against it. */
export function channelFault(channel: Channel, { smtp }: Pick<Catalogue["settings"], "smtp">): string | undefined {
	if (channel.kind === "mail" && smtp === undefined) return "there is no mail server: add spec.smtp to bellwether.yaml";
	const references = channel.kind === "mail" ? [smtp?.passwordRef] : channelSecrets(channel);
	for (const reference of references) {
		const fault = reference === undefined ? undefined : secretFault(reference);
		if (fault !== undefined) return fault;
	}
	return undefined;
}

/** Channels by which somebody is reached, or that were declared to be: those that nobody uses are nobody's worry. */
export function channelsInUse(catalogue: Pick<Catalogue, "people" | "channels" | "settings">): Channel[] {
	const used = new Set(catalogue.people.flatMap(({ contacts }) => contacts.map(({ channel }) => channel)));
	const hasMail = catalogue.settings.smtp !== undefined;
	return catalogue.channels.filter(
		(channel) => used.has(channel.name) || channel.urlRef !== undefined || (channel.kind === "mail" && hasMail),
	);
}
