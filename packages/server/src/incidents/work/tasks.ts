import type { Selectable } from "kysely";
import type { ControlTables, TimerHandler } from "#platform";
import { type Db, SYSTEM, setTimer, type TenantScope, type Tx } from "#platform";
import { publish } from "../change.ts";
import { getIncident, mayReadRow } from "../rows.ts";
import type { ChangeOutcome, Incident, IncidentRequest } from "../types.ts";
import { type Acted, act, refuse, unknownPerson, type WorkDeps } from "./acting.ts";
import { admit } from "./privacy.ts";

export const TASK_TIMER = "incident.task-due";
const MAX_TEXT_LENGTH = 500;
const MAX_TASKS = 500;

export interface IncidentTask {
	readonly id: string;
	readonly incidentId: string;
	readonly tenant: string;
	readonly text: string;
	readonly owner: string | undefined;
	readonly dueAt: number | undefined;
	readonly createdAt: number;
	readonly createdBy: string;
	readonly doneAt: number | undefined;
	readonly doneBy: string | undefined;
	/** When it was found overdue; undefined: it was not, or has another due time since. */
	readonly overdueAt: number | undefined;
	readonly version: number;
}

/** Fields that are left out stay as they are; null takes them away. */
export interface TaskChange {
	readonly text?: string | undefined;
	readonly owner?: string | null | undefined;
	readonly dueAt?: number | null | undefined;
	readonly done?: boolean | undefined;
}

/** At any state: what is left to do after an incident is a task as well. The same `requestKey` again adds nothing. */
export function addTask(
	tx: Tx,
	deps: WorkDeps,
	request: IncidentRequest & {
		readonly text: string;
		readonly owner?: string | undefined;
		readonly dueAt?: number | undefined;
		readonly requestKey?: string | undefined;
	},
): Promise<ChangeOutcome> {
	return act(tx, request, "incident.task", async (incident) => {
		const { principal, now, owner, dueAt, requestKey } = request;
		const text = request.text.trim();
		const unfit = unfitText(text) ?? (owner === undefined ? undefined : unknownPerson(deps, request, owner));
		if (unfit) return unfit;
		const rows = await tx.selectFrom("incident_tasks").selectAll().where("incident_id", "=", incident.id).execute();
		const before = requestKey === undefined ? undefined : rows.find((row) => row.request_key === requestKey);
		if (before) return { status: "unchanged", by: before.created_by, at: before.created_at };
		if (rows.length >= MAX_TASKS)
			return refuse("too-many", `${incident.id} has ${rows.length} tasks.`, "Do some, or keep them in a ticket.");
		const id = deps.ids.next("tsk");
		await tx
			.insertInto("incident_tasks")
			.values({
				id,
				incident_id: incident.id,
				tenant: incident.tenant,
				text,
				owner: owner ?? null,
				due_at: dueAt ?? null,
				created_at: now,
				created_by: principal.name,
				done_at: null,
				done_by: null,
				overdue_at: null,
				timer_id: dueAt === undefined ? null : await remindAt(tx, deps, incident, id, dueAt, now),
				request_key: requestKey ?? null,
				version: 1,
			})
			.execute();
		const data = { taskId: id, text, owner: owner ?? null, dueAt: dueAt ?? null };
		await publish(tx, deps, incident, principal, now, { type: "incident.task_added", data });
		const admitted = owner === undefined ? incident : await admit(tx, incident, [owner]);
		return { status: "changed", incident: admitted, detail: { added: id, owner: owner ?? null } };
	});
}

export type TaskOutcome =
	| ChangeOutcome
	| { readonly status: "task-not-found" }
	| { readonly status: "task-conflict"; readonly version: number };

