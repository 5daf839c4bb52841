import { createHash } from "node:crypto";
import { toMessage } from "./outbox.ts";
import type { Message, Outcome, OutcomeListener, SendResult, Tx } from "./types.ts";

interface RetryPolicy {
	readonly retryDelaysMs: Readonly<Record<Message["kind"], readonly number[]>>;
	readonly retryAfterCapMs: number;
	readonly giveUpAfterMs: number;
}

/** Marks a pending message as being sent and opens its delivery record, before a byte leaves. Undefined: no longer pending. */
export async function takeMessage(
	tx: Tx,
	id: string,
	now: number,
): Promise<{ readonly message: Message; readonly deliverySeq: number } | undefined> {
	const row = await tx
		.updateTable("outbox")
		.set((set) => ({ state: "sending", attempts: set("attempts", "+", 1) }))
		.where("id", "=", id)
		.where("state", "=", "pending")
		.returningAll()
		.executeTakeFirst();
	if (!row) return undefined;
	const delivery = await tx
		.insertInto("deliveries")
		.values({
			outbox_id: id,
			kind: row.kind,
			tenant: row.tenant,
			incident_id: row.incident_id,
			attempt: row.attempts,
			channel: row.channel,
			target_digest: createHash("sha256").update(row.address).digest("hex"),
			started_at: now,
			ended_at: null,
			outcome: "sending",
			detail: "",
		})
		.returning("seq")
		.executeTakeFirstOrThrow();
	return { message: toMessage(row), deliverySeq: delivery.seq };
}

/** Writes what became of an attempt, decides what follows, and tells the listener: one transaction. */
export async function recordOutcome(
	tx: Tx,
	attempt: {
		readonly message: Message;
		readonly deliverySeq: number;
		readonly result: SendResult;
		readonly now: number;
		readonly policy: RetryPolicy;
		readonly onOutcome: OutcomeListener | undefined;
	},
): Promise<Outcome> {
	const { message, result, now } = attempt;
	const current = await tx.selectFrom("outbox").select("state").where("id", "=", message.id).executeTakeFirstOrThrow();
	const isOver = await mayHaveArrivedOften(tx, message, result);
	const { outcome, nextAt } = decide(message, result, now, attempt.policy, isOver);
	await tx
		.updateTable("deliveries")
		.set({ ended_at: now, outcome: deliveryOutcome(result), detail: result.detail })
		.where("seq", "=", attempt.deliverySeq)
		.execute();
	// Cancelled while it was on the wire: what arrived has arrived, but nothing is tried again.
	const isCancelled = current.state === "cancelled";
	const state = outcome.status === "retrying" ? "pending" : outcome.status;
	await tx
		.updateTable("outbox")
		.set({
			state: isCancelled && state !== "sent" ? "cancelled" : state,
			next_at: nextAt,
			sent_at: outcome.status === "sent" ? now : null,
			last_error: outcome.status === "sent" ? null : result.detail,
		})
		.where("id", "=", message.id)
		.execute();
	if (!isCancelled || state === "sent") await attempt.onOutcome?.(tx, message, outcome);
	return outcome;
}

/**
 * Settles what a crash left open. A page is sent again under its id, since a page too many does no harm; a notice to
 * the customer's side is never sent again by itself: it becomes uncertain and a person decides.
 */
export async function recoverSending(tx: Tx, now: number, onOutcome: OutcomeListener | undefined): Promise<void> {
	const detail = "interrupted while sending: it may or may not have arrived";
	await tx
		.updateTable("deliveries")
		.set({ ended_at: now, outcome: "uncertain", detail })
		.where("outcome", "=", "sending")
		.execute();
	await tx
		.updateTable("outbox")
		.set({ state: "pending", next_at: now, last_error: detail })
		.where("state", "=", "sending")
		.where("delivery", "=", "at-least-once")
		.execute();
	const doubtful = await tx
		.updateTable("outbox")
		.set({ state: "uncertain", last_error: detail })
		.where("state", "=", "sending")
		.where("delivery", "=", "at-most-once")
		.returningAll()
		.execute();
	for (const row of doubtful) await onOutcome?.(tx, toMessage(row), { status: "uncertain", detail, at: now });
}

/** A page that may have arrived this often is not sent once more: a receiver that takes it and never says so would ring all night. */
const MOST_UNCERTAIN = 5;

async function mayHaveArrivedOften(tx: Tx, message: Message, result: SendResult): Promise<boolean> {
	if (result.status !== "uncertain" || message.kind !== "page") return false;
	const { count } = await tx
		.selectFrom("deliveries")
		.select((select) => select.fn.countAll<number>().as("count"))
		.where("outbox_id", "=", message.id)
		.where("outcome", "=", "uncertain")
		.executeTakeFirstOrThrow();
	return Number(count) + 1 >= MOST_UNCERTAIN;
}

function decide(
	message: Message,
	result: SendResult,
	now: number,
	policy: RetryPolicy,
	isOver: boolean,
): { readonly outcome: Outcome; readonly nextAt: number } {
	const end = (status: "sent" | "failed" | "uncertain", detail = result.detail) => ({
		outcome: { status, detail, at: now },
		nextAt: now,
	});
	switch (result.status) {
		case "sent":
			return end("sent");
		case "refused":
			return end("failed");
		case "uncertain":
			if (message.delivery === "at-most-once") return end("uncertain");
			if (isOver)
				return end("uncertain", `given up after ${MOST_UNCERTAIN} attempts that may have arrived: ${result.detail}`);
			break;
		case "retry":
			break;
	}
	const delays = policy.retryDelaysMs[message.kind];
	const delayMs = delays[Math.min(message.attempt, delays.length) - 1] ?? 0;
	const askedMs = result.status === "retry" ? (result.retryAfterMs ?? 0) : 0;
	const nextAt = now + Math.max(delayMs, Math.min(askedMs, policy.retryAfterCapMs));
	if (nextAt - message.createdAt > policy.giveUpAfterMs) {
		return end("failed", `given up after ${message.attempt} attempts: ${result.detail}`);
	}
	return { outcome: { status: "retrying", detail: result.detail, at: now, nextAt }, nextAt };
}

function deliveryOutcome(result: SendResult): "sent" | "failed" | "uncertain" {
	return result.status === "sent" || result.status === "uncertain" ? result.status : "failed";
}
