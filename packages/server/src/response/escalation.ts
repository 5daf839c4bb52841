import { getIncident, type Incident, publishIncidentFact } from "#incidents";
import { type DomainEvent, type EventBus, SYSTEM, scopeOf, type TimerHandler, type Tx } from "#platform";
import {
	acknowledgeAgain,
	afterAcknowledgeTimers,
	afterOf,
	answerChain,
	forgetWork,
	isWorkedOn,
	pageForReturn,
	pageTaken,
	watchAnew,
	watchWork,
} from "./after-acknowledge.ts";
import { missDeadline, warnOfDeadline } from "./chain-deadline.ts";
import { DEADLINE_TIMER, NEXT_TIMER, nextMoveOf, RETRY_TIMER, runningChain, WARN_TIMER } from "./chain-rows.ts";
import { continueChain, endChain, hurryChain, moveNext, retryChain, startChain } from "./chains.ts";
import { listenToLaterHolds, unlessHeld } from "./later-holds.ts";
import { queueTimers } from "./page.ts";
import { pageOnce } from "./page-once.ts";
import { wayTimers } from "./page-sending.ts";
import { type Chains, isSpokenFor, listenToRouting, routeByItself, routingTimers } from "./routing/index.ts";
import { CLEARED_WAIT_MS } from "./transients.ts";
import type { ResponseDeps } from "./types.ts";

const ALL = scopeOf(SYSTEM);

/** Connects the room to what happens to incidents. Call once, before the first event. */
export function listenToIncidents(bus: EventBus, deps: ResponseDeps): void {
	const on = (type: string, react: (tx: Tx, incident: Incident, event: DomainEvent) => Promise<void>) =>
		bus.on(type, async (tx, event) => {
			const incident = event.incidentId && (await getIncident(tx, ALL, event.incidentId));
			if (incident) await react(tx, incident, event);
		});
	const chains = chainsOf(deps);
	on("incident.opened", (tx, incident, event) => routeByItself(tx, deps, chains, incident, event.at));
	on("incident.acknowledged", async (tx, incident, event) => {
		const running = await runningChain(tx, incident.id);
		await endChain(tx, deps, incident, "acknowledged", event.at);
		if (!isWorkedOn(incident)) return;
		// What came under a platform incident is watched with that, as long as that speaks for it.
		if (event.data.with !== undefined && (await isSpokenFor(tx, incident))) return;
		const after = running ? running.snapshot.policy.afterAcknowledge : afterOf(deps, incident);
		if (after) await watchWork(tx, deps, incident, after, event.actor.name, event.at);
	});
	// A chain that began anew for an incident taken before: whoever works on it has answered.
	for (const act of ["incident.investigating", "incident.mitigated", "handoff.taken"]) {
		on(act, async (tx, incident, event) => {
			await answerChain(tx, deps, incident, event.at);
		});
	}
	on("incident.investigating", async (tx, incident, event) => {
		if (event.data.mitigationUndone) await watchAnew(tx, deps, incident, event.actor.name, event.at);
	});
	on("incident.mitigated", (tx, incident) => forgetWork(tx, incident.id));
	on("incident.resolved", async (tx, incident, event) => {
		await endChain(tx, deps, incident, "stopped", event.at);
		await forgetWork(tx, incident.id);
	});
	on("incident.linked", async (tx, incident, event) => {
		if (!(await isSpokenFor(tx, incident))) return routeByItself(tx, deps, chains, incident, event.at);
		const wasRunning = (await runningChain(tx, incident.id)) !== undefined;
		await endChain(tx, deps, incident, "stopped", event.at);
		if (!wasRunning) return;
		await publishIncidentFact(tx, deps, incident, SYSTEM, event.at, {
			type: "escalation.stopped",
			data: { reason: `platform incident ${event.data.parentId} pages for it` },
		});
	});
	on("incident.reopened", async (tx, incident, event) => {
		if (event.data.by === "person") await watchAnew(tx, deps, incident, event.actor.name, event.at);
		else await routeByItself(tx, deps, chains, incident, event.at);
	});
	on("incident.unlinked", async (tx, incident, event) => {
		// Its parent paged for it, and was watched for it; alone it must find somebody itself.
		if (incident.state === "detected") await routeByItself(tx, deps, chains, incident, event.at);
		else if (isWorkedOn(incident)) await watchAnew(tx, deps, incident, incident.acknowledgedBy ?? "", event.at);
	});
	on("incident.signal_cleared", async (tx, incident, event) => {
		if (!(await nextMoveOf(tx, incident.id))?.isPaused) return;
		const untilAt = event.at + CLEARED_WAIT_MS;
		await moveNext(tx, deps, incident, untilAt, event.at, true);
		await publishIncidentFact(tx, deps, incident, SYSTEM, event.at, {
			type: "escalation.cleared_while_waiting",
			data: { untilAt },
		});
	});
	on("incident.signal_returned", async (tx, incident, event) => {
		if (event.data.mitigationUndone) await pageForReturn(tx, deps, incident, event.at);
		// It cleared and came back: that is no passing fault.
		else if ((await nextMoveOf(tx, incident.id))?.isPaused)
			await moveNext(tx, deps, incident, event.at, event.at, false);
	});
	on("incident.reported", async (tx, incident, event) => {
		const lead = "It is reported to fail again: the mitigation may not have held.";
		if (incident.state === "mitigated") await pageTaken(tx, deps, incident, lead, event.at);
	});
	on("ticket.acknowledged_there", async (tx, incident, event) => {
		await acknowledgeAgain(tx, deps, incident, event.actor, event.at);
	});
	on("page.unreachable", async (tx, incident, event) => {
		await hurryChain(tx, deps, incident, event.at, true);
	});
	listenToLaterHolds(bus, deps);
	// After what ends chains: whoever shared a page looks whether one still runs.
	listenToRouting(bus, deps, chains);
}

/** What routing may do to chains. */
function chainsOf(deps: ResponseDeps): Chains {
	return {
		start: (tx, incident, policy, now, lead) => startChain(tx, deps, incident, policy, now, lead),
		stop: (tx, incident, now) => endChain(tx, deps, incident, "stopped", now),
		pageOnce: (tx, incident, policy, lead, now) => pageOnce(tx, deps, incident, policy, lead, now),
	};
}

/** Handlers of the room's timers, by kind. */
export function escalationTimers(deps: ResponseDeps): Record<string, TimerHandler> {
	const chains = chainsOf(deps);
	return {
		...routingTimers(deps, chains),
		...afterAcknowledgeTimers(deps),
		...queueTimers(deps),
		...wayTimers(deps),
		[NEXT_TIMER]: unlessHeld(deps, chains, continueChain),
		[RETRY_TIMER]: unlessHeld(deps, chains, retryChain),
		[WARN_TIMER]: unlessHeld(deps, chains, warnOfDeadline),
		[DEADLINE_TIMER]: (tx, timer, now) => missDeadline(tx, deps, timer, now),
	};
}

/**
 * "Not me": whoever was paged cannot take the incident, so the next step is paged now; past the last step the same one
 * again. False when no chain runs. The caller has checked that the incident is the principal's to act on.
 */
export function passOn(tx: Tx, deps: ResponseDeps, incident: Incident, now: number): Promise<boolean> {
	return hurryChain(tx, deps, incident, now);
}