/** Changes a task, or says that it is done or not done after all. `taskVersion` is what the caller saw of the task. */
export async function changeTask(
	tx: Tx,
	deps: WorkDeps,
	request: Omit<IncidentRequest, "expectedVersion"> & {
		readonly taskId: string;
		readonly taskVersion?: number | undefined;
		readonly change: TaskChange;
	},
): Promise<TaskOutcome> {
	if (!(await getIncident(tx, request.scope, request.incidentId))) return { status: "not-found" };
	const row = await tx
		.selectFrom("incident_tasks")
		.selectAll()
		.where("id", "=", request.taskId)
		.where("incident_id", "=", request.incidentId)
		.executeTakeFirst();
	if (!row) return { status: "task-not-found" };
	if (request.taskVersion !== undefined && request.taskVersion !== row.version)
		return { status: "task-conflict", version: row.version };
	return act(tx, request, "incident.task", (incident) => applyChange(tx, deps, request, incident, row));
}

async function applyChange(
	tx: Tx,
	deps: WorkDeps,
	request: Parameters<typeof changeTask>[2],
	incident: Incident,
	row: Selectable<ControlTables["incident_tasks"]>,
): Promise<Acted> {
	const { change, principal, now } = request;
	const text = change.text === undefined ? row.text : change.text.trim();
	const owner = change.owner === undefined ? row.owner : change.owner;
	const dueAt = change.dueAt === undefined ? row.due_at : change.dueAt;
	const isDone = change.done ?? row.done_at !== null;
	const isNewOwner = owner !== null && owner !== row.owner;
	const unfit = unfitText(text) ?? (isNewOwner ? unknownPerson(deps, request, owner) : undefined);
	if (unfit) return unfit;
	const wasDone = row.done_at !== null;
	const isOther = text !== row.text || owner !== row.owner || dueAt !== row.due_at;
	if (!isOther && isDone === wasDone)
		return { status: "unchanged", by: row.done_by ?? undefined, at: row.done_at ?? undefined };
	const isRemindedAnew = dueAt !== row.due_at || isDone !== wasDone;
	if (isRemindedAnew) await cancelReminder(tx, row.timer_id);
	const isWaiting = !isDone && dueAt !== null && (dueAt !== row.due_at || dueAt > now);
	const timerId = isWaiting && isRemindedAnew ? await remindAt(tx, deps, incident, row.id, dueAt, now) : row.timer_id;
	await tx
		.updateTable("incident_tasks")
		.set({
			text,
			owner,
			due_at: dueAt,
			done_at: isDone ? (row.done_at ?? now) : null,
			done_by: isDone ? (row.done_by ?? principal.name) : null,
			overdue_at: dueAt === row.due_at ? row.overdue_at : null,
			timer_id: isDone ? null : timerId,
			version: row.version + 1,
		})
		.where("id", "=", row.id)
		.execute();
	const data = { taskId: row.id, text, owner, dueAt };
	const types = [
		...(isOther ? ["incident.task_changed"] : []),
		...(isDone === wasDone ? [] : [isDone ? "incident.task_done" : "incident.task_reopened"]),
	];
	for (const type of types) await publish(tx, deps, incident, principal, now, { type, data });
	const admitted = isNewOwner ? await admit(tx, incident, [owner]) : incident;
	return { status: "changed", incident: admitted, detail: { task: row.id, ...change } };
}

/** The reminder pages nobody: it is an entry of the timeline, and the task stands first in its owner's list. */
export function taskTimers(deps: WorkDeps): Record<string, TimerHandler> {
	return {
		[TASK_TIMER]: async (tx, timer, now) => {
			const row = await tx
				.selectFrom("incident_tasks")
				.selectAll()
				.where("timer_id", "=", timer.id)
				.where("done_at", "is", null)
				.executeTakeFirst();
			if (!row || row.due_at === null) return;
			await tx
				.updateTable("incident_tasks")
				.set({ overdue_at: now, timer_id: null })
				.where("id", "=", row.id)
				.execute();
			const incident = { id: row.incident_id, tenant: row.tenant };
			const data = {
				taskId: row.id,
				text: row.text,
				owner: row.owner,
				dueAt: row.due_at,
				lateMs: Math.max(0, now - row.due_at),
			};
			await publish(tx, deps, incident, SYSTEM, now, { type: "incident.task_overdue", data });
		},
	};
}

