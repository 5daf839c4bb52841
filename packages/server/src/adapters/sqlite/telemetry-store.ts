import { existsSync, statSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { AccountingRow, FoldWriter, RollUp, StoredStream, TelemetryStore } from "#telemetry";

/** The schema that this version reads and writes. */
const SCHEMA_VERSION = 1;

/** Roll-up rows have one key, block × 2^22 + pair: blocks of one time lie together, which is how they are written and dropped. */
const PAIR_LIMIT = 4_194_304;

const SCHEMA = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE journal (seq INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE streams (id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, canonical TEXT NOT NULL, bounds TEXT NOT NULL) STRICT;
CREATE TABLE stream_pages (page INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE pairs (id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, slo TEXT NOT NULL, UNIQUE (tenant, slo)) STRICT;
CREATE TABLE rollup_10s (key INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE rollup_1h (key INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE accounting (
	tenant TEXT NOT NULL, protocol TEXT NOT NULL, key TEXT NOT NULL, count REAL NOT NULL,
	PRIMARY KEY (tenant, protocol, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE imports (key TEXT PRIMARY KEY, digest TEXT NOT NULL, answer TEXT NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;

/**
 * Telemetry's own SQLite file: WAL with synchronous=FULL, so that a commit that returned survives a power cut. One writer:
 * the telemetry thread. Throws when the file was written by a newer version; then it is left as it is.
 *
 * No integrity check at start: it reads the whole file, and a torn write is what SQLite's log repairs by itself.
 */
export function openTelemetryStore(path: string): TelemetryStore {
	// Read-only first: closing a writer would fold a newer version's log into the file.
	const version = existsSync(path) && statSync(path).size > 0 ? schemaVersion(path) : 0;
	if (version > SCHEMA_VERSION)
		throw new Error(
			`${path} has schema ${version}, this version knows ${SCHEMA_VERSION}: start the newer Bellwether, or restore a backup`,
		);
	const db = new DatabaseSync(path);
	try {
		db.exec(
			"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 2000; PRAGMA cache_size = -32000",
		);
		if (version === 0) {
			// A crash between these statements leaves version 0 and no table: one transaction.
			db.exec(`BEGIN IMMEDIATE; ${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
		}
		return new SqliteTelemetryStore(db);
	} catch (error) {
		db.close();
		throw error;
	}
}

function schemaVersion(path: string): number {
	const db = new DatabaseSync(path, { readOnly: true });
	try {
		return Number(Object.values(db.prepare("PRAGMA user_version").get() ?? {})[0]);
	} finally {
		db.close();
	}
}

class SqliteTelemetryStore implements TelemetryStore, FoldWriter {
	readonly #db: DatabaseSync;
	readonly #insertRow: StatementSync;
	readonly #insertStream: StatementSync;
	readonly #read: Readonly<Record<RollUp, StatementSync>>;
	readonly #write: Readonly<Record<RollUp, StatementSync>>;

	constructor(db: DatabaseSync) {
		this.#db = db;
		this.#insertRow = db.prepare("INSERT INTO journal (data) VALUES (?)");
		this.#insertStream = db.prepare("INSERT INTO streams (id, kind, canonical, bounds) VALUES (?, ?, ?, ?)");
		this.#read = {
			"ten-seconds": db.prepare("SELECT data FROM rollup_10s WHERE key = ?"),
			hours: db.prepare("SELECT data FROM rollup_1h WHERE key = ?"),
		};
		this.#write = {
			"ten-seconds": db.prepare("INSERT OR REPLACE INTO rollup_10s (key, data) VALUES (?, ?)"),
			hours: db.prepare("INSERT OR REPLACE INTO rollup_1h (key, data) VALUES (?, ?)"),
		};
	}

	commit(row: Uint8Array, streams: readonly StoredStream[]): void {
		this.#transaction(() => {
			for (const each of streams)
				this.#insertStream.run(each.id, each.kind, each.canonical, JSON.stringify(each.bounds.map(boundText)));
			this.#insertRow.run(row);
		});
	}

	fold(work: (writer: FoldWriter) => void): void {
		this.#transaction(() => work(this));
	}

	*journal(): Iterable<Uint8Array> {
		for (const row of this.#db.prepare("SELECT data FROM journal ORDER BY seq").iterate()) yield row.data as Uint8Array;
	}

	journalSize(): { rows: number; bytes: number } {
		const row = this.#db.prepare("SELECT count(*) AS rows, coalesce(sum(length(data)), 0) AS bytes FROM journal").get();
		return { rows: Number(row?.rows), bytes: Number(row?.bytes) };
	}

	*streams(): Iterable<StoredStream> {
		for (const row of this.#db.prepare("SELECT id, kind, canonical, bounds FROM streams ORDER BY id").iterate())
			yield {
				id: Number(row.id),
				kind: Number(row.kind) as StoredStream["kind"],
				canonical: String(row.canonical),
				bounds: (JSON.parse(String(row.bounds)) as (number | null)[]).map((bound) => bound ?? Number.POSITIVE_INFINITY),
			};
	}

	*pages(): Iterable<{ page: number; packed: Uint8Array }> {
		for (const row of this.#db.prepare("SELECT page, data FROM stream_pages ORDER BY page").iterate())
			yield { page: Number(row.page), packed: row.data as Uint8Array };
	}

	pairIds(pairs: readonly { tenant: string; slo: string }[]): number[] {
		const ids = new Map<string, number>();
		for (const row of this.#db.prepare("SELECT id, tenant, slo FROM pairs").iterate())
			ids.set(`${row.slo}\n${row.tenant}`, Number(row.id));
		const missing = pairs.filter(({ tenant, slo }) => !ids.has(`${slo}\n${tenant}`));
		if (missing.length > 0)
			this.#transaction(() => {
				const insert = this.#db.prepare("INSERT INTO pairs (tenant, slo) VALUES (?, ?)");
				for (const { tenant, slo } of missing)
					ids.set(`${slo}\n${tenant}`, Number(insert.run(tenant, slo).lastInsertRowid));
			});
		return pairs.map(({ tenant, slo }) => ids.get(`${slo}\n${tenant}`) as number);
	}

	readRollUp(kind: RollUp, pair: number, block: number): Uint8Array | undefined {
		return this.#read[kind].get(block * PAIR_LIMIT + pair)?.data as Uint8Array | undefined;
	}

	writeRollUp(kind: RollUp, pair: number, block: number, packed: Uint8Array): void {
		this.#write[kind].run(block * PAIR_LIMIT + pair, packed);
	}

	*rollUps(kind: RollUp, from: number): Iterable<{ pair: number; block: number; packed: Uint8Array }> {
		const sql = `SELECT key, data FROM ${tableOf(kind)} WHERE key >= ? ORDER BY key`;
		for (const row of this.#db.prepare(sql).iterate(from * PAIR_LIMIT)) {
			const key = Number(row.key);
			const pair = key % PAIR_LIMIT;
			yield { pair, block: (key - pair) / PAIR_LIMIT, packed: row.data as Uint8Array };
		}
	}

	dropRollUpsBefore(kind: RollUp, block: number): void {
		this.#db.prepare(`DELETE FROM ${tableOf(kind)} WHERE key < ?`).run(block * PAIR_LIMIT);
	}

	writePage(page: number, packed: Uint8Array): void {
		this.#db.prepare("INSERT OR REPLACE INTO stream_pages (page, data) VALUES (?, ?)").run(page, packed);
	}

	writeBounds(id: number, bounds: readonly number[]): void {
		this.#db.prepare("UPDATE streams SET bounds = ? WHERE id = ?").run(JSON.stringify(bounds.map(boundText)), id);
	}

	dropStreams(ids: readonly number[]): void {
		if (ids.length === 0) return;
		const drop = this.#db.prepare("DELETE FROM streams WHERE id = ?");
		for (const id of ids) drop.run(id);
	}

	accounting(): AccountingRow[] {
		return this.#db
			.prepare("SELECT tenant, protocol, key, count FROM accounting")
			.all()
			.map((row) => ({
				tenant: String(row.tenant),
				protocol: String(row.protocol),
				key: String(row.key),
				count: Number(row.count),
			}));
	}

	addAccounting(rows: readonly AccountingRow[]): void {
		const add = this.#db.prepare(
			"INSERT INTO accounting (tenant, protocol, key, count) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
		);
		for (const { tenant, protocol, key, count } of rows) add.run(tenant, protocol, key, count);
	}

	meta(key: string): string | undefined {
		return this.#db.prepare("SELECT value FROM meta WHERE key = ?").get(key)?.value as string | undefined;
	}

	writeMeta(key: string, value: string): void {
		this.#db.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)").run(key, value);
	}

	importAnswer(key: string): { digest: string; answer: string } | undefined {
		const row = this.#db.prepare("SELECT digest, answer FROM imports WHERE key = ?").get(key);
		return row && { digest: String(row.digest), answer: String(row.answer) };
	}

	writeImport(key: string, digest: string, answer: string, at: number): void {
		this.#db.prepare("INSERT INTO imports (key, digest, answer, at) VALUES (?, ?, ?, ?)").run(key, digest, answer, at);
	}

	dropImportsBefore(at: number): void {
		this.#db.prepare("DELETE FROM imports WHERE at < ?").run(at);
	}

	dropJournal(): void {
		this.#db.exec("DELETE FROM journal");
	}

	close(): void {
		this.#db.close();
	}

	#transaction(work: () => void): void {
		this.#db.exec("BEGIN IMMEDIATE");
		try {
			work();
			this.#db.exec("COMMIT");
		} catch (error) {
			// After some failures SQLite has rolled back by itself; a second ROLLBACK would hide the cause.
			if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
			throw error;
		}
	}
}

function tableOf(kind: RollUp): string {
	return kind === "ten-seconds" ? "rollup_10s" : "rollup_1h";
}

/** JSON has no infinity: the channel of a point's own value is null. */
function boundText(bound: number): number | null {
	return bound === Number.POSITIVE_INFINITY ? null : bound;
}
