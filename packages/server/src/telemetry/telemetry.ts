import type { Clock } from "@bellwether/model";
import type { Catalogue } from "#catalogue";
import { type Applied, Applier } from "./apply.ts";
import { ByteWriter } from "./bytes.ts";
import { BUCKET_MS, Cells, LATE_AFTER_MS } from "./cells.ts";
import { release, unpack } from "./content.ts";
import { DecoderContext } from "./decoder.ts";
import { feedHistory, HOURS_KEPT_MS, mergeCells, readWindows } from "./history.ts";
import { importLines, type ParsedImport } from "./import.ts";
import { Ledger } from "./ledger.ts";
import { readOtlpJson } from "./otlp-json.ts";
import { readOtlpProtobuf } from "./otlp-protobuf.ts";
import { PROTOCOLS, REASONS, remedyOf } from "./reasons.ts";
import { readRemoteWrite } from "./remote-write.ts";
import { Selection, type SelectionSource } from "./selection.ts";
import { Stage } from "./stage.ts";
import type { OpenTelemetryStore, TelemetryStore } from "./store.ts";
import { packPage, unpackPage } from "./stream-pages.ts";
import { PAGE_IDS, Streams } from "./streams.ts";
import type {
	Accounting,
	ImportOutcome,
	IngestOutcome,
	Pair,
	Protocol,
	TelemetryCounters,
	WindowBucket,
	WindowSink,
	WindowsQuery,
} from "./types.ts";
import { Malformed, TooLarge } from "./wire.ts";

export interface TelemetryOptions {
	readonly openStore: OpenTelemetryStore;
	readonly catalogue: Catalogue;
	readonly clock: Clock;
	/** Secret of the raw-bytes hash. */
	readonly seed: number;
	/** Called whenever windows must be built anew: at start, for another catalogue, after a failure. */
	readonly openWindows: (pairs: readonly Pair[]) => WindowSink;
}

export interface IngestRequest {
	readonly protocol: Protocol;
	readonly encoding: string | undefined;
	readonly body: Uint8Array;
}

/** The store failed: what was in memory is void. `rebuild` reads it anew; nothing of the failed call was answered. */
export class StoreFailure extends Error {}

const FOLD_EVERY_MS = 5 * 60_000;
const FOLD_RETRY_MS = 30_000;
const FOLD_AT_JOURNAL_BYTES = 16 * 1024 * 1024;
/** A fold rewrites two roll-ups per pair, however few cells each has: it waits for many, within what memory may hold. */
const FOLD_AT_CELLS = { perPair: 80, least: 400_000, most: 2_000_000 };
/** A stream without points for this long is forgotten; by then its start and its ranges are older than any lateness limit. */
const IDLE_MS = 24 * 3_600_000;
const IDLE_CHECK_MS = 3_600_000;

/** Everything that depends on the catalogue and on the store's content; replaced as a whole. */
interface Loaded {
	readonly store: TelemetryStore;
	readonly selection: Selection;
	readonly streams: Streams;
	readonly ledger: Ledger;
	readonly applier: Applier;
	readonly decoder: DecoderContext;
	readonly sink: WindowSink;
	readonly pairIds: readonly number[];
	/** Stored streams that no SLO selects any more. */
	readonly unselected: readonly number[];
	readonly changedBounds: readonly number[];
}

export class Telemetry {
	readonly #options: TelemetryOptions;
	readonly #clock: Clock;
	readonly #stage = new Stage();
	readonly #commitCells = new Cells();
	readonly #unfolded = new Cells();
	readonly #row = new ByteWriter();
	readonly #records = new ByteWriter();
	#catalogue: Catalogue;
	#loaded: Loaded;
	#journalRows = 0;
	#journalBytes = 0;
	#foldAt: number | undefined;
	#idleCheckAt: number;
	/** After a fold that failed. */
	#foldNotBefore = 0;
	#lastSampleAt: number | undefined;
	#malformed = 0;
	#commits = 0;
	#commitFailures = 0;

	/** Opens the store and loads what it holds. Throws when it cannot be opened. */
	constructor(options: TelemetryOptions) {
		this.#options = options;
		this.#clock = options.clock;
		this.#catalogue = options.catalogue;
		this.#idleCheckAt = options.clock.now();
		this.#loaded = this.#load();
	}

