import type { Catalogue } from "#catalogue";
import {
	coolDownOf,
	type Incident,
	type IncidentTask as IncidentTaskRecord,
	isOver,
	type KeptRunbook,
	linksOf,
	rolesOf,
	runbooksOf,
	tasksOf,
	tenantName,
} from "#incidents";
import type { TenantScope } from "#platform";
import type { ApiContext } from "./context.ts";
import type { IncidentDetail } from "./schemas.ts";
import type { IncidentRunbook, IncidentTask, IncidentWork } from "./schemas-incident-work.ts";

type Work = Pick<IncidentDetail, keyof typeof IncidentWork>;

/** What people do with the incident: parts, tasks, links, runbooks, both severities. */
export async function incidentWork(context: ApiContext, scope: TenantScope, incident: Incident): Promise<Work> {
	const catalogue = context.catalogue();
	const { db } = context.store;
	const [roles, tasks, links, runbooks] = await Promise.all([
		rolesOf(db, scope, incident.id),
		tasksOf(db, scope, incident.id),
		linksOf(db, scope, incident),
		runbooksOf(db, scope, incident),
	]);
	const { severityOverride: override } = incident;
	// Links are those that the reader may know of.
	const idOf = (id: string | undefined) => links.find(({ incident }) => incident.id === id)?.incident.id ?? null;
	return {
		severityDetail: {
			ground: { ...incident.groundSeverity },
			derived: { ...incident.derivedSeverity },
			reasons: [...incident.severityReasons],
			override: override ? { ...override, severity: { ...override.severity } } : null,
		},
		readers: incident.readers === undefined ? null : [...incident.readers],
		canReopenUntil:
			incident.state === "resolved" && !isOver(incident) && incident.resolvedAt !== undefined
				? incident.resolvedAt + coolDownOf(catalogue)
				: null,
		reopenedAt: incident.reopenedAt ?? null,
		reviewedAt: incident.reviewedAt ?? null,
		reviewedBy: incident.reviewedBy ?? null,
		mergedInto: idOf(incident.mergedInto),
		duplicateOf: idOf(incident.duplicateOf),
		roles: roles
			.filter(({ endedAt }) => endedAt === undefined)
			.map(({ role, person, assignedAt, assignedBy }) => ({
				role,
				person,
				personDisplayName: nameOfPerson(catalogue, person),
				assignedAt,
				assignedBy,
			})),
		tasks: tasks.map((task) => wireTask(task, catalogue, context.clock.now())),
		links: links.map(({ kind, incident: { id, title, tenant, state, severity } }) => ({
			kind,
			id,
			title,
			tenantDisplayName: tenantName(catalogue, tenant),
			state,
			severity: { ...severity },
		})),
		runbooks: runbooks.map(wireRunbook),
	};
}

export function nameOfPerson(catalogue: Catalogue, person: string): string {
	return catalogue.people.find(({ name }) => name === person)?.displayName ?? person;
}

export function wireTask(task: IncidentTaskRecord, catalogue: Catalogue, now: number): IncidentTask {
	return {
		id: task.id,
		incident: task.incidentId,
		text: task.text,
		owner: task.owner ?? null,
		ownerDisplayName: task.owner === undefined ? null : nameOfPerson(catalogue, task.owner),
		dueAt: task.dueAt ?? null,
		isOverdue: task.doneAt === undefined && (task.overdueAt !== undefined || (task.dueAt ?? now) < now),
		createdAt: task.createdAt,
		createdBy: task.createdBy,
		doneAt: task.doneAt ?? null,
		doneBy: task.doneBy ?? null,
		version: task.version,
	};
}

function wireRunbook({ name, title, why, html, notes, items, takenAt, states }: KeptRunbook): IncidentRunbook {
	return {
		name,
		title,
		why,
		html,
		notes: notes ?? null,
		items: items.map(({ id, text, heading, isDone }) => {
			const state = states.get(id);
			return {
				id,
				text,
				heading,
				isDone: state?.isDone ?? isDone,
				changedAt: state?.changedAt ?? null,
				changedBy: state?.changedBy ?? null,
			};
		}),
		takenAt,
	};
}
