import { z } from "zod";
import {
	addTask,
	assignRole,
	changeTask,
	endRole,
	linkIncidents,
	mergeIncident,
	openTasksOf,
	putUnderParent,
	reopenIncident,
	reviewIncident,
	setReaders,
	setSeverity,
	takeFromParent,
	tickItem,
	unlinkIncidents,
} from "#incidents";
import { scopeOf } from "#platform";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { expectedVersion } from "../expected-version.ts";
import { idempotencyKey } from "../idempotency-key.ts";
import { wireTask } from "../incident-work-view.ts";
import { principalOf, READERS, RESPONDERS } from "../policy.ts";
import { notFound, versionConflict } from "../problem.ts";
import { IncidentDetail, Instant } from "../schemas.ts";
import { IncidentRole, TaskList } from "../schemas-incident-work.ts";
import { action, answer, changedIncident, incidentRequest, OBJECT_RULE } from "./incidents.ts";

const Id = z.string().min(1).max(100);
const Name = z.string().min(1).max(200);
const Reason = z.string().max(500);

/** What people do with an incident besides moving it through its life; each answers the incident as it is then. */
export function incidentWorkRoutes(api: Api, context: ApiContext): void {
	lifeRoutes(api, context);
	familyRoutes(api, context);
	peopleRoutes(api, context);
	taskRoutes(api, context);
	action(api, context, {
		verb: "runbook",
		summary: "Tick an item of one of its runbooks, or take the tick back",
		body: z.object({ runbook: Name, item: z.string().min(1).max(100), done: z.boolean() }),
		run: (tx, deps, request, body) => tickItem(tx, deps, { ...request, ...body }),
	});
}

function lifeRoutes(api: Api, context: ApiContext): void {
	action(api, context, {
		verb: "reopen",
		summary: "Take a resolved incident up again within its cool-down; nobody is paged",
		body: z.object({ reason: Reason.optional() }).nullish(),
		run: (tx, deps, request, body) => reopenIncident(tx, deps, { ...request, ...body }),
	});
	action(api, context, {
		verb: "review",
		summary: "Close a resolved incident for good, with what was learned in a line",
		body: z.object({ finding: z.string().max(4000).optional() }).nullish(),
		run: (tx, deps, request, body) => reviewIncident(tx, deps, { ...request, ...body }),
	});
	action(api, context, {
		verb: "severity",
		summary: "Set the severity by hand; null lets the derived one be in force again. Both are kept",
		body: z.object({ severity: z.enum(["1", "2", "2.5", "3", "4"]).nullable(), reason: Reason.optional() }),
		run: (tx, deps, request, { severity, reason }) =>
			setSeverity(tx, deps, { ...request, severity: severity ?? undefined, reason }),
	});
}

function familyRoutes(api: Api, context: ApiContext): void {
	action(api, context, {
		verb: "merge",
		summary: "Make it part of another incident of the same tenant, which has its breaches and signal from then on",
		body: z.object({ into: Id }),
		run: (tx, deps, request, { into }) => mergeIncident(tx, deps, { ...request, into }),
	});
	action(api, context, {
		verb: "link",
		summary: "Say that another incident has to do with it",
		body: z.object({ other: Id }),
		run: (tx, deps, request, { other }) => linkIncidents(tx, deps, { ...request, other }),
	});
	action(api, context, {
		verb: "unlink",
		summary: "Take such a link away",
		body: z.object({ other: Id }),
		run: (tx, deps, request, { other }) => unlinkIncidents(tx, deps, { ...request, other }),
	});
	action(api, context, {
		verb: "parent",
		summary: "Put it under a platform incident, which pages for it; null takes it out, and it pages by itself",
		body: z.object({ parent: Id.nullable() }),
		run: (tx, deps, request, { parent }) =>
			parent === null ? takeFromParent(tx, deps, request) : putUnderParent(tx, deps, { ...request, parent }),
	});
}

