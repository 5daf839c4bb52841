import { HOUR_MS } from "@bellwether/model";
import type { Catalogue, Channel, Contact, Person } from "#catalogue";
import { getIncident, type Incident, publishIncidentFact } from "#incidents";
import { cancelMessages, enqueue, SYSTEM, scopeOf, setTimer, type TimerHandler, type Tx } from "#platform";
import { actionKey, signAction } from "./action-token.ts";
import type { PageItem } from "./page-item.ts";
import { pagePayload } from "./page-payload.ts";
import { type PageWay, waysOf } from "./page-ways.ts";
import { issueCode } from "./reply-codes.ts";
import type { ResponseDeps } from "./types.ts";

/** A page of which nothing had left when it ended: nobody was bothered by it. */
export const WITHDRAWN = "withdrawn";
const WAY_TIMER = "page.way";
/** For so long somebody may answer a page from outside. */
const ANSWERS_VALID_MS = 24 * HOUR_MS;
const ALL = scopeOf(SYSTEM);
/** How the answers of a page to a channel are signed: nobody in particular. */
const CHANNEL_PREFIX = "channel:";

/** What a page needs to send its later ways, kept in its row. */
interface StoredPage {
	readonly ways: readonly PageWay[];
	readonly recipient: Person;
	readonly step: number;
	readonly isRepeat: boolean;
	readonly lead?: string | undefined;
}

/** Sends one page that names all of these incidents, by the person's rule; later ways follow by timer. */
export async function sendPage(
	tx: Tx,
	deps: ResponseDeps,
	person: Person,
	items: readonly PageItem[],
	now: number,
): Promise<void> {
	const ordered = items.toSorted(bySeverity);
	const [first] = ordered;
	if (!first) return;
	const incidentIds = ordered.map(({ incident }) => incident.id);
	await replaceOld(tx, person.name, incidentIds);
	const isRepeat = ordered.every(({ occasion }) => occasion.isRepeat);
	const rule = ordered.some(({ occasion }) => occasion.rule === "important") ? "important" : "default";
	const used = isRepeat ? await waysUsed(tx, person.name, first.incident.id) : undefined;
	const ways = used ?? waysOf(person, rule, deps.catalogue());
	const { step, lead } = first.occasion;
	const page: StoredPage = { ways, recipient: person, step, isRepeat, ...(lead === undefined ? {} : { lead }) };
	const id = deps.ids.next("pg");
	await tx
		.insertInto("pages")
		.values({
			id,
			person: person.name,
			tenant: tenantOf(ordered.map(({ incident }) => incident)),
			reason: isRepeat ? "repeat" : "page",
			ways: JSON.stringify(page),
			next_way: 0,
			timer_id: null,
			state: "running",
			failed_at: null,
			created_at: now,
		})
		.execute();
	for (const { incident } of ordered) {
		await tx
			.insertInto("page_incidents")
			.values({ page_id: id, incident_id: incident.id, tenant: incident.tenant })
			.execute();
	}
	await sendNextWay(tx, deps, id, now);
}

/** Handlers of pages' timers, by kind. */
export function wayTimers(deps: ResponseDeps): Record<string, TimerHandler> {
	return { [WAY_TIMER]: (tx, timer, now) => sendNextWay(tx, deps, String(timer.data.page), now) };
}