/** Tasks of an incident in the order they were added. Empty also when it is out of scope. */
export async function tasksOf(db: Db | Tx, scope: TenantScope, incidentId: string): Promise<IncidentTask[]> {
	if (!(await getIncident(db, scope, incidentId))) return [];
	const rows = await db
		.selectFrom("incident_tasks")
		.selectAll()
		.where("incident_id", "=", incidentId)
		.orderBy("created_at")
		.orderBy("id")
		.execute();
	return rows.map(taskOf);
}

/** Open tasks of somebody over all incidents that the scope may read: overdue ones first, then by due time. */
export async function openTasksOf(
	db: Db | Tx,
	scope: TenantScope,
	filter: { readonly owner?: string | undefined; readonly limit?: number | undefined },
): Promise<(IncidentTask & { readonly incidentTitle: string })[]> {
	if (!scope.all && scope.tenants.size === 0) return [];
	let query = db
		.selectFrom("incident_tasks")
		.innerJoin("incidents", "incidents.id", "incident_tasks.incident_id")
		.selectAll("incident_tasks")
		.select(["incidents.readers", "incidents.title"])
		.where("incident_tasks.done_at", "is", null)
		.limit(2_000);
	if (filter.owner !== undefined) query = query.where("incident_tasks.owner", "=", filter.owner);
	if (!scope.all) query = query.where("incident_tasks.tenant", "in", [...scope.tenants]);
	const late = (task: IncidentTask) => (task.overdueAt === undefined ? 1 : 0);
	const due = (task: IncidentTask) => task.dueAt ?? Number.POSITIVE_INFINITY;
	return (await query.execute())
		.filter((row) => mayReadRow(scope, row))
		.map((row) => ({ ...taskOf(row), incidentTitle: row.title }))
		.sort((a, b) => late(a) - late(b) || (due(a) === due(b) ? a.createdAt - b.createdAt : due(a) - due(b)))
		.slice(0, filter.limit ?? 200);
}

/** What is not done goes on with the incident that another was merged into, its reminders included. */
export async function moveOpenTasks(tx: Tx, from: Incident, to: Incident): Promise<void> {
	const open = tx
		.selectFrom("incident_tasks")
		.select("timer_id")
		.where("incident_id", "=", from.id)
		.where("done_at", "is", null);
	const timers = (await open.execute()).flatMap(({ timer_id: id }) => (id === null ? [] : [id]));
	if (timers.length > 0) await tx.updateTable("timers").set({ incident_id: to.id }).where("id", "in", timers).execute();
	await tx
		.updateTable("incident_tasks")
		.set({ incident_id: to.id, request_key: null })
		.where("incident_id", "=", from.id)
		.where("done_at", "is", null)
		.execute();
}

async function remindAt(
	tx: Tx,
	deps: WorkDeps,
	incident: Incident,
	taskId: string,
	dueAt: number,
	now: number,
): Promise<string> {
	const { tenant, id: incidentId } = incident;
	return setTimer(tx, deps.ids, now, { kind: TASK_TIMER, tenant, incidentId, dueAt, data: { taskId } });
}

async function cancelReminder(tx: Tx, timerId: string | null): Promise<void> {
	if (timerId === null) return;
	await tx
		.updateTable("timers")
		.set({ state: "cancelled" })
		.where("id", "=", timerId)
		.where("state", "=", "pending")
		.execute();
}

function unfitText(text: string): Acted | undefined {
	if (text !== "" && text.length <= MAX_TEXT_LENGTH) return undefined;
	return refuse("text-unfit", `The task has ${text.length} characters.`, `Write 1 to ${MAX_TEXT_LENGTH} characters.`);
}

function taskOf(row: Selectable<ControlTables["incident_tasks"]>): IncidentTask {
	return {
		id: row.id,
		incidentId: row.incident_id,
		tenant: row.tenant,
		text: row.text,
		owner: row.owner ?? undefined,
		dueAt: row.due_at ?? undefined,
		createdAt: row.created_at,
		createdBy: row.created_by,
		doneAt: row.done_at ?? undefined,
		doneBy: row.done_by ?? undefined,
		overdueAt: row.overdue_at ?? undefined,
		version: row.version,
	};
}
