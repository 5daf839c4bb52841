import { type LeafContent, MemoryLeafStore, newLeafContent } from "./memory-leaf-store.ts";
import { MemoryWindowStore, newWindowContent, type WindowContent } from "./memory-window-store.ts";
import type {
	AccountingRow,
	DamagedRow,
	FoldWriter,
	RollUp,
	RollUpKind,
	StoredAnswer,
	StoredPair,
	StoredStream,
	StoreSize,
	TelemetryStore,
} from "./store.ts";

interface Content {
	journal: { seq: number; row: Uint8Array }[];
	lastSeq: number;
	streams: Map<number, StoredStream>;
	pages: Map<number, Uint8Array>;
	/** Written and not published. */
	nextPages: Map<number, Uint8Array>;
	pairs: Map<string, number>;
	rollUps: Record<RollUpKind, Map<string, { pair: number; block: number; packed: Uint8Array }>>;
	accounting: Map<string, AccountingRow>;
	meta: Map<string, string>;
	imports: Map<string, { digest: string; answer: string; at: number }>;
	eventIds: { hour: number; packed: Uint8Array }[];
	eventAnswers: Map<string, StoredAnswer>;
	leaves: LeafContent;
	windows: WindowContent;
	/** Source and SLO → start of bucket → counts. */
	pulled: Map<string, Map<number, Uint8Array>>;
}

/**
 * The store's contract without a disk, for tests and trials: transactions are all or nothing, `copy` is what a killed
 * process would find, and `failNext` makes the next write fail as a full disk does.
 */
