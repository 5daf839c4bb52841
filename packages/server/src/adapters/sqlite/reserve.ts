import type { DatabaseSync } from "node:sqlite";

/** Free pages inside a database file, so that it can go on writing while the disk is full. */
export interface Reserve {
	/** Makes up what was used, when the disk has room again; does nothing otherwise, and never throws. */
	fill(): void;
}

const KEY = "reserve";

/**
 * A commit needs room in the log and, later, in the file. Text of the reserve's size is written and deleted again: both
 * have grown then, the deleted pages wait in the file's own list of free ones, and the log is used again from its start.
 * Nobody else can take that room, as they could take the room of a file that is deleted in need.
 */
export function createReserve(database: DatabaseSync, bytes: number): Reserve {
	const number = (pragma: string) => Number(Object.values(database.prepare(`pragma ${pragma}`).get() ?? {})[0]);
	const freeBytes = () => number("freelist_count") * number("page_size");
	const drop = () => database.prepare("delete from meta where key = ?").run(KEY);
	return {
		fill() {
			// Inside somebody's transaction its rollback would be ours; half used is early enough.
			if (bytes === 0 || database.isTransaction) return;
			try {
				// What a crash left between the two statements below.
				drop();
				if (freeBytes() >= bytes / 2) return;
				database.prepare("insert into meta (key, value) values (?, ?)").run(KEY, " ".repeat(bytes));
				drop();
				database.exec("pragma wal_checkpoint(passive)");
			} catch {
				// The disk is full: what is left of the reserve is for what matters.
			}
		},
	};
}
