import { isOwnName } from "@bellwether/model";
import type { BreachOpened } from "#detection";
import { getIncident, type Incident, type OpenOutcome } from "#incidents";
import {
	apart,
	type EventBus,
	enqueue,
	inScope,
	type Message,
	type Outcome,
	principalOfTokenId,
	SYSTEM,
	scopeOf,
	type Tx,
} from "#platform";
import type { EngagementDeps } from "../types.ts";
import { channelOf, disable, subscriptionIdOf, subscriptionOf } from "./store.ts";
import { fits, type Telling, tellingOfBreach, tellingOfIncident } from "./told-event.ts";
import type { Subscription, SubscriptionEvent } from "./types.ts";

const ALL = scopeOf(SYSTEM);
/** Waiting messages of one subscription; beyond it, whoever should take them has been away for too long. */
const MAX_WAITING = 10_000;
/** Messages that its receiver refused, one after the other. */
const MAX_FAILURES = 5;
export const GONE = "HTTP 410";
const REVOKED = "The token it was made with is revoked or has expired.";

/**
 * Tells subscribers of incidents' facts. Call once, before the first event, after every other listener. What fails here
 * takes back the telling alone: no subscriber may keep an incident from opening.
 */
export function listenForSubscribers(bus: EventBus, deps: EngagementDeps): void {
	bus.onEvery(async (tx, fact) => {
		const { incidentId, at } = fact;
		if (incidentId === undefined || !fact.type.startsWith("incident.")) return;
		const event = fact.type === "incident.opened" ? "incident.opened" : "incident.changed";
		await tellAll(
			tx,
			deps,
			{ event, incidentId, at },
			(incident) => incident && tellingOfIncident(incident, fact, tellerOf(deps, at)),
		);
	});
}

/** Tells of a claim, in the transaction that took it: what only watches, and what was known already, is no news. */
export async function tellOfBreach(
	tx: Tx,
	deps: EngagementDeps,
	breach: BreachOpened,
	outcome: OpenOutcome,
): Promise<void> {
	if (outcome.status === "shadow" || outcome.status === "already-open" || breach.evidence.drill) return;
	if (isOwnName(breach.tenant)) return;
	const { incidentId, breachId } = outcome;
	const at = breach.detectedAt;
	await tellAll(tx, deps, { event: "breach.opened", incidentId, at }, (incident) =>
		tellingOfBreach(breach, breachId, incident, tellerOf(deps, at)),
	);
}

/** A private incident is for the people it names, and the system's test of itself for itself. */
function isKept(incident: Incident): boolean {
	return incident.readers !== undefined || isOwnName(incident.tenant);
}

function tellerOf(deps: EngagementDeps, now: number) {
	return { catalogue: deps.catalogue(), publicUrl: deps.publicUrl().replace(/\/+$/, ""), now };
}

interface Occasion {
	readonly event: SubscriptionEvent;
	readonly incidentId: string;
	readonly at: number;
}

/** Each subscriber apart, and all of it apart from what it tells of; a failure is noted where people look. */
async function tellAll(
	tx: Tx,
	deps: EngagementDeps,
	{ event, incidentId, at }: Occasion,
	telling: (incident: Incident | undefined) => Telling | undefined,
): Promise<void> {
	const rows = await tx
		.selectFrom("subscriptions")
		.selectAll()
		.where("event", "=", event)
		.where("state", "=", "active")
		.orderBy("id")
		.execute();
	for (const row of rows) {
		try {
			await apart(tx, async () => {
				const incident = await getIncident(tx, ALL, incidentId);
				const told = incident && isKept(incident) ? undefined : telling(incident);
				if (told) await tell(tx, deps, subscriptionOf(row), told, at);
			});
		} catch (error) {
			const lastOutcome = `not queued: ${error instanceof Error ? error.message : String(error)}`;
			await tx
				.updateTable("subscriptions")
				.set({ last_outcome: lastOutcome, last_at: at })
				.where("id", "=", row.id)
				.execute();
		}
	}
}