	/** Decodes, commits and counts all requests as one; outcomes in the same order. Throws StoreFailure. */
	ingest(requests: readonly IngestRequest[]): IngestOutcome[] {
		const { applier, selection, store } = this.#loaded;
		const row = this.#row;
		const now = this.#clock.now();
		applier.begin(row, now);
		const outcomes = requests.map((request) => this.#one(request));
		if (applier.finish(row, selection.tenants)) {
			const bytes = row.take();
			this.#guard(() => store.commit(bytes, applier.newStreams));
			this.#commits++;
			this.#journalRows++;
			this.#journalBytes += bytes.length;
			this.#flush(now);
		}
		return outcomes;
	}

	/** See `TelemetryThread.importEvents`. Throws StoreFailure. */
	importEvents(key: string, body: Uint8Array): ImportOutcome {
		const { selection, store, pairIds, ledger, sink } = this.#loaded;
		const now = this.#clock.now();
		const { futureMs, maxBodyBytes } = this.#limits;
		if (body.byteLength > maxBodyBytes) {
			const message = `the import is ${body.byteLength} bytes, the limit telemetry.maxBodyBytes is ${maxBodyBytes}: send it in parts, each with a key of its own`;
			return { status: "too-large", message };
		}
		let parsed: ParsedImport;
		try {
			parsed = importLines(body, selection, { now, futureMs });
		} catch (error) {
			if (error instanceof Malformed) return { status: "malformed", message: error.message };
			throw error;
		}
		const known = this.#guard(() => store.importAnswer(key));
		if (known) {
			if (known.digest === parsed.digest) return JSON.parse(known.answer) as ImportOutcome;
			return {
				status: "key-conflict",
				message: `the key ${JSON.stringify(key)} was used for other lines: take a new one`,
			};
		}
		const { outcome, cells, rows } = parsed;
		this.#guard(() =>
			store.fold((writer) => {
				mergeCells(writer, cells, pairIds, now);
				writer.addAccounting(rows);
				writer.writeImport(key, parsed.digest, JSON.stringify(outcome), now);
				// An import older than this could bring nothing that would still be kept.
				writer.dropImportsBefore(now - HOURS_KEPT_MS);
			}),
		);
		ledger.addStored(rows);
		for (let k = 0; k < cells.count; k++)
			sink.add(
				cells.pairs[k] as number,
				(cells.buckets[k] as number) * BUCKET_MS,
				cells.bad[k] as number,
				cells.total[k] as number,
			);
		return outcome;
	}

