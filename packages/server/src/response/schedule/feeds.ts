import { createHash } from "node:crypto";
import type { Db, Tx } from "#platform";
import { type ActOutcome, type OnCallDeps, type OnCallRequest, scheduleNamed, tellAct, unknownPerson } from "./acts.ts";

/** A private calendar address of one schedule or one person. The secret in it is told once and never kept. */
export interface CalendarFeed {
	readonly id: string;
	readonly schedule: string | undefined;
	readonly person: string | undefined;
	readonly madeBy: string;
	readonly madeAt: number;
	readonly revokedAt: number | undefined;
	/** When a calendar asked last, to the hour. */
	readonly usedAt: number | undefined;
}

const SECRET_BYTES = 24;
/** Calendars ask often; when they did is worth one write an hour. */
const USED_EVERY_MS = 3_600_000;

export type FeedTarget = { readonly schedule: string } | { readonly person: string };

/** Makes an address. `secret` belongs into it and is in no record, event or audit entry. */
export async function makeFeed(
	tx: Tx,
	deps: OnCallDeps,
	request: OnCallRequest,
	target: FeedTarget,
): Promise<ActOutcome<CalendarFeed & { readonly secret: string }>> {
	const catalogue = deps.catalogue();
	if ("schedule" in target && !scheduleNamed(catalogue, target.schedule)) return { status: "not-found" };
	if ("person" in target && unknownPerson(catalogue, [target.person])) return { status: "not-found" };
	const secret = deps.ids.secret(SECRET_BYTES);
	const row = {
		id: deps.ids.next("cal"),
		digest: digestOf(secret),
		schedule: "schedule" in target ? target.schedule : null,
		person: "person" in target ? target.person : null,
		made_by: request.principal.name,
		made_at: request.now,
		revoked_by: null,
		revoked_at: null,
		used_at: null,
	};
	await tx.insertInto("oncall_feeds").values(row).execute();
	await tellAct(tx, deps, request, {
		type: "oncall.feed_made",
		subject: `calendar:${row.id}`,
		detail: { schedule: row.schedule, person: row.person },
	});
	return { status: "changed", record: { ...toRecord(row), secret } };
}

/** The address answers 404 from this commit on. */
export async function revokeFeed(
	tx: Tx,
	deps: OnCallDeps,
	request: OnCallRequest,
	id: string,
): Promise<ActOutcome<CalendarFeed>> {
	const row = await tx.selectFrom("oncall_feeds").selectAll().where("id", "=", id).executeTakeFirst();
	if (!row) return { status: "not-found" };
	if (row.revoked_at !== null) return { status: "unchanged", record: toRecord(row) };
	const change = { revoked_by: request.principal.name, revoked_at: request.now };
	await tx.updateTable("oncall_feeds").set(change).where("id", "=", id).execute();
	await tellAct(tx, deps, request, {
		type: "oncall.feed_revoked",
		subject: `calendar:${id}`,
		detail: { schedule: row.schedule, person: row.person },
	});
	return { status: "changed", record: toRecord({ ...row, ...change }) };
}

export async function listFeeds(db: Db | Tx): Promise<CalendarFeed[]> {
	const rows = await db.selectFrom("oncall_feeds").selectAll().orderBy("made_at", "desc").limit(500).execute();
	return rows.map(toRecord);
}

/** The feed that a secret opens; undefined: none does, or it was revoked. */
export async function feedOf(db: Db | Tx, secret: string): Promise<CalendarFeed | undefined> {
	const row = await db
		.selectFrom("oncall_feeds")
		.selectAll()
		.where("digest", "=", digestOf(secret))
		.where("revoked_at", "is", null)
		.executeTakeFirst();
	return row && toRecord(row);
}

export function isUseWorthNoting(feed: CalendarFeed, now: number): boolean {
	return feed.usedAt === undefined || now - feed.usedAt >= USED_EVERY_MS;
}

export async function noteFeedUse(tx: Tx, id: string, now: number): Promise<void> {
	await tx.updateTable("oncall_feeds").set({ used_at: now }).where("id", "=", id).execute();
}

function digestOf(secret: string): string {
	return createHash("sha256").update(`calendar-feed:${secret}`).digest("hex");
}

function toRecord(row: {
	id: string;
	schedule: string | null;
	person: string | null;
	made_by: string;
	made_at: number;
	revoked_at: number | null;
	used_at: number | null;
}): CalendarFeed {
	return {
		id: row.id,
		schedule: row.schedule ?? undefined,
		person: row.person ?? undefined,
		madeBy: row.made_by,
		madeAt: row.made_at,
		revokedAt: row.revoked_at ?? undefined,
		usedAt: row.used_at ?? undefined,
	};
}
