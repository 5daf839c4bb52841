import { SEVERITIES, type Severity, type SeverityKey } from "@bellwether/model";
import type { Insertable, Selectable } from "kysely";
import type { Evidence } from "#detection";
import { type ControlTables, type Db, inScope, mayRead, type TenantScope, type Tx } from "#platform";
import type { Breach, Incident, SeverityOverride, Verdict } from "./types.ts";

type IncidentRow = Selectable<ControlTables["incidents"]>;
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
		severity: severityOf(row.severity_key),
		groundSeverity: severityOf(row.severity_ground ?? row.severity_key),
		derivedSeverity: severityOf(row.derived_severity_key ?? row.severity_key),
		severityReasons: row.severity_reasons === null ? [] : (JSON.parse(row.severity_reasons) as string[]),
		severityOverride: overrideOf(row.severity_override),
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
		reviewedAt: row.reviewed_at ?? undefined,
		reviewedBy: row.reviewed_by ?? undefined,
		reopenedAt: row.reopened_at ?? undefined,
		firstResponse: row.first_response === null ? undefined : JSON.parse(row.first_response),
		mergedInto: row.merged_into ?? undefined,
		duplicateOf: row.duplicate_of ?? undefined,
		readers: readersOf(row),
		evidence: evidenceOf(row.evidence, scope),
		version: row.version,
	};
}

function severityOf(key: string): Severity {
	return SEVERITIES[key as SeverityKey];
}

function overrideOf(json: string | null): SeverityOverride | undefined {
	if (json === null) return undefined;
	const { key, by, at, reason } = JSON.parse(json) as { key: string; by: string; at: number; reason: string };
	return { severity: severityOf(key), by, at, reason };
}

/** Undefined: the row is not private. */
export function readersOf(row: { readonly readers: string | null }): readonly string[] | undefined {
	return row.readers === null ? undefined : (JSON.parse(row.readers) as string[]);
}

/** Whether the scope may know of this incident at all. */
export function mayReadRow(
	scope: TenantScope,
	row: { readonly tenant: string; readonly readers: string | null },
): boolean {
	return inScope(scope, row.tenant) && mayRead(scope, readersOf(row));
}

export function evidenceOf(json: string, scope: TenantScope): Evidence {
	const evidence = JSON.parse(json) as Evidence;
	return { ...evidence, alsoBurning: evidence.alsoBurning.filter((tenant) => inScope(scope, tenant)) };
}

export function rowOf(incident: Incident): Insertable<ControlTables["incidents"]> {
	return {
		id: incident.id,
		number: incident.number,
		tenant: incident.tenant,
		slo: incident.slo,
		workload: incident.workload,
		kind: incident.kind,
		evidence: JSON.stringify(incident.evidence),
		title: incident.title,
		monitor: incident.monitor,
		detected_by: incident.detectedBy,
		onset_at: incident.onsetAt ?? null,
		detected_at: incident.detectedAt,
		parent_id: incident.parentId ?? null,
		paged_at: incident.pagedAt ?? null,
		first_notice_at: incident.firstNoticeAt ?? null,
		readers: incident.readers === undefined ? null : JSON.stringify(incident.readers),
		...severityColumns(incident),
		...stateColumns(incident),
	};
}

export function severityColumns(incident: Incident) {
	const { severityOverride: override } = incident;
	return {
		severity_key: incident.severity.key,
		severity_rank: incident.severity.rank,
		severity_ground: incident.groundSeverity.key,
		derived_severity_key: incident.derivedSeverity.key,
		severity_reasons: JSON.stringify(incident.severityReasons),
		severity_override:
			override === undefined
				? null
				: JSON.stringify({ key: override.severity.key, by: override.by, at: override.at, reason: override.reason }),
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
		reviewed_at: incident.reviewedAt ?? null,
		reviewed_by: incident.reviewedBy ?? null,
		reopened_at: incident.reopenedAt ?? null,
		first_response: incident.firstResponse === undefined ? null : JSON.stringify(incident.firstResponse),
		merged_into: incident.mergedInto ?? null,
		duplicate_of: incident.duplicateOf ?? null,
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
	return row && mayReadRow(scope, row) ? incidentOf(row, scope) : undefined;
}

/** Incidents under a platform incident, in the order of opening. */
export async function childrenOf(db: Db | Tx, scope: TenantScope, id: string): Promise<Incident[]> {
	const rows = await db.selectFrom("incidents").selectAll().where("parent_id", "=", id).orderBy("number").execute();
	return rows.filter((row) => mayReadRow(scope, row)).map((row) => incidentOf(row, scope));
}