function peopleRoutes(api: Api, context: ApiContext): void {
	action(api, context, {
		verb: "role",
		summary: "Give a part to somebody, who has it handed over; null ends it",
		body: z.object({ role: IncidentRole, person: Name.nullable() }),
		run: (tx, deps, request, { role, person }) =>
			person === null ? endRole(tx, deps, { ...request, role }) : assignRole(tx, deps, { ...request, role, person }),
	});
	action(api, context, {
		verb: "readers",
		summary: "Make it private to named people, or (null) to nobody any more; it pages all the same",
		body: z.object({ readers: z.array(Name).max(100).nullable() }),
		run: (tx, deps, request, { readers }) => setReaders(tx, deps, { ...request, readers: readers ?? undefined }),
	});
}

function taskRoutes(api: Api, context: ApiContext): void {
	api.post(
		"/api/v1/incidents/:id/tasks",
		{
			config: { authz: { roles: RESPONDERS, tenant: "object", object: OBJECT_RULE } },
			schema: {
				summary: "Add a task; when it is due and not done, its owner's list and the timeline say so",
				description: "With an Idempotency-Key the same request again adds nothing.",
				tags: ["incidents"],
				params: z.object({ id: Id }),
				body: z.object({ text: z.string().max(500), owner: Name.optional(), dueAt: Instant.positive().optional() }),
				response: { 200: IncidentDetail, ...PROBLEMS },
			},
		},
		async (request, reply) => {
			const change = incidentRequest(context, request, request.params.id);
			const requestKey = idempotencyKey(request);
			const outcome = await context.store.transaction((tx) =>
				addTask(tx, context, { ...change, ...request.body, requestKey }),
			);
			return answer(context, request, reply, change.scope, changedIncident(outcome, change));
		},
	);
	api.patch(
		"/api/v1/incidents/:id/tasks/:task",
		{
			config: { authz: { roles: RESPONDERS, tenant: "object", object: OBJECT_RULE } },
			schema: {
				summary: "Change a task, or say that it is done",
				description: "With If-Match of the task's version it is refused (412) when the task changed meanwhile.",
				tags: ["incidents"],
				params: z.object({ id: Id, task: Id }),
				body: z.object({
					text: z.string().max(500).optional(),
					owner: Name.nullable().optional(),
					dueAt: Instant.positive().nullable().optional(),
					done: z.boolean().optional(),
				}),
				response: { 200: IncidentDetail, ...PROBLEMS },
			},
		},
		async (request, reply) => {
			const { id, task: taskId } = request.params;
			const taskVersion = expectedVersion(request);
			const change = { ...incidentRequest(context, request, id), expectedVersion: undefined };
			const outcome = await context.store.transaction((tx) =>
				changeTask(tx, context, { ...change, taskId, taskVersion, change: request.body }),
			);
			if (outcome.status === "task-not-found") throw notFound("task", taskId);
			if (outcome.status === "task-conflict") throw versionConflict("Task", taskId, taskVersion ?? 0, outcome.version);
			return answer(context, request, reply, change.scope, changedIncident(outcome, change));
		},
	);
	api.get(
		"/api/v1/tasks",
		{
			config: { authz: { roles: READERS, tenant: "all", object: "tasks of incidents that the caller may read" } },
			schema: {
				summary: "Tasks that are not done, overdue ones first",
				tags: ["incidents"],
				querystring: z.object({
					owner: Name.optional().describe("`me`: the caller"),
					limit: z.coerce.number().int().min(1).max(500).default(100),
				}),
				response: { 200: TaskList, ...PROBLEMS },
			},
		},
		async (request) => {
			const principal = principalOf(request);
			const { owner, limit } = request.query;
			const filter = { owner: owner === "me" ? principal.name : owner, limit };
			const tasks = await openTasksOf(context.store.db, scopeOf(principal), filter);
			const now = context.clock.now();
			return {
				items: tasks.map((task) => ({
					...wireTask(task, context.catalogue(), now),
					incidentTitle: task.incidentTitle,
				})),
			};
		},
	);
}
