import { type ControlStore, type Ids, issueToken, type Tx } from "#platform";
import { SELF_CHECK } from "./synthetic.ts";

/** Checks that are kept: half an hour of them, and the last failures besides. */
const KEPT = { checks: 100, failures: 50 };
/** Checks whose remains are looked for at once. */
const LEFT_AT_MOST = 20;
const KEY = "self-check-key";

export interface CheckRow {
	readonly id: string;
	readonly tenant: string;
	readonly state: "detected" | "acknowledged" | "resolved" | "failed";
	readonly startedAt: number;
	readonly endedAt?: number | undefined;
	readonly stages: Readonly<Record<string, number>>;
	readonly failedStage?: string | undefined;
	readonly detail: string;
}

/** A check as it is told. */
interface KeptCheck {
	readonly id: string;
	readonly state: CheckRow["state"];
	readonly startedAt: number;
	readonly endedAt: number | undefined;
	readonly stages: Readonly<Record<string, number>>;
	readonly failure: { readonly stage: string; readonly detail: string } | undefined;
}

/** What names the self-check's events, made once for a data folder. */
export async function selfCheckKey(store: ControlStore, ids: Ids): Promise<string> {
	const known = await store.db.selectFrom("meta").select("value").where("key", "=", KEY).executeTakeFirst();
	if (known) return known.value;
	const value = ids.secret(16);
	await store.transaction((tx) => tx.insertInto("meta").values({ key: KEY, value }).execute());
	return value;
}

/** A token to send telemetry with, for this start; the one of the start before is worth nothing from now on. */
export async function selfCheckToken(store: ControlStore, ids: Ids, now: number): Promise<string> {
	return store.transaction(async (tx) => {
		await tx.deleteFrom("tokens").where("name", "=", SELF_CHECK).execute();
		return (await issueToken(tx, ids, now, { name: SELF_CHECK, role: "ingest", oneTime: false })).token;
	});
}

export async function keepCheck(tx: Tx, check: CheckRow): Promise<void> {
	const values = {
		tenant: check.tenant,
		state: check.state,
		started_at: check.startedAt,
		ended_at: check.endedAt ?? null,
		stages: JSON.stringify(check.stages),
		failed_stage: check.failedStage ?? null,
		detail: check.detail,
	};
	await tx
		.insertInto("self_checks")
		.values({ id: check.id, ...values })
		.onConflict((conflict) => conflict.column("id").doUpdateSet(values))
		.execute();
}

/** Checks that are kept, the newest first. */
export async function recentChecks(store: ControlStore): Promise<KeptCheck[]> {
	const rows = await store.db.selectFrom("self_checks").selectAll().orderBy("started_at", "desc").limit(200).execute();
	return rows.map((row) => ({
		id: row.id,
		state: row.state,
		startedAt: row.started_at,
		endedAt: row.ended_at ?? undefined,
		stages: JSON.parse(row.stages) as Record<string, number>,
		failure: row.failed_stage === null ? undefined : { stage: row.failed_stage, detail: row.detail },
	}));
}

/** Ids of a check's timer and message follow from its own, so that a start finds what a crash left. */
export function idsOf(checkId: string, ids: Ids): Ids {
	return { next: (prefix) => `${prefix}_${checkId}`, secret: (bytes) => ids.secret(bytes) };
}

/** Removes the timer and the message of a check; a message on the wire stays until its outcome is stored. */
export async function removeTraces(tx: Tx, checkId: string): Promise<void> {
	const timerId = `tmr_${checkId}`;
	const messageId = `msg_${checkId}`;
	await tx.deleteFrom("timers").where("id", "=", timerId).execute();
	const message = await tx.selectFrom("outbox").select("state").where("id", "=", messageId).executeTakeFirst();
	if (!message) return;
	if (message.state === "sending") {
		await tx.updateTable("outbox").set({ state: "cancelled" }).where("id", "=", messageId).execute();
		return;
	}
	await tx.deleteFrom("deliveries").where("outbox_id", "=", messageId).execute();
	await tx.deleteFrom("outbox").where("id", "=", messageId).execute();
}

/** Forgets old checks, and what those left behind that never came to an end. */
export async function forgetChecks(tx: Tx, current: string): Promise<void> {
	const left = await tx
		.selectFrom("self_checks")
		.select("id")
		.where("state", "!=", "resolved")
		.where("id", "!=", current)
		.orderBy("started_at", "desc")
		.limit(LEFT_AT_MOST)
		.execute();
	for (const { id } of left) await removeTraces(tx, id);
	for (const [states, kept] of [
		[["resolved"], KEPT.checks],
		[["detected", "acknowledged", "failed"], KEPT.failures],
	] as const)
		await tx
			.deleteFrom("self_checks")
			.where("state", "in", [...states])
			.where("id", "not in", (from) =>
				from
					.selectFrom("self_checks")
					.select("id")
					.where("state", "in", [...states])
					.orderBy("started_at", "desc")
					.limit(kept),
			)
			.execute();
}
