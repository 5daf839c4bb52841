import type { EscalationStep, EscalationTarget } from "#catalogue";
import { getIncident } from "#incidents";
import { type Db, inScope, type MessagePayload, type TenantScope, type Tx } from "#platform";
import { type ChainSnapshot, type ChainWorld, nameOf, reach } from "./chain.ts";
import { DEADLINE_TIMER, NEXT_TIMER } from "./chain-rows.ts";
import { worldOf } from "./chain-snapshot.ts";
import { lastReceipts } from "./channels/receipt-states.ts";
import { recentPages } from "./recent-pages.ts";
import type { DeliveryRecord, EscalationView, PendingTimer } from "./types.ts";

/** A view tells whom the snapshot knows; channels are taken to be there. */
const KNOWN_BY_SNAPSHOT = { people: [], hasChannel: () => true };

const NO_ESCALATION: EscalationView = {
	state: "none",
	policy: undefined,
	steps: [],
	nextPerson: undefined,
	nextAt: undefined,
	acknowledgeDueAt: undefined,
};

/** Where an incident's newest chain stands. `none`: it never had one (a child pages by its parent), or is out of scope. */
export async function escalationView(db: Db | Tx, scope: TenantScope, incidentId: string): Promise<EscalationView> {
	const incident = await getIncident(db, scope, incidentId);
	if (!incident) return NO_ESCALATION;
	const row = await db
		.selectFrom("escalations")
		.selectAll()
		.where("incident_id", "=", incidentId)
		.orderBy("started_at", "desc")
		.orderBy("id", "desc")
		.executeTakeFirst();
	if (!row) return NO_ESCALATION;
	const snapshot = JSON.parse(row.policy) as ChainSnapshot;
	const timers = await db.selectFrom("timers").selectAll().where("incident_id", "=", incidentId).execute();
	const ofChain = timers
		.map((timer) => ({
			...timer,
			data: JSON.parse(timer.data) as { escalationId?: string; step?: number; offsetMs?: number },
		}))
		.filter((timer) => timer.data.escalationId === row.id);
	const pending = ofChain.find((timer) => timer.kind === NEXT_TIMER && timer.state === "pending");
	const deadline = ofChain.find((timer) => timer.kind === DEADLINE_TIMER);
	const baseAt = pending ? pending.due_at - (pending.data.offsetMs ?? 0) : row.started_at;
	const reached = await reachedSteps(db, incidentId);

	const whom = async (step: EscalationStep, index: number, at: number) =>
		step.notify
			? targetName(snapshot, step.notify, index, await worldOf(db, snapshot, KNOWN_BY_SNAPSHOT, incident, at))
			: actWords(step);
	const steps: EscalationView["steps"][number][] = [];
	for (const [index, step] of snapshot.policy.steps.entries()) {
		const dueAt = baseAt + step.afterMs;
		const done = reached.get(index);
		const state = row.state === "running" ? ("pending" as const) : ("cancelled" as const);
		const pages = step.notify !== undefined;
		if (done) steps.push({ dueAt: done.at, person: done.person, pages, state: "done" });
		else steps.push({ dueAt, person: await whom(step, index, dueAt), pages, state });
	}
	const nextIndex = pending?.data.step ?? 0;
	const nextStep = pending && snapshot.policy.steps[nextIndex];
	return {
		state: row.state,
		policy: snapshot.policy.name,
		steps,
		nextPerson: nextStep?.notify && (await whom(nextStep, nextIndex, pending?.due_at ?? 0)),
		nextAt: pending?.due_at,
		acknowledgeDueAt: deadline?.due_at,
	};
}

/** Incident id → when its acknowledgement is due (or was), for the chains that run. */
export async function acknowledgeDueTimes(db: Db | Tx, scope: TenantScope): Promise<ReadonlyMap<string, number>> {
	const rows = await db
		.selectFrom("timers")
		.innerJoin("escalations", "escalations.incident_id", "timers.incident_id")
		.select(["escalations.incident_id", "escalations.tenant", "timers.due_at"])
		.where("timers.kind", "=", DEADLINE_TIMER)
		.where("timers.state", "!=", "cancelled")
		.where("escalations.state", "=", "running")
		.execute();
	return new Map(rows.filter((row) => inScope(scope, row.tenant)).map((row) => [row.incident_id, row.due_at]));
}

/** Timers that wait, soonest first. */
export async function pendingTimers(db: Db | Tx, scope: TenantScope): Promise<PendingTimer[]> {
	const rows = await db
		.selectFrom("timers")
		.select(["id", "kind", "tenant", "incident_id", "due_at"])
		.where("state", "=", "pending")
		.orderBy("due_at")
		.orderBy("id")
		.execute();
	return rows
		.filter((row) => inScope(scope, row.tenant))
		.map((row) => ({
			id: row.id,
			kind: row.kind,
			tenant: row.tenant,
			incident: row.incident_id ?? undefined,
			dueAt: row.due_at,
		}));
}

