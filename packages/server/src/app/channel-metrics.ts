import { Gauge, type Registry } from "prom-client";
import type { ChannelState } from "#response";

/** Figures of the ways out; names of channels are the operator's, not tenants'. Answers what sets them. */
export function channelGauges(registry: Registry, prefix: string): (states: readonly ChannelState[]) => void {
	const gauge = (name: string, help: string) =>
		new Gauge({ name: prefix + name, help, labelNames: ["channel"], registers: [registry] });
	const gauges = {
		up: gauge("channel_up", "1: the last attempt by the channel succeeded; 0: it failed; absent: it was never used"),
		lastSent: gauge("channel_last_sent_timestamp_seconds", "When a message last left by the channel"),
		failures: gauge("channel_failures", "Attempts by the channel that failed since the last that succeeded"),
		queue: gauge("channel_queue", "Messages that wait to leave by the channel"),
		queueAge: gauge("channel_queue_age_seconds", "Age of the oldest message that waits to leave by the channel"),
		undelivered: gauge("channel_undelivered", "Messages that a provider could not deliver in the last 24 h"),
	};
	return (states) => {
		for (const each of Object.values(gauges)) each.reset();
		for (const { name: channel, state, lastSent, failuresSince, queue, queueAgeMs, undelivered } of states) {
			if (state !== "unknown") gauges.up.set({ channel }, state === "well" ? 1 : 0);
			if (lastSent) gauges.lastSent.set({ channel }, lastSent.at / 1000);
			gauges.failures.set({ channel }, failuresSince);
			gauges.queue.set({ channel }, queue);
			gauges.queueAge.set({ channel }, queueAgeMs / 1000);
			gauges.undelivered.set({ channel }, undelivered);
		}
	};
}
