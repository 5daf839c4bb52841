import { getIncident, incidentsById } from "#incidents";
import { type Db, inScope, type TenantScope, type Tx } from "#platform";
import type { KeptDecision } from "./rows.ts";
import type { HoldKind } from "./types.ts";

/** What routing decided about an incident, as people read it. */
export interface RoutingView {
	readonly state: "waiting" | "held" | "paging" | "sharing" | "quiet" | "telling" | "over";
	readonly routes: readonly string[];
	readonly policy: string;
	/** The incident whose page names it. */
	readonly leadId: string | undefined;
	/** Incidents that its page names. */
	readonly names: readonly string[];
	readonly pageAt: number | undefined;
	readonly explanation: readonly string[];
	/** Everything that ever held its page back, oldest first. */
	readonly holds: readonly HeldView[];
}

export interface HeldView {
	readonly kind: HoldKind;
	readonly ref: string;
	readonly words: string;
	readonly since: number;
	readonly until: number | undefined;
	/** Undefined: it still holds. */
	readonly endedAt: number | undefined;
}

/** Undefined: routing never spoke of it (a child pages by its parent), or it is out of scope. */
export async function routingView(
	db: Db | Tx,
	scope: TenantScope,
	incidentId: string,
): Promise<RoutingView | undefined> {
	if (!(await getIncident(db, scope, incidentId))) return undefined;
	const row = await db.selectFrom("routed").selectAll().where("incident_id", "=", incidentId).executeTakeFirst();
	if (!row) return undefined;
	const holds = await db
		.selectFrom("page_holds")
		.selectAll()
		.where("incident_id", "=", incidentId)
		.orderBy("seq")
		.execute();
	const sharers = await db
		.selectFrom("routed")
		.select("incident_id")
		.where("lead_id", "=", incidentId)
		.orderBy("incident_id")
		.execute();
	const readable = await incidentsById(
		db,
		scope,
		sharers.map((sharer) => sharer.incident_id),
	);
	const kept = JSON.parse(row.decision) as KeptDecision;
	const isLeadVisible = row.lead_id !== null && (await getIncident(db, scope, row.lead_id)) !== undefined;
	return {
		state: row.state,
		routes: kept.routes,
		policy: kept.policy,
		leadId: isLeadVisible ? (row.lead_id ?? undefined) : undefined,
		names: readable.map(({ id }) => id).sort(),
		pageAt: row.page_at ?? undefined,
		// Names of other tenants' incidents, mutes and rules stand in the sentences of whoever may see all of them.
		explanation: scope.all ? kept.explanation : [],
		holds: holds.map((hold) => ({
			kind: hold.kind,
			ref: scope.all || hold.kind === "maintenance" ? hold.ref : "",
			words: scope.all || hold.kind === "maintenance" ? hold.words : "",
			since: hold.since_at,
			until: hold.until_at ?? undefined,
			endedAt: hold.ended_at ?? undefined,
		})),
	};
}

/** Incident → what holds its page back now, for lists: kind and when that ends; of several, the one that lasts longest. */
export async function heldNow(
	db: Db | Tx,
	scope: TenantScope,
): Promise<
	ReadonlyMap<string, { readonly kind: HoldKind; readonly until: number | undefined; readonly tenant: string }>
> {
	const rows = await db
		.selectFrom("page_holds")
		.select(["incident_id", "tenant", "kind", "until_at"])
		.where("ended_at", "is", null)
		.orderBy("seq", "desc")
		.execute();
	return new Map(
		rows
			.filter((row) => inScope(scope, row.tenant))
			// A later one replaces an earlier one: what has no known end comes last.
			.toSorted((a, b) => (a.until_at ?? Number.MAX_SAFE_INTEGER) - (b.until_at ?? Number.MAX_SAFE_INTEGER))
			.map((row) => [row.incident_id, { kind: row.kind, until: row.until_at ?? undefined, tenant: row.tenant }]),
	);
}
