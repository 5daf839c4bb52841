import { sql } from "kysely";
import type { Channel } from "#catalogue";
import type { Db } from "#platform";
import type { ReceiptState } from "./receipt-states.ts";

const DAY_MS = 86_400_000;
const DAYS = 14;
/** A channel that has failed for this long, more than twice, is no passing trouble. */
export const FAILING_FOR_LONG_MS = 10 * 60_000;
const FAILURES_OF_A_FAULT = 3;

export interface ChannelDay {
	/** Midnight UTC at which it begins, ms epoch. */
	readonly at: number;
	readonly sent: number;
	readonly failed: number;
	readonly uncertain: number;
}

/** How one way out fares. `unknown`: nothing was ever sent by it, so nobody knows. `failing`: for long; `shaky`: the last attempt failed. */
export interface ChannelState {
	readonly name: string;
	readonly kind: Channel["kind"];
	readonly state: "well" | "shaky" | "failing" | "unknown";
	readonly lastSent:
		| {
				readonly at: number;
				readonly detail: string;
				/** What the provider told of that message, the last state. */
				readonly receipt: { readonly state: ReceiptState; readonly at: number } | undefined;
		  }
		| undefined;
	readonly lastFailure: { readonly at: number; readonly detail: string } | undefined;
	/** When the failures began that no success has ended. */
	readonly failingSince: number | undefined;
	readonly failuresSince: number;
	/** Messages that wait, and how long the oldest has waited, ms. */
	readonly queue: number;
	readonly queueAgeMs: number;
	/** Messages that a provider took and could not deliver, in the last 24 h. */
	readonly undelivered: number;
}

/** Every channel of the catalogue, by what became of the messages that left by it. */
export async function channelStates(db: Db, channels: readonly Channel[], now: number): Promise<ChannelState[]> {
	const [queues, undelivered] = await Promise.all([
		db
			.selectFrom("outbox")
			.select((select) => [
				"channel" as const,
				select.fn.countAll<number>().as("count"),
				select.fn.min("created_at").as("oldest"),
			])
			.where("state", "in", ["pending", "sending"])
			.groupBy("channel")
			.execute(),
		db
			.selectFrom("delivery_receipts")
			.select((select) => ["channel" as const, select.fn.countAll<number>().as("count")])
			.where("state", "=", "undelivered")
			.where("at", ">", now - DAY_MS)
			.groupBy("channel")
			.execute(),
	]);
	return Promise.all(
		channels.map(async ({ name, kind }) => {
			const queue = queues.find(({ channel }) => channel === name);
			const attempts = await attemptsOf(db, name);
			return {
				name,
				kind,
				state: judge(attempts, now),
				...attempts,
				queue: Number(queue?.count ?? 0),
				queueAgeMs: queue ? Math.max(0, now - Number(queue.oldest)) : 0,
				undelivered: Number(undelivered.find(({ channel }) => channel === name)?.count ?? 0),
			};
		}),
	);
}

type Attempts = Pick<ChannelState, "lastSent" | "lastFailure" | "failingSince" | "failuresSince">;

function judge({ lastSent, failingSince, failuresSince }: Attempts, now: number): ChannelState["state"] {
	if (failingSince === undefined) return lastSent ? "well" : "unknown";
	const isLong = now - failingSince >= FAILING_FOR_LONG_MS && failuresSince >= FAILURES_OF_A_FAULT;
	return isLong ? "failing" : "shaky";
}

async function attemptsOf(db: Db, channel: string): Promise<Attempts> {
	const of = db.selectFrom("deliveries").where("channel", "=", channel);
	const sent = await of
		.select(["seq", "ended_at", "detail", "outbox_id"])
		.where("outcome", "=", "sent")
		.orderBy("seq", "desc")
		.limit(1)
		.executeTakeFirst();
	const failed = of.where("outcome", "in", ["failed", "uncertain"]);
	const last = await failed.select(["ended_at", "detail"]).orderBy("seq", "desc").limit(1).executeTakeFirst();
	const since = await failed
		.where("seq", ">", sent?.seq ?? 0)
		.select((select) => [select.fn.countAll<number>().as("count"), select.fn.min("started_at").as("first")])
		.executeTakeFirstOrThrow();
	const receipt =
		sent &&
		(await db
			.selectFrom("delivery_receipts")
			.select(["state", "at"])
			.where("outbox_id", "=", sent.outbox_id)
			.orderBy("seq", "desc")
			.limit(1)
			.executeTakeFirst());
	return {
		lastSent: sent && { at: sent.ended_at ?? 0, detail: sent.detail, receipt },
		lastFailure: last && { at: last.ended_at ?? 0, detail: last.detail },
		failingSince: since.first === null ? undefined : Number(since.first),
		failuresSince: Number(since.count),
	};
}

/** Attempts by channel and day: the last two weeks, oldest first; days without attempts are there. */
export async function channelDays(db: Db, now: number): Promise<(channel: string) => ChannelDay[]> {
	const today = Math.floor(now / DAY_MS);
	const day = sql<number>`started_at / ${sql.lit(DAY_MS)}`;
	const rows = await db
		.selectFrom("deliveries")
		.select((select) => [
			"channel" as const,
			"outcome" as const,
			day.as("day"),
			select.fn.countAll<number>().as("count"),
		])
		.where("started_at", ">=", (today - DAYS + 1) * DAY_MS)
		.groupBy(["channel", "outcome", day])
		.execute();
	return (channel) =>
		Array.from({ length: DAYS }, (_, k) => {
			const at = today - DAYS + 1 + k;
			const of = (outcome: string) =>
				Number(
					rows.find((row) => row.channel === channel && row.outcome === outcome && Number(row.day) === at)?.count ?? 0,
				);
			return { at: at * DAY_MS, sent: of("sent"), failed: of("failed"), uncertain: of("uncertain") };
		});
}
