import type { Catalogue } from "#catalogue";
import { takeFeedMessage } from "#incidents";
import type { ControlStore, EventBus } from "#platform";
import type { FeedStoreOutcome, PulledFacts } from "./feed-puller.ts";

export interface FeedKeepingOptions {
	readonly store: Pick<ControlStore, "transaction">;
	readonly bus: EventBus;
	readonly catalogue: () => Catalogue;
	readonly diskFreeBytes: () => Promise<number>;
}

/** As for feeds that send: what is left of the disk is for pages. */
const MIN_FREE_BYTES = 16 * 1_048_576;
const NO_ROOM_RETRY_MS = 60_000;

/** Keeps what feeds that are asked answered, just as messages that are sent: the same again changes nothing. */
export function createFeedKeeping({ store, bus, catalogue, diskFreeBytes }: FeedKeepingOptions) {
	return async ({ feed: name, parsed, provesLife, askedAt }: PulledFacts): Promise<FeedStoreOutcome> => {
		const current = catalogue();
		const feed = current.feeds.find((each) => each.name === name);
		// The catalogue has changed since it was asked; whoever asked will be told.
		if (feed?.pull === undefined) return { status: "kept" };
		const freeBytes = await diskFreeBytes();
		if (freeBytes < MIN_FREE_BYTES) {
			const message = `the disk of the data folder has ${freeBytes} bytes left`;
			return { status: "unavailable", message, retryAfterMs: NO_ROOM_RETRY_MS };
		}
		await store.transaction((tx) =>
			takeFeedMessage(
				tx,
				{ bus, catalogue: current },
				{ feed, parsed, key: undefined, provesLife, receivedAt: askedAt },
			),
		);
		return { status: "kept" };
	};
}
