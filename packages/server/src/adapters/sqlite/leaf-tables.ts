import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { LeafKind, LeafStore, LeafWriter, StoredLeafName } from "#telemetry";
import { seal, unseal } from "./sealed-blob.ts";

/** As in the roll-ups: block × 2^22 + pair. */
const PAIR_LIMIT = 4_194_304;
export const LEAF_TABLES: Readonly<Record<LeafKind, string>> = { minutes: "leaves_1m", hours: "leaves_1h" };

/** Counts by attribute in the telemetry file; transactions are those of its store. */
export class LeafTables implements LeafStore, LeafWriter {
	readonly #db: DatabaseSync;
	readonly #statements = new Map<string, StatementSync>();

	constructor(db: DatabaseSync) {
		this.#db = db;
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
		const sealed = this.#sql(sql).get(block * PAIR_LIMIT + pair)?.data as Uint8Array | undefined;
		return sealed && unseal(sealed);
	}

	*batches(): Iterable<{ seq: number; packed: Uint8Array }> {
		for (const row of this.#sql("SELECT seq, data FROM leaf_batches ORDER BY seq").all())
			yield { seq: Number(row.seq), packed: unseal(row.data as Uint8Array) ?? new Uint8Array(0) };
	}

	firstBatch(): { seq: number; packed: Uint8Array } | undefined {
		const row = this.#sql("SELECT seq, data FROM leaf_batches ORDER BY seq LIMIT 1").get();
		return row && { seq: Number(row.seq), packed: unseal(row.data as Uint8Array) ?? new Uint8Array(0) };
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
