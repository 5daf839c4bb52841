import { createHash } from "node:crypto";
import type { Catalogue, KeyTenant } from "#catalogue";
import { getIncident, unseenIncidents } from "#incidents";
import { type ControlTables, canonicalJson, type Db, type TenantScope, type Tx } from "#platform";
import type { Audience, Notice, NoticeState } from "./types.ts";

export function noticeOf(row: ControlTables["notices"]): Notice {
	return {
		id: row.id,
		incidentId: row.incident_id,
		tenant: row.tenant,
		audience: row.audience,
		state: row.state,
		language: row.language,
		template: row.template,
		subject: row.subject,
		body: row.body,
		recipients: JSON.parse(row.recipients) as string[],
		recipientsDigest: row.recipients_hash,
		createdAt: row.created_at,
		approvedBy: row.approved_by ?? undefined,
		approvedAt: row.approved_at ?? undefined,
		sentAt: row.sent_at ?? undefined,
		version: row.version,
	};
}

export function rowOf(notice: Notice): ControlTables["notices"] {
	return {
		id: notice.id,
		incident_id: notice.incidentId,
		tenant: notice.tenant,
		audience: notice.audience,
		state: notice.state,
		language: notice.language,
		template: notice.template,
		subject: notice.subject,
		body: notice.body,
		recipients: JSON.stringify(notice.recipients),
		recipients_hash: notice.recipientsDigest,
		created_at: notice.createdAt,
		approved_by: notice.approvedBy ?? null,
		approved_at: notice.approvedAt ?? null,
		sent_at: notice.sentAt ?? null,
		version: notice.version,
	};
}

/** The notice, or undefined: nonexistent and out of scope answer alike. */
export async function getNotice(db: Db | Tx, scope: TenantScope, id: string): Promise<Notice | undefined> {
	const row = await db.selectFrom("notices").selectAll().where("id", "=", id).executeTakeFirst();
	return row && (await getIncident(db, scope, row.incident_id)) ? noticeOf(row) : undefined;
}

export interface NoticeFilter {
	readonly incidentId?: string | undefined;
	readonly tenant?: string | undefined;
	readonly states?: readonly NoticeState[] | undefined;
	/** 1 to 500, default 100. */
	readonly limit?: number | undefined;
}

/** Newest first. */
export async function listNotices(db: Db | Tx, scope: TenantScope, filter: NoticeFilter = {}): Promise<Notice[]> {
	// An empty list after IN is an error in PostgreSQL.
	if (!scope.all && scope.tenants.size === 0) return [];
	let query = db
		.selectFrom("notices")
		.selectAll()
		.orderBy("created_at", "desc")
		.orderBy("id", "desc")
		.limit(Math.min(Math.max(1, filter.limit ?? 100), 500));
	if (!scope.all) query = query.where("tenant", "in", [...scope.tenants]);
	if (filter.incidentId !== undefined) query = query.where("incident_id", "=", filter.incidentId);
	if (filter.tenant !== undefined) query = query.where("tenant", "=", filter.tenant);
	if (filter.states) query = query.where("state", "in", [...filter.states]);
	const unseen = await unseenIncidents(db, scope);
	return (await query.execute()).filter((row) => !unseen.has(row.incident_id)).map(noticeOf);
}

export async function saveNotice(tx: Tx, notice: Notice): Promise<void> {
	const { id, ...rest } = rowOf(notice);
	await tx.updateTable("notices").set(rest).where("id", "=", id).execute();
}

/** Addresses of an audience, from the tenant's own contacts and from nowhere else. */
export function contactsOf(tenant: KeyTenant | undefined, audience: Audience): string[] {
	if (!tenant) return [];
	const { csam, support, customer } = tenant.contacts;
	const addresses = { csam: [csam], support: [support], customer: [...customer] }[audience];
	return [...new Set(addresses.filter((address) => address !== undefined && address !== ""))] as string[];
}

export function findTenant(catalogue: Catalogue, name: string): KeyTenant | undefined {
	return catalogue.tenants.find((tenant) => tenant.name === name);
}

/** Binds a list of addresses to the tenant and audience they were taken for: none can be exchanged unnoticed. */
export function recipientsDigest(tenant: string, audience: Audience, recipients: readonly string[]): string {
	return createHash("sha256").update(canonicalJson({ tenant, audience, recipients })).digest("hex");
}
