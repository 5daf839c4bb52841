import type { Catalogue, EscalationPolicy } from "#catalogue";
import { getIncident, type Incident, markPaged, publishIncidentFact } from "#incidents";
import {
	cancelMessages,
	cancelTimers,
	type DomainEvent,
	type EventBus,
	SYSTEM,
	scopeOf,
	setTimer,
	type Timer,
	type TimerHandler,
	type Tx,
} from "#platform";
import { type ChainSnapshot, type Move, nextMove, resolveStep } from "./chain.ts";
import { queuePage } from "./page.ts";
import { type Chains, policyOf, routeIncident, routingTimers } from "./routing/index.ts";
import type { ResponseDeps } from "./types.ts";

export const NEXT_TIMER = "escalation.next";
export const DEADLINE_TIMER = "escalation.acknowledge-deadline";

const ALL = scopeOf(SYSTEM);

/** Connects the room to what happens to incidents. Call once, before the first event. */
export function listenToIncidents(bus: EventBus, deps: ResponseDeps): void {
	const on = (type: string, react: (tx: Tx, incident: Incident, event: DomainEvent) => Promise<void>) =>
		bus.on(type, async (tx, event) => {
			const incident = event.incidentId && (await getIncident(tx, ALL, event.incidentId));
			if (incident) await react(tx, incident, event);
		});
	const chains = chainsOf(deps);
	on("incident.opened", async (tx, incident, event) => {
		if (incident.parentId === undefined) await routeIncident(tx, deps, chains, incident, event.at);
	});
	on("incident.acknowledged", (tx, incident, event) => endEscalation(tx, incident, "acknowledged", event.at));
	on("incident.resolved", (tx, incident, event) => endEscalation(tx, incident, "stopped", event.at));
	on("incident.linked", async (tx, incident, event) => {
		const wasRunning = (await runningEscalation(tx, incident.id)) !== undefined;
		await endEscalation(tx, incident, "stopped", event.at);
		if (!wasRunning) return;
		await publishIncidentFact(tx, deps, incident, SYSTEM, event.at, {
			type: "escalation.stopped",
			data: { reason: `platform incident ${event.data.parentId} pages for it` },
		});
	});
	on("incident.reopened", async (tx, incident, event) => {
		if (event.data.by === "signal" && incident.parentId === undefined)
			await routeIncident(tx, deps, chains, incident, event.at);
	});
	on("incident.unlinked", async (tx, incident, event) => {
		// Its parent paged for it; alone it must find somebody itself.
		if (incident.state === "detected") await routeIncident(tx, deps, chains, incident, event.at);
	});
	on("incident.signal_returned", async (tx, incident, event) => {
		if (event.data.mitigationUndone) await pageForReturn(tx, deps, incident, event.at);
	});
}

/** What routing may do to chains. */
function chainsOf(deps: ResponseDeps): Chains {
	return {
		start: (tx, incident, policy, now) => startEscalation(tx, deps, incident, policy, now),
		pageOnce: (tx, incident, policy, lead, now) => pageOnce(tx, deps, incident, policy, lead, now),
	};
}

/** Handlers of the room's timers, by kind. */
export function escalationTimers(deps: ResponseDeps): Record<string, TimerHandler> {
	return {
		...routingTimers(deps, chainsOf(deps)),
		[NEXT_TIMER]: (tx, timer, now) => continueEscalation(tx, deps, timer, now),
		[DEADLINE_TIMER]: (tx, timer, now) => missDeadline(tx, deps, timer, now),
	};
}

