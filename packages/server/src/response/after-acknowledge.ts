import { describeDuration } from "@bellwether/model";
import type { AfterAcknowledge, Person } from "#catalogue";
import { getIncident, type Incident, publishIncidentFact } from "#incidents";
import {
	cancelTimers,
	type Principal,
	SYSTEM,
	scopeOf,
	setTimer,
	type Timer,
	type TimerHandler,
	type Tx,
} from "#platform";
import { runningChain } from "./chain-rows.ts";
import { endChain, startChain } from "./chains.ts";
import { queuePage } from "./page.ts";
import { pageOnce } from "./page-once.ts";
import { type Decision, heldNowBy, isSpokenFor, keepHolds, nextLook, policyOf, recordHolds } from "./routing/index.ts";
import type { ResponseDeps } from "./types.ts";

const REMIND_TIMER = "escalation.remind";
const ESCALATE_TIMER = "escalation.unacknowledge";
const ALL = scopeOf(SYSTEM);

interface TimerData extends AfterAcknowledge {
	/** Who acknowledged. */
	readonly by: string;
	/** Acts of people before this do not count, ms before the timer is due. */
	readonly quietForMs: number;
	/** The page is held back since then; only what people did later counts. */
	readonly heldAt?: number | undefined;
	/** What the page says, where it is not that nothing happened. */
	readonly lead?: string | undefined;
}

/** Without a word of the policy nobody is asked; what is held back pages all the same when that ends. */
const NOT_WATCHED: AfterAcknowledge = { remindAfterMs: 0, escalateAfterMs: 0 };

/** What the policy says of an incident that was taken. A catalogue that fails must not be in the way of who takes it. */
export function afterOf(deps: ResponseDeps, incident: Incident): AfterAcknowledge | undefined {
	try {
		return policyOf(deps.catalogue(), incident).afterAcknowledge;
	} catch {
		return undefined;
	}
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
	const quietMs = now - (await lastActAt(tx, incident, now));
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
	const data = timer.data as unknown as TimerData;
	const incident = await workedOn(tx, timer, data.lead !== undefined);
	if (!incident) return;
	const { by, heldAt } = data;
	const actedAt = await lastActAt(tx, incident, now);
	if (heldAt === undefined ? now - actedAt < data.escalateAfterMs : actedAt > heldAt) {
		await keepHolds(tx, incident, [], now);
		if (data.remindAfterMs > 0) await watchWork(tx, deps, incident, data, by, actedAt);
		return;
	}
	const held = await heldNowBy(tx, deps, incident, now);
	if (held) return holdTaken(tx, deps, incident, held, { ...data, heldAt: heldAt ?? now }, now);
	if (heldAt !== undefined) {
		await keepHolds(tx, incident, [], now);
		const isBurning = incident.signalClearedAt === undefined;
		await publishIncidentFact(tx, deps, incident, SYSTEM, now, { type: "routing.released", data: { isBurning } });
		if (!isBurning) return data.remindAfterMs > 0 ? watchWork(tx, deps, incident, data, by, now) : undefined;
	}
	const since = data.remindAfterMs + data.escalateAfterMs + (heldAt === undefined ? 0 : now - heldAt);
	if (data.lead === undefined)
		await publishIncidentFact(tx, deps, incident, SYSTEM, now, {
			type: "escalation.unacknowledged",
			data: { by, quietMs: since },
		});
	const lead =
		data.lead ?? `${nameOf(deps, by)} acknowledged this, and nothing has happened for ${describeDuration(since)}.`;
	const policy = policyOf(deps.catalogue(), incident);
	if (incident.state === "mitigated") await pageOnce(tx, deps, incident, policy, lead, now);
	else await startChain(tx, deps, incident, policy, now, lead);
}

/**
 * The page of an incident that somebody has is held back: it is recorded, shown, and looked at again when that ends. What
 * people do with the incident meanwhile is an answer.
 */
async function holdTaken(
	tx: Tx,
	deps: ResponseDeps,
	incident: Incident,
	{ holds }: Decision,
	data: TimerData,
	now: number,
): Promise<void> {
	await forgetWork(tx, incident.id);
	await recordHolds(tx, deps, incident, holds, now);
	await set(tx, deps, incident, ESCALATE_TIMER, data, nextLook(holds, now) - now, now);
}

/** Ends a chain that began anew for an incident that somebody has, where something holds pages back now. True: it does. */
export async function holdAnew(tx: Tx, deps: ResponseDeps, incident: Incident, now: number): Promise<boolean> {
	const held = await heldNowBy(tx, deps, incident, now);
	if (!held) return false;
	const running = await runningChain(tx, incident.id);
	const after = running?.snapshot.policy.afterAcknowledge ?? NOT_WATCHED;
	await endChain(tx, deps, incident, "stopped", now);
	const by = incident.acknowledgedBy ?? "";
	await holdTaken(tx, deps, incident, held, { ...after, by, quietForMs: after.escalateAfterMs, heldAt: now }, now);
	return true;
}

