import type { Catalogue, Channel } from "#catalogue";
import { type ChannelState, channelStates, type TestResult } from "#response";
import type { ApiContext } from "./context.ts";
import type { ChannelView, PageTest } from "./schemas-channels.ts";
import { secretFault } from "./secret-fault.ts";

/** Every channel of the catalogue with how it fares; `withDetails` false: without what receivers answered. */
export async function channelViews(context: ApiContext, now: number, withDetails: boolean): Promise<ChannelView[]> {
	const catalogue = context.catalogue();
	const states = await channelStates(context.store.db, catalogue.channels, now);
	return catalogue.channels.flatMap((channel) => {
		const state = states.find(({ name }) => name === channel.name);
		return state ? [viewOf(channel, state, catalogue, withDetails)] : [];
	});
}

function viewOf(channel: Channel, state: ChannelState, catalogue: Catalogue, withDetails: boolean): ChannelView {
	const { lastSent, lastFailure, failingSince, days, ...rest } = state;
	const detail = (text: string) => (withDetails ? text : "");
	return {
		...rest,
		fault: channelFault(channel, catalogue) ?? null,
		lastSent: lastSent ? { at: lastSent.at, detail: detail(lastSent.detail), receipt: lastSent.receipt ?? null } : null,
		lastFailure: lastFailure ? { at: lastFailure.at, detail: detail(lastFailure.detail) } : null,
		failingSince: failingSince ?? null,
		days: [...days],
		people: catalogue.people
			.filter(({ contacts }) => contacts.some((contact) => contact.channel === channel.name))
			.map(({ name, displayName }) => ({ name, displayName })),
		hasOwnAddress: hasOwnAddress(channel),
	};
}

/** Messages may go there without a person's address. */
export function hasOwnAddress(channel: Channel): boolean {
	return channel.kind === "phone-panel" || channel.urlRef !== undefined;
}

/** Why nothing could leave by a channel, as far as the configuration tells; undefined: nothing is known against it. */
export function channelFault(channel: Channel, catalogue: Pick<Catalogue, "settings">): string | undefined {
	const { smtp } = catalogue.settings;
	if (channel.kind === "mail" && smtp === undefined) return "there is no mail server: add spec.smtp to bellwether.yaml";
	const references = channel.kind === "mail" ? [smtp?.passwordRef] : channelSecrets(channel);
	for (const reference of references) {
		const fault = reference === undefined ? undefined : secretFault(reference);
		if (fault !== undefined) return fault;
	}
	return undefined;
}

/** References to everything secret that a channel needs to send. */
export function channelSecrets(channel: Channel): string[] {
	const { secretRef, urlRef, tokenRef, headers, provider } = channel;
	return [secretRef, urlRef, tokenRef, provider?.tokenRef, ...Object.values(headers ?? {})].filter(
		(reference) => reference !== undefined,
	);
}

/** Channels by which somebody is reached, or that were declared to be: those that nobody uses are nobody's worry. */
export function channelsInUse(catalogue: Catalogue): Channel[] {
	const used = new Set(catalogue.people.flatMap(({ contacts }) => contacts.map(({ channel }) => channel)));
	const hasMail = catalogue.settings.smtp !== undefined;
	return catalogue.channels.filter(
		(channel) => used.has(channel.name) || channel.urlRef !== undefined || (channel.kind === "mail" && hasMail),
	);
}

export function wireTest(result: TestResult): PageTest {
	return {
		...result,
		receipts: result.receipts.map((receipt) => ({ ...receipt })),
		tookMs: result.tookMs ?? null,
	};
}
