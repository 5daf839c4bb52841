import { describeDuration } from "@bellwether/model";
import type { AfterAcknowledge, Person } from "#catalogue";
import { getIncident, type Incident, publishIncidentFact } from "#incidents";
import { cancelTimers, SYSTEM, scopeOf, setTimer, type Timer, type TimerHandler, type Tx } from "#platform";
import { startChain } from "./chains.ts";
import { queuePage } from "./page.ts";
import { policyOf } from "./routing/index.ts";
import type { ResponseDeps } from "./types.ts";

const REMIND_TIMER = "escalation.remind";
const ESCALATE_TIMER = "escalation.unacknowledge";
const ALL = scopeOf(SYSTEM);

interface TimerData extends AfterAcknowledge {
	/** Who acknowledged. */
	readonly by: string;
	/** Acts of people before this do not count, ms before the timer is due. */
	readonly quietForMs: number;
}

/** From now on somebody has to do something with the incident, or is asked. */
export async function watchWork(
	tx: Tx,
	deps: ResponseDeps,
	incident: Incident,
	after: AfterAcknowledge,
	by: string,
	now: number,
): Promise<void> {
	await forgetWork(tx, incident.id);
	await set(
		tx,
		deps,
		incident,
		REMIND_TIMER,
		{ ...after, by, quietForMs: after.remindAfterMs },
		after.remindAfterMs,
		now,
	);
}

/** Nobody is asked any more. */
export async function forgetWork(tx: Tx, incidentId: string): Promise<void> {
	await cancelTimers(tx, { incidentId, kind: REMIND_TIMER });
	await cancelTimers(tx, { incidentId, kind: ESCALATE_TIMER });
}

/** Handlers of the timers that follow an acknowledgement, by kind. */
export function afterAcknowledgeTimers(deps: ResponseDeps): Record<string, TimerHandler> {
	return {
		[REMIND_TIMER]: (tx, timer, now) => remind(tx, deps, timer, now),
		[ESCALATE_TIMER]: (tx, timer, now) => escalateAnew(tx, deps, timer, now),
	};
}

async function remind(tx: Tx, deps: ResponseDeps, timer: Timer, now: number): Promise<void> {
	const incident = await workedOn(tx, timer);
	if (!incident) return;
	const data = timer.data as unknown as TimerData;
	const quietMs = now - (await lastActAt(tx, incident.id, now));
	if (quietMs < data.quietForMs) return set(tx, deps, incident, REMIND_TIMER, data, data.quietForMs - quietMs, now);
	await publishIncidentFact(tx, deps, incident, SYSTEM, now, {
		type: "escalation.reminded",
		data: { by: data.by, quietMs: data.remindAfterMs, escalateAfterMs: data.escalateAfterMs },
	});
	const person = await whomToAsk(tx, deps, incident, data.by);
	if (person) {
		const lead = `You acknowledged this, and nothing has happened for ${describeDuration(data.remindAfterMs)}. Write a note or change its state within ${describeDuration(data.escalateAfterMs)}, or the on-call is paged anew.`;
		await queuePage(tx, deps, incident, person, { step: -1, isRepeat: false, lead }, now);
	}
	const next = { ...data, quietForMs: data.escalateAfterMs };
	await set(tx, deps, incident, ESCALATE_TIMER, next, data.escalateAfterMs, now);
}

async function escalateAnew(tx: Tx, deps: ResponseDeps, timer: Timer, now: number): Promise<void> {
	const incident = await workedOn(tx, timer);
	if (!incident) return;
	const data = timer.data as unknown as TimerData;
	const quietMs = now - (await lastActAt(tx, incident.id, now));
	if (quietMs < data.escalateAfterMs) return watchWork(tx, deps, incident, data, data.by, now - quietMs);
	const since = data.remindAfterMs + data.escalateAfterMs;
	await publishIncidentFact(tx, deps, incident, SYSTEM, now, {
		type: "escalation.unacknowledged",
		data: { by: data.by, quietMs: since },
	});
	const lead = `${nameOf(deps, data.by)} acknowledged this, and nothing has happened for ${describeDuration(since)}.`;
	await startChain(tx, deps, incident, policyOf(deps.catalogue(), incident), now, lead);
}

/** The incident, while somebody should be working on it. */
async function workedOn(tx: Tx, timer: Timer): Promise<Incident | undefined> {
	const incident = timer.incidentId === undefined ? undefined : await getIncident(tx, ALL, timer.incidentId);
	return incident && isWorkedOn(incident) ? incident : undefined;
}

/** Somebody has it, and has not said that the impact ended. */
export function isWorkedOn({ state }: Pick<Incident, "state">): boolean {
	return state === "acknowledged" || state === "investigating";
}

/** When a person last did anything with the incident. A clock that was set back makes nobody busy in the future. */
async function lastActAt(tx: Tx, incidentId: string, now: number): Promise<number> {
	const row = await tx
		.selectFrom("events")
		.select((select) => select.fn.max("at").as("at"))
		.where("incident_id", "=", incidentId)
		.where("actor", "!=", SYSTEM.name)
		.executeTakeFirst();
	return Math.min(now, row?.at ?? 0);
}

/** Who acknowledged, where the catalogue knows that name; else whoever was paged last. */
async function whomToAsk(tx: Tx, deps: ResponseDeps, incident: Incident, by: string): Promise<Person | undefined> {
	const { people } = deps.catalogue();
	const known = people.find((person) => person.name === by);
	if (known) return known;
	const last = await tx
		.selectFrom("pages")
		.innerJoin("page_incidents", "page_incidents.page_id", "pages.id")
		.select("pages.person")
		.where("page_incidents.incident_id", "=", incident.id)
		.orderBy("pages.created_at", "desc")
		.orderBy("pages.id", "desc")
		.executeTakeFirst();
	return people.find((person) => person.name === last?.person);
}

function nameOf(deps: ResponseDeps, name: string): string {
	return deps.catalogue().people.find((person) => person.name === name)?.displayName ?? name;
}

async function set(
	tx: Tx,
	deps: ResponseDeps,
	incident: Incident,
	kind: string,
	data: TimerData,
	inMs: number,
	now: number,
): Promise<void> {
	await setTimer(tx, deps.ids, now, {
		kind,
		tenant: incident.tenant,
		incidentId: incident.id,
		dueAt: now + inMs,
		data: { ...data },
	});
}