/** Uses the next contacts of a page, and sets the timer for those after them. Nothing when the page is over. */
export async function sendNextWay(tx: Tx, deps: ResponseDeps, pageId: string, now: number): Promise<void> {
	const row = await tx.selectFrom("pages").selectAll().where("id", "=", pageId).executeTakeFirst();
	if (row?.state !== "running") return;
	const page = JSON.parse(row.ways) as StoredPage;
	const way = page.ways[row.next_way];
	if (!way) return;
	const following = page.ways[row.next_way + 1];
	const isDelayedStart = row.next_way === 0 && way.afterMs > 0 && row.timer_id === null;
	const waitMs = isDelayedStart ? way.afterMs : following && following.afterMs - way.afterMs;
	const timerId =
		waitMs === undefined
			? null
			: await setTimer(tx, deps.ids, now, {
					kind: WAY_TIMER,
					tenant: row.tenant,
					dueAt: now + waitMs,
					data: { page: pageId },
				});
	await tx
		.updateTable("pages")
		.set({ timer_id: timerId, next_way: isDelayedStart ? 0 : row.next_way + 1 })
		.where("id", "=", pageId)
		.execute();
	if (!isDelayedStart) await sendBy(tx, deps, { id: pageId, tenant: row.tenant, ...page }, way.contacts, now);
}

/** The next way does not wait for its time: the one before has failed. False: there is none left. */
export async function hurryWay(tx: Tx, deps: ResponseDeps, pageId: string, now: number): Promise<boolean> {
	const row = await tx.selectFrom("pages").selectAll().where("id", "=", pageId).executeTakeFirst();
	if (row?.state !== "running") return true;
	const { ways } = JSON.parse(row.ways) as StoredPage;
	if (row.next_way >= ways.length) return false;
	await cancelTimer(tx, row.timer_id);
	await sendNextWay(tx, deps, pageId, now);
	return true;
}

/**
 * Nobody needs to be paged for the incident any more. Pages for it alone end, and what was not sent of them stays here;
 * those that name others as well go on without it. Answers whose page is as if it had never been.
 */
export async function dropFromPages(
	tx: Tx,
	deps: ResponseDeps,
	incidentId: string,
	now: number,
): Promise<readonly string[]> {
	const unbothered: string[] = [];
	const pages = await tx
		.updateTable("page_incidents")
		.set({ dropped_at: now })
		.where("incident_id", "=", incidentId)
		.where("dropped_at", "is", null)
		.returning("page_id")
		.execute();
	for (const { page_id: pageId } of pages) {
		const row = await tx.selectFrom("pages").selectAll().where("id", "=", pageId).executeTakeFirst();
		if (row?.state !== "running") continue;
		const incidents = await incidentsOf(tx, pageId);
		if (incidents) await rewriteUnsent(tx, deps, row, incidents);
		else if (await endPage(tx, pageId, row.timer_id)) unbothered.push(row.person);
	}
	return unbothered;
}

/** Stops what of an incident's pages was not sent. What a route tells its receivers is no page, and is told all the same. */
export async function cancelPages(tx: Tx, incidentId: string): Promise<void> {
	const rows = await tx
		.selectFrom("outbox")
		.innerJoin("page_messages", "page_messages.outbox_id", "outbox.id")
		.select("outbox.id")
		.where("outbox.incident_id", "=", incidentId)
		.where("outbox.state", "in", ["pending", "sending"])
		.execute();
	await cancelMessages(tx, { incidentId, kind: "page", ids: rows.map(({ id }) => id) });
}

/** True: nothing of the page had left. */
async function endPage(tx: Tx, pageId: string, timerId: string | null): Promise<boolean> {
	const tried = await tx
		.selectFrom("page_messages")
		.innerJoin("outbox", "outbox.id", "page_messages.outbox_id")
		.select("outbox.id")
		.where("page_messages.page_id", "=", pageId)
		.where("outbox.attempts", ">", 0)
		.executeTakeFirst();
	await tx
		.updateTable("pages")
		.set({ state: "over", timer_id: null, ...(tried ? {} : { reason: WITHDRAWN }) })
		.where("id", "=", pageId)
		.execute();
	await cancelTimer(tx, timerId);
	await tx
		.updateTable("outbox")
		.set({ state: "cancelled" })
		.where("state", "in", ["pending", "sending"])
		.where("id", "in", (from) => from.selectFrom("page_messages").select("outbox_id").where("page_id", "=", pageId))
		.execute();
	return tried === undefined;
}

