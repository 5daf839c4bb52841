import type { PackedPiece, SealedWindows, WindowPiece, WindowSnapshots } from "#telemetry";
import { packColumns, unpackColumns } from "./column-bytes.ts";
import type { PairWindows } from "./pair-windows.ts";
import { RING_SHAPES, type WindowTable } from "./windows.ts";

/** Tables whose columns of one bucket are one piece. */
const TABLES_PER_PART = 16;
/** The number of the piece that holds when each pair's latest event was; its bucket is 0. */
const LAST_AT = RING_SHAPES.length;

/**
 * The windows as pieces, and back. Budgets of calendar periods are kept elsewhere: their pairs are not for this. `seen` is
 * told of each pair's counts of the last minutes that came back, for who watches what `add` brings.
 */
export function windowSnapshots(windows: PairWindows, seen?: (pair: number, at: number) => void): WindowSnapshots {
	const { tables } = windows;
	const parts: WindowTable[][] = [];
	for (let first = 0; first < tables.length; first += TABLES_PER_PART)
		parts.push(tables.slice(first, first + TABLES_PER_PART));
	return {
		form: JSON.stringify({ version: 1, rings: RING_SHAPES, pairs: tables.map(({ pairCount }) => pairCount) }),
		seal: (isWhole) => seal(parts, isWhole),
		restore(pieces, isHeld) {
			const isRead = restore(parts, pieces);
			if (!isRead) for (const table of tables) table.clear();
			let first = 0;
			for (const table of tables) {
				const firstPair = first;
				if (isRead) table.settle((row) => isHeld(firstPair + row));
				if (isRead && seen) table.eachLatest((row, at) => seen(firstPair + row, at));
				first += table.pairCount;
			}
			return isRead;
		},
	};
}

function seal(parts: readonly (readonly WindowTable[])[], isWhole: boolean): SealedWindows {
	const packs: (() => PackedPiece)[] = [];
	const oldest = RING_SHAPES.map(() => Number.POSITIVE_INFINITY);
	for (const [part, tables] of parts.entries()) {
		// What one table changed in a bucket is written with the other tables' columns of it.
		for (const table of tables) if (isWhole) table.markChanged();
		const changed = new Map<string, WindowPiece>();
		for (const table of tables)
			for (const place of table.changed()) changed.set(`${place.ring} ${place.bucket}`, { ...place, part });
		for (const piece of changed.values()) {
			const columns = tables.map((table) => table.lend(piece.ring, piece.bucket));
			packs.push(() => ({ ...piece, packed: packColumns(columns) }));
		}
		const lastAt = tables.map((table) => table.lastAt.slice());
		packs.push(() => ({ ring: LAST_AT, bucket: 0, part, packed: bytesOf(lastAt) }));
		for (const table of tables)
			for (const ring of oldest.keys()) oldest[ring] = Math.min(oldest[ring] as number, table.oldest(ring));
	}
	packs.reverse();
	return { oldest: [...oldest, 0], next: () => packs.pop()?.() };
}

function restore(
	parts: readonly (readonly WindowTable[])[],
	pieces: Iterable<WindowPiece & { readonly packed: Uint8Array | undefined }>,
): boolean {
	let lastAts = 0;
	for (const { ring, bucket, part, packed } of pieces) {
		const tables = parts[part];
		if (!tables || !packed) return false;
		if (ring === LAST_AT) {
			if (!restoreLastAt(tables, packed)) return false;
			lastAts++;
			continue;
		}
		const columns = unpackColumns(
			packed,
			tables.map(({ pairCount }) => pairCount),
		);
		if (!columns) return false;
		for (const [k, column] of columns.entries()) if (column) (tables[k] as WindowTable).place(ring, bucket, column);
	}
	return lastAts === parts.length;
}

function bytesOf(arrays: readonly Float64Array[]): Uint8Array {
	return new Uint8Array(Buffer.concat(arrays.map(({ buffer }) => new Uint8Array(buffer))));
}

function restoreLastAt(tables: readonly WindowTable[], packed: Uint8Array): boolean {
	const count = tables.reduce((sum, { pairCount }) => sum + pairCount, 0);
	if (packed.length !== 8 * count) return false;
	const all = new Float64Array(packed.slice().buffer);
	let first = 0;
	for (const table of tables) {
		table.lastAt.set(all.subarray(first, first + table.pairCount));
		first += table.pairCount;
	}
	return true;
}
