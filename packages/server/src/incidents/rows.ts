import { HOUR_MS, SEVERITIES, type SeverityKey } from "@bellwether/model";
import type { Evidence } from "#detection";
import { type ControlTables, type Db, inScope, type TenantScope, type Tx } from "#platform";
import type { Breach, Incident, Verdict } from "./types.ts";

type IncidentRow = ControlTables["incidents"];
type BreachRow = ControlTables["breaches"];

export const UNRESOLVED = ["detected", "acknowledged", "investigating", "mitigated"] as const;

/** Rows leave this file only through here: the evidence names other tenants, and the reader may not know all of them. */
export function incidentOf(row: IncidentRow, scope: TenantScope): Incident {
	return {
		id: row.id,
		number: row.number,
		tenant: row.tenant,
		slo: row.slo,
		workload: row.workload,
		kind: row.kind,
		parentId: row.parent_id ?? undefined,
		severity: SEVERITIES[row.severity_key as SeverityKey] ?? {
			key: row.severity_key as SeverityKey,
			rank: row.severity_rank,
		},
		state: row.state,
		title: row.title,
		monitor: row.monitor,
		detectedBy: row.detected_by,
		onsetAt: row.onset_at ?? undefined,
		detectedAt: row.detected_at,
		pagedAt: row.paged_at ?? undefined,
		acknowledgedAt: row.acknowledged_at ?? undefined,
		acknowledgedBy: row.acknowledged_by ?? undefined,
		firstNoticeAt: row.first_notice_at ?? undefined,
		signalClearedAt: row.signal_cleared_at ?? undefined,
		mitigatedAt: row.mitigated_at ?? undefined,
		resolvedAt: row.resolved_at ?? undefined,
		verdict: (row.verdict ?? undefined) as Verdict | undefined,
		verdictReason: row.verdict_reason ?? undefined,
		verdictBy: row.verdict_by ?? undefined,
		verdictAt: row.verdict_at ?? undefined,
		evidence: evidenceOf(row.evidence, scope),
		version: row.version,
	};
}

export function evidenceOf(json: string, scope: TenantScope): Evidence {
	const evidence = JSON.parse(json) as Evidence;
	return { ...evidence, alsoBurning: evidence.alsoBurning.filter((tenant) => inScope(scope, tenant)) };
}

export function rowOf(incident: Incident): IncidentRow {
	return {
		id: incident.id,
		number: incident.number,
		tenant: incident.tenant,
		slo: incident.slo,
		workload: incident.workload,
		kind: incident.kind,
		parent_id: incident.parentId ?? null,
		severity_key: incident.severity.key,
		severity_rank: incident.severity.rank,
		evidence: JSON.stringify(incident.evidence),
		title: incident.title,
		monitor: incident.monitor,
		detected_by: incident.detectedBy,
		onset_at: incident.onsetAt ?? null,
		detected_at: incident.detectedAt,
		paged_at: incident.pagedAt ?? null,
		first_notice_at: incident.firstNoticeAt ?? null,
		...stateColumns(incident),
	};
}

/** The columns that the lifecycle moves. */
export function stateColumns(incident: Incident) {
	return {
		state: incident.state,
		acknowledged_at: incident.acknowledgedAt ?? null,
		acknowledged_by: incident.acknowledgedBy ?? null,
		signal_cleared_at: incident.signalClearedAt ?? null,
		mitigated_at: incident.mitigatedAt ?? null,
		resolved_at: incident.resolvedAt ?? null,
		verdict: incident.verdict ?? null,
		verdict_reason: incident.verdictReason ?? null,
		verdict_by: incident.verdictBy ?? null,
		verdict_at: incident.verdictAt ?? null,
		version: incident.version,
	};
}

export function breachOf(row: BreachRow, scope: TenantScope): Breach {
	return {
		id: row.id,
		tenant: row.tenant,
		slo: row.slo,
		detector: row.detector,
		monitor: row.monitor,
		scope: row.scope as Breach["scope"],
		state: row.state,
		openedAt: row.opened_at,
		closedAt: row.closed_at ?? undefined,
		evidence: evidenceOf(row.evidence, scope),
		incidentId: row.incident_id ?? undefined,
	};
}

/** The incident, or undefined: nonexistent and out of scope answer alike. */
export async function getIncident(db: Db | Tx, scope: TenantScope, id: string): Promise<Incident | undefined> {
	const row = await db.selectFrom("incidents").selectAll().where("id", "=", id).executeTakeFirst();
	return row && inScope(scope, row.tenant) ? incidentOf(row, scope) : undefined;
}

/** A signal that comes back later than this after it cleared is a new episode, which must page again. */
const COOL_DOWN_MS = HOUR_MS;

/**
 * The incident that a claim made at `at` continues: unresolved, and either nobody has taken it yet, or its signal is
 * on, or cleared within the cool-down. Undefined: the claim is a new episode.
 */
export async function ongoingIncident(
	db: Db | Tx,
	scope: TenantScope,
	tenant: string,
	slo: string,
	at: number,
): Promise<Incident | undefined> {
	if (!inScope(scope, tenant)) return undefined;
	const rows = await db
		.selectFrom("incidents")
		.selectAll()
		.where("tenant", "=", tenant)
		.where("slo", "=", slo)
		.where("state", "in", UNRESOLVED)
		.where((where) =>
			where.or([
				where("state", "=", "detected"),
				where("signal_cleared_at", "is", null),
				where("signal_cleared_at", ">=", at - COOL_DOWN_MS),
			]),
		)
		.orderBy("number", "desc")
		.execute();
	// What is real never belongs to a test: it must page.
	return rows.map((row) => incidentOf(row, scope)).find(({ evidence }) => evidence.drill === undefined);
}

/** Incidents under a platform incident, in the order of opening. */
export async function childrenOf(db: Db | Tx, scope: TenantScope, id: string): Promise<Incident[]> {
	const rows = await db.selectFrom("incidents").selectAll().where("parent_id", "=", id).orderBy("number").execute();
	return rows.filter((row) => inScope(scope, row.tenant)).map((row) => incidentOf(row, scope));
}
