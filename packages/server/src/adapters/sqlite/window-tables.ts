import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { LateRow, PackedPiece, WindowPiece, WindowStore, WindowWriter } from "#telemetry";
import { seal, unseal } from "./sealed-blob.ts";

/** What one sweep removes at most. */
const SWEEP_ROWS = 32;

/** Windows in the telemetry file; transactions are those of its store. */
export class WindowTables implements WindowStore, WindowWriter {
	readonly #db: DatabaseSync;
	#write: StatementSync | undefined;

	constructor(db: DatabaseSync) {
		this.#db = db;
	}

	*pieces(first: number, last: number): Iterable<WindowPiece & { readonly packed: Uint8Array | undefined }> {
		// Of each piece the newest; a bare column beside max() is that row's.
		const rows = this.#db.prepare(
			`SELECT ring, bucket, part, data, max(fold) FROM window_pieces WHERE fold >= ? AND fold <= ?
				GROUP BY ring, bucket, part ORDER BY ring, bucket, part`,
		);
		for (const row of rows.iterate(first, last))
			yield {
				ring: Number(row.ring),
				bucket: Number(row.bucket),
				part: Number(row.part),
				packed: unseal(row.data as Uint8Array),
			};
	}

	*late(): Iterable<LateRow> {
		for (const row of this.#db.prepare("SELECT seq, data FROM window_late ORDER BY seq").iterate())
			yield { seq: Number(row.seq), packed: unseal(row.data as Uint8Array) };
	}

	write(fold: number, { ring, bucket, part, packed }: PackedPiece): void {
		this.#write ??= this.#db.prepare(
			"INSERT OR REPLACE INTO window_pieces (ring, bucket, part, fold, data) VALUES (?, ?, ?, ?, ?)",
		);
		this.#write.run(ring, bucket, part, fold, seal(packed));
	}

	dropAfter(fold: number): void {
		this.#db.prepare("DELETE FROM window_pieces WHERE fold > ?").run(fold);
	}

	sweep(first: number, last: number, oldest: readonly number[]): boolean {
		const expired = oldest.map((bucket, ring) => `(old.ring = ${Number(ring)} AND old.bucket < ${Number(bucket)})`);
		const removed = this.#db
			.prepare(
				`DELETE FROM window_pieces WHERE id IN (SELECT old.id FROM window_pieces AS old WHERE old.fold <= ? AND (${[
					"old.fold < ?",
					...expired,
					`EXISTS (SELECT 1 FROM window_pieces AS new WHERE new.ring = old.ring AND new.bucket = old.bucket
						AND new.part = old.part AND new.fold > old.fold AND new.fold <= ?)`,
				].join(" OR ")}) LIMIT ${SWEEP_ROWS})`,
			)
			.run(last, first, last);
		return Number(removed.changes) > 0;
	}

	addLate(packed: Uint8Array): number {
		return Number(this.#db.prepare("INSERT INTO window_late (data) VALUES (?)").run(seal(packed)).lastInsertRowid);
	}

	dropLate(through: number): void {
		this.#db.prepare("DELETE FROM window_late WHERE seq <= ?").run(through);
	}
}
