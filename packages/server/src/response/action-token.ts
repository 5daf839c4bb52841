import { createHmac, timingSafeEqual } from "node:crypto";
import type { Db, Ids, Tx } from "#platform";

/** What a token may be used for; one that acknowledges can confirm no contact, and the other way round. */
export type ActionPurpose = "acknowledge" | "confirm-contact";

/** `subject`: the incident, or the test page, that the token is for. `person`: whose act it is. `expiresAt` ms epoch. */
export interface ActionClaims {
	readonly purpose: ActionPurpose;
	readonly subject: string;
	readonly person: string;
	readonly expiresAt: number;
}

export type ActionCheck =
	| { readonly status: "valid"; readonly claims: ActionClaims }
	| { readonly status: "refused"; readonly reason: "not-ours" | "expired" };

const META_KEY = "action-token-key";
const VERSION = "a1";

/** The key that signs this installation's tokens, made when it is needed first; it is in every backup. */
export async function actionKey(tx: Tx, ids: Ids): Promise<string> {
	const known = await knownActionKey(tx);
	if (known !== undefined) return known;
	const value = ids.secret(32);
	await tx.insertInto("meta").values({ key: META_KEY, value }).execute();
	return value;
}

/** Undefined: no token was ever made. */
export async function knownActionKey(db: Db | Tx): Promise<string | undefined> {
	const row = await db.selectFrom("meta").select("value").where("key", "=", META_KEY).executeTakeFirst();
	return row?.value;
}

/** `a1.<claims>.<HMAC-SHA256>`, letters, digits, `-`, `_` and dots alone, so that it stands in a link as it is. */
export function signAction(key: string, claims: ActionClaims): string {
	const { purpose, subject, person, expiresAt } = claims;
	const body = `${VERSION}.${Buffer.from(JSON.stringify([purpose, subject, person, expiresAt])).toString("base64url")}`;
	return `${body}.${signature(key, body)}`;
}

/** Reads a token back. Nothing of it is believed before its signature fits. */
export function checkAction(key: string, token: string, purpose: ActionPurpose, now: number): ActionCheck {
	const refused = { status: "refused", reason: "not-ours" } as const;
	const end = token.lastIndexOf(".");
	if (end < 0 || token.length > 2_000 || !token.startsWith(`${VERSION}.`)) return refused;
	const body = token.slice(0, end);
	const sent = Buffer.from(token.slice(end + 1));
	const right = Buffer.from(signature(key, body));
	if (sent.length !== right.length || !timingSafeEqual(sent, right)) return refused;
	const [written, subject, person, expiresAt] = JSON.parse(
		Buffer.from(body.slice(VERSION.length + 1), "base64url").toString("utf8"),
	) as [string, string, string, number];
	if (written !== purpose) return refused;
	if (expiresAt <= now) return { status: "refused", reason: "expired" };
	return { status: "valid", claims: { purpose, subject, person, expiresAt } };
}

function signature(key: string, body: string): string {
	return createHmac("sha256", key).update(body).digest("base64url");
}