export class MemoryTelemetryStore implements TelemetryStore {
	#content: Content = {
		journal: [],
		lastSeq: 0,
		streams: new Map(),
		pages: new Map(),
		nextPages: new Map(),
		pairs: new Map(),
		rollUps: {
			"ten-seconds": new Map(),
			minutes: new Map(),
			"ten-minutes": new Map(),
			hours: new Map(),
			"latency-ten-seconds": new Map(),
			"latency-minutes": new Map(),
			"latency-ten-minutes": new Map(),
			"latency-hours": new Map(),
		},
		accounting: new Map(),
		meta: new Map(),
		imports: new Map(),
		eventIds: [],
		eventAnswers: new Map(),
		leaves: newLeafContent(),
		windows: newWindowContent(),
		pulled: new Map(),
	};
	/** `before`: nothing is stored. `after`: everything is, and only the answer is lost. */
	failNext: "before" | "after" | undefined;

	readonly leaves = new MemoryLeafStore(() => this.#content.leaves);
	readonly windows = new MemoryWindowStore(() => this.#content.windows);

	copy(): MemoryTelemetryStore {
		const copy = new MemoryTelemetryStore();
		copy.#content = structuredClone(this.#content);
		// A fold that did not come to its end.
		copy.#content.nextPages.clear();
		return copy;
	}

	commit(row: Uint8Array, streams: readonly StoredStream[], answers: readonly StoredAnswer[] = []): void {
		this.#write((content) => {
			content.journal.push({ seq: ++content.lastSeq, row: row.slice() });
			for (const each of streams) content.streams.set(each.id, structuredClone(each));
			for (const each of answers) content.eventAnswers.set(each.key, each);
		});
	}

	fold(work: (writer: FoldWriter) => void): void {
		this.#write((content) => work(new MemoryWriter(content)));
	}

	journal(): Iterable<{ seq: number; row: Uint8Array }> {
		return this.#content.journal;
	}
	lastSeq(): number {
		return this.#content.lastSeq;
	}
	journalSize(): { rows: number; bytes: number } {
		const { journal } = this.#content;
		return { rows: journal.length, bytes: journal.reduce((sum, { row }) => sum + row.length, 0) };
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
	readRollUp(kind: RollUpKind, pair: number, block: number): Uint8Array | undefined {
		return this.#content.rollUps[kind].get(`${block} ${pair}`)?.packed;
	}
	rollUps(kind: RollUp, from: number): Iterable<{ pair: number; block: number; packed: Uint8Array }> {
		return [...this.#content.rollUps[kind].values()]
			.filter(({ block }) => block >= from)
			.sort((a, b) => a.block - b.block || a.pair - b.pair);
	}
	pairs(): StoredPair[] {
		return [...this.#content.pairs].map(([key, id]) => {
			const [slo = "", tenant = ""] = key.split("\n");
			return { id, tenant, slo };
		});
	}
	hasRollUps(kind: RollUp, from: number, to: number): boolean {
		return [...this.#content.rollUps[kind].values()].some(({ block }) => block >= from && block < to);
	}
	firstBlock(kind: RollUpKind): number | undefined {
		const blocks = [...this.#content.rollUps[kind].values()].map(({ block }) => block);
		return blocks.length > 0 ? Math.min(...blocks) : undefined;
	}
	lastBlock(kind: RollUpKind): number | undefined {
		const blocks = [...this.#content.rollUps[kind].values()].map(({ block }) => block);
		return blocks.length > 0 ? Math.max(...blocks) : undefined;
	}
	oldest(kind: RollUpKind, count: number): { pair: number; block: number }[] {
		const rows = [...this.#content.rollUps[kind].values()];
		return rows.sort((a, b) => a.block - b.block || a.pair - b.pair).slice(0, count);
	}
	sweep(): boolean {
		return false;
	}
	hasWaste(): boolean {
		return false;
	}
	size(): StoreSize {
		const packed = Object.values(this.#content.rollUps).flatMap((rows) => [...rows.values()]);
		const bytes = packed.reduce((sum, each) => sum + each.packed.length, 0);
		return { fileBytes: bytes, usedBytes: bytes, logBytes: 0 };
	}
	damaged(): readonly DamagedRow[] {
		return [];
	}
	accounting(): AccountingRow[] {
		return [...this.#content.accounting.values()];
	}
	meta(key: string): string | undefined {
		return this.#content.meta.get(key);
	}
	pulled(source: string, slo: string, from: number, to: number): readonly { at: number; packed: Uint8Array }[] {
		return [...(this.#content.pulled.get(`${source} ${slo}`) ?? [])]
			.filter(([at]) => at >= from && at < to)
			.sort(([a], [b]) => a - b)
			.map(([at, packed]) => ({ at, packed }));
	}
	eventIds(): Iterable<{ hour: number; packed: Uint8Array }> {
		return this.#content.eventIds;
	}
	eventAnswer(key: string): { digest: string; answer: string } | undefined {
		return this.#content.eventAnswers.get(key);
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
	readonly leaves: MemoryLeafStore;
	readonly windows: MemoryWindowStore;
	constructor(content: Content) {
		this.#content = content;
		this.leaves = new MemoryLeafStore(() => content.leaves);
		this.windows = new MemoryWindowStore(() => content.windows);
	}
	readRollUp(kind: RollUpKind, pair: number, block: number): Uint8Array | undefined {
		return this.#content.rollUps[kind].get(`${block} ${pair}`)?.packed;
	}
	writeRollUp(kind: RollUpKind, pair: number, block: number, packed: Uint8Array): void {
		this.#content.rollUps[kind].set(`${block} ${pair}`, { pair, block, packed });
	}
	removeRollUp(kind: RollUpKind, pair: number, block: number): void {
		this.#content.rollUps[kind].delete(`${block} ${pair}`);
	}
	writePage(page: number, packed: Uint8Array): void {
		this.#content.nextPages.set(page, packed);
	}
	publishPages(): void {
		for (const [page, packed] of this.#content.nextPages) this.#content.pages.set(page, packed);
		this.#content.nextPages.clear();
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
			const key = `${row.tenant}\n${row.source}\n${row.protocol}\n${row.key}`;
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
	writePulled(source: string, slo: string, at: number, packed: Uint8Array): void {
		const key = `${source} ${slo}`;
		const buckets = this.#content.pulled.get(key) ?? new Map<number, Uint8Array>();
		this.#content.pulled.set(key, buckets.set(at, packed));
	}
	dropPulledBefore(source: string, slo: string, at: number): void {
		const buckets = this.#content.pulled.get(`${source} ${slo}`);
		for (const start of buckets?.keys() ?? []) if (start < at) buckets?.delete(start);
	}
	addEventIds(hour: number, packed: Uint8Array): void {
		this.#content.eventIds.push({ hour, packed });
	}
	dropEventIdsBefore(hour: number): void {
		this.#content.eventIds = this.#content.eventIds.filter((each) => each.hour >= hour);
	}
	dropEventAnswersBefore(at: number): void {
		for (const [key, each] of this.#content.eventAnswers) if (each.at < at) this.#content.eventAnswers.delete(key);
	}
	dropImportsBefore(at: number): void {
		for (const [key, each] of this.#content.imports) if (each.at < at) this.#content.imports.delete(key);
	}
	foldJournal(through: number): void {
		this.#content.journal = this.#content.journal.filter(({ seq }) => seq > through);
	}
}
