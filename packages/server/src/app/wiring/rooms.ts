import { isOwnName } from "@bellwether/model";
import type { BreachClosed, BreachOpened } from "#detection";
import {
	type EngagementDeps,
	listenToIncidents as listenForNotices,
	recordNoticeOutcome,
	recordSubscriptionOutcome,
	stateBreach,
} from "#engagement";
import { closeBreach, listenInIncidents, openForBreach } from "#incidents";
import type { OutcomeListener } from "#platform";
import { listenToIncidents as listenForPages, type ResponseDeps, recordPageOutcome } from "#response";
import { createTicketing } from "../ticket-systems.ts";
import { createSelfCheck } from "../watchdog/index.ts";
import type { Ground } from "./ground.ts";

export type Rooms = ReturnType<typeof wireRooms>;

/** The rooms of the control plane, from left to right: who listens to whom, and who takes claims and sent messages. */
export function wireRooms(ground: Ground, ownKey: string) {
	const { clock, log, store, ids, bus, telemetry, catalogue, publicUrl } = ground;
	const deps: ResponseDeps & EngagementDeps = { ids, bus, catalogue, publicUrl };
	listenInIncidents(bus, deps);
	listenForPages(bus, deps);
	listenForNotices(bus, deps);
	const ticketing = createTicketing({
		store,
		clock,
		deps,
		onError: (error, ticket) => log.error({ err: error, ticket }, "a ticket could not be carried; trying again"),
	});
	const selfCheck = createSelfCheck({
		store,
		clock,
		ids,
		telemetry,
		catalogue,
		publicUrl,
		listenForPages,
		key: ownKey,
	});

	async function takeBreach(event: BreachOpened | BreachClosed): Promise<void> {
		if (isOwnName(event.slo)) return selfCheck.takeBreach(event);
		await store.transaction(async (tx) => {
			if (event.type === "breach.opened") {
				const outcome = await openForBreach(tx, { ids, bus }, event, catalogue());
				await stateBreach(tx, deps, event, outcome);
			} else await closeBreach(tx, { ids, bus }, event);
		});
	}

	const takeOutcome: OutcomeListener = async (tx, message, outcome) => {
		selfCheck.onOutcome(message, outcome);
		await recordPageOutcome(tx, deps, message, outcome);
		await recordNoticeOutcome(tx, deps, message, outcome);
		await recordSubscriptionOutcome(tx, message, outcome);
	};

	return { deps, ticketing, selfCheck, takeBreach, takeOutcome };
}
