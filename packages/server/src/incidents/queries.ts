import type { SeverityKey } from "@bellwether/model";
import { type ExpressionBuilder, sql } from "kysely";
import { type ControlTables, type Db, inScope, type TenantScope, type Tx } from "#platform";
import { describeFactsFor } from "./facts-for.ts";
import { breachOf, getIncident, incidentOf, mayReadRow } from "./rows.ts";
import type { Breach, Incident, IncidentState, TimelineEntry } from "./types.ts";
import { unseenIncidents } from "./unseen.ts";

export interface IncidentFilter {
	readonly states?: readonly IncidentState[] | undefined;
	readonly tenant?: string | undefined;
	readonly slo?: string | undefined;
	readonly workload?: string | undefined;
	readonly severities?: readonly SeverityKey[] | undefined;
	/** Name of somebody: incidents that they acknowledged, have a part in, or an open task of. */
	readonly mine?: string | undefined;
	readonly monitor?: string | undefined;
	/** Only of these. */
	readonly ids?: readonly string[] | undefined;
	/** `oldest` first suits a reader who follows along with the cursor, `newest` (default) a page. */
	readonly order?: "newest" | "oldest" | undefined;
	/** `next` of the previous answer. */
	readonly after?: string | undefined;
	/** 1 to 500, default 100. */
	readonly limit?: number | undefined;
}

export interface IncidentPage {
	readonly items: readonly Incident[];
	/** Undefined: there are no more now. */
	readonly next: string | undefined;
}

/** Incidents of the scope's tenants, a page at a time. A cursor that is no number begins at the start. */
export async function listIncidents(
	db: Db | Tx,
	scope: TenantScope,
	filter: IncidentFilter = {},
): Promise<IncidentPage> {
	if (reachesNobody(scope) || filter.ids?.length === 0) return { items: [], next: undefined };
	const limit = Math.min(Math.max(1, filter.limit ?? 100), 500);
	const isOldest = filter.order === "oldest";
	const after = Number(filter.after);
	let query = db
		.selectFrom("incidents")
		.selectAll()
		.orderBy("number", isOldest ? "asc" : "desc")
		.limit(limit + 1);
	if (!scope.all) query = query.where("tenant", "in", [...scope.tenants]);
	if (filter.tenant !== undefined) query = query.where("tenant", "=", filter.tenant);
	if (filter.slo !== undefined) query = query.where("slo", "=", filter.slo);
	if (filter.workload !== undefined) query = query.where("workload", "=", filter.workload);
	if (filter.severities) query = query.where("severity_key", "in", [...filter.severities]);
	if (filter.mine !== undefined) query = query.where(isOf(filter.mine));
	if (filter.monitor !== undefined) query = query.where("monitor", "=", filter.monitor);
	if (filter.ids) query = query.where("id", "in", [...filter.ids]);
	if (filter.states) query = query.where("state", "in", [...filter.states]);
	if (filter.after !== undefined && Number.isFinite(after)) {
		query = query.where("number", isOldest ? ">" : "<", after);
	}
	if (!scope.seesPrivate) query = query.where(mayHold(scope.reader));
	const rows = await query.execute();
	const page = rows.slice(0, limit);
	// The store compares names roughly; what it let through is looked at once more.
	const items = page.filter((row) => mayReadRow(scope, row)).map((row) => incidentOf(row, scope));
	return { items, next: rows.length > limit ? String(page.at(-1)?.number) : undefined };
}

function isOf(person: string) {
	return (where: ExpressionBuilder<ControlTables, "incidents">) =>
		where.or([
			where("acknowledged_by", "=", person),
			where(
				"id",
				"in",
				where
					.selectFrom("incident_roles")
					.select("incident_id")
					.where("person", "=", person)
					.where("ended_at", "is", null),
			),
			where(
				"id",
				"in",
				where
					.selectFrom("incident_tasks")
					.select("incident_id")
					.where("owner", "=", person)
					.where("done_at", "is", null),
			),
		]);
}

/** Not private, or the list of readers holds the name somewhere: `_`, `%` and the escape itself are taken as they are. */
function mayHold(reader: string) {
	const pattern = `%${JSON.stringify(reader).replaceAll(/[\\%_]/g, "\\$&")}%`;
	return (where: ExpressionBuilder<ControlTables, "incidents">) =>
		where.or([where("readers", "is", null), sql<boolean>`readers like ${pattern} escape '\\'`]);
}

/** What happened to an incident, as sentences in the order of commits. Empty also when it is out of scope. */
export async function timelineOf(db: Db | Tx, scope: TenantScope, incidentId: string): Promise<TimelineEntry[]> {
	if (!(await getIncident(db, scope, incidentId))) return [];
	const rows = await db.selectFrom("events").selectAll().where("incident_id", "=", incidentId).orderBy("seq").execute();
	const seen = rows.filter((row) => inScope(scope, row.tenant));
	const texts = await describeFactsFor(
		db,
		scope,
		seen.map(({ type, actor, data }) => ({ type, actor, data: JSON.parse(data) })),
	);
	return seen.map(({ seq, at, type, actor }, k) => ({ seq, at, type, actor, text: texts[k] ?? "" }));
}

