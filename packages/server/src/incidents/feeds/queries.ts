import { sql } from "kysely";
import type { Catalogue } from "#catalogue";
import { type ControlTables, type Db, inScope, type TenantScope, type Tx } from "#platform";
import type { ChangeKind, ChangeState } from "#telemetry";
import { workloadsOf } from "./mapping.ts";
import type { CaseRecord, ChangeRecord, FeedState, Page, PlatformHealthRecord } from "./types.ts";

export interface FactFilter {
	/** Facts of this tenant and those that are of no single one. */
	readonly tenant?: string | undefined;
	/** Facts of this workload and those that tell none. */
	readonly workload?: string | undefined;
	/** Started at or after; ms. */
	readonly from?: number | undefined;
	/** Started before; ms. */
	readonly to?: number | undefined;
	/** `next` of the previous answer. */
	readonly after?: string | undefined;
	/** 1 to 500, default 100. */
	readonly limit?: number | undefined;
}

/** A cursor is the instant and number of the last item that was read: it stays good while facts come and change. */
export const FACT_CURSOR = /^\d{1,16}\.\d{1,15}$/;

function limitOf(filter: FactFilter): number {
	return Math.min(Math.max(1, filter.limit ?? 100), 500);
}

function cursorOf(filter: FactFilter): { readonly at: number; readonly seq: number } | undefined {
	if (filter.after === undefined || !FACT_CURSOR.test(filter.after)) return undefined;
	const [at, seq] = filter.after.split(".").map(Number);
	return { at: at as number, seq: seq as number };
}

function pageOf<Item extends { readonly seq: number }>(
	items: readonly Item[],
	limit: number,
	at: (item: Item) => number,
): Page<Item> {
	const page = items.slice(0, limit);
	const last = page.at(-1);
	return { items: page, next: items.length > limit && last ? `${at(last)}.${last.seq}` : undefined };
}

/** An empty list after IN is an error in PostgreSQL. */
function reachesNobody(scope: TenantScope): boolean {
	return !scope.all && scope.tenants.size === 0;
}

/**
 * Changes, the last to start first. Those that are of no single tenant are seen by who may see all: their titles may name
 * other customers.
 */
export async function listChanges(
	db: Db | Tx,
	scope: TenantScope,
	filter: FactFilter = {},
): Promise<Page<ChangeRecord>> {
	if (reachesNobody(scope)) return { items: [], next: undefined };
	const limit = limitOf(filter);
	const cursor = cursorOf(filter);
	let query = db
		.selectFrom("changes")
		.selectAll()
		.orderBy("started_at", "desc")
		.orderBy("seq", "desc")
		.limit(limit + 1);
	if (!scope.all) query = query.where("tenant", "in", [...scope.tenants]);
	if (filter.tenant !== undefined) query = query.where("tenant", "in", ["", filter.tenant]);
	if (filter.workload !== undefined) query = query.where("workload", "in", ["", filter.workload]);
	if (filter.from !== undefined) query = query.where("started_at", ">=", filter.from);
	if (filter.to !== undefined) query = query.where("started_at", "<", filter.to);
	if (cursor) {
		query = query.where((where) =>
			where.or([
				where("started_at", "<", cursor.at),
				where.and([where("started_at", "=", cursor.at), where("seq", "<", cursor.seq)]),
			]),
		);
	}
	return pageOf((await query.execute()).map(changeOf), limit, (item) => item.startedAt);
}

/** One row of each change that is held and in scope: the tenant's and workload's own where there are several. */
export async function changesById(
	db: Db | Tx,
	scope: TenantScope,
	changes: readonly Pick<ChangeRecord, "feed" | "id" | "tenant" | "workload">[],
): Promise<ChangeRecord[]> {
	const wanted = changes.filter(({ tenant }) => inScope(scope, tenant));
	if (wanted.length === 0) return [];
	const rows = await db
		.selectFrom("changes")
		.selectAll()
		.where("external_id", "in", [...new Set(wanted.map(({ id }) => id))])
		.orderBy("seq")
		.execute();
	return wanted.flatMap(({ feed, id, tenant, workload }) => {
		const same = rows.filter((row) => row.feed === feed && row.external_id === id && row.tenant === tenant);
		const row = same.find((each) => each.workload === workload) ?? same[0];
		return row ? [changeOf(row)] : [];
	});
}

