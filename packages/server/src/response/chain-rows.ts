import { getIncident, type Incident } from "#incidents";
import { SYSTEM, scopeOf, setTimer, type Timer, type Tx } from "#platform";
import type { ChainSnapshot, ChainState } from "./chain.ts";
import type { ResponseDeps } from "./types.ts";

export const NEXT_TIMER = "escalation.next";
export const DEADLINE_TIMER = "escalation.acknowledge-deadline";
export const WARN_TIMER = "escalation.warn";
/** Of an exhausted chain: somebody may be on call later. */
export const RETRY_TIMER = "escalation.retry";
export const CHAIN_TIMERS = [NEXT_TIMER, DEADLINE_TIMER, WARN_TIMER, RETRY_TIMER];

const ALL = scopeOf(SYSTEM);

export interface RunningChain {
	readonly id: string;
	readonly snapshot: ChainSnapshot;
}

/** How a chain's state travels in its timer; the start of the round is told from the due time, which moves with the clock. */
export interface TimerData {
	readonly escalationId: string;
	readonly action: ChainState["action"];
	/** Of a repetition the step that is repeated, else the next one. */
	readonly step: number;
	readonly offsetMs: number;
	readonly next?: number | undefined;
	readonly reached?: number | undefined;
	readonly round?: number | undefined;
	/** The chain has not begun: it waits whether the signal clears by itself. */
	readonly isPaused?: boolean | undefined;
}

export async function runningChain(tx: Tx, incidentId: string): Promise<RunningChain | undefined> {
	const row = await tx
		.selectFrom("escalations")
		.select(["id", "policy"])
		.where("incident_id", "=", incidentId)
		.where("state", "=", "running")
		.executeTakeFirst();
	return row && { id: row.id, snapshot: JSON.parse(row.policy) as ChainSnapshot };
}

/** The incident that a timer is about. */
export async function incidentOf(tx: Tx, timer: Timer): Promise<Incident | undefined> {
	return timer.incidentId === undefined ? undefined : getIncident(tx, ALL, timer.incidentId);
}

/** What an incident's chain waits for; `isPaused`: it has not begun. */
export async function nextMoveOf(
	tx: Tx,
	incidentId: string,
): Promise<{ readonly state: ChainState; readonly dueAt: number; readonly isPaused: boolean } | undefined> {
	const row = await tx
		.selectFrom("timers")
		.selectAll()
		.where("incident_id", "=", incidentId)
		.where("kind", "=", NEXT_TIMER)
		.where("state", "=", "pending")
		.executeTakeFirst();
	if (!row) return undefined;
	const data = JSON.parse(row.data) as TimerData;
	return { state: stateOf(row.due_at, data), dueAt: row.due_at, isPaused: data.isPaused === true };
}

/** Arms the chain's next move. */
export async function setNext(
	tx: Tx,
	deps: ResponseDeps,
	incident: Incident,
	escalationId: string,
	state: ChainState,
	dueAt: number,
	now: number,
	isPaused = false,
): Promise<void> {
	const { action, next, reached, round, baseAt } = state;
	const data: TimerData = {
		escalationId,
		action,
		step: action === "repeat" ? reached : next,
		offsetMs: dueAt - baseAt,
		next,
		reached,
		round,
		...(isPaused ? { isPaused } : {}),
	};
	await setTimer(tx, deps.ids, now, {
		kind: NEXT_TIMER,
		tenant: incident.tenant,
		incidentId: incident.id,
		dueAt,
		data: { ...data },
	});
}

/** A timer of an earlier version knows the step alone. */
export function stateOf(dueAt: number, data: TimerData): ChainState {
	const { action, step, offsetMs } = data;
	return {
		action,
		baseAt: dueAt - offsetMs,
		next: data.next ?? (action === "repeat" ? step + 1 : step),
		reached: data.reached ?? (action === "repeat" ? step : step - 1),
		round: data.round ?? 0,
	};
}
