import { SEVERITIES } from "@bellwether/model";
import { type Db, SYSTEM, scopeOf, type Tx } from "#platform";
import { publish } from "../change.ts";
import { isResolved } from "../lifecycle.ts";
import { getIncident, incidentOf, severityColumns } from "../rows.ts";
import type { ChangeOutcome, Incident, IncidentDeps, IncidentRequest } from "../types.ts";
import type { WorkDeps } from "../work/acting.ts";
import { act, refuse } from "../work/acting.ts";
import { isSeverity, judgeSeverity, risen, type SeverityFacts } from "./derive.ts";

const ALL = scopeOf(SYSTEM);
const MAX_REASON_LENGTH = 500;

/**
 * Sets the severity in force by hand, or (`severity` undefined) lets the derived one be in force again. Both are kept;
 * what is derived goes on rising beneath.
 */
export function setSeverity(
	tx: Tx,
	deps: IncidentDeps,
	request: IncidentRequest & { readonly severity: string | undefined; readonly reason?: string | undefined },
): Promise<ChangeOutcome> {
	return act(tx, request, "incident.severity", async (incident) => {
		const { principal, now, severity: key } = request;
		const reason = (request.reason ?? "").trim();
		if (key !== undefined && !isSeverity(key))
			return refuse(
				"severity-unknown",
				`"${key}" is no severity.`,
				`Use one of ${Object.keys(SEVERITIES).join(", ")}.`,
			);
		if (reason.length > MAX_REASON_LENGTH)
			return refuse("text-unfit", `The reason has ${reason.length} characters.`, `Write at most ${MAX_REASON_LENGTH}.`);
		const before = incident.severityOverride;
		const isSame = key === undefined ? !before : before?.severity.key === key && before.reason === reason;
		if (isSame) return { status: "unchanged", by: before?.by, at: before?.at };
		const override = key && { severity: SEVERITIES[key], by: principal.name, at: now, reason };
		const next: Incident = {
			...incident,
			severity: key === undefined ? incident.derivedSeverity : SEVERITIES[key],
			severityOverride: override || undefined,
			version: incident.version + 1,
		};
		await write(tx, next);
		await publish(tx, deps, incident, principal, now, {
			type: key === undefined ? "incident.severity_unset" : "incident.severity_set",
			data: { from: incident.severity.key, to: next.severity.key, derived: incident.derivedSeverity.key, reason },
		});
		return {
			status: "changed",
			incident: next,
			detail: { from: incident.severity.key, to: next.severity.key, reason },
		};
	});
}

/**
 * Derives the severity again from what is known now. It rises, or stays: an incident that gets milder is let down by a
 * person. Answers whether anything changed. What a person set stays in force.
 */
export async function reviseSeverity(
	tx: Tx,
	deps: WorkDeps,
	incidentId: string,
	facts: SeverityFacts,
	now: number,
): Promise<boolean> {
	const incident = await getIncident(tx, ALL, incidentId);
	if (!incident || isResolved(incident) || incident.evidence.drill) return false;
	const judged = risen(incident.derivedSeverity, judgeSeverity(incident, deps.catalogue(), facts));
	if (!judged) return false;
	const isInForce = incident.severityOverride === undefined;
	const next: Incident = {
		...incident,
		severity: isInForce ? judged.severity : incident.severity,
		derivedSeverity: judged.severity,
		severityReasons: judged.reasons,
	};
	await write(tx, next);
	await publish(tx, deps, incident, SYSTEM, now, {
		type: "incident.severity_revised",
		data: {
			from: incident.derivedSeverity.key,
			to: judged.severity.key,
			reasons: judged.reasons.join(", "),
			isInForce,
			inForce: next.severity.key,
		},
	});
	return true;
}

async function write(tx: Tx, incident: Incident): Promise<void> {
	await tx
		.updateTable("incidents")
		.set({ ...severityColumns(incident), version: incident.version })
		.where("id", "=", incident.id)
		.execute();
}

/** Incidents whose severity may still rise, the newest first. */
export async function incidentsToRevise(db: Db | Tx): Promise<Incident[]> {
	const rows = await db
		.selectFrom("incidents")
		.selectAll()
		.where("state", "in", ["detected", "acknowledged", "investigating"])
		.orderBy("number", "desc")
		.limit(2_000)
		.execute();
	return rows.map((row) => incidentOf(row, ALL)).filter(({ evidence }) => !evidence.drill);
}
