import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { DamagedLeaves, LeafKind, LeafStore, LeafWriter, StoredLeafName } from "#telemetry";
import { seal, unseal } from "./sealed-blob.ts";

/** As in the roll-ups: block × 2^22 + pair. */
const PAIR_LIMIT = 4_194_304;
export const LEAF_TABLES: Readonly<Record<LeafKind, string>> = { minutes: "leaves_1m", hours: "leaves_1h" };
const BATCHES = "leaf_batches";
const KINDS = Object.keys(LEAF_TABLES) as LeafKind[];

/** What lies set aside under the name of a table of ours; undefined: the table is another's. */
export function damagedLeaves(table: string, key: number): DamagedLeaves | undefined {
	if (table === BATCHES) return { kind: "batch", seq: key };
	const kind = KINDS.find((each) => LEAF_TABLES[each] === table);
	const pair = key % PAIR_LIMIT;
	return kind && { kind, pair, block: (key - pair) / PAIR_LIMIT };
}

/** Counts by attribute in the telemetry file; transactions are those of its store. */
export class LeafTables implements LeafStore, LeafWriter {
	readonly #db: DatabaseSync;
	readonly #statements = new Map<string, StatementSync>();
	readonly #damaged: DamagedLeaves[];

	constructor(db: DatabaseSync) {
		this.#db = db;
		this.#damaged = db
			.prepare("SELECT kind, key FROM damaged")
			.all()
			.flatMap(({ kind, key }) => damagedLeaves(String(kind), Number(key)) ?? []);
	}

	damaged(): readonly DamagedLeaves[] {
		return this.#damaged;
	}

	names(): StoredLeafName[] {
		return this.#sql("SELECT id, text, day FROM leaf_names ORDER BY id")
			.all()
			.map((row) => ({ id: Number(row.id), text: String(row.text), day: Number(row.day) }));
	}

	places(pair: number): string | undefined {
		return this.#sql("SELECT data FROM leaf_places WHERE pair = ?").get(pair)?.data as string | undefined;
	}

	row(kind: LeafKind, pair: number, block: number): Uint8Array | undefined {
		const sql = `SELECT data FROM ${LEAF_TABLES[kind]} WHERE key = ?`;
		const key = block * PAIR_LIMIT + pair;
		const sealed = this.#sql(sql).get(key)?.data as Uint8Array | undefined;
		return sealed && (unseal(sealed) ?? this.#setAside(LEAF_TABLES[kind], "key", key));
	}

	*batches(): Iterable<{ seq: number; packed: Uint8Array }> {
		for (const row of this.#sql("SELECT seq, data FROM leaf_batches ORDER BY seq").all()) {
			const batch = this.#batchOf(row);
			if (batch) yield batch;
		}
	}

	firstBatch(): { seq: number; packed: Uint8Array } | undefined {
		for (;;) {
			const row = this.#sql("SELECT seq, data FROM leaf_batches ORDER BY seq LIMIT 1").get();
			const batch = row && this.#batchOf(row);
			// What was damaged is out of the way, and the next one is the first.
			if (!row || batch) return batch;
		}
	}

	#batchOf(row: Readonly<Record<string, unknown>>): { seq: number; packed: Uint8Array } | undefined {
		const seq = Number(row.seq);
		const packed = unseal(row.data as Uint8Array);
		return packed ? { seq, packed } : this.#setAside(BATCHES, "seq", seq);
	}

	/** Out of the way, kept as it was found, and named from now on: else what comes next would be written over it. */
	#setAside(table: string, column: string, key: number): undefined {
		const found = damagedLeaves(table, key);
		if (found) this.#damaged.push(found);
		const isOwn = !this.#db.isTransaction;
		if (isOwn) this.#db.exec("BEGIN IMMEDIATE");
		try {
			this.#sql(
				`INSERT INTO damaged (kind, key, data) SELECT '${table}', ${column}, data FROM ${table} WHERE ${column} = ?`,
			).run(key);
			this.#sql(`DELETE FROM ${table} WHERE ${column} = ?`).run(key);
			if (isOwn) this.#db.exec("COMMIT");
		} catch (error) {
			if (isOwn) this.#db.exec("ROLLBACK");
			throw error;
		}
	}

	oldRows(kind: LeafKind, before: number, limit: number): { pair: number; block: number }[] {
		return this.#sql(`SELECT key FROM ${LEAF_TABLES[kind]} WHERE key < ? ORDER BY key LIMIT ?`)
			.all(before * PAIR_LIMIT, limit)
			.map((row) => {
				const pair = Number(row.key) % PAIR_LIMIT;
				return { pair, block: (Number(row.key) - pair) / PAIR_LIMIT };
			});
	}

	writeRow(kind: LeafKind, pair: number, block: number, packed: Uint8Array): void {
		this.#sql(`INSERT OR REPLACE INTO ${LEAF_TABLES[kind]} (key, data) VALUES (?, ?)`).run(
			block * PAIR_LIMIT + pair,
			seal(packed),
		);
	}

	removeRow(kind: LeafKind, pair: number, block: number): void {
		this.#sql(`DELETE FROM ${LEAF_TABLES[kind]} WHERE key = ?`).run(block * PAIR_LIMIT + pair);
	}

	addBatch(packed: Uint8Array): void {
		this.#sql("INSERT INTO leaf_batches (data) VALUES (?)").run(seal(packed));
	}

	removeBatch(seq: number): void {
		this.#sql("DELETE FROM leaf_batches WHERE seq = ?").run(seq);
	}

	writeName({ id, text, day }: StoredLeafName): void {
		this.#sql("INSERT OR REPLACE INTO leaf_names (id, text, day) VALUES (?, ?, ?)").run(id, text, day);
	}

	dropNamesBefore(day: number): void {
		this.#sql("DELETE FROM leaf_names WHERE day < ? AND id < (SELECT max(id) FROM leaf_names)").run(day);
	}

	writePlaces(pair: number, text: string): void {
		this.#sql("INSERT OR REPLACE INTO leaf_places (pair, data) VALUES (?, ?)").run(pair, text);
	}

	#sql(text: string): StatementSync {
		let statement = this.#statements.get(text);
		if (!statement) {
			statement = this.#db.prepare(text);
			this.#statements.set(text, statement);
		}
		return statement;
	}
}
