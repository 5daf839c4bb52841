import type { Incident } from "#incidents";
import { type ControlTables, cancelTimers, type Ids, setTimer, type Tx } from "#platform";
import type { Decision, Hold } from "./types.ts";

export const LOOK_TIMER = "routing.look";
/** A held or waiting incident is looked at again at least this often: the catalogue may have changed meanwhile. */
export const LOOK_EVERY_MS = 5 * 60_000;

export type RoutedRow = ControlTables["routed"];

/** What is kept of a decision: what people read later. */
export type KeptDecision = Pick<Decision, "action" | "routes" | "tell" | "repeatIntervalMs" | "explanation"> & {
	readonly policy: string;
	/** Sentences that say why it does not page. */
	readonly holds: readonly Hold[];
};

/** Writes what was decided, and arms the one timer that looks again; `lookAt` undefined: nothing is due any more. */
export async function keepDecision(
	tx: Tx,
	ids: Ids,
	incident: Incident,
	decision: Decision,
	row: Pick<RoutedRow, "state" | "lead_id" | "page_at" | "paged_at">,
	lookAt: number | undefined,
	now: number,
): Promise<void> {
	const kept: KeptDecision = {
		action: decision.action,
		routes: decision.routes,
		policy: decision.policy.name,
		holds: decision.holds,
		tell: decision.tell,
		repeatIntervalMs: decision.repeatIntervalMs,
		explanation: decision.explanation,
	};
	const values = { ...row, group_key: decision.groupKey, decided_at: now, decision: JSON.stringify(kept) };
	await tx
		.insertInto("routed")
		.values({ incident_id: incident.id, tenant: incident.tenant, told_at: null, ...values })
		.onConflict((conflict) => conflict.column("incident_id").doUpdateSet(values))
		.execute();
	await armLook(tx, ids, incident, lookAt, now);
}

export async function armLook(
	tx: Tx,
	ids: Ids,
	incident: Pick<Incident, "id" | "tenant">,
	lookAt: number | undefined,
	now: number,
): Promise<void> {
	await cancelTimers(tx, { incidentId: incident.id, kind: LOOK_TIMER });
	if (lookAt === undefined) return;
	const { id: incidentId, tenant } = incident;
	await setTimer(tx, ids, now, { kind: LOOK_TIMER, tenant, incidentId, dueAt: Math.max(now, lookAt), data: {} });
}

/** Opens the holds that are new and ends those that are over; answers those that are new. */
export async function keepHolds(tx: Tx, incident: Incident, holds: readonly Hold[], now: number): Promise<Hold[]> {
	const open = await tx
		.selectFrom("page_holds")
		.selectAll()
		.where("incident_id", "=", incident.id)
		.where("ended_at", "is", null)
		.execute();
	for (const row of open) {
		const still = holds.find((hold) => hold.kind === row.kind && hold.ref === row.ref);
		const change = still ? { until_at: still.until ?? null, words: still.words } : { ended_at: now };
		await tx.updateTable("page_holds").set(change).where("seq", "=", row.seq).execute();
	}
	const fresh = holds.filter((hold) => !open.some((row) => hold.kind === row.kind && hold.ref === row.ref));
	for (const hold of fresh) {
		await tx
			.insertInto("page_holds")
			.values({
				incident_id: incident.id,
				tenant: incident.tenant,
				kind: hold.kind,
				ref: hold.ref,
				words: hold.words,
				since_at: now,
				until_at: hold.until ?? null,
				ended_at: null,
			})
			.execute();
	}
	return fresh;
}

/** Incidents whose page a mute, or the incident of an inhibition, holds back, in the order in which that began. */
export async function heldBy(tx: Tx, kind: "mute" | "inhibition", ref: string): Promise<string[]> {
	const rows = await tx
		.selectFrom("page_holds")
		.select("incident_id")
		.where("kind", "=", kind)
		.where("ref", "=", ref)
		.where("ended_at", "is", null)
		.orderBy("seq")
		.execute();
	return rows.map((row) => row.incident_id);
}

export async function routedRow(tx: Tx, incidentId: string): Promise<RoutedRow | undefined> {
	return tx.selectFrom("routed").selectAll().where("incident_id", "=", incidentId).executeTakeFirst();
}
