import type { TimerHandler } from "#platform";
import type { ResponseDeps } from "../types.ts";
import { lookBelow } from "./children.ts";
import { HAND_OFF_TIMER, handOffDue } from "./hand-offs.ts";
import { MUTE_TIMER, muteDue } from "./mutes.ts";
import { lookAgain } from "./route-incident.ts";
import { LOOK_TIMER } from "./rows.ts";
import { TELL_TIMER, tellAgain } from "./tells.ts";
import type { Chains } from "./types.ts";

/** Handlers of routing's timers, by kind. */
export function routingTimers(deps: ResponseDeps, chains: Chains): Record<string, TimerHandler> {
	return {
		[LOOK_TIMER]: async (tx, { incidentId }, now) => {
			if (incidentId === undefined) return;
			await lookAgain(tx, deps, chains, incidentId, now, true);
			// A net below the events: whoever is under an incident that pages nobody is not forgotten.
			await lookBelow(tx, deps, chains, incidentId, now);
		},
		[TELL_TIMER]: (tx, timer, now) => tellAgain(tx, deps, timer, now),
		[HAND_OFF_TIMER]: (tx, timer, now) => handOffDue(tx, deps, chains, timer, now),
		[MUTE_TIMER]: (tx, timer, now) => muteDue(tx, deps, timer, now),
	};
}
