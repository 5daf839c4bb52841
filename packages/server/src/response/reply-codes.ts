import { MINUTE_MS } from "@bellwether/model";
import { digest, type Ids, type Tx } from "#platform";
import type { ActionPurpose } from "./action-token.ts";

const DIGITS = 6;
const VALID_MS = 30 * MINUTE_MS;
/** Wrong codes that a number may send before it has to wait: guessing one of a million takes years. */
const MAX_FAILURES = 5;
const LOCKED_MS = 15 * MINUTE_MS;

export interface NewCode {
	readonly purpose: ActionPurpose;
	/** Incident, page or test page. */
	readonly subject: string;
	readonly person: string;
	readonly channel: string;
	readonly address: string;
}

export type CodeCheck =
	| { readonly status: "valid"; readonly person: string; readonly purpose: ActionPurpose; readonly subject: string }
	| { readonly status: "refused"; readonly reason: "not-ours" | "expired" | "used" | "locked" };

/** Makes a code for one message; the answer alone has its digits, the store keeps a digest. */
export async function issueCode(tx: Tx, ids: Ids, now: number, code: NewCode): Promise<string> {
	const digits = String(Number.parseInt(ids.secret(6), 16) % 10 ** DIGITS).padStart(DIGITS, "0");
	const address = addressKey(code.address);
	await tx
		.insertInto("reply_codes")
		.values({
			...code,
			address,
			id: ids.next("rcd"),
			code_digest: digestOf(address, digits),
			created_at: now,
			expires_at: now + VALID_MS,
			used_at: null,
		})
		.execute();
	return digits;
}

/** Reads the digits out of an answer and uses the code up. It does only from the number that it was sent to. */
export async function useCode(tx: Tx, text: string, from: string, now: number): Promise<CodeCheck> {
	const address = addressKey(from);
	const failed = await tx.selectFrom("reply_failures").selectAll().where("address", "=", address).executeTakeFirst();
	const failures = failed && now - failed.since_at < LOCKED_MS && now >= failed.since_at ? failed.failures : 0;
	if (failures >= MAX_FAILURES) return { status: "refused", reason: "locked" };
	const digits = /(?<!\d)\d{6}(?!\d)/.exec(text.slice(0, 500))?.[0];
	const row =
		digits &&
		(await tx
			.selectFrom("reply_codes")
			.selectAll()
			.where("address", "=", address)
			.where("code_digest", "=", digestOf(address, digits))
			.orderBy("created_at", "desc")
			.executeTakeFirst());
	if (!row) {
		await countFailure(tx, address, failures + 1, failures === 0 ? now : (failed?.since_at ?? now));
		return { status: "refused", reason: "not-ours" };
	}
	if (row.used_at !== null) return { status: "refused", reason: "used" };
	if (row.expires_at <= now) return { status: "refused", reason: "expired" };
	await tx.updateTable("reply_codes").set({ used_at: now }).where("id", "=", row.id).execute();
	await tx.deleteFrom("reply_failures").where("address", "=", address).execute();
	return { status: "valid", person: row.person, purpose: row.purpose, subject: row.subject };
}

async function countFailure(tx: Tx, address: string, failures: number, sinceAt: number): Promise<void> {
	await tx
		.insertInto("reply_failures")
		.values({ address, failures, since_at: sinceAt })
		.onConflict((conflict) => conflict.column("address").doUpdateSet({ failures, since_at: sinceAt }))
		.execute();
}

/** Providers write numbers with and without spaces and `whatsapp:` before them. */
function addressKey(address: string): string {
	return address
		.replace(/^[a-z]+:/i, "")
		.replace(/[\s().-]/g, "")
		.toLowerCase();
}

function digestOf(address: string, digits: string): string {
	return digest(`${address}\n${digits}`);
}
