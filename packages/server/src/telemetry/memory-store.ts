import type { AccountingRow, FoldWriter, RollUp, StoredStream, TelemetryStore } from "./store.ts";

interface Content {
	journal: Uint8Array[];
	streams: Map<number, StoredStream>;
	pages: Map<number, Uint8Array>;
	pairs: Map<string, number>;
	rollUps: Record<RollUp, Map<string, { pair: number; block: number; packed: Uint8Array }>>;
	accounting: Map<string, AccountingRow>;
	meta: Map<string, string>;
	imports: Map<string, { digest: string; answer: string; at: number }>;
}

/**
 * The store's contract without a disk, for tests and trials: transactions are all or nothing, `copy` is what a killed
 * process would find, and `failNext` makes the next write fail as a full disk does.
 */
export class MemoryTelemetryStore implements TelemetryStore {
	#content: Content = {
		journal: [],
		streams: new Map(),
		pages: new Map(),
		pairs: new Map(),
		rollUps: { "ten-seconds": new Map(), hours: new Map() },
		accounting: new Map(),
		meta: new Map(),
		imports: new Map(),
	};
	/** `before`: nothing is stored. `after`: everything is, and only the answer is lost. */
	failNext: "before" | "after" | undefined;

	copy(): MemoryTelemetryStore {
		const copy = new MemoryTelemetryStore();
		copy.#content = structuredClone(this.#content);
		return copy;
	}

	commit(row: Uint8Array, streams: readonly StoredStream[]): void {
		this.#write((content) => {
			content.journal.push(row.slice());
			for (const each of streams) content.streams.set(each.id, structuredClone(each));
		});
	}

	fold(work: (writer: FoldWriter) => void): void {
		this.#write((content) => work(new MemoryWriter(content)));
	}

	journal(): Iterable<Uint8Array> {
		return this.#content.journal;
	}
	journalSize(): { rows: number; bytes: number } {
		const { journal } = this.#content;
		return { rows: journal.length, bytes: journal.reduce((sum, row) => sum + row.length, 0) };
	}
	streams(): Iterable<StoredStream> {
		return [...this.#content.streams.values()].sort((a, b) => a.id - b.id);
	}
	pages(): Iterable<{ page: number; packed: Uint8Array }> {
		return [...this.#content.pages].map(([page, packed]) => ({ page, packed }));
	}
	pairIds(pairs: readonly { tenant: string; slo: string }[]): number[] {
		const ids = this.#content.pairs;
		return pairs.map(({ tenant, slo }) => {
			const key = `${slo}\n${tenant}`;
			if (!ids.has(key)) ids.set(key, ids.size + 1);
			return ids.get(key) as number;
		});
	}
	readRollUp(kind: RollUp, pair: number, block: number): Uint8Array | undefined {
		return this.#content.rollUps[kind].get(`${block} ${pair}`)?.packed;
	}
	rollUps(kind: RollUp, from: number): Iterable<{ pair: number; block: number; packed: Uint8Array }> {
		return [...this.#content.rollUps[kind].values()]
			.filter(({ block }) => block >= from)
			.sort((a, b) => a.block - b.block || a.pair - b.pair);
	}
	accounting(): AccountingRow[] {
		return [...this.#content.accounting.values()];
	}
	meta(key: string): string | undefined {
		return this.#content.meta.get(key);
	}
	importAnswer(key: string): { digest: string; answer: string } | undefined {
		return this.#content.imports.get(key);
	}
	close(): void {}

	#write(change: (content: Content) => void): void {
		const failure = this.failNext;
		this.failNext = undefined;
		if (failure === "before") throw new Error("database or disk is full");
		const next = structuredClone(this.#content);
		change(next);
		this.#content = next;
		if (failure === "after") throw new Error("disk I/O error");
	}
}

class MemoryWriter implements FoldWriter {
	readonly #content: Content;
	constructor(content: Content) {
		this.#content = content;
	}
	readRollUp(kind: RollUp, pair: number, block: number): Uint8Array | undefined {
		return this.#content.rollUps[kind].get(`${block} ${pair}`)?.packed;
	}
	writeRollUp(kind: RollUp, pair: number, block: number, packed: Uint8Array): void {
		this.#content.rollUps[kind].set(`${block} ${pair}`, { pair, block, packed });
	}
	writePage(page: number, packed: Uint8Array): void {
		this.#content.pages.set(page, packed);
	}
	writeBounds(id: number, bounds: readonly number[]): void {
		const stream = this.#content.streams.get(id);
		if (stream) this.#content.streams.set(id, { ...stream, bounds });
	}
	dropStreams(ids: readonly number[]): void {
		for (const id of ids) this.#content.streams.delete(id);
	}
	addAccounting(rows: readonly AccountingRow[]): void {
		for (const row of rows) {
			const key = `${row.tenant}\n${row.protocol}\n${row.key}`;
			const known = this.#content.accounting.get(key)?.count ?? 0;
			this.#content.accounting.set(key, { ...row, count: known + row.count });
		}
	}
	writeMeta(key: string, value: string): void {
		this.#content.meta.set(key, value);
	}
	writeImport(key: string, digest: string, answer: string, at: number): void {
		this.#content.imports.set(key, { digest, answer, at });
	}
	dropRollUpsBefore(kind: RollUp, block: number): void {
		for (const [key, each] of this.#content.rollUps[kind])
			if (each.block < block) this.#content.rollUps[kind].delete(key);
	}
	dropImportsBefore(at: number): void {
		for (const [key, each] of this.#content.imports) if (each.at < at) this.#content.imports.delete(key);
	}
	dropJournal(): void {
		this.#content.journal = [];
	}
}
