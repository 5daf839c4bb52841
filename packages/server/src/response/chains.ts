import { MINUTE_MS, SEVERITIES } from "@bellwether/model";
import type { EscalationPolicy } from "#catalogue";
import {
	getIncident,
	type Incident,
	isResolved,
	markPaged,
	publishIncidentFact,
	resolveIncident,
	setSeverity,
} from "#incidents";
import { cancelTimers, SYSTEM, scopeOf, setTimer, type Timer, type Tx } from "#platform";
import {
	type ChainEffect,
	type ChainOutcome,
	type ChainSnapshot,
	type ChainState,
	moveChain,
	START_OF_CHAIN,
} from "./chain.ts";
import { setDeadline } from "./chain-deadline.ts";
import {
	CHAIN_TIMERS,
	incidentOf,
	NEXT_TIMER,
	nextMoveOf,
	RETRY_TIMER,
	type RunningChain,
	runningChain,
	setNext,
	stateOf,
	type TimerData,
} from "./chain-rows.ts";
import { takeSnapshot, worldOf } from "./chain-snapshot.ts";
import { dropWaiting, queuePage, waitAnew } from "./page.ts";
import { cancelPages, channelAsPerson, dropFromPages } from "./page-sending.ts";
import { policyOf } from "./routing/index.ts";
import { transientPause } from "./transients.ts";
import type { ResponseDeps } from "./types.ts";

const RETRY_MS = 5 * MINUTE_MS;

const ALL = scopeOf(SYSTEM);

/** Starts the chain of an incident that pages: its first page, its next step and its deadline are one transaction. */
export async function startChain(
	tx: Tx,
	deps: ResponseDeps,
	incident: Incident,
	policy: EscalationPolicy,
	now: number,
	lead?: string,
): Promise<void> {
	await endChain(tx, deps, incident, "stopped", now);
	const snapshot = takeSnapshot(deps.catalogue(), policy);
	const id = deps.ids.next("esc");
	await tx
		.insertInto("escalations")
		.values({
			id,
			incident_id: incident.id,
			tenant: incident.tenant,
			policy: JSON.stringify(snapshot),
			policy_name: policy.name,
			state: "running",
			started_at: now,
			ended_at: null,
		})
		.execute();
	await publishIncidentFact(tx, deps, incident, SYSTEM, now, {
		type: "escalation.started",
		data: { escalationId: id, policy: policy.name },
	});
	const pause = await transientPause(tx, policy, incident, now);
	const firstAfterMs = policy.steps[0]?.afterMs ?? 0;
	const state: ChainState = { ...START_OF_CHAIN, baseAt: now };
	if (pause) {
		await publishIncidentFact(tx, deps, incident, SYSTEM, now, { type: "escalation.paused", data: { ...pause } });
		const begins = { ...state, baseAt: now + pause.waitMs };
		await setNext(tx, deps, incident, id, begins, begins.baseAt + firstAfterMs, now, true);
	} else if (firstAfterMs > 0) await setNext(tx, deps, incident, id, state, now + firstAfterMs, now);
	else await move(tx, deps, incident, { id, snapshot }, state, now, lead);
}

/** The next move of a chain, when its timer says so. */
export async function continueChain(tx: Tx, deps: ResponseDeps, timer: Timer, now: number): Promise<void> {
	const incident = await incidentOf(tx, timer);
	const running = incident && (await runningChain(tx, incident.id));
	if (!incident || !running || running.id !== timer.data.escalationId) return;
	await move(tx, deps, incident, running, stateOf(timer.dueAt, timer.data as unknown as TimerData), now);
}