/**
 * Someone works on this incident, so no chain starts again; but who believed it mitigated must hear of it, and may be
 * asleep by now: one page to who is on call, and a chain when nobody does anything after it.
 */
export async function pageForReturn(tx: Tx, deps: ResponseDeps, incident: Incident, now: number): Promise<void> {
	if (await isSpokenFor(tx, incident)) return;
	const by = incident.acknowledgedBy ?? "";
	const lead = "The signal returned: the mitigation did not hold.";
	if (await pageTaken(tx, deps, incident, lead, now)) await watchAnew(tx, deps, incident, by, now);
}

/** One page for an incident that somebody has; a chain with the same words when what holds it back is over. True: it left. */
export async function pageTaken(
	tx: Tx,
	deps: ResponseDeps,
	incident: Incident,
	lead: string,
	now: number,
): Promise<boolean> {
	const held = await heldNowBy(tx, deps, incident, now);
	if (!held) {
		await pageOnce(tx, deps, incident, policyOf(deps.catalogue(), incident), lead, now);
		return true;
	}
	const after = afterOf(deps, incident) ?? NOT_WATCHED;
	const data = { ...after, by: incident.acknowledgedBy ?? "", quietForMs: after.escalateAfterMs, heldAt: now, lead };
	await holdTaken(tx, deps, incident, held, data, now);
	return false;
}

/** An incident that somebody had put to rest is at work again: whoever has it is asked when nothing happens. */
export async function watchAnew(
	tx: Tx,
	deps: ResponseDeps,
	incident: Incident,
	by: string,
	now: number,
): Promise<void> {
	const after = afterOf(deps, incident);
	if (after) await watchWork(tx, deps, incident, after, by, now);
}

/** What a mute held back is looked at now, as the mute has ended. */
export async function lookAtTaken(tx: Tx, deps: ResponseDeps, incident: Incident, now: number): Promise<void> {
	const waiting = await tx
		.selectFrom("timers")
		.select("data")
		.where("incident_id", "=", incident.id)
		.where("kind", "=", ESCALATE_TIMER)
		.where("state", "=", "pending")
		.executeTakeFirst();
	const data = waiting && (JSON.parse(waiting.data) as TimerData);
	if (data?.heldAt === undefined) return;
	await forgetWork(tx, incident.id);
	await set(tx, deps, incident, ESCALATE_TIMER, data, 0, now);
}

/**
 * Ends what pages for an incident that somebody had taken before: a chain that began anew, a question, the page that a
 * mitigation did not hold. False: no chain ran.
 */
export async function answerChain(tx: Tx, deps: ResponseDeps, incident: Incident, now: number): Promise<boolean> {
	if (incident.state === "detected") return false;
	const running = await runningChain(tx, incident.id);
	await endChain(tx, deps, incident, "acknowledged", now);
	return running !== undefined;
}

/** Who acknowledges an incident that somebody has already ends a chain that began anew for it. True: one ran. */
export async function acknowledgeAgain(
	tx: Tx,
	deps: ResponseDeps,
	incident: Incident,
	by: Principal,
	now: number,
): Promise<boolean> {
	const running = await runningChain(tx, incident.id);
	if (!(await answerChain(tx, deps, incident, now)) || !running) return false;
	await publishIncidentFact(tx, deps, incident, by, now, { type: "escalation.acknowledged_again", data: {} });
	const after = running.snapshot.policy.afterAcknowledge;
	if (after) await watchWork(tx, deps, incident, after, by.name, now);
	return true;
}

/** The incident, while somebody should be working on it; `orMitigated`: or should hear that it fails again. */
async function workedOn(tx: Tx, timer: Timer, orMitigated = false): Promise<Incident | undefined> {
	const incident = timer.incidentId === undefined ? undefined : await getIncident(tx, ALL, timer.incidentId);
	if (!incident) return undefined;
	return isWorkedOn(incident) || (orMitigated && incident.state === "mitigated") ? incident : undefined;
}

/** Somebody has it, and has not said that the impact ended. */
export function isWorkedOn({ state }: Pick<Incident, "state">): boolean {
	return state === "acknowledged" || state === "investigating";
}

/**
 * When a person last did anything with the incident, with the platform incident that it is under, or with the one whose
 * page it shared. A clock that was set back makes nobody busy in the future.
 */
async function lastActAt(tx: Tx, { id, parentId }: Incident, now: number): Promise<number> {
	const shared = await tx.selectFrom("routed").select("lead_id").where("incident_id", "=", id).executeTakeFirst();
	const row = await tx
		.selectFrom("events")
		.select((select) => select.fn.max("at").as("at"))
		.where(
			"incident_id",
			"in",
			[id, parentId, shared?.lead_id].filter((each) => typeof each === "string"),
		)
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
