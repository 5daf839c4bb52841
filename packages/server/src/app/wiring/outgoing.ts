import { createTeller } from "#engagement";
import { incidentTimers } from "#incidents";
import { createDispatcher, createTimerRunner, sinceBoot } from "#platform";
import { escalationTimers, swapTimers } from "#response";
import { channelSenders } from "../senders.ts";
import { clockOf } from "../test-faults.ts";
import { SELF_CHECK } from "../watchdog/synthetic.ts";
import type { Ground } from "./ground.ts";
import type { Rooms } from "./rooms.ts";

export type Outgoing = ReturnType<typeof createOutgoing>;

/** What acts by itself: timers, outgoing messages, subscribers and tickets. It starts when the address is known that they link to. */
export function createOutgoing(ground: Ground, { deps, ticketing, selfCheck, takeOutcome }: Rooms) {
	const { clock, log, lifecycle, store, hub, catalogue } = ground;
	const timers = createTimerRunner({
		store,
		clock: clockOf("timers", clock),
		handlers: { ...escalationTimers(deps), ...swapTimers(deps), ...incidentTimers(deps), ...selfCheck.timers },
		onError: (error, timer) => log.error({ err: error, timer: timer?.id }, "a timer failed; trying again"),
		sinceBoot,
		onWallStep: (stepMs) => log.warn({ stepMs }, "the wall clock stepped; due times moved along"),
	});
	const senders = channelSenders({
		store,
		clock,
		catalogue,
		deps,
		onPhoneMessage: ({ id, tenant }) => hub.publish("phone", { id }, tenant),
	});
	const dispatcher = createDispatcher({
		store,
		clock: clockOf("outbox", clock),
		senders: (name) => (name === SELF_CHECK ? selfCheck.sender : senders(name)),
		onOutcome: takeOutcome,
		onError: (error, message) => log.error({ err: error, message: message?.id }, "sending failed; trying again"),
	});
	const teller = createTeller({
		store,
		deps,
		onError: (error) => log.error({ err: error }, "subscribers could not be told; trying again"),
	});

	function start(): void {
		timers.start();
		lifecycle.onStop("timers", () => timers.stop());
		teller.start();
		lifecycle.onStop("subscribers", () => teller.stop());
		dispatcher.start();
		lifecycle.onStop("dispatcher", () => dispatcher.stop());
		ticketing.carrier.start();
		lifecycle.onStop("tickets", () => ticketing.carrier.stop());
	}

	return { timers, dispatcher, start };
}
