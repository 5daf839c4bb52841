import { isOwnName } from "@bellwether/model";
import { sql } from "kysely";
import type { ControlStore } from "#platform";
import { unspokenIncidents } from "#response";
import type { TelemetryThread } from "../telemetry-thread.ts";
import { ATTEMPT_MS, OVERDUE_MS } from "./audit.ts";
import type { AuditFacts, PageAttempt, TelemetryFacts } from "./audit-types.ts";

/** The timer of a chain's next step. */
const NEXT_TIMER = "escalation.next";
const ATTEMPTS_LOOK_MS = 10 * 60_000;
const MOST_ATTEMPTS = 300;
const MOST_INCIDENTS = 1_000;

type StoreFacts = Pick<AuditFacts, "unacknowledged" | "overdueTimers" | "waiting" | "unfinished" | "attempts">;

/** What the control store says of steps, timers and messages. Throws when it cannot be read. */
export async function storeFacts(store: ControlStore, now: number): Promise<StoreFacts> {
	const [unacknowledged, overdue, waiting, unfinished, attempts] = await Promise.all([
		unacknowledgedIncidents(store),
		store.db
			.selectFrom("timers")
			.select((select) => [select.fn.countAll<number>().as("count"), select.fn.min("due_at").as("dueAt")])
			.where("state", "=", "pending")
			.where(sql<number>`coalesce(retry_at, due_at)`, "<", now - OVERDUE_MS)
			.executeTakeFirstOrThrow(),
		store.db
			.selectFrom("outbox")
			.select((select) => ["kind", select.fn.countAll<number>().as("count"), select.fn.min("next_at").as("dueAt")])
			.where("state", "=", "pending")
			.where("next_at", "<", now)
			.groupBy("kind")
			.execute(),
		store.db
			.selectFrom("deliveries")
			.select((select) => [select.fn.countAll<number>().as("count"), select.fn.min("started_at").as("startedAt")])
			.where("outcome", "=", "sending")
			.where("started_at", "<", now - ATTEMPT_MS)
			.executeTakeFirstOrThrow(),
		pageAttempts(store, now),
	]);
	return {
		unacknowledged,
		overdueTimers: { count: Number(overdue.count), oldestDueAt: overdue.dueAt ?? undefined },
		waiting: waiting.map(({ kind, count, dueAt }) => ({ kind, count: Number(count), dueAt })),
		unfinished: { count: Number(unfinished.count), startedAt: unfinished.startedAt ?? undefined },
		attempts,
	};
}

async function unacknowledgedIncidents(store: ControlStore): Promise<AuditFacts["unacknowledged"]> {
	const detected = await store.db
		.selectFrom("incidents")
		.select(["id", "detected_at", "reopened_at", "parent_id"])
		.where("state", "=", "detected")
		.where("merged_into", "is", null)
		.orderBy("number", "desc")
		.limit(MOST_INCIDENTS)
		.execute();
	const under = new Map(
		detected.flatMap(({ id, parent_id }) => (parent_id === null ? [] : [[id, parent_id] as const])),
	);
	const unspoken = await unspokenIncidents(store.db, under);
	const incidents = detected.filter(({ id }) => !under.has(id) || unspoken.has(id));
	if (incidents.length === 0) return [];
	const ids = incidents.map(({ id }) => id);
	const [chains, timers, routed] = await Promise.all([
		store.db
			.selectFrom("escalations")
			.select(["incident_id", "state"])
			.where("incident_id", "in", ids)
			.orderBy("started_at")
			.orderBy("id")
			.execute(),
		store.db
			.selectFrom("timers")
			.select(["incident_id", "kind", "due_at", "retry_at"])
			.where("state", "=", "pending")
			.where("incident_id", "in", ids)
			.execute(),
		store.db
			.selectFrom("routed")
			.select("incident_id")
			.where("incident_id", "in", ids)
			.where("state", "in", ["quiet", "telling", "sharing", "over"])
			.execute(),
	]);
	const quiet = new Set(routed.map(({ incident_id }) => incident_id));
	const newest = new Map(chains.map((chain) => [chain.incident_id, chain.state]));
	const timersOf = Map.groupBy(timers, (timer) => timer.incident_id);
	return incidents.map(({ id, detected_at, reopened_at }) => {
		const own = timersOf.get(id) ?? [];
		const nextSteps = own.filter(({ kind }) => kind === NEXT_TIMER);
		return {
			id,
			detectedAt: reopened_at ?? detected_at,
			chain: newest.get(id),
			isQuiet: quiet.has(id),
			nextSteps: nextSteps.map(({ due_at }) => due_at),
			otherTimers: own.length - nextSteps.length,
		};
	});
}

async function pageAttempts(store: ControlStore, now: number): Promise<PageAttempt[]> {
	const rows = await store.db
		.selectFrom("deliveries")
		.innerJoin("outbox", "outbox.id", "deliveries.outbox_id")
		.select(["deliveries.channel", "deliveries.outcome", "deliveries.started_at", "deliveries.tenant", "outbox.state"])
		.where("deliveries.kind", "=", "page")
		.orderBy("deliveries.seq", "desc")
		.limit(MOST_ATTEMPTS)
		.execute();
	return rows
		.filter(({ tenant, started_at }) => !isOwnName(tenant) && now - started_at < ATTEMPTS_LOOK_MS)
		.map((row) => ({
			channel: row.channel,
			outcome: row.outcome,
			isGivenUp: row.outcome === "failed" && row.state === "failed",
			at: row.started_at,
		}));
}

/** Undefined: the thread does not answer. */
export async function telemetryFacts(telemetry: Pick<TelemetryThread, "health">): Promise<TelemetryFacts | undefined> {
	try {
		const {
			state,
			failure,
			evaluations,
			lastSampleAt,
			malformedRequests,
			pointsRefused = 0,
		} = await telemetry.health();
		return { state, failure, evaluations, lastSampleAt, malformed: malformedRequests, rejected: pointsRefused };
	} catch {
		return undefined;
	}
}