/** A message that names several and still waits is written anew; one on the wire says what it said. */
async function rewriteUnsent(
	tx: Tx,
	deps: ResponseDeps,
	row: { readonly id: string; readonly tenant: string; readonly ways: string; readonly created_at: number },
	incidents: readonly [Incident, ...Incident[]],
): Promise<void> {
	const unsent = await tx
		.selectFrom("page_messages")
		.innerJoin("outbox", "outbox.id", "page_messages.outbox_id")
		.select(["outbox.id", "outbox.channel", "outbox.address"])
		.where("page_messages.page_id", "=", row.id)
		.where("outbox.state", "=", "pending")
		.execute();
	const page = { id: row.id, tenant: row.tenant, ...(JSON.parse(row.ways) as StoredPage) };
	for (const { id, channel, address } of unsent) {
		const payload = await payloadOf(tx, deps, page, incidents, { channel, address }, row.created_at);
		await tx
			.updateTable("outbox")
			.set({ payload: JSON.stringify(payload) })
			.where("id", "=", id)
			.execute();
	}
}

type Page = StoredPage & { readonly id: string; readonly tenant: string };

async function sendBy(
	tx: Tx,
	deps: ResponseDeps,
	page: Page,
	contacts: readonly Contact[],
	now: number,
): Promise<void> {
	const incidents = await incidentsOf(tx, page.id);
	if (!incidents) return;
	const [first, ...others] = incidents;
	for (const contact of contacts) {
		const outboxId = await enqueue(tx, deps.ids, now, {
			kind: "page",
			delivery: "at-least-once",
			tenant: tenantOf(incidents),
			// A message that names several belongs to none: acknowledging one of them must not take it back.
			incidentId: others.length === 0 ? first.id : undefined,
			channel: contact.channel,
			address: contact.address,
			payload: await payloadOf(tx, deps, page, incidents, contact, now),
		});
		await tx.insertInto("page_messages").values({ outbox_id: outboxId, page_id: page.id }).execute();
	}
	const channels = contacts.map((contact) => contact.channel).join(" and ");
	for (const incident of incidents) {
		await publishIncidentFact(tx, deps, incident, SYSTEM, now, {
			type: "page.queued",
			data: {
				page: page.id,
				person: page.recipient.name,
				personDisplayName: page.recipient.displayName,
				step: page.step + 1,
				isRepeat: page.isRepeat,
				channels,
				others: others.length,
			},
		});
	}
}

async function payloadOf(
	tx: Tx,
	deps: ResponseDeps,
	page: Page,
	incidents: readonly [Incident, ...Incident[]],
	contact: Contact,
	now: number,
) {
	const catalogue = deps.catalogue();
	const kind = kindOf(catalogue, contact.channel);
	const subject = incidents.length === 1 ? incidents[0].id : page.id;
	const person = page.recipient.name;
	const claims = { purpose: "acknowledge", subject, person, expiresAt: now + ANSWERS_VALID_MS } as const;
	const token = signAction(await actionKey(tx, deps.ids), claims);
	const link = `${deps.publicUrl().replace(/\/+$/, "")}/a/${token}`;
	const { channel, address } = contact;
	const code =
		kind === "sms" || kind === "voice"
			? await issueCode(tx, deps.ids, now, { purpose: "acknowledge", subject, person, channel, address })
			: undefined;
	return pagePayload(incidents, page.recipient, catalogue, deps.publicUrl(), { ...page, now }, kind, {
		link,
		token,
		...(code === undefined ? {} : { code }),
	});
}

/** Whose a message is; '' when it tells of several tenants, so that nobody who may see one of them sees the others. */
function tenantOf(incidents: readonly Incident[]): string {
	const tenants = new Set(incidents.map((incident) => incident.tenant));
	return tenants.size === 1 ? (incidents[0]?.tenant ?? "") : "";
}