export interface CaseFilter extends FactFilter {
	readonly state?: "open" | "closed" | undefined;
	/** `oldest` follows along with the cursor. Default: newest. */
	readonly order?: "newest" | "oldest" | undefined;
}

/** Cases and reports, the last to open first. What is no key tenant's is seen by who may see all. */
export async function listCases(db: Db | Tx, scope: TenantScope, filter: CaseFilter = {}): Promise<Page<CaseRecord>> {
	if (reachesNobody(scope)) return { items: [], next: undefined };
	const limit = limitOf(filter);
	const cursor = cursorOf(filter);
	const isOldest = filter.order === "oldest";
	let query = db
		.selectFrom("cases")
		.selectAll()
		.orderBy("opened_at", isOldest ? "asc" : "desc")
		.orderBy("seq", isOldest ? "asc" : "desc")
		.limit(limit + 1);
	if (!scope.all) query = query.where("tenant", "in", [...scope.tenants]);
	if (filter.tenant !== undefined) query = query.where("tenant", "=", filter.tenant);
	if (filter.workload !== undefined) query = query.where("workload", "in", ["", filter.workload]);
	if (filter.from !== undefined) query = query.where("opened_at", ">=", filter.from);
	if (filter.to !== undefined) query = query.where("opened_at", "<", filter.to);
	if (filter.state !== undefined) query = query.where("closed_at", filter.state === "open" ? "is" : "is not", null);
	if (cursor) {
		const beyond = isOldest ? ">" : "<";
		query = query.where((where) =>
			where.or([
				where("opened_at", beyond, cursor.at),
				where.and([where("opened_at", "=", cursor.at), where("seq", beyond, cursor.seq)]),
			]),
		);
	}
	return pageOf((await query.execute()).map(caseOf), limit, (item) => item.openedAt);
}

export interface HealthFilter extends FactFilter {
	/** `open`: what has not ended. */
	readonly state?: "open" | undefined;
}

/** What platforms said of their components, the last to start first. It is no tenant's: only who may see all sees it. */
export async function listPlatformHealth(
	db: Db | Tx,
	scope: TenantScope,
	catalogue: Catalogue,
	filter: HealthFilter = {},
): Promise<Page<PlatformHealthRecord>> {
	if (!inScope(scope, "")) return { items: [], next: undefined };
	const limit = limitOf(filter);
	const found: PlatformHealthRecord[] = [];
	// Which workload a fact is of is known by the catalogue alone, so that pages are filled by looking on.
	for (let cursor = cursorOf(filter); ; ) {
		let query = db
			.selectFrom("platform_health")
			.selectAll()
			.orderBy("started_at", "desc")
			.orderBy("seq", "desc")
			.limit(limit + 1);
		if (filter.state === "open") query = query.where("ended_at", "is", null);
		if (filter.from !== undefined) query = query.where("started_at", ">=", filter.from);
		if (filter.to !== undefined) query = query.where("started_at", "<", filter.to);
		const at = cursor;
		if (at) {
			query = query.where((where) =>
				where.or([
					where("started_at", "<", at.at),
					where.and([where("started_at", "=", at.at), where("seq", "<", at.seq)]),
				]),
			);
		}
		const rows = await query.execute();
		const records = rows.map((row) => healthOf(row, catalogue));
		found.push(...records.filter((each) => filter.workload === undefined || each.workloads.includes(filter.workload)));
		const last = rows.at(-1);
		if (found.length > limit || rows.length <= limit || !last) break;
		cursor = { at: last.started_at, seq: last.seq };
	}
	return pageOf(found, limit, (item) => item.startedAt);
}

