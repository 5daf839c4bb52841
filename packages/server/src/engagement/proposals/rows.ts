import { getIncident } from "#incidents";
import { type ControlTables, type Db, inScope, type TenantScope, type Tx } from "#platform";
import type { Proposal, ProposalState, ProposedAct } from "./types.ts";

type Row = ControlTables["proposals"];

export function proposalOf(row: Row, now: number): Proposal {
	const { tool } = row;
	return {
		id: row.id,
		act: { tool, ...(JSON.parse(row.arguments) as object) } as ProposedAct,
		tenant: row.tenant,
		incidentId: row.incident_id ?? "",
		reason: row.reason,
		agent: row.agent,
		tokenId: row.token_id,
		// Time alone ends a proposal: nothing has to happen for that.
		state: row.state === "pending" && row.expires_at <= now ? "expired" : row.state,
		createdAt: row.created_at,
		expiresAt: row.expires_at,
		policy: row.policy ?? undefined,
		decidedAt: row.decided_at ?? undefined,
		decidedBy: row.decided_by ?? undefined,
		outcome: row.outcome ?? undefined,
		version: row.version,
	};
}

export interface ProposalFilter {
	readonly state?: ProposalState | undefined;
	readonly incidentId?: string | undefined;
	/** 1 to 200, default 100. */
	readonly limit?: number | undefined;
}

/** Newest first. Those of incidents that the scope may not read are left out. */
export async function listProposals(
	db: Db | Tx,
	scope: TenantScope,
	filter: ProposalFilter,
	now: number,
): Promise<Proposal[]> {
	// An empty list after IN is an error in PostgreSQL.
	if (!scope.all && scope.tenants.size === 0) return [];
	const { state, incidentId } = filter;
	let query = db
		.selectFrom("proposals")
		.selectAll()
		.orderBy("created_at", "desc")
		.orderBy("id", "desc")
		.limit(Math.min(Math.max(1, filter.limit ?? 100), 200));
	if (!scope.all) query = query.where("tenant", "in", [...scope.tenants]);
	if (incidentId !== undefined) query = query.where("incident_id", "=", incidentId);
	if (state === "expired") query = query.where("state", "=", "pending").where("expires_at", "<=", now);
	else if (state !== undefined) query = query.where("state", "=", state);
	if (state === "pending") query = query.where("expires_at", ">", now);
	const found: Proposal[] = [];
	for (const row of await query.execute()) {
		if (await mayRead(db, scope, row)) found.push(proposalOf(row, now));
	}
	return found;
}

/** The proposal, or undefined: nonexistent and out of scope answer alike. */
export async function getProposal(
	db: Db | Tx,
	scope: TenantScope,
	id: string,
	now: number,
): Promise<Proposal | undefined> {
	const row = await db.selectFrom("proposals").selectAll().where("id", "=", id).executeTakeFirst();
	return row && inScope(scope, row.tenant) && (await mayRead(db, scope, row)) ? proposalOf(row, now) : undefined;
}

async function mayRead(db: Db | Tx, scope: TenantScope, row: Row): Promise<boolean> {
	return row.incident_id === null || (await getIncident(db, scope, row.incident_id)) !== undefined;
}
