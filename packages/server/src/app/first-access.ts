import { readFile, stat } from "node:fs/promises";
import { type ControlStore, closeForeignOperatorSessions, type Ids, issueToken, revokeToken } from "#platform";
// Not by the door: who starts with a token file would load all of the API before the telemetry thread may begin.
import { tokenDigestOf } from "../api/authenticate.ts";

/** A setting that keeps the server from starting; the message says what to change. */
export class SettingRefused extends Error {
	override readonly name = "SettingRefused";
}

const MIN_TOKEN_LENGTH = 32;
const START_NAME = "admin";
const LINK_TTL_MS = 24 * 3_600_000;

/**
 * Tokens of this start: a one-time one for the link, a lasting one for tools; none when the operator has a token of
 * their own. Those of earlier starts are revoked, so that a restart leaves no rights lying about, nor do sessions stay
 * that were opened with an operator's token that was exchanged since.
 */
export async function issueStartTokens(
	store: ControlStore,
	ids: Ids,
	now: number,
	operatorTokenDigest: string | undefined,
): Promise<{ readonly adminToken: string; readonly linkToken: string } | undefined> {
	return store.transaction(async (tx) => {
		await closeForeignOperatorSessions(tx, operatorTokenDigest);
		const earlier = await tx.selectFrom("meta").select("value").where("key", "=", "start-tokens").executeTakeFirst();
		for (const id of earlier ? (JSON.parse(earlier.value) as string[]) : []) await revokeToken(tx, id, now);
		if (operatorTokenDigest !== undefined) return undefined;
		const admin = await issueToken(tx, ids, now, { name: START_NAME, role: "admin", oneTime: false });
		const link = await issueToken(tx, ids, now, { name: START_NAME, role: "admin", oneTime: true, ttlMs: LINK_TTL_MS });
		const value = JSON.stringify([admin.id, link.id]);
		await tx
			.insertInto("meta")
			.values({ key: "start-tokens", value })
			.onConflict((conflict) => conflict.column("key").doUpdateSet({ value }))
			.execute();
		return { adminToken: admin.token, linkToken: link.token };
	});
}

/** The operator's own admin token, as a digest. The file must be for its owner alone and hold one long random text. */
export async function readTokenFile(path: string): Promise<string> {
	const remedy = `write one with: (umask 077; openssl rand -hex 32 > ${path})`;
	const info = await stat(path).catch((error: NodeJS.ErrnoException) => {
		throw new SettingRefused(`the token file ${path} cannot be read (${error.code}): ${remedy}`);
	});
	if (process.platform !== "win32" && (info.mode & 0o077) !== 0) {
		throw new SettingRefused(
			`the token file ${path} can be read by others (mode ${(info.mode & 0o777).toString(8)}): chmod 600 ${path}`,
		);
	}
	const token = (await readFile(path, "utf8")).trim();
	if (token.length < MIN_TOKEN_LENGTH || /\s/.test(token)) {
		throw new SettingRefused(
			`the token file ${path} does not hold one token of at least ${MIN_TOKEN_LENGTH} characters: ${remedy}`,
		);
	}
	return tokenDigestOf(token);
}