/** Pages that a person got within the last hour. */
export async function pagesInLastHour(db: Db | Tx, person: string, now: number): Promise<number> {
	return (await recentPages(db, person, now)).inLastHour;
}

/** What waits to go with a person's next page, the longest first. */
export async function waitingFor(
	db: Db | Tx,
	person: string,
): Promise<{ readonly incidentId: string; readonly tenant: string }[]> {
	const rows = await db
		.selectFrom("waiting_pages")
		.select(["incident_id", "tenant"])
		.where("person", "=", person)
		.orderBy("since_at")
		.orderBy("incident_id")
		.execute();
	return rows.map((row) => ({ incidentId: row.incident_id, tenant: row.tenant }));
}

/** Message id → every incident that its text may name: its own, others of the same page, and those that share that page. */
export async function incidentsNamedIn(
	db: Db | Tx,
	messageIds: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
	if (messageIds.length === 0) return new Map();
	const rows = await db
		.selectFrom("outbox")
		.select(["id", "incident_id", "payload"])
		.where("id", "in", [...messageIds])
		.execute();
	const named = rows.map((row) => {
		const { incidents = [] } = (JSON.parse(row.payload) as MessagePayload).data as { incidents?: readonly string[] };
		return { id: row.id, incidents: [...(row.incident_id === null ? [] : [row.incident_id]), ...incidents] };
	});
	const leads = [...new Set(named.flatMap(({ incidents }) => incidents))];
	if (leads.length === 0) return new Map();
	const sharing = await db
		.selectFrom("routed")
		.select(["incident_id", "lead_id"])
		.where("lead_id", "in", leads)
		.execute();
	const sharers = Map.groupBy(sharing, (row) => row.lead_id);
	const withSharers = (lead: string) => [lead, ...(sharers.get(lead) ?? []).map((row) => row.incident_id)];
	return new Map(named.map(({ id, incidents }) => [id, [...new Set(incidents.flatMap(withSharers))]]));
}

export interface DeliveryFilter {
	/** Only attempts after this sequence number. */
	readonly after?: number | undefined;
	readonly incidentId?: string | undefined;
	/** 1 to 500, default 100. */
	readonly limit?: number | undefined;
}

/** Every attempt to send, oldest first; the last `seq` is the cursor for what follows. */
export async function listDeliveries(
	db: Db | Tx,
	scope: TenantScope,
	filter: DeliveryFilter = {},
): Promise<DeliveryRecord[]> {
	// An empty list after IN is an error in PostgreSQL.
	if (!scope.all && scope.tenants.size === 0) return [];
	let query = db
		.selectFrom("deliveries")
		.selectAll()
		.where("seq", ">", filter.after ?? 0)
		.orderBy("seq")
		.limit(Math.min(Math.max(1, filter.limit ?? 100), 500));
	if (!scope.all) query = query.where("tenant", "in", [...scope.tenants]);
	if (filter.incidentId !== undefined) query = query.where("incident_id", "=", filter.incidentId);
	const rows = await query.execute();
	const receipts = await lastReceipts(
		db,
		rows.map((row) => row.outbox_id),
	);
	return rows.map((row) => ({
		seq: row.seq,
		id: row.outbox_id,
		kind: row.kind,
		tenant: row.tenant,
		incident: row.incident_id ?? undefined,
		attempt: row.attempt,
		channel: row.channel,
		targetDigest: row.target_digest,
		startedAt: row.started_at,
		endedAt: row.ended_at ?? undefined,
		outcome: row.outcome,
		uncertain: row.outcome === "uncertain",
		detail: row.detail,
		receipt: receipts.get(row.outbox_id),
	}));
}

/** Index of each step that was reached → when, and who was paged. */
async function reachedSteps(db: Db | Tx, incidentId: string): Promise<Map<number, { at: number; person: string }>> {
	const rows = await db
		.selectFrom("events")
		.select(["at", "data"])
		.where("incident_id", "=", incidentId)
		.where("type", "=", "escalation.step_reached")
		.orderBy("seq")
		.execute();
	return new Map(
		rows.map((row) => {
			const data = JSON.parse(row.data) as { step: number; personDisplayName: string };
			return [data.step - 1, { at: row.at, person: data.personDisplayName }];
		}),
	);
}

/** Display name of who would be paged, else what the step says. */
function targetName(snapshot: ChainSnapshot, target: EscalationTarget, step: number, world: ChainWorld): string {
	const found = reach(snapshot, target, world, step);
	return typeof found === "string" ? Object.values(target).flat().join(", ") : nameOf(found);
}

function actWords({ act }: EscalationStep): string {
	if (act?.kind === "repeat") return `begins anew, ${act.max} times at most`;
	if (act?.kind === "declare") return `severity is raised to ${act.severity}`;
	return "resolved, if its signal has cleared";
}
