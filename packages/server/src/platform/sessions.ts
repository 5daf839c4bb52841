import type { Principal, Role } from "./access.ts";
import { digest, storedTenants } from "./tokens.ts";
import { type ControlStore, type Ids, StoreUnavailable, type Tx } from "./types.ts";

export interface Session {
	readonly principal: Principal;
	/** Must come back in a header or form field with every request that changes state. */
	readonly csrf: string;
	readonly expiresAt: number;
}

/** A session ends this long after its last request … */
export const SESSION_IDLE_MS = 12 * 3_600_000;
/** … and this long after it was opened, whatever happens. */
export const SESSION_MAX_MS = 7 * 24 * 3_600_000;
const SEEN_STEP_MS = 60_000;

/**
 * Opens a session under a new reference id (the cookie's value), which ends no later than what it was opened with. The
 * store keeps its hash alone. Expired sessions go.
 */
export async function openSession(
	tx: Tx,
	ids: Ids,
	now: number,
	principal: Principal,
	openedWith: { readonly tokenId: string; readonly endsAt?: number | undefined },
): Promise<Session & { readonly id: string }> {
	await tx
		.deleteFrom("sessions")
		.where((or) => or.or([or("expires_at", "<=", now), or("seen_at", "<=", now - SESSION_IDLE_MS)]))
		.execute();
	const id = ids.secret(32);
	const session = {
		principal,
		csrf: ids.secret(32),
		expiresAt: Math.min(now + SESSION_MAX_MS, openedWith.endsAt ?? Number.POSITIVE_INFINITY),
	};
	await tx
		.insertInto("sessions")
		.values({
			id_hash: digest(id),
			principal: principal.name,
			role: principal.role,
			csrf: session.csrf,
			tenants: principal.tenants === undefined ? null : JSON.stringify(principal.tenants),
			token_id: openedWith.tokenId,
			created_at: now,
			seen_at: now,
			expires_at: session.expiresAt,
		})
		.execute();
	return { id, ...session };
}

/**
 * The live session behind a reference id, undefined when there is none (any more). Notes that it was seen, once a minute;
 * `isSeen` false: only asks, as what waits for news does, which must not keep a session alive.
 */
export async function findSession(
	store: ControlStore,
	id: string,
	now: number,
	isSeen = true,
): Promise<Session | undefined> {
	const hash = digest(id);
	const row = await store.db.selectFrom("sessions").selectAll().where("id_hash", "=", hash).executeTakeFirst();
	if (!row || row.expires_at <= now || row.seen_at + SESSION_IDLE_MS <= now) return undefined;
	if (isSeen && now - row.seen_at >= SEEN_STEP_MS) {
		// On a full disk people must still see what burns.
		await store
			.transaction(async (tx) => {
				await tx.updateTable("sessions").set({ seen_at: now }).where("id_hash", "=", hash).execute();
			})
			.catch((error) => {
				if (!(error instanceof StoreUnavailable)) throw error;
			});
	}
	return {
		principal: {
			name: row.principal,
			role: row.role as Role,
			...storedTenants(row.tenants),
			...(row.token_id === null ? {} : { tokenId: row.token_id }),
		},
		csrf: row.csrf,
		expiresAt: row.expires_at,
	};
}

/** Logs out: from this commit on the reference id is worth nothing. */
export async function closeSession(tx: Tx, id: string): Promise<void> {
	await tx.deleteFrom("sessions").where("id_hash", "=", digest(id)).execute();
}

/** Ends what was opened with a token that is worth nothing any more. */
export async function closeSessionsOf(tx: Tx, tokenId: string): Promise<void> {
	await tx.deleteFrom("sessions").where("token_id", "=", tokenId).execute();
}

const OPERATOR_TOKEN = "operator:";

/** Stands for the operator's own token, which is not in the store: another token is another id. */
export function operatorTokenId(tokenDigest: string): string {
	return `${OPERATOR_TOKEN}${tokenDigest.slice(0, 32)}`;
}

/** Ends what was opened with an operator's token that is no longer the one; undefined: there is none now. */
export async function closeForeignOperatorSessions(tx: Tx, tokenDigest: string | undefined): Promise<void> {
	await tx
		.deleteFrom("sessions")
		.where("token_id", "like", `${OPERATOR_TOKEN}%`)
		.where("token_id", "!=", tokenDigest === undefined ? "" : operatorTokenId(tokenDigest))
		.execute();
}
