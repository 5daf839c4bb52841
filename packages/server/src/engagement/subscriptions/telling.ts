import { isOwnName } from "@bellwether/model";
import type { BreachOpened } from "#detection";
import { getIncident, type OpenOutcome } from "#incidents";
import {
	type ControlStore,
	createLoop,
	enqueueAll,
	eventsAfter,
	inScope,
	type LoggedEvent,
	lastEventSeq,
	type NewMessage,
	type Principal,
	principalOfTokenId,
	SYSTEM,
	scopeOf,
	type Tx,
} from "#platform";
import type { EngagementDeps } from "../types.ts";
import { channelOf, disable, REVOKED, subscriptionOf } from "./store.ts";
import {
	bodyFor,
	fits,
	isKept,
	type Telling,
	type ToldBreach,
	tellingOfBreach,
	tellingOfIncident,
} from "./told-event.ts";
import type { Subscription, SubscriptionEvent, ToldEvent } from "./types.ts";

const ALL = scopeOf(SYSTEM);
const BREACH_FACT = "breach.opened";
const BATCH = 200;
/** Subscribers told in one transaction: whoever pages meanwhile waits for one such, never for all. */
const AT_ONCE = 25;
/** Events that concern nobody, before where we are is noted all the same. */
const NOTE_EVERY = 1_000;
/** Waiting messages of one subscription; beyond it, whoever should take them has been away for too long. */
const MAX_WAITING = 10_000;
const AGAIN_MS = 1_000;

/** States a claim for subscribers, in the transaction that took it: what only watches, and what was known, is no news. */
export async function stateBreach(
	tx: Tx,
	deps: Pick<EngagementDeps, "bus">,
	breach: BreachOpened,
	outcome: OpenOutcome,
): Promise<void> {
	if (outcome.status === "shadow" || outcome.status === "already-open" || breach.evidence.drill) return;
	if (isOwnName(breach.tenant)) return;
	const anybody = await tx
		.selectFrom("subscriptions")
		.select("id")
		.where("event", "=", "breach.opened")
		.where("state", "=", "active")
		.executeTakeFirst();
	if (!anybody) return;
	const { tenant, slo, detector, monitor, scope, detectedAt, evidence } = breach;
	const { bad, total, burn } = evidence.episode;
	const told: ToldBreach = {
		id: outcome.breachId,
		incidentId: outcome.incidentId,
		...{ tenant, slo, detector, monitor, scope, detectedAt, bad, total },
		objective: evidence.objective,
		burnRate: burn ?? null,
	};
	await deps.bus.publish(tx, { type: BREACH_FACT, at: detectedAt, tenant, actor: SYSTEM, data: { ...told } });
}

export interface Teller {
	start(): void;
	stop(): Promise<void>;
	/** For tests: tells all that has happened. */
	runDue(): Promise<void>;
}

/** The event that is being told, and the last subscriber who was; `after` undefined: everybody was. */
interface Position {
	readonly seq: number;
	readonly after?: string | undefined;
}

/**
 * Follows the event log after each commit and queues what subscribers are to hear, some of them at a time: no subscriber,
 * and no number of them, makes an incident or its page wait. Where it is stands in the transaction that queues, so each
 * subscriber gets one message for each event, whatever crashes.
 */
export function createTeller(options: {
	readonly store: ControlStore;
	readonly deps: EngagementDeps;
	readonly onError: (error: unknown) => void;
}): Teller {
	const { store, deps } = options;
	let position: Position | undefined;
	let unnoted = 0;
	let leave: (() => void) | undefined;

	const loop = createLoop(async () => {
		try {
			while (await step());
			return Number.POSITIVE_INFINITY;
		} catch (error) {
			options.onError(error);
			return AGAIN_MS;
		}
	});

	/** True: there is more at once. */
	async function step(): Promise<boolean> {
		position ??= await storedPosition(store);
		const isBetween = position.after !== undefined;
		const events = await eventsAfter(store.db, ALL, isBetween ? position.seq - 1 : position.seq, BATCH);
		for (const event of events) await tellOne(event);
		if (unnoted >= NOTE_EVERY) await note();
		return events.length === BATCH;
	}

	async function tellOne(event: LoggedEvent): Promise<void> {
		const kind = kindOf(event);
		while (kind !== undefined) {
			const after = position?.seq === event.seq ? position.after : undefined;
			const subscribers = await subscribersOf(store, kind, event.at, after);
			const last = subscribers.at(-1);
			if (last === undefined) break;
			const told = await tellingOf(event);
			const next: Position = { seq: event.seq, after: last.id };
			if (typeof told !== "string" && told !== undefined) {
				await store.transaction(async (tx) => {
					await queueFor(tx, deps, subscribers, told, event.at);
					await notePosition(tx, next);
				});
				unnoted = 0;
			} else if (told !== undefined) await store.transaction((tx) => noteFailure(tx, subscribers, told, event.at));
			position = next;
		}
		position = { seq: event.seq };
		unnoted++;
	}

	/** Undefined: nobody may hear of it. A text: why it cannot be told, which is no reason to tell nothing after it. */
	async function tellingOf(event: LoggedEvent): Promise<Telling | string | undefined> {
		const breach = event.type === BREACH_FACT ? (event.data as unknown as ToldBreach) : undefined;
		const id = breach ? breach.incidentId : event.incidentId;
		const incident = id === undefined ? undefined : await getIncident(store.db, ALL, id);
		if (!incident || isKept(incident)) return undefined;
		const teller = { catalogue: deps.catalogue(), publicUrl: deps.publicUrl().replace(/\/+$/, ""), now: event.at };
		try {
			return breach ? tellingOfBreach(breach, incident, teller) : tellingOfIncident(incident, event, teller);
		} catch (error) {
			options.onError(error);
			return `not queued: ${error instanceof Error ? error.message : String(error)}`;
		}
	}

	async function note(): Promise<void> {
		const current = position;
		if (current === undefined || unnoted === 0) return;
		await store.transaction((tx) => notePosition(tx, current));
		unnoted = 0;
	}

	return {
		start() {
			leave ??= store.onCommit(() => loop.wake());
			loop.start();
		},
		async stop() {
			leave?.();
			leave = undefined;
			await loop.stop();
			await note().catch(options.onError);
		},
		async runDue() {
			while (await step());
		},
	};
}

