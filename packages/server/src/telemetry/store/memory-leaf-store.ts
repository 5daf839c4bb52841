import type { DamagedLeaves, LeafKind, LeafStore, LeafWriter, StoredLeafName } from "../leaves/leaf-store.ts";

export interface LeafContent {
	readonly names: Map<number, StoredLeafName>;
	readonly places: Map<number, string>;
	readonly rows: Record<LeafKind, Map<string, { pair: number; block: number; packed: Uint8Array }>>;
	batches: { seq: number; packed: Uint8Array }[];
	lastSeq: number;
}

export function newLeafContent(): LeafContent {
	return {
		names: new Map(),
		places: new Map(),
		rows: { minutes: new Map(), hours: new Map() },
		batches: [],
		lastSeq: 0,
	};
}

/** Attributes in the store that has no disk. */
export class MemoryLeafStore implements LeafStore, LeafWriter {
	readonly #now: () => LeafContent;

	/** `now` gives what holds at the time. */
	constructor(now: () => LeafContent) {
		this.#now = now;
	}

	get #content(): LeafContent {
		return this.#now();
	}

	names(): StoredLeafName[] {
		return [...this.#content.names.values()];
	}
	places(pair: number): string | undefined {
		return this.#content.places.get(pair);
	}
	row(kind: LeafKind, pair: number, block: number): Uint8Array | undefined {
		return this.#content.rows[kind].get(`${block} ${pair}`)?.packed;
	}
	batches(): Iterable<{ seq: number; packed: Uint8Array }> {
		return this.#content.batches;
	}
	firstBatch(): { seq: number; packed: Uint8Array } | undefined {
		return this.#content.batches[0];
	}
	damaged(): readonly DamagedLeaves[] {
		return [];
	}
	oldRows(kind: LeafKind, before: number, limit: number): { pair: number; block: number }[] {
		return [...this.#content.rows[kind].values()]
			.filter(({ block }) => block < before)
			.sort((a, b) => a.block - b.block || a.pair - b.pair)
			.slice(0, limit)
			.map(({ pair, block }) => ({ pair, block }));
	}
	writeRow(kind: LeafKind, pair: number, block: number, packed: Uint8Array): void {
		this.#content.rows[kind].set(`${block} ${pair}`, { pair, block, packed });
	}
	removeRow(kind: LeafKind, pair: number, block: number): void {
		this.#content.rows[kind].delete(`${block} ${pair}`);
	}
	addBatch(packed: Uint8Array): void {
		this.#content.batches.push({ seq: ++this.#content.lastSeq, packed });
	}
	removeBatch(seq: number): void {
		this.#content.batches = this.#content.batches.filter((batch) => batch.seq !== seq);
	}
	writeName(name: StoredLeafName): void {
		this.#content.names.set(name.id, name);
	}
	dropNamesBefore(day: number): void {
		const newest = Math.max(0, ...this.#content.names.keys());
		for (const [id, name] of this.#content.names) if (name.day < day && id < newest) this.#content.names.delete(id);
	}
	writePlaces(pair: number, text: string): void {
		this.#content.places.set(pair, text);
	}
}
