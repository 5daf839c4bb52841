import type { Person } from "#catalogue";
import { getIncident, type Incident, publishIncidentFact } from "#incidents";
import { SYSTEM, scopeOf, setTimer, type Timer, type TimerHandler, type Tx } from "#platform";
import { DEFAULT_PAGES_PER_HOUR, whenToPage } from "./page-gate.ts";
import type { PageItem, PageOccasion } from "./page-item.ts";
import { sendPage } from "./page-sending.ts";
import { recentPages } from "./recent-pages.ts";
import { withSharers } from "./routing/index.ts";
import type { ResponseDeps } from "./types.ts";

const FLUSH_TIMER = "page.flush";
const ALL = scopeOf(SYSTEM);

interface StoredOccasion extends PageOccasion {
	readonly recipient: Person;
}

/**
 * Pages a person for an incident: now, together with whatever waits for that person, or a little later together with
 * others. What waits is one row per person and incident, so that a repetition of what still waits is nothing new.
 */
export async function queuePage(
	tx: Tx,
	deps: ResponseDeps,
	incident: Incident,
	person: Person,
	asked: PageOccasion,
	now: number,
): Promise<void> {
	const occasion = await withSharers(tx, incident, asked);
	const gate = whenToPage(await recentPages(tx, person.name, now), occasion.isRepeat, now, pagesPerHour(deps));
	if (gate.status === "now") {
		const waiting = await takeWaiting(tx, person.name);
		await cancelFlush(tx, person.name);
		const others = waiting.filter((item) => item.incident.id !== incident.id);
		await sendPage(tx, deps, person, [{ incident, occasion }, ...others], now);
		return;
	}
	const isNew = await keepWaiting(tx, incident, person, occasion, now);
	await flushAt(tx, deps, person.name, gate.at, now);
	if (isNew && gate.why === "cap") {
		await publishIncidentFact(tx, deps, incident, SYSTEM, now, {
			type: "page.held",
			data: {
				person: person.name,
				personDisplayName: person.displayName,
				untilAt: gate.at,
				perHour: pagesPerHour(deps),
			},
		});
	}
}

/** Handlers of pages' timers that belong to a person, by kind. */
export function queueTimers(deps: ResponseDeps): Record<string, TimerHandler> {
	return { [FLUSH_TIMER]: (tx, timer, now) => flush(tx, deps, timer, now) };
}

/** Takes an incident out of everybody's next page, as nobody needs to be paged for it any more. */
export async function dropWaiting(tx: Tx, deps: ResponseDeps, incident: Incident, now: number): Promise<void> {
	const dropped = await tx
		.deleteFrom("waiting_pages")
		.where("incident_id", "=", incident.id)
		.returning(["person", "occasion"])
		.execute();
	for (const row of dropped) {
		const { recipient } = JSON.parse(row.occasion) as StoredOccasion;
		await publishIncidentFact(tx, deps, incident, SYSTEM, now, {
			type: "page.not_needed",
			data: { person: row.person, personDisplayName: recipient.displayName },
		});
		const rest = await tx
			.selectFrom("waiting_pages")
			.select("incident_id")
			.where("person", "=", row.person)
			.executeTakeFirst();
		if (!rest) await cancelFlush(tx, row.person);
	}
}

/** A page that a person was about to get was taken back, so what waited to come after it need not wait any longer. */
export async function waitAnew(tx: Tx, deps: ResponseDeps, person: string, now: number): Promise<void> {
	const waiting = await tx.selectFrom("waiting_pages").select("occasion").where("person", "=", person).execute();
	if (waiting.length === 0) return;
	const isRepeat = waiting.every(({ occasion }) => (JSON.parse(occasion) as StoredOccasion).isRepeat);
	const gate = whenToPage(await recentPages(tx, person, now), isRepeat, now, pagesPerHour(deps));
	await flushAt(tx, deps, person, gate.status === "now" ? now : gate.at, now);
}

function pagesPerHour(deps: ResponseDeps): number {
	return deps.catalogue().settings.paging?.perPersonPerHour ?? DEFAULT_PAGES_PER_HOUR;
}

/** False: the same person waits to be paged for the incident already. A first page does not become a repetition. */
async function keepWaiting(
	tx: Tx,
	incident: Incident,
	person: Person,
	occasion: PageOccasion,
	now: number,
): Promise<boolean> {
	const known = await tx
		.selectFrom("waiting_pages")
		.select("occasion")
		.where("person", "=", person.name)
		.where("incident_id", "=", incident.id)
		.executeTakeFirst();
	const before = known && (JSON.parse(known.occasion) as StoredOccasion);
	const stored: StoredOccasion = {
		...occasion,
		isRepeat: occasion.isRepeat && (before?.isRepeat ?? true),
		lead: occasion.lead ?? before?.lead,
		recipient: person,
	};
	const row = { tenant: incident.tenant, occasion: JSON.stringify(stored) };
	await tx
		.insertInto("waiting_pages")
		.values({ ...row, person: person.name, incident_id: incident.id, since_at: now })
		.onConflict((conflict) => conflict.columns(["person", "incident_id"]).doUpdateSet(row))
		.execute();
	return known === undefined;
}

/** All that waits for a person, which does not wait any more. */
async function takeWaiting(tx: Tx, person: string): Promise<(PageItem & { readonly recipient: Person })[]> {
	const rows = await tx.deleteFrom("waiting_pages").where("person", "=", person).returningAll().execute();
	const items: (PageItem & { readonly recipient: Person })[] = [];
	for (const row of rows) {
		const incident = await getIncident(tx, ALL, row.incident_id);
		const { recipient, ...occasion } = JSON.parse(row.occasion) as StoredOccasion;
		if (incident) items.push({ incident, occasion, recipient });
	}
	return items;
}

async function flush(tx: Tx, deps: ResponseDeps, timer: Timer, now: number): Promise<void> {
	const person = String(timer.data.person);
	await tx.deleteFrom("page_queues").where("person", "=", person).execute();
	const items = await takeWaiting(tx, person);
	const recipient = items.at(-1)?.recipient;
	if (recipient) await sendPage(tx, deps, recipient, items, now);
}

/** One timer per person, at the earliest time that anything asks for. */
async function flushAt(tx: Tx, deps: ResponseDeps, person: string, at: number, now: number): Promise<void> {
	const known = await tx
		.selectFrom("page_queues")
		.innerJoin("timers", "timers.id", "page_queues.timer_id")
		.select("timers.due_at")
		.where("page_queues.person", "=", person)
		.where("timers.state", "=", "pending")
		.executeTakeFirst();
	if (known && known.due_at <= at) return;
	await cancelFlush(tx, person);
	const timerId = await setTimer(tx, deps.ids, now, { kind: FLUSH_TIMER, tenant: "", dueAt: at, data: { person } });
	await tx.insertInto("page_queues").values({ person, timer_id: timerId }).execute();
}

async function cancelFlush(tx: Tx, person: string): Promise<void> {
	const gone = await tx.deleteFrom("page_queues").where("person", "=", person).returning("timer_id").executeTakeFirst();
	if (!gone) return;
	await tx
		.updateTable("timers")
		.set({ state: "cancelled" })
		.where("id", "=", gone.timer_id)
		.where("state", "=", "pending")
		.execute();
}