async function tell(
	tx: Tx,
	deps: EngagementDeps,
	subscription: Subscription,
	telling: Telling,
	now: number,
): Promise<void> {
	const principal = await principalOfTokenId(tx, subscription.tokenId, now);
	if (!principal) return disable(tx, subscription.id, REVOKED, now);
	if (!inScope(scopeOf(principal), telling.tenant) || !fits(subscription.filter, telling)) return;
	const channel = channelOf(subscription.id);
	const { waiting } = await tx
		.selectFrom("outbox")
		.select((select) => select.fn.countAll<number>().as("waiting"))
		.where("channel", "=", channel)
		.where("state", "=", "pending")
		.executeTakeFirstOrThrow();
	if (Number(waiting) >= MAX_WAITING) {
		return disable(tx, subscription.id, `${MAX_WAITING} messages wait: its receiver takes none.`, now);
	}
	const { clientState } = subscription;
	const event = clientState === undefined ? telling.body : { ...telling.body, clientstate: clientState };
	await enqueue(tx, deps.ids, now, {
		kind: "notice",
		delivery: "at-least-once",
		tenant: telling.tenant,
		incidentId: telling.incidentId,
		channel,
		address: subscription.callbackUrl,
		payload: {
			subject: `${telling.body.type} ${telling.body.subject}`,
			text: "",
			data: { type: "subscription.event", subscription: subscription.id, event },
		},
	});
}

/** What may leave now, or why it must not: looked at anew at each attempt. */
export type Departure = { readonly secret: string } | { readonly withheld: string };

/** A subscription that ended, a token that is worth nothing and an incident that became private stop what waits. */
export async function departureOf(tx: Tx, message: Message, now: number): Promise<Departure> {
	const id = subscriptionIdOf(message.channel) ?? "";
	const row = await tx.selectFrom("subscriptions").selectAll().where("id", "=", id).executeTakeFirst();
	if (row?.state !== "active") return { withheld: "the subscription has ended" };
	const principal = await principalOfTokenId(tx, row.token_id, now);
	if (!principal) {
		await disable(tx, id, REVOKED, now);
		return { withheld: "its token is worth nothing any more" };
	}
	if (!inScope(scopeOf(principal), message.tenant)) return { withheld: "its token may not see the tenant" };
	const incident = message.incidentId === undefined ? undefined : await getIncident(tx, ALL, message.incidentId);
	if (incident && isKept(incident)) return { withheld: "the incident is private" };
	return { secret: row.secret };
}

/** What became of an attempt, as the dispatcher tells it in the transaction that records it. Ignores other messages. */
export async function recordSubscriptionOutcome(tx: Tx, message: Message, outcome: Outcome): Promise<void> {
	const id = subscriptionIdOf(message.channel);
	if (id === undefined) return;
	const row = await tx.selectFrom("subscriptions").selectAll().where("id", "=", id).executeTakeFirst();
	if (row?.state !== "active" || outcome.detail.startsWith("withheld: ")) return;
	const isSent = outcome.status === "sent";
	const failures = isSent ? 0 : outcome.status === "retrying" ? row.failures : row.failures + 1;
	await tx
		.updateTable("subscriptions")
		.set({
			last_at: outcome.at,
			last_outcome: outcome.detail,
			failures,
			deliveries: row.deliveries + (isSent ? 1 : 0),
		})
		.where("id", "=", id)
		.execute();
	const reason = endOf(outcome, failures);
	if (reason !== undefined) await disable(tx, id, reason, outcome.at);
}

function endOf(outcome: Outcome, failures: number): string | undefined {
	if (outcome.status === "sent" || outcome.status === "retrying") return undefined;
	if (outcome.detail.startsWith(GONE)) return "Its receiver is gone (HTTP 410).";
	if (outcome.detail.startsWith("given up")) return `Its receiver could not be reached: ${outcome.detail}.`;
	return failures >= MAX_FAILURES
		? `Its receiver refused ${failures} messages in a row: ${outcome.detail}.`
		: undefined;
}
