import { DAY_MS } from "@bellwether/model";
import type { Catalogue, Feed } from "#catalogue";
import { audit, type EventBus, type Principal, type Tx } from "#platform";
import type { FeedFault, ParsedFeed } from "#telemetry";
import { type Kept, keepFacts } from "./keep.ts";

/** How long the same message is recognised. A later repetition changes nothing either: its facts are not newer. */
const KEYS_KEPT_MS = 7 * DAY_MS;
const FACTS_KEPT_MS = 400 * DAY_MS;
/** Unknown names kept per feed, for people to map. */
const MAX_UNMAPPED = 20;

export interface FeedDelivery {
	readonly feed: Feed;
	readonly parsed: Extract<ParsedFeed, { readonly status: "parsed" }>;
	/** Names the message: the same key again is a duplicate. Undefined: each is new, as an answer that was pulled is. */
	readonly key: string | undefined;
	/** False: a stranger could send this message again, so only news in it prove that the feed lives. */
	readonly provesLife: boolean;
	readonly receivedAt: number;
	/** Stands in the audit entry. */
	readonly requestId?: string | undefined;
}

export type FeedOutcome =
	| ({ readonly status: "taken"; readonly left: number; readonly faults: readonly FeedFault[] } & Kept)
	| { readonly status: "duplicate" };

/**
 * Takes one message of a feed: facts, the feed's own counts, event and audit entry in the caller's transaction. What is
 * answered afterwards is durable; the same message again changes nothing.
 */
export async function takeFeedMessage(
	tx: Tx,
	deps: { readonly bus: EventBus; readonly catalogue: Catalogue },
	delivery: FeedDelivery,
): Promise<FeedOutcome> {
	const { feed, parsed, receivedAt } = delivery;
	if (delivery.key !== undefined && !(await claimKey(tx, feed.name, delivery.key, receivedAt))) {
		await countDuplicate(tx, delivery);
		return { status: "duplicate" };
	}
	const kept = await keepFacts({ tx, feed, catalogue: deps.catalogue, receivedAt }, parsed);
	const news = kept.new + kept.changed;
	await countMessage(tx, delivery, kept);
	await forget(tx, receivedAt);
	if (news > 0) {
		const actor: Principal = { name: `feed ${feed.name}`, role: "ingest" };
		const data = { feed: feed.name, gives: feed.gives, new: kept.new, changed: kept.changed };
		await deps.bus.publish(tx, { type: FEED_NEWS, at: receivedAt, tenant: "", actor, data });
		await audit(tx, {
			at: receivedAt,
			actor: actor.name,
			action: "feed.taken",
			tenant: "",
			subject: `feed:${feed.name}`,
			requestId: delivery.requestId ?? "",
			detail: data,
		});
	}
	return { status: "taken", left: parsed.left, faults: parsed.faults, ...kept };
}

/** Published when a feed brought something new; carries no tenant's fact. */
export const FEED_NEWS = "feed.news";

/** False when the message was taken before. */
async function claimKey(tx: Tx, feed: string, key: string, at: number): Promise<boolean> {
	const claimed = await tx
		.insertInto("feed_messages")
		.values({ feed, message_key: key, received_at: at })
		.onConflict((conflict) => conflict.columns(["feed", "message_key"]).doNothing())
		.executeTakeFirst();
	return Number(claimed.numInsertedOrUpdatedRows ?? 0) > 0;
}

async function countDuplicate(tx: Tx, { feed, provesLife, receivedAt }: FeedDelivery): Promise<void> {
	await tx
		.updateTable("feeds")
		.set((set) => ({
			duplicates: set("duplicates", "+", 1),
			...(provesLife ? { last_message_at: receivedAt } : {}),
		}))
		.where("feed", "=", feed.name)
		.execute();
}

async function countMessage(tx: Tx, { feed, parsed, provesLife, receivedAt }: FeedDelivery, kept: Kept): Promise<void> {
	const held = await tx.selectFrom("feeds").selectAll().where("feed", "=", feed.name).executeTakeFirst();
	const isAlive = provesLife || kept.new + kept.changed > 0;
	const fault = parsed.faults[0];
	const known = held ? (JSON.parse(held.unmapped) as string[]) : [];
	const row = {
		last_message_at: held && !isAlive ? held.last_message_at : Math.max(held?.last_message_at ?? 0, receivedAt),
		messages: (held?.messages ?? 0) + 1,
		facts: (held?.facts ?? 0) + kept.new + kept.changed,
		left_out: (held?.left_out ?? 0) + parsed.left,
		faults: (held?.faults ?? 0) + parsed.faults.length,
		last_fault: fault ? `${fault.place}: ${fault.message}` : (held?.last_fault ?? null),
		last_fault_at: fault ? receivedAt : (held?.last_fault_at ?? null),
		unmapped: JSON.stringify([...new Set([...known, ...kept.unmapped])].slice(-MAX_UNMAPPED)),
	};
	if (held) await tx.updateTable("feeds").set(row).where("feed", "=", feed.name).execute();
	else {
		const first = { feed: feed.name, first_message_at: receivedAt, duplicates: 0 };
		await tx
			.insertInto("feeds")
			.values({ ...first, ...row })
			.execute();
	}
}

async function forget(tx: Tx, now: number): Promise<void> {
	const before = now - FACTS_KEPT_MS;
	await tx
		.deleteFrom("feed_messages")
		.where("received_at", "<", now - KEYS_KEPT_MS)
		.execute();
	await tx.deleteFrom("platform_health").where("started_at", "<", before).where("ended_at", "<", before).execute();
	await tx.deleteFrom("platform_health").where("ended_at", "is", null).where("received_at", "<", before).execute();
	await tx.deleteFrom("changes").where("started_at", "<", before).execute();
	await tx.deleteFrom("cases").where("opened_at", "<", before).where("closed_at", "is not", null).execute();
}