function kindOf(catalogue: Catalogue, channel: string): Channel["kind"] | undefined {
	return catalogue.channels.find((each) => each.name === channel)?.kind;
}

/** Those that the page still is for, the most severe first. */
async function incidentsOf(tx: Tx, pageId: string): Promise<readonly [Incident, ...Incident[]] | undefined> {
	const rows = await tx
		.selectFrom("page_incidents")
		.select("incident_id")
		.where("page_id", "=", pageId)
		.where("dropped_at", "is", null)
		.execute();
	const found: Incident[] = [];
	for (const row of rows) {
		const incident = await getIncident(tx, ALL, row.incident_id);
		if (incident) found.push(incident);
	}
	const [first, ...others] = found.toSorted((a, b) => compareIncidents(a, b));
	return first && [first, ...others];
}

/** What earlier pages to the person did not get out, and this one says as well, is not sent twice when the receiver is back. */
async function replaceOld(tx: Tx, person: string, incidentIds: readonly string[]): Promise<void> {
	const stuck = await tx
		.selectFrom("outbox")
		.innerJoin("page_messages", "page_messages.outbox_id", "outbox.id")
		.innerJoin("pages", "pages.id", "page_messages.page_id")
		.select(["outbox.id", "pages.id as page"])
		.where("pages.person", "=", person)
		.where("outbox.state", "=", "pending")
		.where("outbox.attempts", ">", 0)
		.execute();
	const named = new Set(incidentIds);
	for (const { id, page } of stuck) {
		const rows = await tx
			.selectFrom("page_incidents")
			.select("incident_id")
			.where("page_id", "=", page)
			.where("dropped_at", "is", null)
			.execute();
		if (!rows.every((row) => named.has(row.incident_id))) continue;
		await tx
			.updateTable("outbox")
			.set({ state: "cancelled", last_error: "replaced by a newer page" })
			.where("id", "=", id)
			.execute();
	}
}

/** A repetition goes by all ways that the first page has used so far, and leaves the others to that page. */
async function waysUsed(tx: Tx, person: string, incidentId: string): Promise<PageWay[] | undefined> {
	const first = await tx
		.selectFrom("pages")
		.innerJoin("page_incidents", "page_incidents.page_id", "pages.id")
		.select(["pages.ways", "pages.next_way"])
		.where("pages.person", "=", person)
		.where("pages.reason", "=", "page")
		.where("page_incidents.incident_id", "=", incidentId)
		.where("page_incidents.dropped_at", "is", null)
		.orderBy("pages.created_at", "desc")
		.executeTakeFirst();
	if (!first) return undefined;
	const { ways } = JSON.parse(first.ways) as StoredPage;
	if (ways.length <= 1) return undefined;
	const used = ways.slice(0, Math.max(1, first.next_way)).flatMap((way) => way.contacts);
	return [
		{ afterMs: 0, contacts: [...new Map(used.map((each) => [`${each.channel}\n${each.address}`, each])).values()] },
	];
}

async function cancelTimer(tx: Tx, id: string | null): Promise<void> {
	if (id === null) return;
	await tx
		.updateTable("timers")
		.set({ state: "cancelled" })
		.where("id", "=", id)
		.where("state", "=", "pending")
		.execute();
}

function bySeverity(a: PageItem, b: PageItem): number {
	return compareIncidents(a.incident, b.incident);
}

/** The most severe first, of those the one detected first. */
function compareIncidents(a: Incident, b: Incident): number {
	return a.severity.rank - b.severity.rank || a.detectedAt - b.detectedAt || a.number - b.number;
}

/** Stands in for a person where a step tells a channel. */
export function channelAsPerson(channel: string, address: string): Person {
	const name = `${CHANNEL_PREFIX}${channel}`;
	return { name, displayName: `channel ${channel}`, timeZone: "UTC", contacts: [{ channel, address }] };
}
