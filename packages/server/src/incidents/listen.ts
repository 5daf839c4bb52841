import type { EventBus } from "#platform";
import { keepRunbooks } from "./runbooks/keep.ts";
import { lookAgainAfterResolution, stillBurningTimers } from "./still-burning.ts";
import type { WorkDeps } from "./work/acting.ts";
import { admitWhoIsPaged } from "./work/privacy.ts";
import { taskTimers } from "./work/tasks.ts";

/** Connects the room to its own facts and to pages. Call once, before the first event and before other rooms listen. */
export function listenInIncidents(bus: EventBus, deps: WorkDeps): void {
	keepRunbooks(bus, deps);
	lookAgainAfterResolution(bus, deps);
	admitWhoIsPaged(bus);
}

/** Handlers of the room's timers, by kind. */
export function incidentTimers(deps: WorkDeps) {
	return { ...stillBurningTimers(deps), ...taskTimers(deps) };
}
