import { existsSync, statSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type {
	AccountingRow,
	DamagedRow,
	FoldWriter,
	RollUp,
	RollUpKind,
	SketchKind,
	StoredAnswer,
	StoredPair,
	StoredStream,
	StoreSize,
	TelemetryStore,
} from "#telemetry";
import { LeafTables } from "./leaf-tables.ts";
import { seal, unseal } from "./sealed-blob.ts";
import { TELEMETRY_MIGRATIONS } from "./telemetry-store-migrations.ts";
import { WindowTables } from "./window-tables.ts";

/** Roll-up rows have one key, block × 2^22 + pair: blocks of one time lie together, which is how they are written and dropped. */
const PAIR_LIMIT = 4_194_304;

export const TABLES: Readonly<Record<RollUp, string>> = {
	"ten-seconds": "rollup_10s",
	minutes: "rollup_1m",
	"ten-minutes": "rollup_10m",
	hours: "rollup_1h",
};
export const SKETCH_TABLES: Readonly<Record<SketchKind, string>> = {
	"latency-ten-seconds": "latency_10s",
	"latency-minutes": "latency_1m",
	"latency-ten-minutes": "latency_10m",
	"latency-hours": "latency_1h",
};
const ALL_TABLES: Readonly<Record<RollUpKind, string>> = { ...TABLES, ...SKETCH_TABLES };
const KINDS = Object.keys(ALL_TABLES) as RollUpKind[];
/** What one sweep removes at most, so that requests wait a few milliseconds. */
const SWEEP_ROWS = 32;
const SWEEP_PAGES = 64;
const JOURNAL_FOLDED = "journal_folded";
const PAGES_FOLD = "pages_fold";

/**
 * Telemetry's own SQLite file: WAL with synchronous=FULL, so that a commit that returned survives a power cut. One writer:
 * the telemetry thread. Throws when the file was written by a newer version; then it is left as it is.
 *
 * No integrity check at start: it reads the whole file, and a torn write is what SQLite's log repairs by itself.
 */
export function openTelemetryStore(path: string): TelemetryStore {
	// Read-only first: closing a writer would fold a newer version's log into the file.
	const version = existsSync(path) && statSync(path).size > 0 ? schemaVersion(path) : 0;
	if (version > TELEMETRY_MIGRATIONS.length)
		throw new Error(
			`${path} has schema ${version}, this version knows ${TELEMETRY_MIGRATIONS.length}: start the newer Bellwether, or restore a backup`,
		);
	const db = new DatabaseSync(path);
	try {
		db.exec(
			"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 2000; PRAGMA cache_size = -32000",
		);
		// After an fsync that failed, the system may hold pages as written that the disk never got. Everything that the log
		// has is written anew, into the file, and the log begins again: nothing later can stand behind a hole.
		db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
		if (version < TELEMETRY_MIGRATIONS.length) {
			db.function("sealed", (data) => seal(data as Uint8Array));
			// A crash between these statements leaves the version before and its tables: one transaction.
			const steps = TELEMETRY_MIGRATIONS.slice(version).join("");
			db.exec(`BEGIN IMMEDIATE; ${steps} PRAGMA user_version = ${TELEMETRY_MIGRATIONS.length}; COMMIT`);
		}
		return new SqliteTelemetryStore(db, path);
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
	readonly #path: string;
	readonly leaves: LeafTables;
	readonly windows: WindowTables;
	readonly #insertRow: StatementSync;
	readonly #insertStream: StatementSync;
	readonly #insertAnswer: StatementSync;
	readonly #read: Readonly<Record<RollUpKind, StatementSync>>;
	readonly #write: Readonly<Record<RollUpKind, StatementSync>>;
	readonly #remove: Readonly<Record<RollUpKind, StatementSync>>;
	readonly #damaged: DamagedRow[];
	#nextSeq: number;
	/** Number of the fold whose pages hold. */
	#pagesFold: number;
	#isSwept = false;

	constructor(db: DatabaseSync, path: string) {
		this.#db = db;
		this.#path = path;
		this.leaves = new LeafTables(db);
		this.windows = new WindowTables(db);
		this.#insertRow = db.prepare("INSERT INTO journal (seq, data) VALUES (?, ?)");
		this.#insertStream = db.prepare("INSERT INTO streams (id, kind, canonical, bounds) VALUES (?, ?, ?, ?)");
		this.#insertAnswer = db.prepare(
			"INSERT OR REPLACE INTO event_answers (key, digest, answer, at) VALUES (?, ?, ?, ?)",
		);
		this.#read = forEachKind((table) => db.prepare(`SELECT data FROM ${table} WHERE key = ?`));
		this.#write = forEachKind((table) => db.prepare(`INSERT OR REPLACE INTO ${table} (key, data) VALUES (?, ?)`));
		this.#remove = forEachKind((table) => db.prepare(`DELETE FROM ${table} WHERE key = ?`));
		const last = db.prepare("SELECT max(seq) AS seq FROM journal").get()?.seq;
		this.#nextSeq = 1 + Math.max(Number(last ?? 0), this.#number(JOURNAL_FOLDED));
		this.#pagesFold = this.#number(PAGES_FOLD);
		// What a fold left that did not come to its end.
		db.prepare("DELETE FROM pages WHERE fold > ?").run(this.#pagesFold);
		this.#damaged = db
			.prepare("SELECT kind, key FROM damaged")
			.all()
			.filter((row) => Object.hasOwn(ALL_TABLES, String(row.kind)))
			.map((row) => ({ kind: row.kind as RollUpKind, ...placeOf(Number(row.key)) }));
	}

	commit(row: Uint8Array, streams: readonly StoredStream[], answers: readonly StoredAnswer[] = []): void {
		this.#transaction(() => {
			for (const each of streams)
				this.#insertStream.run(each.id, each.kind, each.canonical, JSON.stringify(each.bounds.map(boundText)));
			this.#insertRow.run(this.#nextSeq, seal(row));
			for (const { key, digest, answer, at } of answers) this.#insertAnswer.run(key, digest, answer, at);
		});
		this.#nextSeq++;
	}

	fold(work: (writer: FoldWriter) => void): void {
		this.#transaction(() => work(this));
	}

	*journal(): Iterable<{ seq: number; row: Uint8Array }> {
		const rows = this.#db.prepare("SELECT seq, data FROM journal WHERE seq > ? ORDER BY seq");
		for (const { seq, data } of rows.iterate(this.#number(JOURNAL_FOLDED)))
			yield { seq: Number(seq), row: this.#whole(data, `journal row ${seq}`) };
	}

	lastSeq(): number {
		return this.#nextSeq - 1;
	}

	journalSize(): { rows: number; bytes: number } {
		const row = this.#db
			.prepare("SELECT count(*) AS rows, coalesce(sum(length(data) - 4), 0) AS bytes FROM journal WHERE seq > ?")
			.get(this.#number(JOURNAL_FOLDED));
		return { rows: Number(row?.rows), bytes: Number(row?.bytes) };
	}

	*streams(): Iterable<StoredStream> {
		const rows = this.#db.prepare("SELECT id, kind, canonical, bounds FROM streams ORDER BY id");
		// A start reads hundreds of thousands of rows, and few different bounds.
		rows.setReturnArrays(true);
		const known = new Map<string, readonly number[]>();
		for (const row of rows.iterate() as Iterable<unknown>) {
			const [id, kind, canonical, text] = row as [number, StoredStream["kind"], string, string];
			const bounds = known.get(text) ?? boundsOf(text);
			known.set(text, bounds);
			yield { id, kind, canonical, bounds };
		}
	}

	*pages(): Iterable<{ page: number; packed: Uint8Array }> {
		// The newest of each page: rows come in the order of page, then fold.
		let held: { page: number; packed: Uint8Array } | undefined;
		for (const row of this.#db.prepare("SELECT page, fold, data FROM pages ORDER BY page, fold").iterate()) {
			const page = Number(row.page);
			if (Number(row.fold) > this.#pagesFold) continue;
			if (held && held.page !== page) yield held;
			held = { page, packed: this.#whole(row.data, `stream page ${page}`) };
		}
		if (held) yield held;
	}

	pairs(): StoredPair[] {
		return this.#db
			.prepare("SELECT id, tenant, slo FROM pairs ORDER BY id")
			.all()
			.map((row) => ({ id: Number(row.id), tenant: String(row.tenant), slo: String(row.slo) }));
	}

	pairIds(pairs: readonly { tenant: string; slo: string }[]): number[] {
		const ids = new Map<string, number>();
		const rows = this.#db.prepare("SELECT id, tenant, slo FROM pairs");
		rows.setReturnArrays(true);
		for (const row of rows.iterate() as Iterable<unknown>) {
			const [id, tenant, slo] = row as [number, string, string];
			ids.set(`${slo}\n${tenant}`, id);
		}
		const missing = pairs.filter(({ tenant, slo }) => !ids.has(`${slo}\n${tenant}`));
		if (missing.length > 0)
			this.#transaction(() => {
				const insert = this.#db.prepare("INSERT INTO pairs (tenant, slo) VALUES (?, ?)");
				for (const { tenant, slo } of missing)
					ids.set(`${slo}\n${tenant}`, Number(insert.run(tenant, slo).lastInsertRowid));
			});
		return pairs.map(({ tenant, slo }) => ids.get(`${slo}\n${tenant}`) as number);
	}

	readRollUp(kind: RollUpKind, pair: number, block: number): Uint8Array | undefined {
		const key = block * PAIR_LIMIT + pair;
		const sealed = this.#read[kind].get(key)?.data as Uint8Array | undefined;
		return sealed && (unseal(sealed) ?? this.#setAside(kind, key));
	}

	writeRollUp(kind: RollUpKind, pair: number, block: number, packed: Uint8Array): void {
		this.#write[kind].run(block * PAIR_LIMIT + pair, seal(packed));
	}

	removeRollUp(kind: RollUpKind, pair: number, block: number): void {
		this.#remove[kind].run(block * PAIR_LIMIT + pair);
	}

	*rollUps(kind: RollUp, from: number): Iterable<{ pair: number; block: number; packed: Uint8Array }> {
		const rows = this.#db.prepare(`SELECT key, data FROM ${TABLES[kind]} WHERE key >= ? ORDER BY key`);
		// A start reads hundreds of thousands of rows.
		rows.setReturnArrays(true);
		const damaged: number[] = [];
		for (const row of rows.iterate(from * PAIR_LIMIT) as Iterable<unknown>) {
			const [key, sealed] = row as [number, Uint8Array];
			const packed = unseal(sealed);
			if (packed) yield { ...placeOf(key), packed };
			else damaged.push(key);
		}
		for (const key of damaged) this.#setAside(kind, key);
	}

	hasRollUps(kind: RollUp, from: number, to: number): boolean {
		const sql = `SELECT 1 FROM ${TABLES[kind]} WHERE key >= ? AND key < ? LIMIT 1`;
		return this.#db.prepare(sql).get(from * PAIR_LIMIT, to * PAIR_LIMIT) !== undefined;
	}

	firstBlock(kind: RollUpKind): number | undefined {
		return this.#blockAt("min", kind);
	}

	lastBlock(kind: RollUpKind): number | undefined {
		return this.#blockAt("max", kind);
	}

	oldest(kind: RollUpKind, count: number): { pair: number; block: number }[] {
		const rows = this.#db.prepare(`SELECT key FROM ${ALL_TABLES[kind]} ORDER BY key LIMIT ?`).all(count);
		return rows.map(({ key }) => placeOf(Number(key)));
	}

	#blockAt(end: "min" | "max", kind: RollUpKind): number | undefined {
		const key = this.#db.prepare(`SELECT ${end}(key) AS key FROM ${ALL_TABLES[kind]}`).get()?.key;
		return key == null ? undefined : placeOf(Number(key)).block;
	}

	/** A damaged row goes out of the way, is kept as it was found, and is named from now on. */
	#setAside(kind: RollUpKind, key: number): undefined {
		this.#damaged.push({ kind, ...placeOf(key) });
		const move = () => {
			const table = ALL_TABLES[kind];
			this.#db
				.prepare(`INSERT INTO damaged (kind, key, data) SELECT ?, key, data FROM ${table} WHERE key = ?`)
				.run(kind, key);
			this.#remove[kind].run(key);
		};
		if (this.#db.isTransaction) move();
		else this.#transaction(move);
		return undefined;
	}

	damaged(): readonly DamagedRow[] {
		return this.#damaged;
	}

	size(): StoreSize {
		const pageBytes = this.#pragma("page_size");
		const pages = this.#pragma("page_count");
		const log = statSync(`${this.#path}-wal`, { throwIfNoEntry: false });
		return {
			fileBytes: pages * pageBytes,
			usedBytes: (pages - this.#pragma("freelist_count")) * pageBytes,
			logBytes: log?.size ?? 0,
		};
	}

	writePage(page: number, packed: Uint8Array): void {
		this.#db
			.prepare("INSERT OR REPLACE INTO pages (page, fold, data) VALUES (?, ?, ?)")
			.run(page, this.#pagesFold + 1, seal(packed));
	}

	publishPages(): void {
		this.#pagesFold++;
		this.writeMeta(PAGES_FOLD, String(this.#pagesFold));
		this.#isSwept = false;
	}

	foldJournal(through: number): void {
		this.writeMeta(JOURNAL_FOLDED, String(through));
		this.#isSwept = false;
	}

	hasWaste(): boolean {
		return !this.#isSwept;
	}

	sweep(): boolean {
		if (this.#isSwept) return false;
		let removed = 0;
		this.#transaction(() => {
			const rows = this.#db.prepare(
				"DELETE FROM journal WHERE seq IN (SELECT seq FROM journal WHERE seq <= ? ORDER BY seq LIMIT ?)",
			);
			removed = Number(rows.run(this.#number(JOURNAL_FOLDED), SWEEP_ROWS).changes);
			if (removed > 0) return;
			const pages = this.#db.prepare(
				`DELETE FROM pages WHERE (page, fold) IN (
					SELECT old.page, old.fold FROM pages AS old JOIN pages AS new ON new.page = old.page AND new.fold > old.fold
					WHERE new.fold <= ? LIMIT ?)`,
			);
			removed = Number(pages.run(this.#pagesFold, SWEEP_PAGES).changes);
		});
		this.#isSwept = removed === 0;
		return removed > 0;
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
			.prepare("SELECT tenant, source, protocol, key, count FROM accounting")
			.all()
			.map((row) => ({
				tenant: String(row.tenant),
				source: String(row.source),
				protocol: String(row.protocol),
				key: String(row.key),
				count: Number(row.count),
			}));
	}

	addAccounting(rows: readonly AccountingRow[]): void {
		const add = this.#db.prepare(
			"INSERT INTO accounting (tenant, source, protocol, key, count) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
		);
		for (const { tenant, source, protocol, key, count } of rows) add.run(tenant, source, protocol, key, count);
	}

	meta(key: string): string | undefined {
		return this.#db.prepare("SELECT value FROM meta WHERE key = ?").get(key)?.value as string | undefined;
	}

	writeMeta(key: string, value: string): void {
		this.#db.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)").run(key, value);
	}

	pulled(source: string, slo: string, from: number, to: number): { at: number; packed: Uint8Array }[] {
		return this.#db
			.prepare("SELECT at, data FROM pulled WHERE source = ? AND slo = ? AND at >= ? AND at < ? ORDER BY at")
			.all(source, slo, from, to)
			.map((row) => ({ at: Number(row.at), packed: row.data as Uint8Array }));
	}

	writePulled(source: string, slo: string, at: number, packed: Uint8Array): void {
		this.#db
			.prepare("INSERT OR REPLACE INTO pulled (source, slo, at, data) VALUES (?, ?, ?, ?)")
			.run(source, slo, at, packed);
	}

	dropPulledBefore(source: string, slo: string, at: number): void {
		this.#db.prepare("DELETE FROM pulled WHERE source = ? AND slo = ? AND at < ?").run(source, slo, at);
	}

	*eventIds(): Iterable<{ hour: number; packed: Uint8Array }> {
		for (const row of this.#db.prepare("SELECT seq, hour, data FROM event_ids ORDER BY seq").iterate())
			yield { hour: Number(row.hour), packed: this.#whole(row.data, `identities of events ${row.seq}`) };
	}

	addEventIds(hour: number, packed: Uint8Array): void {
		this.#db.prepare("INSERT INTO event_ids (hour, data) VALUES (?, ?)").run(hour, seal(packed));
	}

	dropEventIdsBefore(hour: number): void {
		this.#db.prepare("DELETE FROM event_ids WHERE hour < ?").run(hour);
	}

	eventAnswer(key: string): { digest: string; answer: string } | undefined {
		const row = this.#db.prepare("SELECT digest, answer FROM event_answers WHERE key = ?").get(key);
		return row && { digest: String(row.digest), answer: String(row.answer) };
	}

	dropEventAnswersBefore(at: number): void {
		this.#db.prepare("DELETE FROM event_answers WHERE at < ?").run(at);
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

	close(): void {
		this.#db.close();
	}

	#whole(sealed: unknown, what: string): Uint8Array {
		const data = unseal(sealed as Uint8Array);
		if (!data) throw new Error(`${what} is damaged (its checksum is wrong): restore the file from a backup`);
		return data;
	}

	#number(key: string): number {
		return Number(this.meta(key) ?? 0);
	}

	#pragma(name: string): number {
		return Number(Object.values(this.#db.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
	}

	#transaction(work: () => void): void {
		this.#db.exec("BEGIN IMMEDIATE");
		try {
			work();
			this.#db.exec("COMMIT");
		} catch (error) {
			// After some failures SQLite has rolled back by itself; a second ROLLBACK would hide the cause.
			if (this.#db.isTransaction) {
				this.#db.exec("ROLLBACK");
				this.#pagesFold = this.#number(PAGES_FOLD);
			}
			throw error;
		}
	}
}

function forEachKind(prepare: (table: string) => StatementSync): Record<RollUpKind, StatementSync> {
	return Object.fromEntries(KINDS.map((kind) => [kind, prepare(ALL_TABLES[kind])])) as Record<
		RollUpKind,
		StatementSync
	>;
}

export function placeOf(key: number): { pair: number; block: number } {
	const pair = key % PAIR_LIMIT;
	return { pair, block: (key - pair) / PAIR_LIMIT };
}

function boundsOf(text: string): number[] {
	return (JSON.parse(text) as (number | null)[]).map((bound) => bound ?? Number.POSITIVE_INFINITY);
}

/** JSON has no infinity: the channel of a point's own value is null. */
function boundText(bound: number): number | null {
	return bound === Number.POSITIVE_INFINITY ? null : bound;
}
