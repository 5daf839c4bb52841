import type { Catalogue, Channel } from "#catalogue";
import { type ChannelState, channelDays, channelStates, type TestResult } from "#response";
import { channelFault, hasOwnAddress } from "./channel-needs.ts";
import type { ApiContext } from "./context.ts";
import type { ChannelView, PageTest } from "./schemas-channels.ts";

/** Every channel of the catalogue with how it fares; `withDetails` false: without what receivers answered. */
export async function channelViews(context: ApiContext, now: number, withDetails: boolean): Promise<ChannelView[]> {
	const catalogue = context.catalogue();
	const [states, days] = await Promise.all([
		channelStates(context.store.db, catalogue.channels, now),
		channelDays(context.store.db, now),
	]);
	return catalogue.channels.flatMap((channel) => {
		const state = states.find(({ name }) => name === channel.name);
		return state ? [{ ...viewOf(channel, state, catalogue, withDetails), days: days(channel.name) }] : [];
	});
}

function viewOf(
	channel: Channel,
	state: ChannelState,
	catalogue: Catalogue,
	withDetails: boolean,
): Omit<ChannelView, "days"> {
	const { lastSent, lastFailure, failingSince, ...rest } = state;
	const detail = (text: string) => (withDetails ? text : "");
	return {
		...rest,
		fault: channelFault(channel, catalogue.settings) ?? null,
		lastSent: lastSent ? { at: lastSent.at, detail: detail(lastSent.detail), receipt: lastSent.receipt ?? null } : null,
		lastFailure: lastFailure ? { at: lastFailure.at, detail: detail(lastFailure.detail) } : null,
		failingSince: failingSince ?? null,
		people: catalogue.people
			.filter(({ contacts }) => contacts.some((contact) => contact.channel === channel.name))
			.map(({ name, displayName }) => ({ name, displayName })),
		hasOwnAddress: hasOwnAddress(channel),
	};
}

export function wireTest(result: TestResult): PageTest {
	return {
		...result,
		receipts: result.receipts.map((receipt) => ({ ...receipt })),
		tookMs: result.tookMs ?? null,
	};
}