/** Starts the chain of an incident that pages: its first page, its next step and its deadline are one transaction. */
export async function startEscalation(
	tx: Tx,
	deps: ResponseDeps,
	incident: Incident,
	policy: EscalationPolicy,
	now: number,
): Promise<void> {
	const snapshot = takeSnapshot(deps.catalogue(), policy);
	const id = deps.ids.next("esc");
	await tx
		.insertInto("escalations")
		.values({
			id,
			incident_id: incident.id,
			tenant: incident.tenant,
			policy: JSON.stringify(snapshot),
			state: "running",
			started_at: now,
			ended_at: null,
		})
		.execute();
	await publishIncidentFact(tx, deps, incident, SYSTEM, now, {
		type: "escalation.started",
		data: { escalationId: id, policy: snapshot.policy.name },
	});
	const firstAfterMs = snapshot.policy.steps[0]?.afterMs ?? 0;
	const first: Move = { action: "escalate", step: 0 };
	if (firstAfterMs > 0) await setNext(tx, deps, incident, id, now, now, { ...first, dueAt: now + firstAfterMs });
	else if (!(await takeStep(tx, deps, incident, { id, snapshot, baseAt: now }, first, now))) return;
	await setTimer(tx, deps.ids, now, {
		kind: DEADLINE_TIMER,
		tenant: incident.tenant,
		incidentId: incident.id,
		dueAt: now + snapshot.policy.acknowledgeWithinMs,
		data: { escalationId: id, withinMs: snapshot.policy.acknowledgeWithinMs },
	});
}

interface Chain {
	readonly id: string;
	readonly snapshot: ChainSnapshot;
	readonly baseAt: number;
}

/** Pages one step and sets the next timer; false when the chain turned out to reach nobody. */
async function takeStep(
	tx: Tx,
	deps: ResponseDeps,
	incident: Incident,
	chain: Chain,
	move: Move,
	now: number,
): Promise<boolean> {
	const result = resolveStep(chain.snapshot, move, now);
	for (const { step, reason } of result.skipped) {
		await publishIncidentFact(tx, deps, incident, SYSTEM, now, {
			type: "escalation.step_unreachable",
			data: { step: step + 1, reason },
		});
	}
	if (result.status === "exhausted") {
		await endEscalation(tx, incident, "exhausted", now);
		await publishIncidentFact(tx, deps, incident, SYSTEM, now, { type: "escalation.exhausted", data: {} });
		return false;
	}
	const { step, person } = result;
	if (move.action === "escalate") {
		await publishIncidentFact(tx, deps, incident, SYSTEM, now, {
			type: "escalation.step_reached",
			data: { step: step + 1, person: person.name, personDisplayName: person.displayName },
		});
	}
	await queuePage(tx, deps, incident, person, { now, step, isRepeat: move.action === "repeat" });
	await markPaged(tx, incident.id, now);
	// Past an unreachable last step the chain stays at that step, or it would try to escalate to it at each repeat.
	const reached = Math.max(step, move.step);
	const next = nextMove(chain.snapshot.policy, chain.baseAt, reached, now);
	await setNext(tx, deps, incident, chain.id, chain.baseAt, now, next);
	return true;
}

async function setNext(
	tx: Tx,
	deps: ResponseDeps,
	incident: Incident,
	escalationId: string,
	baseAt: number,
	now: number,
	next: Move & { readonly dueAt: number },
): Promise<void> {
	await setTimer(tx, deps.ids, now, {
		kind: NEXT_TIMER,
		tenant: incident.tenant,
		incidentId: incident.id,
		dueAt: next.dueAt,
		data: { escalationId, action: next.action, step: next.step, offsetMs: next.dueAt - baseAt },
	});
}

async function continueEscalation(tx: Tx, deps: ResponseDeps, timer: Timer, now: number): Promise<void> {
	const incident = timer.incidentId && (await getIncident(tx, ALL, timer.incidentId));
	const running = incident && (await runningEscalation(tx, incident.id));
	if (!incident || !running || running.id !== timer.data.escalationId) return;
	const { action, step, offsetMs } = timer.data as { action: Move["action"]; step: number; offsetMs: number };
	// The due time moves with steps of the wall clock, started_at does not: the chain's start is told from the former.
	const chain = { ...running, baseAt: timer.dueAt - offsetMs };
	await takeStep(tx, deps, incident, chain, { action, step }, now);
}

