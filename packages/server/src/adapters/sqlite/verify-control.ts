import { DatabaseSync } from "node:sqlite";
import { Kysely } from "kysely";
import { type AuditHead, type ControlTables, verifyAudit } from "#platform";
import { nodeSqliteDialect } from "./node-sqlite-dialect.ts";

export interface ControlVerdict {
	readonly findings: string[];
	/** The newest audit entry: note it elsewhere, and a later cut shows. */
	readonly auditHead: AuditHead | undefined;
}

/** Reads the whole control file: its pages, its references, and the audit chain from the first entry to the last. */
export async function verifyControl(path: string, known?: AuditHead): Promise<ControlVerdict> {
	const findings: string[] = [];
	const db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
	const kysely = new Kysely<ControlTables>({ dialect: nodeSqliteDialect(db) });
	let auditHead: AuditHead | undefined;
	try {
		for (const row of db.prepare("pragma integrity_check(20)").all()) {
			const text = String(Object.values(row)[0]);
			if (text !== "ok") findings.push(`control.db: ${text.split("\n", 1)[0]}`);
		}
		for (const row of db.prepare("pragma foreign_key_check").all().slice(0, 20))
			findings.push(`control.db: a row of ${row.table} refers to a row of ${row.parent} that is not there`);
		const verdict = await verifyAudit(kysely, known);
		if (verdict.status === "intact") auditHead = { seq: verdict.seq, hash: verdict.hash };
		else findings.push(`control.db: the audit log is broken at entry ${verdict.seq}: ${verdict.reason}`);
	} finally {
		await kysely.destroy();
		if (db.isOpen) db.close();
	}
	return { findings, auditHead };
}