	windows(query: WindowsQuery): WindowBucket[] | undefined {
		if (!(query.resolutionMs > 0) || query.resolutionMs % BUCKET_MS !== 0)
			throw new Error(`resolutionMs ${query.resolutionMs} is not a multiple of ${BUCKET_MS}`);
		const { selection, store, pairIds } = this.#loaded;
		const pair = selection.pairOf(query.tenant, query.slo);
		if (pair === undefined) return undefined;
		const limits = { now: this.#clock.now(), latenessMs: this.#limits.latenessMs };
		return this.#guard(() => readWindows(store, this.#unfolded, pair, pairIds[pair] as number, query, limits));
	}

	accounting(tenant?: string): Accounting[] {
		return this.#loaded.ledger.report(tenant);
	}

	counters(): TelemetryCounters {
		const { streams, selection, ledger } = this.#loaded;
		return {
			lastSampleAt: this.#lastSampleAt,
			journalRows: this.#journalRows,
			journalBytes: this.#journalBytes,
			streams: streams.registered,
			pairs: selection.pairs.length,
			samplesTotal: ledger.counted(),
			malformedRequests: this.#malformed,
			commits: this.#commits,
			commitFailures: this.#commitFailures,
			foldAt: this.#foldAt,
		};
	}

	/** Folds when it is time or the journal has grown. Throws StoreFailure. */
	tick(): void {
		const now = this.#clock.now();
		const since = now - (this.#foldAt ?? 0);
		if (this.#journalRows === 0) return;
		// Ingest may go on while the disk has no room for a fold: do not rebuild every second for it.
		if (now < this.#foldNotBefore && now >= this.#foldNotBefore - FOLD_RETRY_MS) return;
		if (since >= FOLD_EVERY_MS || since < 0 || this.#journalBytes >= FOLD_AT_JOURNAL_BYTES) this.fold();
		else if (this.#unfolded.count >= this.#foldAtCells) this.fold();
	}

	get #foldAtCells(): number {
		const { perPair, least, most } = FOLD_AT_CELLS;
		return Math.min(most, Math.max(least, perPair * this.#loaded.pairIds.length));
	}

	/** Journal → roll-ups, stream states, accounting; one transaction. Streams idle for a day are forgotten. Throws StoreFailure. */
	fold(): void {
		const now = this.#clock.now();
		const isIdleCheck = now - this.#idleCheckAt >= IDLE_CHECK_MS;
		const idle = isIdleCheck ? this.#idleStreams(now) : [];
		this.#foldNotBefore = now + FOLD_RETRY_MS;
		this.#fold(idle);
		this.#foldNotBefore = 0;
		if (isIdleCheck) this.#idleCheckAt = now;
		// Forgetting is rare, and a table without holes is what start makes anyway.
		if (idle.length > 0) this.rebuild();
	}

	#fold(idle: readonly number[]): void {
		const { store, streams, ledger, pairIds, unselected, changedBounds } = this.#loaded;
		const now = this.#clock.now();
		const horizon = (now - this.#limits.latenessMs - LATE_AFTER_MS) * 1000;
		this.#guard(() => {
			store.fold((writer) => {
				mergeCells(writer, this.#unfolded, pairIds, now);
				for (const page of streams.dirtyPages()) writer.writePage(page, packPage(statesOf(streams, page, horizon)));
				for (const slot of changedBounds)
					writer.writeBounds(streams.ids[slot] as number, [...(streams.roleSets[slot]?.bounds ?? [])]);
				writer.dropStreams([...unselected, ...idle]);
				writer.addAccounting(ledger.unfolded());
				writer.writeMeta("fold_at", String(now));
				if (this.#lastSampleAt !== undefined) writer.writeMeta("last_sample_at", String(this.#lastSampleAt));
				writer.dropJournal();
			});
			ledger.folded(store.accounting());
		});
		streams.clean();
		this.#unfolded.clear();
		this.#journalRows = 0;
		this.#journalBytes = 0;
		this.#foldAt = now;
	}

	/** Another catalogue: streams find their new pairs, history of pairs that stay is kept. Throws StoreFailure. */
	configure(catalogue: Catalogue): void {
		this.fold();
		this.#catalogue = catalogue;
		this.rebuild();
	}

	/** Drops memory and reads the store anew. Throws StoreFailure; then try again later. */
	rebuild(): void {
		this.#guard(() => {
			try {
				this.#loaded.store.close();
			} catch {
				// A store that failed may fail to close as well; what counts is that opening it again works.
			}
			this.#loaded = this.#load();
		});
	}

	/** Folds what is left, so that the next start is quick, and closes the store. */
	close(): void {
		try {
			if (this.#journalRows > 0) this.fold();
		} finally {
			this.#loaded.store.close();
		}
	}

	get #limits(): Catalogue["settings"]["telemetry"] {
		return this.#catalogue.settings.telemetry;
	}

	#one(request: IngestRequest): IngestOutcome {
		const { decoder, applier } = this.#loaded;
		const protocol = PROTOCOLS.indexOf(request.protocol);
		let body = request.body;
		try {
			const unpacked = unpack(request.encoding, request.body, this.#limits.maxBodyBytes);
			if (unpacked.status === "unsupported") return unpacked;
			body = unpacked.body;
			READERS[request.protocol](decoder, body);
		} catch (error) {
			if (error instanceof TooLarge) return { status: "too-large", message: error.message };
			// Decoding changes no count, so whatever a body made it stumble over stays this request's own problem.
			this.#malformed++;
			return { status: "malformed", message: (error as Error).message };
		}
		const applied = applier.apply(this.#stage, protocol, this.#row, this.#records);
		const message = this.#messageOf(applied);
		if (body !== request.body) release(body);
		return { status: "accepted", points: this.#stage.count, rejected: applied.rejected, message };
	}

	#messageOf({ rejected, firstPoint, firstReason }: Applied): string {
		if (rejected === 0) return "";
		const stage = this.#stage;
		const time = (stage.times[firstPoint] as number) / 1000;
		const at = time > 0 && time < 8.64e15 ? ` at ${new Date(time).toISOString()}` : "";
		const metric = JSON.stringify(stage.metricOf(firstPoint).slice(0, 200));
		const remedy = remedyOf(firstReason);
		return `${rejected} of ${stage.count} points rejected; the first: ${REASONS[firstReason]}, metric ${metric}, point ${firstPoint + 1} of the request${at}: ${remedy}`;
	}

	/** After the commit: its cells go to the windows and to what waits for the next fold. */
	#flush(now: number): void {
		const { sink } = this.#loaded;
		const cells = this.#commitCells;
		const unfolded = this.#unfolded;
		for (let k = 0; k < cells.count; k++) {
			const pair = cells.pairs[k] as number;
			const bucket = cells.buckets[k] as number;
			const bad = cells.bad[k] as number;
			const total = cells.total[k] as number;
			const into = unfolded.entry(pair, bucket);
			unfolded.bad[into] = (unfolded.bad[into] as number) + bad;
			unfolded.total[into] = (unfolded.total[into] as number) + total;
			if ((cells.late[k] as number) > 0) {
				unfolded.late[into] = (unfolded.late[into] as number) + (cells.late[k] as number);
				unfolded.revision[into] = (unfolded.revision[into] as number) + 1;
			}
			if (bad !== 0 || total !== 0) sink.add(pair, bucket * BUCKET_MS, bad, total);
		}
		if (cells.count > 0) this.#lastSampleAt = Math.max(this.#lastSampleAt ?? 0, now);
		cells.clear();
	}

	#idleStreams(now: number): number[] {
		const { streams } = this.#loaded;
		const idle: number[] = [];
		const oldest = (now - Math.max(IDLE_MS, this.#limits.latenessMs + LATE_AFTER_MS)) * 1000;
		for (let slot = 0; slot < streams.count; slot++) {
			const last = streams.lastTimes[slot] as number;
			if (last > 0 && last < oldest && (streams.ids[slot] as number) > 0) idle.push(streams.ids[slot] as number);
		}
		return idle;
	}

	#load(): Loaded {
		const store = this.#options.openStore();
		try {
			// Journal rows mean what the catalogue of their time made of them: under another one they are folded first.
			const written = store.meta("selection");
			const source = written === undefined ? undefined : (JSON.parse(written) as SelectionSource);
			if (source && source.hash !== this.#catalogue.hash && store.journalSize().rows > 0) {
				this.#loaded = this.#loadUnder(store, source, () => ({ add: () => {} }));
				this.#fold([]);
			}
			const { hash, tiers, tenants, slos } = this.#catalogue;
			const current: SelectionSource = { hash, tiers, tenants, slos };
			const loaded = this.#loadUnder(store, current, this.#options.openWindows);
			if (source?.hash !== hash || loaded.unselected.length > 0 || loaded.changedBounds.length > 0) {
				store.fold((writer) => writer.writeMeta("selection", JSON.stringify(current)));
				this.#loaded = loaded;
				if (loaded.unselected.length > 0 || loaded.changedBounds.length > 0) {
					this.#fold([]);
					return { ...loaded, unselected: [], changedBounds: [] };
				}
			}
			return loaded;
		} catch (error) {
			store.close();
			throw error;
		}
	}

	#loadUnder(store: TelemetryStore, source: SelectionSource, openWindows: TelemetryOptions["openWindows"]): Loaded {
		const now = this.#clock.now();
		const limits = this.#limits;
		const selection = new Selection(source);
		const streams = new Streams(selection, limits.maxStreams);
		const ledger = new Ledger(selection.tenants, store.accounting());
		const pairIds = store.pairIds(selection.pairs);
		const sink = openWindows(selection.pairs);
		this.#commitCells.clear();
		this.#unfolded.clear();
		const unselected: number[] = [];
		for (const stored of store.streams()) if (!streams.load(stored)) unselected.push(stored.id);
		const changedBounds: number[] = [];
		for (let slot = 0; slot < streams.count; slot++)
			if (streams.needsBase[slot] === 1) {
				changedBounds.push(slot);
				streams.touch(slot);
			}
		for (const { packed } of store.pages())
			for (const state of unpackPage(packed)) {
				const slot = streams.slotOfId(state.id);
				if (slot >= 0) streams.loadState(slot, state);
			}
		const pairOf = new Map(pairIds.map((id, pair) => [id, pair]));
		feedHistory(store, sink, (id) => pairOf.get(id) ?? -1, now);
		const applier = new Applier(streams, this.#commitCells, ledger, limits);
		const decoder = new DecoderContext(selection, streams, this.#stage, this.#options.seed);
		const loaded: Loaded = {
			store,
			selection,
			streams,
			ledger,
			applier,
			decoder,
			sink,
			pairIds,
			unselected,
			changedBounds,
		};
		this.#loaded = loaded;
		this.#foldAt = numberOf(store.meta("fold_at"));
		this.#lastSampleAt = numberOf(store.meta("last_sample_at"));
		for (const row of store.journal()) this.#flush(applier.replay(row, (name) => selection.tenantIndex(name)));
		const size = store.journalSize();
		this.#journalRows = size.rows;
		this.#journalBytes = size.bytes;
		return loaded;
	}

	#guard<T>(work: () => T): T {
		try {
			return work();
		} catch (error) {
			this.#commitFailures++;
			throw new StoreFailure(`the telemetry store failed: ${(error as Error).message}`, { cause: error });
		}
	}
}

const READERS: Readonly<Record<Protocol, (context: DecoderContext, body: Uint8Array) => void>> = {
	"otlp-protobuf": readOtlpProtobuf,
	"otlp-json": readOtlpJson,
	"remote-write-1": readRemoteWrite,
};

function* statesOf(streams: Streams, page: number, horizon: number): Iterable<ReturnType<Streams["state"]>> {
	for (let id = page * PAGE_IDS; id < (page + 1) * PAGE_IDS; id++) {
		const slot = streams.slotOfId(id);
		if (slot >= 0) yield streams.state(slot, horizon);
	}
}

function numberOf(text: string | undefined): number | undefined {
	return text === undefined ? undefined : Number(text);
}