/** How each feed of the catalogue is, in the catalogue's order. Names of unknown tenants are for who may see all. */
export async function feedStates(
	db: Db | Tx,
	scope: TenantScope,
	catalogue: Catalogue,
	now: number,
): Promise<FeedState[]> {
	const rows = new Map((await db.selectFrom("feeds").selectAll().execute()).map((row) => [row.feed, row]));
	return catalogue.feeds.map((feed): FeedState => {
		const row = rows.get(feed.name);
		const staleSince =
			row && feed.expectEveryMs !== undefined && now - row.last_message_at > feed.expectEveryMs
				? row.last_message_at + feed.expectEveryMs
				: undefined;
		return {
			name: feed.name,
			displayName: feed.displayName,
			kind: feed.kind,
			gives: feed.gives,
			state: row === undefined ? "waiting" : staleSince === undefined ? "live" : "stale",
			lastMessageAt: row?.last_message_at,
			expectEveryMs: feed.expectEveryMs,
			staleSince,
			messages: row?.messages ?? 0,
			duplicates: row?.duplicates ?? 0,
			facts: row?.facts ?? 0,
			leftOut: row?.left_out ?? 0,
			faults: row?.faults ?? 0,
			lastFault:
				row && row.last_fault !== null && row.last_fault_at !== null
					? { at: row.last_fault_at, text: row.last_fault }
					: undefined,
			unmapped: row && inScope(scope, "") ? (JSON.parse(row.unmapped) as string[]) : [],
		};
	});
}

/** When each feed was first heard. */
export async function firstHeard(db: Db | Tx): Promise<ReadonlyMap<string, number>> {
	const rows = await db.selectFrom("feeds").select(["feed", "first_message_at"]).execute();
	return new Map(rows.map((row) => [row.feed, row.first_message_at]));
}

/** Everything that a platform says now, for the fleet page; at most this many statements, what is not well first. */
const MAX_OPEN_FACTS = 5_000;

export async function openHealthRows(db: Db | Tx): Promise<ControlTables["platform_health"][]> {
	const rows = await db
		.selectFrom("platform_health")
		.selectAll()
		.where("ended_at", "is", null)
		.orderBy(sql`case when state = 'operational' then 1 else 0 end`)
		.orderBy("started_at", "desc")
		.orderBy("seq", "desc")
		.limit(MAX_OPEN_FACTS)
		.execute();
	return rows as unknown as ControlTables["platform_health"][];
}

type Row<Table extends "changes" | "cases" | "platform_health"> = Omit<ControlTables[Table], "seq"> & {
	readonly seq: number;
};

function changeOf(row: Row<"changes">): ChangeRecord {
	return {
		seq: row.seq,
		feed: row.feed,
		id: row.external_id,
		tenant: row.tenant,
		workload: row.workload,
		kind: row.kind as ChangeKind,
		state: row.state as ChangeState,
		title: row.title,
		ring: row.ring ?? undefined,
		region: row.region ?? undefined,
		build: row.build ?? undefined,
		actor: row.actor ?? undefined,
		link: row.link ?? undefined,
		startedAt: row.started_at,
		endedAt: row.ended_at ?? undefined,
		revisedAt: row.revised_at,
	};
}

function caseOf(row: Row<"cases">): CaseRecord {
	return {
		seq: row.seq,
		feed: row.feed,
		id: row.external_id,
		tenant: row.tenant,
		tenantNamed: row.tenant_named,
		workload: row.workload,
		kind: row.kind,
		severity: row.severity ?? undefined,
		title: row.title,
		link: row.link ?? undefined,
		isEscalated: row.escalated === 1,
		openedAt: row.opened_at,
		closedAt: row.closed_at ?? undefined,
		revisedAt: row.revised_at,
	};
}

function healthOf(row: Row<"platform_health">, catalogue: Catalogue): PlatformHealthRecord {
	const component = JSON.parse(row.component) as string[];
	const feed = catalogue.feeds.find((each) => each.name === row.feed);
	return {
		seq: row.seq,
		feed: row.feed,
		id: row.external_id,
		component,
		workloads: feed ? workloadsOf(feed, catalogue, component) : [],
		state: row.state,
		sourceStatus: row.source_status,
		title: row.title,
		link: row.link ?? undefined,
		startedAt: row.started_at,
		endedAt: row.ended_at ?? undefined,
		revisedAt: row.revised_at,
	};
}
