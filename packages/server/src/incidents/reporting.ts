import { SEVERITIES, type SeverityKey } from "@bellwether/model";
import { type Catalogue, effectiveObjective } from "#catalogue";
import type { BurnWindow, Evidence } from "#detection";
import { inScope, type Principal, scopeOf, type Tx } from "#platform";
import { auditIncident, publish } from "./change.ts";
import { continuedIncident, coolDownOf } from "./continuing.ts";
import { isResolved } from "./lifecycle.ts";
import { openIncident } from "./opening.ts";
import { getIncident } from "./rows.ts";
import type { Incident, IncidentDeps } from "./types.ts";

const MAX_TITLE_LENGTH = 200;
const MAX_TEXT_LENGTH = 4_000;

/** What a person, or a customer by a person or a flow, says is wrong. */
export interface Report {
	readonly tenant: string;
	readonly workload: string;
	/** Undefined: the workload's lead SLO. */
	readonly slo?: string | undefined;
	readonly reportedBy: "person" | "customer";
	/** Undefined: made of the tenant and the SLO. */
	readonly title?: string | undefined;
	readonly text: string;
	/** Undefined: 2.5. What is derived may be worse, never milder. */
	readonly severity?: SeverityKey | undefined;
	/** When it began, as far as anybody knows. */
	readonly onsetAt?: number | undefined;
	/** The same key again, for the same tenant, is the same report. */
	readonly key?: string | undefined;
}

/**
 * `opened`: it pages like any other. `attached`: an incident of the same tenant and SLO is at work already, and the
 * report is in its timeline. `repeated`: this report was taken before.
 */
export type ReportOutcome =
	| { readonly status: "opened" | "attached" | "repeated"; readonly incident: Incident }
	| { readonly status: "not-found" }
	| { readonly status: "refused"; readonly message: string; readonly remedy: string };

/** Opens an incident that no detector saw. An unknown tenant and one out of scope answer alike. */
export async function reportIncident(
	tx: Tx,
	deps: IncidentDeps,
	catalogue: Catalogue,
	asked: {
		readonly report: Report;
		readonly principal: Principal;
		readonly now: number;
		readonly requestId: string;
	},
): Promise<ReportOutcome> {
	const { report, principal, now } = asked;
	const scope = scopeOf(principal);
	const { tenant, key } = report;
	if (!inScope(scope, tenant) || !catalogue.tenants.some(({ name }) => name === tenant)) return { status: "not-found" };
	const slo = sloOf(catalogue, report);
	if (typeof slo !== "string") return slo;
	const fault = textFault(report, now);
	if (fault) return fault;
	if (key !== undefined) {
		const row = await tx
			.selectFrom("incidents")
			.select("id")
			.where("tenant", "=", tenant)
			.where("declared_key", "=", key)
			.executeTakeFirst();
		const known = row && (await getIncident(tx, scope, row.id));
		if (known) return { status: "repeated", incident: known };
		if (row) return { status: "not-found" };
		const taken = await takenBy(tx, tenant, key);
		if (taken !== undefined) {
			const incident = await getIncident(tx, scope, taken);
			return incident ? { status: "repeated", incident } : { status: "not-found" };
		}
	}
	const current = await continuedIncident(tx, { tenant, slo, at: now }, coolDownOf(catalogue));
	// One that is private to others is not told of, and does not take the report either.
	const open = current && !isResolved(current) ? await getIncident(tx, scope, current.id) : undefined;
	if (open) {
		const data = { reportedBy: report.reportedBy, text: report.text.trim(), ...(key !== undefined && { key }) };
		await publish(tx, deps, open, principal, now, { type: "incident.reported", data });
		await audited(tx, asked, open, "incident.reported");
		return { status: "attached", incident: open };
	}
	const incident = await openIncident(
		tx,
		deps,
		{
			type: "breach.opened",
			tenant,
			slo,
			detector: "burn-rate",
			monitor: "",
			scope: "tenant",
			detectedAt: now,
			evidence: reportedEvidence(report, principal, objectiveOf(catalogue, slo, tenant)),
		},
		catalogue,
		undefined,
	);
	if (key !== undefined)
		await tx.updateTable("incidents").set({ declared_key: key }).where("id", "=", incident.id).execute();
	await audited(tx, asked, incident, "incident.report");
	return { status: "opened", incident };
}

