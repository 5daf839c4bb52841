import { isOwnName, SEVERITIES, type SeverityKey } from "@bellwether/model";
import type { Catalogue, Labels } from "#catalogue";
import type { Incident } from "#incidents";
import type { Tx } from "#platform";
import { type DecisionInput, groupKeyOf, routeOf } from "./decide.ts";
import { factsOf, labelsOf } from "./labels.ts";
import { readSets } from "./mute-matchers.ts";
import type { MuteFacts, OpenGroup, OpenIncident } from "./types.ts";

const UNRESOLVED = ["detected", "acknowledged", "investigating", "mitigated"] as const;

/** Everything that the decision about one incident hangs on, as the store has it now. */
export async function gatherFacts(
	tx: Tx,
	catalogue: Catalogue,
	incident: Incident,
	now: number,
): Promise<DecisionInput> {
	const facts = factsOf(catalogue, incident);
	const { route, policy } = routeOf(catalogue, facts);
	const key = groupKeyOf(route, policy.name, facts);
	return {
		incident: facts,
		catalogue,
		mutes: await activeMutes(tx, incident.tenant, now),
		open: (catalogue.routing?.inhibitions.length ?? 0) > 0 ? await openIncidents(tx, catalogue) : [],
		groups: await openGroups(tx, key, incident.id),
		now,
	};
}

/** Mutes that hold now and whose makers may see this tenant. */
export async function activeMutes(tx: Tx, tenant: string, now: number): Promise<MuteFacts[]> {
	const rows = await tx
		.selectFrom("mutes")
		.selectAll()
		.where("ended_at", "is", null)
		// One that began when it was made has begun, whatever a clock says that was set back since.
		.where((is) => is.or([is("starts_at", "<=", now), is("starts_at", "<=", is.ref("created_at"))]))
		.where("ends_at", ">", now)
		.orderBy("created_at")
		.orderBy("id")
		.execute();
	return rows
		.filter((row) => row.tenants === null || (JSON.parse(row.tenants) as string[]).includes(tenant))
		.map((row) => ({
			id: row.id,
			matchers: readSets(row.matchers),
			owner: row.owner,
			reason: row.reason,
			startsAt: Math.min(row.starts_at, now),
			endsAt: row.ends_at,
		}));
}

/** What can speak for others: unresolved, still burning, no test. */
async function openIncidents(tx: Tx, catalogue: Catalogue): Promise<OpenIncident[]> {
	const rows = await tx
		.selectFrom("incidents")
		.select(["id", "tenant", "slo", "workload", "kind", "monitor", "severity_key", "title"])
		.where("state", "in", UNRESOLVED)
		.where("signal_cleared_at", "is", null)
		.orderBy("number")
		.execute();
	const holds = await tx
		.selectFrom("page_holds")
		.select(["incident_id", "ref"])
		.where("kind", "=", "inhibition")
		.where("ended_at", "is", null)
		.execute();
	const inhibitedBy = Map.groupBy(holds, (hold) => hold.incident_id);
	return rows
		.filter((row) => !row.title.startsWith("TEST: ") && !isOwnName(row.tenant))
		.map((row) => ({
			id: row.id,
			labels: labelsOfRow(catalogue, row),
			inhibitedBy: (inhibitedBy.get(row.id) ?? []).map((hold) => hold.ref),
		}));
}

function labelsOfRow(
	catalogue: Catalogue,
	row: {
		readonly tenant: string;
		readonly slo: string;
		readonly workload: string;
		readonly kind: Incident["kind"];
		readonly monitor: string;
		readonly severity_key: string;
	},
): Labels {
	const severity = SEVERITIES[row.severity_key as SeverityKey] ?? { key: row.severity_key };
	return labelsOf(catalogue, { ...row, severity });
}

/** The group of a key, as its other unresolved incidents make it. */
async function openGroups(tx: Tx, key: string, except: string): Promise<OpenGroup[]> {
	const rows = await tx
		.selectFrom("routed")
		.innerJoin("incidents", "incidents.id", "routed.incident_id")
		.select(["routed.incident_id", "routed.state", "routed.lead_id", "routed.page_at", "routed.paged_at"])
		.select("incidents.state as incident_state")
		.where("routed.group_key", "=", key)
		.where("routed.state", "!=", "over")
		.where("incidents.state", "in", UNRESOLVED)
		.where("routed.incident_id", "!=", except)
		.orderBy("incidents.number")
		.execute();
	if (rows.length === 0) return [];
	const paged = rows.flatMap((row) => row.paged_at ?? []);
	const waiting = rows.flatMap((row) => (row.state === "waiting" ? (row.page_at ?? []) : []));
	return [
		{
			key,
			leadId: rows.find((row) => row.state === "paging" && row.incident_state === "detected")?.incident_id,
			pagedAt: paged.length > 0 ? Math.max(...paged) : undefined,
			pageAt: waiting.length > 0 ? Math.min(...waiting) : undefined,
		},
	];
}
