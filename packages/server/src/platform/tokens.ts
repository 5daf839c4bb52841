import { createHash } from "node:crypto";
import type { Principal, Role } from "./access.ts";
import type { ControlTables } from "./tables.ts";
import type { Db, Ids, Tx } from "./types.ts";

export interface NewToken {
	readonly name: string;
	readonly role: Role;
	/** Works once; for the first visit of an administrator. */
	readonly oneTime: boolean;
	/** Key tenants that it may see, at least one; undefined: all, and the fleet. Not for administrators and senders. */
	readonly tenants?: readonly string[] | undefined;
	/** Undefined: no expiry. */
	readonly ttlMs?: number | undefined;
}

const PREFIX = "bw_";
const TOKEN_BYTES = 32;
/** "Last used" is for people; written at most this often, so that reading a token is not a write per request. */
export const LAST_USED_STEP_MS = 60_000;

/** Makes a token of 256 random bits. The text is in the answer alone: the store keeps its SHA-256. */
export async function issueToken(
	tx: Tx,
	ids: Ids,
	now: number,
	token: NewToken,
): Promise<{ readonly id: string; readonly token: string }> {
	const id = ids.next("tok");
	const text = PREFIX + ids.secret(TOKEN_BYTES);
	await tx
		.insertInto("tokens")
		.values({
			id,
			hash: digest(text),
			name: token.name,
			role: token.role,
			one_time: token.oneTime ? 1 : 0,
			tenants: token.tenants === undefined ? null : JSON.stringify(token.tenants),
			created_at: now,
			expires_at: token.ttlMs === undefined ? null : now + token.ttlMs,
			last_used_at: null,
			revoked_at: null,
		})
		.execute();
	return { id, token: text };
}

/** Who a token stands for, and until when what it opens may last. */
export interface UsedToken {
	readonly id: string;
	readonly principal: Principal;
	/** Undefined: the token has no expiry, or is a one-time one whose expiry is only for its use. */
	readonly endsAt: number | undefined;
}

/** Undefined when the token is unknown, expired, revoked or already used up. A one-time token is used up. */
export async function useToken(tx: Tx, token: string, now: number): Promise<UsedToken | undefined> {
	const row = await find(tx, token, now);
	if (!row) return undefined;
	if (row.one_time || row.last_used_at === null || now - row.last_used_at >= LAST_USED_STEP_MS) {
		await tx
			.updateTable("tokens")
			.set(row.one_time ? { last_used_at: now, revoked_at: now } : { last_used_at: now })
			.where("id", "=", row.id)
			.execute();
	}
	return {
		id: row.id,
		principal: principalOf(row),
		endsAt: row.one_time ? undefined : (row.expires_at ?? undefined),
	};
}

/** Like useToken without writing: for requests that come often. One-time tokens are not accepted here. */
export async function checkToken(db: Db | Tx, token: string, now: number): Promise<Principal | undefined> {
	const row = await find(db, token, now);
	return row && !row.one_time ? principalOf(row) : undefined;
}

/** Who a token stands for, by its id, while it is worth anything: for what was asked for earlier in its name. */
export async function principalOfTokenId(db: Db | Tx, id: string, now: number): Promise<Principal | undefined> {
	const row = await db.selectFrom("tokens").selectAll().where("id", "=", id).executeTakeFirst();
	return row && isGood(row, now) ? principalOf(row) : undefined;
}

/** Ids of the tokens that bear a name and are worth something. */
export async function bearersOfName(db: Db | Tx, name: string, now: number): Promise<string[]> {
	const rows = await db.selectFrom("tokens").selectAll().where("name", "=", name).execute();
	return rows.filter((row) => isGood(row, now)).map(({ id }) => id);
}

/** Tenants of a token or session as they are stored; what cannot be read lets nothing be seen. */
export function storedTenants(stored: string | null): { readonly tenants?: readonly string[] } {
	if (stored === null) return {};
	try {
		const tenants: unknown = JSON.parse(stored);
		return { tenants: Array.isArray(tenants) ? tenants.filter((each) => typeof each === "string") : [] };
	} catch {
		return { tenants: [] };
	}
}

type TokenRow = ControlTables["tokens"];

function principalOf(row: TokenRow): Principal {
	return { name: row.name, role: row.role as Role, ...storedTenants(row.tenants), tokenId: row.id };
}

function isGood(row: TokenRow, now: number): boolean {
	return row.revoked_at === null && (row.expires_at === null || row.expires_at > now);
}

/** Notes that a token was used, for people who look for those that nobody uses. Call it once a minute at most. */
export async function noteTokenUse(tx: Tx, id: string, now: number): Promise<void> {
	await tx.updateTable("tokens").set({ last_used_at: now }).where("id", "=", id).execute();
}

/** From this commit on the token is worth nothing. Revoking twice changes nothing. */
export async function revokeToken(tx: Tx, id: string, now: number): Promise<void> {
	await tx
		.updateTable("tokens")
		.set({ revoked_at: now })
		.where("id", "=", id)
		.where("revoked_at", "is", null)
		.execute();
}

async function find(db: Db | Tx, token: string, now: number) {
	if (!token.startsWith(PREFIX)) return undefined;
	const row = await db.selectFrom("tokens").selectAll().where("hash", "=", digest(token)).executeTakeFirst();
	return row && isGood(row, now) ? row : undefined;
}

/** A plain hash is enough for 256 random bits, and looking up by it leaks nothing that timing could tell. */
export function digest(secret: string): string {
	return createHash("sha256").update(secret).digest("hex");
}
