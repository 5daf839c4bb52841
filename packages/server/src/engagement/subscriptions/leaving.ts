import { getIncident } from "#incidents";
import { inScope, type Message, type Outcome, principalOfTokenId, SYSTEM, scopeOf, type Tx } from "#platform";
import { disable, REVOKED, subscriptionIdOf } from "./store.ts";
import { isKept } from "./told-event.ts";

const ALL = scopeOf(SYSTEM);
/** Messages that its receiver refused, one after the other. */
const MAX_FAILURES = 5;
const GONE = "HTTP 410";

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