/** Takes the next step now instead of at its time. False: nothing waits. `onlyForward`: not to page the same people again. */
export async function hurryChain(
	tx: Tx,
	deps: ResponseDeps,
	incident: Incident,
	now: number,
	onlyForward = false,
): Promise<boolean> {
	const running = await runningChain(tx, incident.id);
	const waiting = running && (await nextMoveOf(tx, incident.id));
	if (!running || !waiting) return false;
	if (onlyForward && waiting.state.next >= running.snapshot.policy.steps.length) return false;
	await cancelTimers(tx, { incidentId: incident.id, kind: NEXT_TIMER });
	await move(tx, deps, incident, running, { ...waiting.state, action: "escalate" }, now, undefined, true);
	return true;
}

/** Puts a chain's next move off, or forward, to `dueAt`. */
export async function moveNext(
	tx: Tx,
	deps: ResponseDeps,
	incident: Incident,
	dueAt: number,
	now: number,
	isPaused: boolean,
): Promise<void> {
	const running = await runningChain(tx, incident.id);
	const waiting = running && (await nextMoveOf(tx, incident.id));
	if (!running || !waiting) return;
	await cancelTimers(tx, { incidentId: incident.id, kind: NEXT_TIMER });
	const baseAt = waiting.state.baseAt + dueAt - waiting.dueAt;
	await setNext(tx, deps, incident, running.id, { ...waiting.state, baseAt }, dueAt, now, isPaused);
}

/** An exhausted chain looks again whether anybody can be reached; quietly, as it was said that nobody can. */
export async function retryChain(tx: Tx, deps: ResponseDeps, timer: Timer, now: number): Promise<void> {
	const incident = await incidentOf(tx, timer);
	const row = await tx
		.selectFrom("escalations")
		.select(["id", "policy"])
		.where("id", "=", String(timer.data.escalationId))
		.where("state", "=", "exhausted")
		.executeTakeFirst();
	if (!incident || !row) return;
	const begins = { ...START_OF_CHAIN, baseAt: now };
	// What was missing may have been written since: where the snapshot reaches nobody, what holds by now may.
	for (const snapshot of [JSON.parse(row.policy) as ChainSnapshot, presentSnapshot(deps, incident)]) {
		if (!snapshot) continue;
		const outcome = moveChain(snapshot, begins, await worldOf(tx, snapshot, deps.catalogue(), incident, now));
		if (outcome.status === "exhausted") continue;
		const values = { policy: JSON.stringify(snapshot), policy_name: snapshot.policy.name };
		await tx
			.updateTable("escalations")
			.set({ ...values, state: "running", ended_at: null })
			.where("id", "=", row.id)
			.execute();
		return carryOut(tx, deps, incident, { id: row.id, snapshot }, START_OF_CHAIN.reached, outcome, now);
	}
	await setRetry(tx, deps, incident, row.id, now);
}

/** By the catalogue that is active now; undefined where that fails. */
function presentSnapshot(deps: ResponseDeps, incident: Incident): ChainSnapshot | undefined {
	try {
		return takeSnapshot(deps.catalogue(), policyOf(deps.catalogue(), incident));
	} catch {
		return undefined;
	}
}

async function move(
	tx: Tx,
	deps: ResponseDeps,
	incident: Incident,
	chain: RunningChain,
	state: ChainState,
	now: number,
	lead?: string,
	isOwed = false,
): Promise<void> {
	const world = await worldOf(tx, chain.snapshot, deps.catalogue(), incident, now);
	const outcome = moveChain(chain.snapshot, state, world, isOwed);
	await carryOut(tx, deps, incident, chain, state.reached, outcome, now, lead);
}

