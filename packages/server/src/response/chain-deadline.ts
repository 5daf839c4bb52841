import { MINUTE_MS } from "@bellwether/model";
import { type Incident, publishIncidentFact } from "#incidents";
import { SYSTEM, setTimer, type Timer, type Tx } from "#platform";
import { peopleToWarn } from "./chain.ts";
import { DEADLINE_TIMER, incidentOf, nextMoveOf, type RunningChain, runningChain, WARN_TIMER } from "./chain-rows.ts";
import { worldOf } from "./chain-snapshot.ts";
import { queuePage } from "./page.ts";
import type { ResponseDeps } from "./types.ts";

/** The clock of the acknowledgement runs from the first page. */
export async function setDeadline(
	tx: Tx,
	deps: ResponseDeps,
	incident: Incident,
	{ id, snapshot }: RunningChain,
	now: number,
): Promise<void> {
	const { acknowledgeWithinMs, warnAfterMs } = snapshot.policy;
	const timer = { tenant: incident.tenant, incidentId: incident.id };
	const warnMs = warnAfterMs ?? Math.round((acknowledgeWithinMs * 2) / 3);
	await setTimer(tx, deps.ids, now, {
		...timer,
		kind: WARN_TIMER,
		dueAt: now + warnMs,
		data: { escalationId: id, afterMs: warnMs, withinMs: acknowledgeWithinMs },
	});
	await setTimer(tx, deps.ids, now, {
		...timer,
		kind: DEADLINE_TIMER,
		dueAt: now + acknowledgeWithinMs,
		data: { escalationId: id, withinMs: acknowledgeWithinMs },
	});
}

/** Before the acknowledgement is overdue, the next person and the lead are paged, whatever the steps say. */
export async function warnOfDeadline(tx: Tx, deps: ResponseDeps, timer: Timer, now: number): Promise<void> {
	const incident = await incidentOf(tx, timer);
	const running = incident && (await runningChain(tx, incident.id));
	const waiting = incident && (await nextMoveOf(tx, incident.id));
	if (!incident || !waiting || !running || running.id !== timer.data.escalationId) return;
	const world = await worldOf(tx, running.snapshot, deps.catalogue(), incident, now);
	const people = peopleToWarn(running.snapshot, waiting.state, world);
	const { afterMs, withinMs } = timer.data as { afterMs: number; withinMs: number };
	await publishIncidentFact(tx, deps, incident, SYSTEM, now, {
		type: "escalation.warned",
		data: { afterMs, withinMs, people: people.map((person) => person.displayName) },
	});
	const lead = `Nobody has acknowledged it for ${minutes(afterMs)} min; it should be acknowledged within ${minutes(withinMs)}.`;
	for (const person of people) {
		const occasion = { step: waiting.state.reached, isRepeat: false, rule: "important", lead } as const;
		await queuePage(tx, deps, incident, person, occasion, now);
	}
}

function minutes(ms: number): number {
	return Math.round(ms / MINUTE_MS);
}

export async function missDeadline(tx: Tx, deps: ResponseDeps, timer: Timer, now: number): Promise<void> {
	const incident = await incidentOf(tx, timer);
	if (!incident || !(await runningChain(tx, incident.id))) return;
	await publishIncidentFact(tx, deps, incident, SYSTEM, now, {
		type: "escalation.acknowledge_overdue",
		data: { withinMs: timer.data.withinMs },
	});
}
