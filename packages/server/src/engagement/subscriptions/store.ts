import { audit, type ControlTables, type Db, type Ids, type Principal, type Tx } from "#platform";
import type { Subscription, SubscriptionEvent, SubscriptionFilter } from "./types.ts";

export interface NewSubscription {
	readonly event: SubscriptionEvent;
	readonly callbackUrl: string;
	readonly clientState?: string | undefined;
	readonly filter: SubscriptionFilter;
}

export type SubscribeOutcome =
	| { readonly status: "created" | "renewed"; readonly subscription: Subscription }
	| { readonly status: "too-many"; readonly limit: number };

export const REVOKED = "The token it was made with is revoked or has expired.";
/** A flow needs one; a hundred is a program that forgets to unsubscribe. */
export const MAX_PER_TOKEN = 100;
export const MAX_ACTIVE = 1000;
const SECRET_BYTES = 24;

interface Asked {
	readonly principal: Principal & { readonly tokenId: string };
	readonly now: number;
	readonly requestId: string;
}

/** The same token asking for the same event at the same address again has one subscription, with the filter of now. */
export async function subscribe(
	tx: Tx,
	deps: { readonly ids: Ids },
	asked: Asked & { readonly subscription: NewSubscription },
): Promise<SubscribeOutcome> {
	const { principal, now, subscription } = asked;
	const { event, callbackUrl, clientState = null } = subscription;
	const filter = JSON.stringify(subscription.filter);
	const known = await tx
		.selectFrom("subscriptions")
		.selectAll()
		.where("token_id", "=", principal.tokenId)
		.where("event", "=", event)
		.where("callback_url", "=", callbackUrl)
		.where("state", "=", "active")
		.executeTakeFirst();
	if (known) {
		const row = { ...known, filter, client_state: clientState };
		await tx.updateTable("subscriptions").set({ filter, client_state: clientState }).where("id", "=", row.id).execute();
		await auditSubscription(tx, asked, "subscription.renewed", row.id, { event, filter: subscription.filter });
		return { status: "renewed", subscription: subscriptionOf(row) };
	}
	const active = await tx.selectFrom("subscriptions").select("token_id").where("state", "=", "active").execute();
	const own = active.filter((row) => row.token_id === principal.tokenId).length;
	if (own >= MAX_PER_TOKEN) return { status: "too-many", limit: MAX_PER_TOKEN };
	if (active.length >= MAX_ACTIVE) return { status: "too-many", limit: MAX_ACTIVE };
	const row: ControlTables["subscriptions"] = {
		id: deps.ids.next("sub"),
		token_id: principal.tokenId,
		owner: principal.name,
		event,
		callback_url: callbackUrl,
		secret: `whsec_${Buffer.from(deps.ids.secret(SECRET_BYTES), "hex").toString("base64")}`,
		client_state: clientState,
		filter,
		state: "active",
		reason: null,
		created_at: now,
		disabled_at: null,
		last_at: null,
		last_outcome: null,
		failures: 0,
		deliveries: 0,
	};
	await tx.insertInto("subscriptions").values(row).execute();
	await auditSubscription(tx, asked, "subscription.created", row.id, { event, filter: subscription.filter });
	return { status: "created", subscription: subscriptionOf(row) };
}

/** Whose subscriptions: those of one token, or, for an administrator of all tenants, everybody's. */
export interface SubscriptionReader {
	readonly tokenId: string | undefined;
	readonly all: boolean;
}

export async function listSubscriptions(db: Db | Tx, reader: SubscriptionReader): Promise<Subscription[]> {
	let query = db.selectFrom("subscriptions").selectAll().orderBy("created_at", "desc").orderBy("id", "desc").limit(500);
	if (!reader.all) query = query.where("token_id", "=", reader.tokenId ?? "");
	return (await query.execute()).map(subscriptionOf);
}

/** Undefined: there is none, or it is another token's. */
export async function getSubscription(
	db: Db | Tx,
	reader: SubscriptionReader,
	id: string,
): Promise<Subscription | undefined> {
	const row = await db.selectFrom("subscriptions").selectAll().where("id", "=", id).executeTakeFirst();
	return row && (reader.all || row.token_id === reader.tokenId) ? subscriptionOf(row) : undefined;
}

/** Nothing is sent any more from this commit on, not even what waits. False: there is none. */
export async function unsubscribe(
	tx: Tx,
	asked: Omit<Asked, "principal"> & { readonly principal: Principal },
	reader: SubscriptionReader,
	id: string,
): Promise<boolean> {
	const known = await getSubscription(tx, reader, id);
	if (!known) return false;
	await tx.deleteFrom("subscriptions").where("id", "=", id).execute();
	await cancelWaiting(tx, id, "unsubscribed");
	await auditSubscription(tx, asked, "subscription.ended", id, { event: known.event });
	return true;
}

/** Stops a subscription that has nobody to tell any more, and says why. */
export async function disable(tx: Tx, id: string, reason: string, now: number): Promise<void> {
	const { numUpdatedRows } = await tx
		.updateTable("subscriptions")
		.set({ state: "disabled", reason, disabled_at: now })
		.where("id", "=", id)
		.where("state", "=", "active")
		.executeTakeFirst();
	if (numUpdatedRows === 0n) return;
	await cancelWaiting(tx, id, reason);
	await audit(tx, {
		at: now,
		actor: "bellwether",
		action: "subscription.disabled",
		tenant: "",
		subject: `subscription:${id}`,
		requestId: "",
		detail: { reason },
	});
}

async function cancelWaiting(tx: Tx, id: string, reason: string): Promise<void> {
	await tx
		.updateTable("outbox")
		.set({ state: "cancelled", last_error: reason })
		.where("channel", "=", channelOf(id))
		.where("state", "in", ["pending", "sending"])
		.execute();
}

/** The outbox's channel of a subscription. No channel of a catalogue can have a colon in its name. */
export function channelOf(id: string): string {
	return `subscription:${id}`;
}

export function subscriptionIdOf(channel: string): string | undefined {
	return channel.startsWith("subscription:") ? channel.slice("subscription:".length) : undefined;
}

export function subscriptionOf(row: ControlTables["subscriptions"]): Subscription {
	return {
		id: row.id,
		tokenId: row.token_id,
		owner: row.owner,
		event: row.event,
		callbackUrl: row.callback_url,
		secret: row.secret,
		clientState: row.client_state ?? undefined,
		filter: filterOf(row.filter),
		state: row.state,
		reason: row.reason ?? undefined,
		createdAt: row.created_at,
		disabledAt: row.disabled_at ?? undefined,
		lastAt: row.last_at ?? undefined,
		lastOutcome: row.last_outcome ?? undefined,
		failures: row.failures,
		deliveries: row.deliveries,
	};
}

function filterOf(stored: string): SubscriptionFilter | undefined {
	try {
		const filter = JSON.parse(stored) as SubscriptionFilter;
		const lists: unknown[] = [filter.severities ?? [], filter.tenants ?? [], filter.workloads ?? []];
		return lists.every(Array.isArray) ? filter : undefined;
	} catch {
		return undefined;
	}
}

/** The address is a secret of the receiver's: what follows its host grants the right to call it. */
async function auditSubscription(
	tx: Tx,
	asked: Omit<Asked, "principal"> & { readonly principal: Principal },
	action: string,
	id: string,
	detail: Readonly<Record<string, unknown>>,
): Promise<void> {
	await audit(tx, {
		at: asked.now,
		actor: asked.principal.name,
		action,
		tenant: "",
		subject: `subscription:${id}`,
		requestId: asked.requestId,
		detail,
	});
}