export interface BreachFilter {
	readonly incidentId?: string | undefined;
	readonly tenant?: string | undefined;
	readonly state?: "open" | "closed" | undefined;
	readonly monitor?: string | undefined;
	/** 1 to 500, default 100; the newest. */
	readonly limit?: number | undefined;
}

export async function listBreaches(db: Db | Tx, scope: TenantScope, filter: BreachFilter = {}): Promise<Breach[]> {
	if (reachesNobody(scope)) return [];
	let query = db
		.selectFrom("breaches")
		.selectAll()
		.orderBy("opened_at", "desc")
		.orderBy("id", "desc")
		.limit(Math.min(Math.max(1, filter.limit ?? 100), 500));
	if (!scope.all) query = query.where("tenant", "in", [...scope.tenants]);
	if (filter.incidentId !== undefined) query = query.where("incident_id", "=", filter.incidentId);
	if (filter.tenant !== undefined) query = query.where("tenant", "=", filter.tenant);
	if (filter.state !== undefined) query = query.where("state", "=", filter.state);
	if (filter.monitor !== undefined) query = query.where("monitor", "=", filter.monitor);
	return withoutUnseen(
		db,
		scope,
		(await query.execute()).map((row) => breachOf(row, scope)),
	);
}

/** There is an incident, and who asks may not know which. */
const WITHHELD = "";

/** A breach is a fact of the tenant; that somebody works on it may be private. */
async function withoutUnseen(db: Db | Tx, scope: TenantScope, breaches: Breach[]): Promise<Breach[]> {
	const unseen = await unseenIncidents(db, scope);
	if (unseen.size === 0) return breaches;
	return breaches.map((breach) =>
		breach.incidentId !== undefined && unseen.has(breach.incidentId) ? { ...breach, incidentId: WITHHELD } : breach,
	);
}

/** Every open breach: what the detectors are told at start, so that they neither claim again nor forget to close. */
export async function openBreaches(db: Db | Tx, scope: TenantScope): Promise<Breach[]> {
	if (reachesNobody(scope)) return [];
	let query = db.selectFrom("breaches").selectAll().where("state", "=", "open").orderBy("opened_at");
	if (!scope.all) query = query.where("tenant", "in", [...scope.tenants]);
	return (await query.execute()).map((row) => breachOf(row, scope));
}

/**
 * Tenants with the same signal: for a platform incident those of its children, for a tenant's what the detector saw
 * and who has an unresolved incident of the same SLO now. Only tenants of the scope, by name.
 */
export async function alsoAffected(db: Db | Tx, scope: TenantScope, incident: Incident): Promise<string[]> {
	let query = db
		.selectFrom("incidents")
		.select(["tenant", "readers"])
		.where("slo", "=", incident.slo)
		.where("kind", "=", "tenant")
		.where("id", "!=", incident.id);
	if (incident.kind === "platform") query = query.where("parent_id", "=", incident.id);
	else query = query.where("state", "not in", ["resolved", "reviewed"]);
	const now = (await query.execute()).filter((row) => mayReadRow(scope, row)).map((row) => row.tenant);
	const all = new Set([...now, ...incident.evidence.alsoBurning]);
	all.delete(incident.tenant);
	return [...all].filter((tenant) => inScope(scope, tenant)).sort();
}

/** An empty list after IN is an error in PostgreSQL. */
function reachesNobody(scope: TenantScope): boolean {
	return !scope.all && scope.tenants.size === 0;
}

/** Claims of one monitor since an instant, those without an incident as well. */
export interface FiringCount {
	readonly monitor: string;
	readonly count: number;
	readonly lastAt: number;
}

/** Of every monitor that ever claimed anything: how often since `since`, and when last. */
export async function firingCounts(db: Db | Tx, scope: TenantScope, since: number): Promise<FiringCount[]> {
	if (reachesNobody(scope)) return [];
	let query = db
		.selectFrom("breaches")
		.select(({ fn, eb }) => [
			"monitor",
			fn.sum<number>(eb.case().when("opened_at", ">=", since).then(1).else(0).end()).as("count"),
			fn.max("opened_at").as("last_at"),
		])
		.groupBy("monitor");
	if (!scope.all) query = query.where("tenant", "in", [...scope.tenants]);
	return (await query.execute()).map((row) => ({
		monitor: row.monitor,
		count: Number(row.count),
		lastAt: Number(row.last_at),
	}));
}

/** Those of the ids that are in scope. */
export async function incidentsById(db: Db | Tx, scope: TenantScope, ids: readonly string[]): Promise<Incident[]> {
	if (ids.length === 0 || reachesNobody(scope)) return [];
	const rows = await db
		.selectFrom("incidents")
		.selectAll()
		.where("id", "in", [...ids])
		.execute();
	return rows.filter((row) => mayReadRow(scope, row)).map((row) => incidentOf(row, scope));
}
