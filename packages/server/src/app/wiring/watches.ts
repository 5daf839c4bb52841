import { createFleetSource } from "#api";
import { createCauseWatch } from "../cause-watch.ts";
import { createChangeTelling } from "../change-telling.ts";
import { startChannelWatch } from "../channel-watch.ts";
import { createIncidentWatch } from "../incident-watch.ts";
import { startLiveEvents } from "../live-events.ts";
import { startSenderWatch } from "../sender-watch.ts";
import type { Ground } from "./ground.ts";
import type { Incoming } from "./incoming.ts";
import type { Rooms } from "./rooms.ts";

export type Watches = Awaited<ReturnType<typeof startWatches>>;

/** What looks on while the rooms work: the fleet view, what tells open consoles of changes, and what judges them. */
export async function startWatches(ground: Ground, { pulled, gate }: Incoming, { deps }: Rooms, isDemo: boolean) {
	const { clock, log, lifecycle, store, bus, hub, telemetry, catalogue } = ground;
	const now = () => clock.now();
	const senders = startSenderWatch({
		clock,
		telemetry,
		gate,
		catalogue,
		pulled: () => pulled.statuses(),
		onChange: (silence) => {
			if (silence) log.error(silence, "nothing comes in: all sources that used to send are silent");
			fleet.controlChanged();
		},
	});
	lifecycle.onStop("senders", () => senders.stop());
	// Ways out that fail for long.
	const channels = startChannelWatch({
		store,
		bus,
		clock,
		catalogue,
		onChange: ({ name, lastFailure }, isFailing) => {
			if (isFailing)
				log.error(
					{ channel: name, detail: lastFailure?.detail },
					"a channel has failed for long: pages by it do not arrive",
				);
			else log.warn({ channel: name }, "a channel that failed delivers again");
			fleet.controlChanged();
		},
		onError: (error) => log.error({ err: error }, "how the channels fare could not be read"),
	});
	lifecycle.onStop("channel watch", () => channels.stop());
	const fleet = createFleetSource({
		clock,
		store,
		catalogue,
		telemetry,
		demo: isDemo,
		ingestSilence: () => senders.silence(),
		failingChannels: () => channels.failing(),
		onChange: (version) => hub.publish("fleet", { version }),
	});
	lifecycle.onStop("fleet view", () => fleet.stop());
	const changes = createChangeTelling({
		store,
		telemetry,
		catalogue,
		now,
		onError: (error) => log.error({ err: error }, "the radar could not be told what changed"),
	});
	lifecycle.onStop("changes", () => changes.stop());
	const causes = createCauseWatch({
		store,
		deps,
		telemetry,
		catalogue,
		now,
		onJudged: ({ id, tenant, readers }) => hub.publish("incident", { id }, tenant, readers),
		onError: (error) => log.error({ err: error }, "which change may be the cause could not be judged"),
	});
	lifecycle.onStop("causes", () => causes.stop());
	const incidents = createIncidentWatch({
		store,
		deps,
		telemetry,
		catalogue,
		now,
		onError: (error) => log.error({ err: error }, "what became of an incident could not be looked at"),
	});
	lifecycle.onStop("incident watch", () => incidents.stop());
	const live = await startLiveEvents({
		store,
		hub,
		onChange: () => {
			fleet.controlChanged();
			changes.tell();
			causes.tell();
		},
		onError: (error) => log.error({ err: error }, "the event log could not be read"),
	});
	lifecycle.onStop("live events", () => live.stop());
	changes.tell();
	telemetry.on({
		statuses: (changed) => fleet.statusesChanged(changed),
		failure: (error) => log.error({ err: error }, "the telemetry thread failed; it restarts by itself"),
	});
	return { senders, channels, fleet, causes, incidents };
}
