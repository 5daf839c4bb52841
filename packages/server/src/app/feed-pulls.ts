import { FeedPuller, type FeedPullerOptions, type PulledFeed } from "./feed-puller.ts";
import { feedEngineOf, type PullEngineOptions } from "./pull-engines.ts";

export interface FeedPullsOptions extends FeedPullerOptions {
	readonly env: PullEngineOptions["env"];
}

/** All feeds that are asked. A change of one does not disturb the others, nor what they know of their last answers. */
export class FeedPulls {
	readonly #options: FeedPullsOptions;
	readonly #running = new Map<string, { readonly madeOf: string; readonly puller: FeedPuller }>();

	constructor(options: FeedPullsOptions) {
		this.#options = options;
	}

	async configure(feeds: readonly PulledFeed[], allow: readonly string[]): Promise<void> {
		const wanted = new Map(feeds.map((feed) => [feed.name, JSON.stringify([feed, allow])]));
		for (const [name, { madeOf, puller }] of this.#running) {
			if (wanted.get(name) === madeOf) continue;
			this.#running.delete(name);
			await puller.stop();
		}
		const { clock, env } = this.#options;
		for (const feed of feeds) {
			if (this.#running.has(feed.name)) continue;
			const puller = new FeedPuller(feed, feedEngineOf(feed, { allow, clock, env }), this.#options);
			this.#running.set(feed.name, { madeOf: wanted.get(feed.name) as string, puller });
			puller.start();
		}
	}

	async stop(): Promise<void> {
		const stopping = [...this.#running.values()];
		this.#running.clear();
		await Promise.all(stopping.map(({ puller }) => puller.stop()));
	}
}