function kindOf({ type, incidentId }: LoggedEvent): SubscriptionEvent | undefined {
	if (type === BREACH_FACT) return "breach.opened";
	if (incidentId === undefined || !type.startsWith("incident.")) return undefined;
	return type === "incident.opened" ? "incident.opened" : "incident.changed";
}

/** Those that there were when it happened. */
async function subscribersOf(
	store: ControlStore,
	event: SubscriptionEvent,
	at: number,
	after = "",
): Promise<Subscription[]> {
	const rows = await store.db
		.selectFrom("subscriptions")
		.selectAll()
		.where("event", "=", event)
		.where("state", "=", "active")
		.where("created_at", "<=", at)
		.where("id", ">", after)
		.orderBy("id")
		.limit(AT_ONCE)
		.execute();
	return rows.map(subscriptionOf);
}

async function queueFor(
	tx: Tx,
	deps: EngagementDeps,
	subscribers: readonly Subscription[],
	telling: Telling,
	now: number,
): Promise<void> {
	const waiting = await tx
		.selectFrom("outbox")
		.select((select) => ["channel", select.fn.countAll<number>().as("count")])
		.where(
			"channel",
			"in",
			subscribers.map(({ id }) => channelOf(id)),
		)
		.where("state", "=", "pending")
		.groupBy("channel")
		.execute();
	const counts = new Map(waiting.map(({ channel, count }) => [channel, Number(count)]));
	const principals = new Map<string, Principal | undefined>();
	const messages: NewMessage[] = [];
	for (const subscription of subscribers) {
		const { id, tokenId, filter } = subscription;
		if (!principals.has(tokenId)) principals.set(tokenId, await principalOfTokenId(tx, tokenId, now));
		const principal = principals.get(tokenId);
		if (!principal) await disable(tx, id, REVOKED, now);
		else if (![telling.tenant, telling.factTenant].every((tenant) => inScope(scopeOf(principal), tenant))) continue;
		else if (filter === undefined) await disable(tx, id, "Its filter cannot be read.", now);
		else if (!fits(filter, telling)) continue;
		else if ((counts.get(channelOf(id)) ?? 0) >= MAX_WAITING)
			await disable(tx, id, `${MAX_WAITING} messages wait: its receiver takes none.`, now);
		else messages.push(messageFor(subscription, telling, await bodyFor(tx, telling, principal)));
	}
	await enqueueAll(tx, deps.ids, now, messages);
}

function messageFor({ id, callbackUrl, clientState }: Subscription, telling: Telling, body: ToldEvent): NewMessage {
	const event = clientState === undefined ? body : { ...body, clientstate: clientState };
	return {
		kind: "notice",
		delivery: "at-least-once",
		tenant: telling.tenant,
		incidentId: telling.incidentId,
		channel: channelOf(id),
		address: callbackUrl,
		payload: {
			subject: `${body.type} ${body.subject}`,
			text: "",
			data: { type: "subscription.event", subscription: id, event },
		},
	};
}

async function noteFailure(tx: Tx, subscribers: readonly Subscription[], why: string, at: number): Promise<void> {
	await tx
		.updateTable("subscriptions")
		.set({ last_outcome: why, last_at: at })
		.where(
			"id",
			"in",
			subscribers.map(({ id }) => id),
		)
		.execute();
}

const POSITION = "subscribers-told";

/** At the very first start what happened before is nobody's news; that start is noted, so that nothing after it is missed. */
async function storedPosition(store: ControlStore): Promise<Position> {
	const row = await store.db.selectFrom("meta").select("value").where("key", "=", POSITION).executeTakeFirst();
	if (row) return JSON.parse(row.value) as Position;
	const first = { seq: await lastEventSeq(store.db) };
	await store.transaction((tx) => notePosition(tx, first));
	return first;
}

async function notePosition(tx: Tx, position: Position): Promise<void> {
	const value = JSON.stringify(position);
	await tx
		.insertInto("meta")
		.values({ key: POSITION, value })
		.onConflict((conflict) => conflict.column("key").doUpdateSet({ value }))
		.execute();
}
