import { createHash } from "node:crypto";
import { canonicalJson } from "./canonical-json.ts";
import type { Db, Tx } from "./types.ts";

/** One state-changing act. `subject` is what was acted on ("incident:inc_…"); `detail` holds digests, never secrets. */
export interface AuditEntry {
	readonly at: number;
	readonly actor: string;
	readonly action: string;
	readonly tenant: string;
	readonly subject: string;
	readonly requestId: string;
	readonly detail: Readonly<Record<string, unknown>>;
}

/** Number and hash of the newest entry. Kept outside as well, it makes a cut or rewritten log visible. */
export interface AuditHead {
	readonly seq: number;
	readonly hash: string;
}

export type AuditVerdict =
	| ({ readonly status: "intact" } & AuditHead)
	| {
			readonly status: "broken";
			/** First entry that does not follow from the ones before it. */
			readonly seq: number;
			readonly reason:
				| "missing entry"
				| "altered entry"
				| "shorter than the known head"
				| "differs from the known head";
	  };

const GENESIS = "0".repeat(64);

/** Appends one entry: hash = SHA-256(previous hash ‖ canonical JSON of the entry with its number). */
export async function audit(tx: Tx, entry: AuditEntry): Promise<AuditHead> {
	const head = await auditHead(tx);
	const seq = head.seq + 1;
	const hash = chain(head.hash, seq, entry);
	await tx
		.insertInto("audit")
		.values({
			seq,
			at: entry.at,
			actor: entry.actor,
			action: entry.action,
			tenant: entry.tenant,
			subject: entry.subject,
			request_id: entry.requestId,
			detail: canonicalJson(entry.detail),
			hash,
		})
		.execute();
	return { seq, hash };
}

export async function auditHead(db: Db | Tx): Promise<AuditHead> {
	const row = await db.selectFrom("audit").select(["seq", "hash"]).orderBy("seq", "desc").limit(1).executeTakeFirst();
	return row ?? { seq: 0, hash: GENESIS };
}

/** Recomputes the whole chain. With a head noted earlier it also finds a cut tail and a log rewritten from the start. */
export async function verifyAudit(db: Db | Tx, known?: AuditHead): Promise<AuditVerdict> {
	let seq = 0;
	let hash = GENESIS;
	const broken = (at: number, reason: (AuditVerdict & { status: "broken" })["reason"]): AuditVerdict => ({
		status: "broken",
		seq: at,
		reason,
	});
	for (;;) {
		const rows = await db.selectFrom("audit").selectAll().where("seq", ">", seq).orderBy("seq").limit(1000).execute();
		for (const row of rows) {
			if (row.seq !== seq + 1) return broken(seq + 1, "missing entry");
			const detail = parseObject(row.detail);
			if (!detail) return broken(row.seq, "altered entry");
			const expected = chain(hash, row.seq, { ...row, requestId: row.request_id, detail });
			if (expected !== row.hash) return broken(row.seq, "altered entry");
			seq = row.seq;
			hash = row.hash;
			if (known?.seq === seq && known.hash !== hash) return broken(seq, "differs from the known head");
		}
		if (rows.length === 0) break;
	}
	if (known && known.seq > seq) return broken(seq + 1, "shorter than the known head");
	return { status: "intact", seq, hash };
}

function chain(previous: string, seq: number, entry: AuditEntry): string {
	const { at, actor, action, tenant, subject, requestId, detail } = entry;
	const text = canonicalJson({ seq, at, actor, action, tenant, subject, requestId, detail });
	return createHash("sha256").update(previous).update(text).digest("hex");
}

function parseObject(text: string): Record<string, unknown> | undefined {
	try {
		return JSON.parse(text) as Record<string, unknown>;
	} catch {
		return undefined;
	}
}
