import type { Clock } from "@bellwether/model";
import { channelsInUse } from "#api";
import type { Catalogue } from "#catalogue";
import { type ControlStore, type EventBus, SYSTEM } from "#platform";
import { type ChannelState, channelStates } from "#response";

export interface ChannelWatchOptions {
	readonly store: ControlStore;
	readonly bus: EventBus;
	readonly clock: Clock;
	readonly catalogue: () => Catalogue;
	/** A channel began to fail for long, or delivers again. */
	readonly onChange: (channel: ChannelState, isFailing: boolean) => void;
	readonly onError: (error: unknown) => void;
}

export interface ChannelWatch {
	/** As of the last look; empty before the first. */
	states(): readonly ChannelState[];
	/** Those that have failed for long, as of the last look. */
	failing(): { readonly name: string; readonly since: number }[];
	/** Looks now; for tests and for whoever cannot wait. */
	look(): Promise<void>;
	stop(): void;
}

const EVERY_MS = 15_000;

/** Watches the channels that somebody is reached by, and says so, once, when one fails for long and when it is over. */
export function startChannelWatch(options: ChannelWatchOptions): ChannelWatch {
	const { store, bus, clock, catalogue } = options;
	let states: readonly ChannelState[] = [];
	const failing = new Set<string>();

	let looking: Promise<void> | undefined;

	/** One look at a time: two would say the same change twice. */
	function look(): Promise<void> {
		looking ??= lookOnce().finally(() => {
			looking = undefined;
		});
		return looking;
	}

	async function lookOnce(): Promise<void> {
		const now = clock.now();
		states = await channelStates(store.db, channelsInUse(catalogue()), now);
		for (const state of states) {
			const isFailing = state.state === "failing";
			if (isFailing === failing.has(state.name) || (!isFailing && state.state !== "well")) continue;
			await store.transaction((tx) =>
				bus.publish(tx, {
					type: isFailing ? "channel.failing" : "channel.recovered",
					at: now,
					tenant: "",
					actor: SYSTEM,
					data: { channel: state.name, kind: state.kind, since: state.failingSince ?? null },
				}),
			);
			if (isFailing) failing.add(state.name);
			else failing.delete(state.name);
			options.onChange(state, isFailing);
		}
		const known = new Set(states.map(({ name }) => name));
		for (const name of failing) if (!known.has(name)) failing.delete(name);
	}

	const timer = setInterval(() => void look().catch(options.onError), EVERY_MS);
	return {
		states: () => states,
		failing: () =>
			states.flatMap(({ name, state, failingSince }) =>
				state === "failing" && failingSince !== undefined ? [{ name, since: failingSince }] : [],
			),
		look,
		stop: () => clearInterval(timer),
	};
}