async function carryOut(
	tx: Tx,
	deps: ResponseDeps,
	incident: Incident,
	chain: RunningChain,
	reachedBefore: number,
	outcome: ChainOutcome,
	now: number,
	lead?: string,
): Promise<void> {
	const isExhausted = outcome.status === "exhausted";
	// Before it is said: incidents under this one page by themselves then.
	if (isExhausted) await endChain(tx, deps, incident, "exhausted", now);
	for (const effect of outcome.effects) await apply(tx, deps, incident, chain, effect, now, lead);
	if (isExhausted) {
		const current = await getIncident(tx, ALL, incident.id);
		if (current && !isResolved(current)) await setRetry(tx, deps, incident, chain.id, now);
		return;
	}
	// A step may have resolved the incident, which ended the chain.
	if ((await runningChain(tx, incident.id))?.id !== chain.id) return;
	await setNext(tx, deps, incident, chain.id, outcome.state, outcome.dueAt, now);
	if (reachedBefore < 0 && outcome.state.reached >= 0) await setDeadline(tx, deps, incident, chain, now);
}

async function apply(
	tx: Tx,
	deps: ResponseDeps,
	incident: Incident,
	chain: RunningChain,
	effect: ChainEffect,
	now: number,
	lead: string | undefined,
): Promise<void> {
	switch (effect.type) {
		case "fact":
			return publishIncidentFact(tx, deps, incident, SYSTEM, now, { type: effect.name, data: effect.data });
		case "page": {
			const { step, isRepeat, rule, reached, takesTurn } = effect;
			await markPaged(tx, incident.id, now);
			if (takesTurn) await countTurn(tx, chain.snapshot.policy.name, step);
			const people = reached.kind === "channel" ? [channelAsPerson(reached.channel, reached.address)] : reached.people;
			const occasion = { step, isRepeat, rule, ...(lead === undefined ? {} : { lead }) };
			for (const person of people) await queuePage(tx, deps, incident, person, occasion, now);
			return;
		}
		case "declare": {
			const current = await getIncident(tx, ALL, incident.id);
			if (!current || current.severity.rank <= SEVERITIES[effect.severity].rank) return;
			const reason = `Nobody had acknowledged it when the escalation came to this step.`;
			await setSeverity(tx, deps, { ...bySystem(incident, now), severity: effect.severity, reason });
			return;
		}
		case "resolve": {
			const current = await getIncident(tx, ALL, incident.id);
			const reason = `The signal had cleared by itself, and policy ${chain.snapshot.policy.name} resolves it then.`;
			const outcome =
				current?.signalClearedAt !== undefined &&
				(await resolveIncident(tx, deps, { ...bySystem(incident, now), verdict: effect.verdict, reason }));
			if (outcome && outcome.status === "changed") return;
			await publishIncidentFact(tx, deps, incident, SYSTEM, now, { type: "escalation.not_resolved", data: {} });
		}
	}
}

function bySystem(incident: Incident, now: number) {
	return { scope: ALL, principal: SYSTEM, incidentId: incident.id, now };
}

async function countTurn(tx: Tx, policy: string, step: number): Promise<void> {
	await tx
		.insertInto("escalation_turns")
		.values({ policy, step, turns: 1 })
		.onConflict((conflict) =>
			conflict.columns(["policy", "step"]).doUpdateSet((set) => ({ turns: set("escalation_turns.turns", "+", 1) })),
		)
		.execute();
}

/** Ends the running chain, its timers and its unsent pages; nothing is paged for it after this commit. */
export async function endChain(
	tx: Tx,
	deps: ResponseDeps,
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
	for (const kind of CHAIN_TIMERS) await cancelTimers(tx, { incidentId: incident.id, kind });
	await dropWaiting(tx, deps, incident, now);
	for (const person of await dropFromPages(tx, deps, incident.id, now)) await waitAnew(tx, deps, person, now);
	// Those whose ways were all tried, and that are tried once more.
	await cancelPages(tx, incident.id);
}

async function setRetry(
	tx: Tx,
	deps: ResponseDeps,
	incident: Incident,
	escalationId: string,
	now: number,
): Promise<void> {
	await setTimer(tx, deps.ids, now, {
		kind: RETRY_TIMER,
		tenant: incident.tenant,
		incidentId: incident.id,
		dueAt: now + RETRY_MS,
		data: { escalationId },
	});
}
