import type { Catalogue, Channel } from "#catalogue";
import { type ChannelState, channelStates, type TestResult } from "#response";
import { channelFault, hasOwnAddress } from "./channel-needs.ts";
import type { ApiContext } from "./context.ts";
import type { ChannelView, PageTest } from "./schemas-channels.ts";

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
		fault: channelFault(channel, catalogue.settings) ?? null,
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

export function wireTest(result: TestResult): PageTest {
	return {
		...result,
		receipts: result.receipts.map((receipt) => ({ ...receipt })),
		tookMs: result.tookMs ?? null,
	};
}
