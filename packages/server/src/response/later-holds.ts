import { getIncident, type Incident } from "#incidents";
import { type EventBus, SYSTEM, scopeOf, type TimerHandler, type Tx } from "#platform";
import { holdAnew, isWorkedOn, lookAtTaken } from "./after-acknowledge.ts";
import { type Chains, heldBy, holdRunning } from "./routing/index.ts";
import type { ResponseDeps } from "./types.ts";

const ALL = scopeOf(SYSTEM);

type Move = (tx: Tx, deps: ResponseDeps, timer: Parameters<TimerHandler>[1], now: number) => Promise<void>;

/** A chain's timer: what holds the page back by now, though the chain began before it, ends the chain instead. */
export function unlessHeld(deps: ResponseDeps, chains: Chains, move: Move): TimerHandler {
	return async (tx, timer, now) => {
		const incident = timer.incidentId && (await getIncident(tx, ALL, timer.incidentId));
		if (incident && (await isHeld(tx, deps, chains, incident, now))) return;
		await move(tx, deps, timer, now);
	};
}

function isHeld(tx: Tx, deps: ResponseDeps, chains: Chains, incident: Incident, now: number): Promise<boolean> {
	if (isWorkedOn(incident)) return holdAnew(tx, deps, incident, now);
	return holdRunning(tx, deps, chains, incident, now);
}

/** A mute holds at once for incidents that somebody has as well, and lets them go at once. Call once, before the first event. */
export function listenToLaterHolds(bus: EventBus, deps: ResponseDeps): void {
	for (const type of ["mute.made", "mute.changed", "mute.started"])
		bus.on(type, async (tx, event) => {
			const running = await tx
				.selectFrom("escalations")
				.innerJoin("incidents", "incidents.id", "escalations.incident_id")
				.select("incidents.id")
				.where("escalations.state", "=", "running")
				.where("incidents.state", "in", ["acknowledged", "investigating"])
				.execute();
			for (const { id } of running) {
				const incident = await getIncident(tx, ALL, id);
				if (incident) await holdAnew(tx, deps, incident, event.at);
			}
		});
	bus.on("mute.ended", async (tx, event) => {
		for (const id of await heldBy(tx, "mute", String(event.data.muteId))) {
			const incident = await getIncident(tx, ALL, id);
			if (incident && isWorkedOn(incident)) await lookAtTaken(tx, deps, incident, event.at);
		}
	});
}