/**
 * "Not me": whoever was paged cannot take the incident, so the next step is paged now; past the last step the same one
 * again. False when no chain runs. The caller has checked that the incident is the principal's to act on.
 */
export async function passOn(tx: Tx, deps: ResponseDeps, incident: Incident, now: number): Promise<boolean> {
	const running = await runningEscalation(tx, incident.id);
	const row = await tx
		.selectFrom("timers")
		.selectAll()
		.where("incident_id", "=", incident.id)
		.where("kind", "=", NEXT_TIMER)
		.where("state", "=", "pending")
		.executeTakeFirst();
	if (!running || !row) return false;
	const { action, step, offsetMs } = JSON.parse(row.data) as Move & { readonly offsetMs: number };
	const last = running.snapshot.policy.steps.length - 1;
	const next = Math.min(action === "escalate" ? step : step + 1, last);
	await cancelTimers(tx, { incidentId: incident.id, kind: NEXT_TIMER });
	const chain = { ...running, baseAt: row.due_at - offsetMs };
	await takeStep(tx, deps, incident, chain, { action: "escalate", step: next }, now);
	return true;
}

async function missDeadline(tx: Tx, deps: ResponseDeps, timer: Timer, now: number): Promise<void> {
	const incident = timer.incidentId && (await getIncident(tx, ALL, timer.incidentId));
	if (!incident || !(await runningEscalation(tx, incident.id))) return;
	await publishIncidentFact(tx, deps, incident, SYSTEM, now, {
		type: "escalation.acknowledge_overdue",
		data: { withinMs: timer.data.withinMs },
	});
}

/** Ends the running chain, its timers and its unsent pages; nothing is paged for it after this commit. */
async function endEscalation(
	tx: Tx,
	incident: Incident,
	state: "acknowledged" | "exhausted" | "stopped",
	now: number,
): Promise<void> {
	await tx
		.updateTable("escalations")
		.set({ state, ended_at: now })
		.where("incident_id", "=", incident.id)
		.where("state", "=", "running")
		.execute();
	await cancelTimers(tx, { incidentId: incident.id, kind: NEXT_TIMER });
	await cancelTimers(tx, { incidentId: incident.id, kind: DEADLINE_TIMER });
	await cancelMessages(tx, { incidentId: incident.id, kind: "page" });
}

/**
 * Someone works on this incident, so no chain starts again; but who believed it mitigated must hear of it, and may be
 * asleep by now: one page to who is on call.
 */
async function pageForReturn(tx: Tx, deps: ResponseDeps, incident: Incident, now: number): Promise<void> {
	if (incident.parentId !== undefined) return;
	const lead = "The signal returned: the mitigation did not hold.";
	await pageOnce(tx, deps, incident, policyOf(deps.catalogue(), incident), lead, now);
}

/** One page to whom the first step means that reaches somebody, without a chain. */
async function pageOnce(
	tx: Tx,
	deps: ResponseDeps,
	incident: Incident,
	policy: EscalationPolicy,
	lead: string,
	now: number,
): Promise<void> {
	const result = resolveStep(takeSnapshot(deps.catalogue(), policy), { action: "escalate", step: 0 }, now);
	if (result.status === "exhausted") {
		await publishIncidentFact(tx, deps, incident, SYSTEM, now, { type: "escalation.exhausted", data: {} });
		return;
	}
	await queuePage(tx, deps, incident, result.person, { now, step: result.step, isRepeat: true, lead });
}

function takeSnapshot(catalogue: Catalogue, policy: EscalationPolicy): ChainSnapshot {
	return { policy, schedules: catalogue.schedules, people: catalogue.people };
}

async function runningEscalation(tx: Tx, incidentId: string) {
	const row = await tx
		.selectFrom("escalations")
		.select(["id", "policy"])
		.where("incident_id", "=", incidentId)
		.where("state", "=", "running")
		.executeTakeFirst();
	return row && { id: row.id, snapshot: JSON.parse(row.policy) as ChainSnapshot };
}