/** The incident that was at work when a report with this key came first. */
async function takenBy(tx: Tx, tenant: string, key: string): Promise<string | undefined> {
	const rows = await tx
		.selectFrom("events")
		.select(["incident_id", "data"])
		.where("tenant", "=", tenant)
		.where("type", "=", "incident.reported")
		.execute();
	const known = rows.find(({ data }) => (JSON.parse(data) as { readonly key?: unknown }).key === key);
	return known?.incident_id ?? undefined;
}

/** The numbers are empty: nothing was measured. */
function reportedEvidence(report: Report, principal: Principal, objective: number): Evidence {
	const none: BurnWindow = { ms: 0, bad: 0, total: 0, burn: undefined };
	const severity = SEVERITIES[report.severity ?? "2.5"];
	const title = report.title?.replace(/\s+/g, " ").trim();
	return {
		says: report.text.trim(),
		reported: {
			by: report.reportedBy,
			who: principal.name,
			severity: severity.key,
			...(title ? { title } : {}),
		},
		objective,
		long: none,
		short: none,
		episode: none,
		p: 1,
		fleet: { long: none, short: none, episode: none },
		share: 0,
		maskingShare: 0,
		alsoBurning: [],
		since: report.onsetAt ?? 0,
	};
}

function sloOf(catalogue: Catalogue, report: Report): string | ReportOutcome {
	const workload = catalogue.workloads.find(({ name }) => name === report.workload);
	if (!workload) {
		return {
			status: "refused",
			message: `There is no workload "${report.workload.slice(0, 63)}".`,
			remedy: "Write the name of a workload of the catalogue.",
		};
	}
	const slos = catalogue.slos.filter((slo) => slo.workload === workload.name);
	const wanted = report.slo ?? workload.leadSlo ?? slos[0]?.name;
	if (wanted !== undefined && slos.some(({ name }) => name === wanted)) return wanted;
	return {
		status: "refused",
		message: `The workload "${workload.name}" has no SLO${report.slo === undefined ? "" : ` "${report.slo.slice(0, 63)}"`}.`,
		remedy: "Write the name of an SLO of that workload, or leave slo out.",
	};
}

function textFault(report: Report, now: number): ReportOutcome | undefined {
	const { title = "", text, onsetAt } = report;
	const length = text.trim().length;
	if (length === 0 || length > MAX_TEXT_LENGTH || title.length > MAX_TITLE_LENGTH) {
		return {
			status: "refused",
			message: `The text has ${length} characters, the title ${title.length}.`,
			remedy: `Write 1 to ${MAX_TEXT_LENGTH} characters of text and at most ${MAX_TITLE_LENGTH} of title.`,
		};
	}
	if (onsetAt !== undefined && onsetAt > now) {
		return { status: "refused", message: "onsetAt lies in the future.", remedy: "Say when it began, or leave it out." };
	}
	return undefined;
}

function objectiveOf(catalogue: Catalogue, sloName: string, tenantName: string): number {
	const slo = catalogue.slos.find(({ name }) => name === sloName);
	const tenant = catalogue.tenants.find(({ name }) => name === tenantName);
	return slo ? effectiveObjective(catalogue, slo, tenant).objective : 0;
}

async function audited(
	tx: Tx,
	{ principal, now, requestId, report }: Parameters<typeof reportIncident>[3],
	incident: Incident,
	action: string,
): Promise<void> {
	const detail = { reportedBy: report.reportedBy, slo: incident.slo, severity: incident.severity.key };
	await auditIncident(tx, { at: now, actor: principal, action, incident, requestId, detail });
}
