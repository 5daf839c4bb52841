import type { Clock } from "@bellwether/model";
import { type Catalogue, keptAttributesOf } from "#catalogue";
import { ByteWriter } from "./bytes.ts";
import { BUCKET_MS, type Cells, LATE_AFTER_MS } from "./cells.ts";
import { Core } from "./core.ts";
import { Fold } from "./fold.ts";
import { HOURS_KEPT_MS, readWindows } from "./history.ts";
import { importLines, type ParsedImport } from "./import.ts";
import type { ImportFormat } from "./import-lines.ts";
import { readLatencies } from "./latency/latency-history.ts";
import { packStates } from "./latency/latency-streams.ts";
import { readPercentiles } from "./latency/percentile-steps.ts";
import { MINUTE_MS } from "./latency/sketch-cells.ts";
import { FOLDED_KEY, LAGS_KEY, type Loaded, loadUnder, type OpenWindows } from "./loading.ts";
import type { PullState } from "./pull/planner.ts";
import { type PulledAnswer, type PullOutcome, readPullState, takeAnswer } from "./pull/pulling.ts";
import { type IngestRequest, type JournalWriters, RequestIntake } from "./request-intake.ts";
import type { SelectionSource } from "./selection.ts";
import type { FoldWriter, OpenTelemetryStore, TelemetryStore } from "./store.ts";
import { PAGE_IDS } from "./stream-snapshot.ts";
import type {
	Accounting,
	AttributeCounts,
	AttributesQuery,
	ColumnsQuery,
	ImportOutcome,
	IngestOutcome,
	Latencies,
	LatenciesQuery,
	PercentileQuery,
	PercentileStep,
	SourceState,
	TelemetryCounters,
	TenantValues,
	TenantValuesQuery,
	WindowBucket,
	WindowsQuery,
} from "./types.ts";
import { readColumns } from "./window-columns.ts";
import { WindowKeeper } from "./window-keeper.ts";
import { Malformed, TooLarge } from "./wire.ts";

export interface TelemetryOptions {
	readonly openStore: OpenTelemetryStore;
	readonly catalogue: Catalogue;
	readonly clock: Clock;
	/** Secret of the raw-bytes hash. */
	readonly seed: number;
	readonly openWindows: OpenWindows;
	/** How long counts wait in the journal at most. Default: 5 min. */
	readonly foldEveryMs?: number | undefined;
}

/** The store failed: what was in memory is void. `rebuild` reads it anew; nothing of the failed call was answered. */
export class StoreFailure extends Error {}

const FOLD_EVERY_MS = 5 * 60_000;
const FOLD_RETRY_MS = 30_000;
const FOLD_AT_JOURNAL_BYTES = 16 * 1024 * 1024;
/** A fold rewrites two roll-ups per pair, however few cells each has: it waits for many, within what memory may hold. */
const FOLD_AT_CELLS = { perPair: 80, least: 1_000_000, most: 2_000_000 };
/** Of latencies: some 100 bytes each. */
const FOLD_AT_INTERVALS = 1_000_000;
/** A stream without points for this long is forgotten; by then its start and its ranges are older than any lateness limit. */
const IDLE_MS = 24 * 3_600_000;
const IDLE_CHECK_MS = 3_600_000;
/** Share of idle streams from which on they are forgotten, and share of `maxStreams` beyond which any are. */
const FORGET_FROM = 0.05;
const FORGET_BEYOND = 0.5;
/** Counts by attribute are kept by the minute. */
const LEAF_MINUTE_MS = 60_000;

export class Telemetry {
	readonly #options: TelemetryOptions;
	readonly #clock: Clock;
	readonly #core: Core;
	#fold: Fold | undefined;
	readonly #writers: JournalWriters = { row: new ByteWriter(), records: new ByteWriter() };
	#catalogue: Catalogue;
	#loaded!: Loaded;
	#intake!: RequestIntake;
	#journalRows = 0;
	#journalBytes = 0;
	#foldAt: number | undefined;
	#idleCheckAt: number;
	/** After a fold that failed. */
	#foldNotBefore = 0;
	#lastSampleAt: number | undefined;
	/** Memory holds what the store does not: nothing of it may be stored before it is built anew. */
	#isVoid = false;
	#malformed = 0;
	#commits = 0;
	#commitFailures = 0;

	/** Opens the store and loads what it holds. Throws when it cannot be opened. */
	constructor(options: TelemetryOptions) {
		this.#options = options;
		this.#clock = options.clock;
		this.#core = new Core(options.seed);
		this.#catalogue = options.catalogue;
		this.#idleCheckAt = options.clock.now();
		this.#load();
	}

	/** Decodes, commits and counts all requests as one; outcomes in the same order. Throws StoreFailure. */
	ingest(requests: readonly IngestRequest[]): IngestOutcome[] {
		const { applier, selection, store, events } = this.#loaded;
		const { row } = this.#writers;
		const now = this.#clock.now();
		this.#intake.begin(now);
		this.#isVoid = true;
		const outcomes = requests.map((request) => this.#intake.take(request));
		this.#malformed += outcomes.filter(({ status }) => status === "malformed").length;
		const answers = events.answers();
		if (applier.finish(row, selection.tenants) || answers.length > 0) {
			const bytes = row.take();
			this.#guard(() => store.commit(bytes, applier.newStreams, answers));
			this.#commits++;
			this.#journalRows++;
			this.#journalBytes += bytes.length;
			const { cells, sink, streams } = this.#loaded;
			if (cells.flush(sink, streams.pairLimit, selection.ownPairs))
				this.#lastSampleAt = Math.max(this.#lastSampleAt ?? 0, now);
		}
		this.#isVoid = false;
		return outcomes;
	}

	/** See `TelemetryThread.importEvents`. Throws StoreFailure. */
	importEvents(key: string, body: Uint8Array, format: ImportFormat = "ndjson"): ImportOutcome {
		const now = this.#clock.now();
		const { futureMs, maxBodyBytes } = this.#limits;
		if (body.byteLength > maxBodyBytes) {
			const message = `the import is ${body.byteLength} bytes, the limit telemetry.maxBodyBytes is ${maxBodyBytes}: send it in parts, each with a key of its own`;
			return { status: "too-large", message };
		}
		let parsed: ParsedImport;
		try {
			parsed = importLines(body, this.#loaded.selection, { now, futureMs, format });
		} catch (error) {
			if (error instanceof Malformed) return { status: "malformed", message: error.message };
			if (error instanceof TooLarge) return { status: "too-large", message: error.message };
			throw error;
		}
		const known = this.#guard(() => this.#loaded.store.importAnswer(key));
		if (known) {
			if (known.digest === parsed.digest) return JSON.parse(known.answer) as ImportOutcome;
			return {
				status: "key-conflict",
				message: `the key ${JSON.stringify(key)} was used for other lines: take a new one`,
			};
		}
		const { outcome, cells, rows } = parsed;
		let tellSlices = () => {};
		if (this.#loaded.sliced) this.#finishFold();
		// Only now: finishing a fold may have loaded everything anew.
		const { store, ledger, sink } = this.#loaded;
		this.#guard(() =>
			store.fold((writer) => {
				tellSlices = this.#mergeLate(writer, cells);
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
		tellSlices();
		return outcome;
	}

	/** Adds events of any age to the roll-ups, judging slices anew that were final. Call what it returns after the commit. */
	#mergeLate(writer: FoldWriter, cells: Cells): () => void {
		const { sliced, rollUps, pairIds } = this.#loaded;
		const corrections = sliced?.rejudge(writer, cells, pairIds, this.#loaded.cells.unfolded);
		rollUps.merge(writer, cells, pairIds);
		this.#loaded.leaves.late(writer, cells, this.#clock.now());
		this.#loaded.windows?.addLate(writer, cells);
		return () => corrections && sliced?.tell(corrections);
	}

	/** One answer of a pulled source: counted, with its new watermark, or nothing of it. Throws StoreFailure. */
	takePulled(answer: PulledAnswer): PullOutcome {
		let tellSlices = () => {};
		if (this.#loaded.sliced) this.#finishFold();
		const { store, selection, ledger, sink } = this.#loaded;
		const outcome = this.#guard(() =>
			takeAnswer(
				{
					store,
					selection,
					ledger,
					sink,
					slo: this.#catalogue.slos.find((slo) => slo.name === answer.slo),
					merge: (writer, cells) => {
						tellSlices = this.#mergeLate(writer, cells);
					},
					ingest: (body) =>
						this.ingest([{ protocol: "pull", encoding: undefined, body, source: answer.source }])[0] as IngestOutcome,
				},
				answer,
			),
		);
		tellSlices();
		return outcome;
	}

	pullState(source: string, slo: string): PullState | undefined {
		return this.#guard(() => readPullState(this.#loaded.store, source, slo));
	}

	windows(query: WindowsQuery): WindowBucket[] | undefined {
		if (!(query.resolutionMs > 0) || query.resolutionMs % BUCKET_MS !== 0)
			throw new Error(`resolutionMs ${query.resolutionMs} is not a multiple of ${BUCKET_MS}`);
		const { selection, store, cells, pairIds, sliced } = this.#loaded;
		const pair = selection.pairOf(query.tenant, query.slo);
		if (pair === undefined) return undefined;
		const limits = { now: this.#clock.now(), latenessMs: this.#limits.latenessMs };
		const told = query.of === "slices" ? sliced?.told(pair) : undefined;
		if (query.of === "slices" && !told) return undefined;
		if (told) return this.#guard(() => readWindows(store, [told.cells], pair, told.storedId, query, limits));
		return this.#guard(() => readWindows(store, cells.waiting, pair, pairIds[pair] as number, query, limits));
	}

	/** Undefined: the tenant has no such SLI, or its events have no latencies that could be kept. */
	latencies(query: LatenciesQuery): Latencies | undefined {
		const { selection, store, sketches, pairIds } = this.#loaded;
		const { resolutionMs, tenant, slo } = query;
		if (!(resolutionMs > 0) || resolutionMs % MINUTE_MS !== 0)
			throw new Error(`resolutionMs ${resolutionMs} is not a multiple of ${MINUTE_MS}`);
		const pair = selection.pairOf(tenant, slo);
		if (pair === undefined || !selection.keepsLatency(slo)) return undefined;
		const windows = this.windows(query) ?? [];
		return this.#guard(() => readLatencies(store, sketches.waiting, pairIds[pair] as number, query, windows));
	}

	/** Steps that have enough known latencies to tell this percentile, in the order of time. */
	percentiles(query: PercentileQuery): PercentileStep[] {
		const { selection, store, sketches, pairIds } = this.#loaded;
		const pair = selection.pairOf(query.tenant, query.slo);
		if (pair === undefined || !selection.keepsLatency(query.slo)) return [];
		return this.#guard(() => readPercentiles(store, sketches.waiting, pairIds[pair] as number, query));
	}

	/** Bad and total events by tenant, then step; 0 where there were none and for tenants without such an SLI. */
	columns({ slo, tenants, ...range }: ColumnsQuery): Float64Array {
		const { selection, store, cells, pairIds } = this.#loaded;
		const pairs = tenants.map((tenant) => {
			const pair = selection.pairOf(tenant, slo);
			return pair === undefined ? undefined : { pair, storedId: pairIds[pair] as number };
		});
		return this.#guard(() => readColumns(store, cells.waiting, pairs, range));
	}

	/** Undefined: the tenant has no such SLI, or it does not keep these attributes. */
	attributes(query: AttributesQuery): AttributeCounts | undefined {
		const { selection, leaves } = this.#loaded;
		const pair = selection.pairOf(query.tenant, query.slo);
		if (pair === undefined) return undefined;
		const inAll = (from: number, to: number): { bad: number; total: number } => {
			const sum = { bad: 0, total: 0 };
			for (const { bad, total } of this.windows({ ...query, from, to, resolutionMs: LEAF_MINUTE_MS }) ?? []) {
				sum.bad += bad;
				sum.total += total;
			}
			return sum;
		};
		return this.#guard(() => leaves.counts(pair, query, this.#clock.now(), inAll));
	}

	/** Values of attributes that name tenants, matched or not, as streams had them. */
	tenantValues(query: TenantValuesQuery): TenantValues {
		const { streams, selection } = this.#loaded;
		return streams.seen.list(query, streams, selection.tenants);
	}

	/** Counts of the pair before this event time, ms, rest on all sources that feed it; see `SourceLags`. */
	completeUntil(pair: number, now: number): number {
		return this.#loaded.lags.completeUntil(pair, now);
	}

	sourceStates(): SourceState[] {
		return this.#loaded.lags.states(this.#clock.now());
	}

	accounting(tenant?: string, source?: string): Accounting[] {
		return this.#loaded.ledger.report(tenant, source);
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
			pointsRefused: ledger.refused,
			commits: this.#commits,
			commitFailures: this.#commitFailures,
			foldAt: this.#foldAt,
			isFolding: this.#fold !== undefined,
			overQuota: this.#loaded.quotas.states(this.#clock.monotonic()),
			storage: this.#loaded.retention.figures(this.#clock.now()),
			unusedMetrics: selection.unused.list(),
		};
	}

	#harvest(now: number): void {
		const { leaves, retention } = this.#loaded;
		leaves.isShortOfRoom = retention.isShortOfRoom;
		// A fold takes what there is at its seal, and nothing of later.
		if (!this.#fold) leaves.tick(now);
	}

	/** Begins a fold when it is time or the journal has grown; `work` does it. Throws StoreFailure. */
	tick(): void {
		const now = this.#clock.now();
		const { sliced, store, windows } = this.#loaded;
		if (sliced) this.#guard(() => sliced.advance(store, now));
		this.#harvest(now);
		const since = now - (this.#foldAt ?? 0);
		const isDue = windows?.isDue === true;
		if (this.#fold || (this.#journalRows === 0 && !sliced?.hasFinals && !isDue)) return;
		// Ingest may go on while the disk has no room for a fold: do not rebuild every second for it.
		if (now < this.#foldNotBefore && now >= this.#foldNotBefore - FOLD_RETRY_MS) return;
		const isTime =
			since >= (this.#options.foldEveryMs ?? FOLD_EVERY_MS) || since < 0 || this.#journalBytes >= FOLD_AT_JOURNAL_BYTES;
		const isFull =
			this.#loaded.cells.unfolded.count >= this.#foldAtCells || this.#loaded.sketches.size >= FOLD_AT_INTERVALS;
		if (isTime || isDue || isFull) this.#guard(() => this.#seal());
	}

	/** Whether `work` has anything to do. */
	get hasWork(): boolean {
		const { store, retention, leaves, windows } = this.#loaded;
		const now = this.#clock.now();
		if (this.#fold !== undefined || leaves.hasWork(now) || retention.isDue(now)) return true;
		return store.hasWaste() || windows?.hasWaste === true;
	}

	/** A few milliseconds of what waits: a slice of the fold, of what it left behind, of moving what grew old. Throws StoreFailure. */
	work(): void {
		const { store, retention, leaves, windows } = this.#loaded;
		const now = this.#clock.now();
		if (this.#fold) this.#slice();
		else this.#guard(() => leaves.work(now) || store.sweep() || windows?.sweep() || retention.move(now));
	}

	get #foldAtCells(): number {
		const { perPair, least, most } = FOLD_AT_CELLS;
		return Math.min(most, Math.max(least, perPair * this.#loaded.pairIds.length));
	}

	/** Journal → roll-ups, stream states, accounting, to the end. Streams idle for a day are forgotten. Throws StoreFailure. */
	fold(): void {
		this.#finishFold();
		this.#guard(() => this.#seal());
		this.#finishFold();
	}

	#finishFold(): void {
		while (this.#fold) this.#slice();
	}

	/** Everything counted until now is what the next slices store. */
	#seal(): void {
		const now = this.#clock.now();
		const { store, rollUps, streams, ledger, pairIds, unselected, changedBounds, sliced, lags } = this.#loaded;
		const isIdleCheck = now - this.#idleCheckAt >= IDLE_CHECK_MS;
		const idle = isIdleCheck ? this.#worthForgetting(this.#idleStreams(now)) : [];
		if (isIdleCheck) this.#idleCheckAt = now;
		this.#foldNotBefore = now + FOLD_RETRY_MS;
		const cells = this.#loaded.cells.seal();
		const sketches = this.#loaded.sketches.seal();
		const latencies = this.#loaded.applier.latencies.snapshot();
		const accounting = ledger.unfolded();
		const writeEvents = this.#loaded.events.seal();
		const writeSlices = sliced?.seal();
		const leaves = this.#loaded.leaves.seal(now);
		const windows = this.#loaded.windows?.seal();
		const lastSampleAt = this.#lastSampleAt;
		const folded = streams.isFolding ? this.#loaded.applier.foldedRequests?.pack(now) : undefined;
		const [rows, bytes] = [this.#journalRows, this.#journalBytes];
		this.#fold = new Fold(store, rollUps, {
			through: store.lastSeq(),
			cells,
			groups: cells.groups(pairIds),
			sketches,
			pages: streams.dirtyPages(),
			latenciesOf: (page) => packStates(latencies, page * PAGE_IDS, (page + 1) * PAGE_IDS),
			streams: streams.snapshot((now - this.#limits.latenessMs - LATE_AFTER_MS) * 1000),
			accounting,
			prepare: () => leaves.prepare() || windows?.prepare() === true,
			finish: (writer) => {
				leaves.write(writer);
				if (windows) windows.write(writer);
				else WindowKeeper.forget(writer, store);
				for (const slot of changedBounds)
					writer.writeBounds(streams.ids[slot] as number, [...(streams.roleSets[slot]?.bounds ?? [])]);
				// One may have come back since the seal.
				const stillIdle = new Set(idle.length > 0 ? this.#idleStreams(now) : []);
				writer.dropStreams([...unselected, ...idle.filter((id) => stillIdle.has(id))]);
				writeEvents(writer);
				writeSlices?.(writer);
				writer.writeMeta("fold_at", String(now));
				if (lastSampleAt !== undefined) writer.writeMeta("last_sample_at", String(lastSampleAt));
				if (folded !== undefined) writer.writeMeta(FOLDED_KEY, folded);
				writer.writeMeta(LAGS_KEY, lags.pack());
			},
			done: () => {
				cells.clear();
				sketches.clear();
				leaves.done();
				windows?.done();
				sliced?.folded();
				ledger.folded(accounting, store.accounting());
				this.#journalRows -= rows;
				this.#journalBytes -= bytes;
				this.#foldAt = now;
				this.#foldNotBefore = 0;
				// Forgetting is rare, and a table without holes is what start makes anyway.
				if (idle.length > 0) this.rebuild();
			},
		});
		streams.clean();
	}

	#slice(): void {
		const fold = this.#fold;
		if (!fold) return;
		this.#guard(() => fold.slice());
		if (!fold.isDone) return;
		this.#fold = undefined;
		this.#guard(() => fold.end());
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
			this.#load();
			this.#isVoid = false;
		});
	}

	/** Folds what is left, so that the next start is quick, and closes the store. After a failure the journal has it all. */
	close(): void {
		try {
			if (this.#isVoid) return;
			if (this.#journalRows > 0) this.fold();
			this.#loaded.sliced?.rest(this.#loaded.store, this.#clock.now());
		} finally {
			this.#loaded.store.close();
		}
	}

	get #limits(): Catalogue["settings"]["telemetry"] {
		return this.#catalogue.settings.telemetry;
	}

	/** Forgetting builds everything anew while requests wait: a few streams are not worth it, as long as there is room. */
	#worthForgetting(idle: readonly number[]): readonly number[] {
		const { registered } = this.#loaded.streams;
		const isFull = registered > FORGET_BEYOND * this.#limits.maxStreams;
		return isFull || idle.length > FORGET_FROM * registered ? idle : [];
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

	#load(): void {
		const store = this.#options.openStore();
		try {
			// Journal rows mean what the catalogue of their time made of them: under another one they are folded first.
			const written = store.meta("selection");
			const source = written === undefined ? undefined : (JSON.parse(written) as SelectionSource);
			const foldAt = Number(store.meta("fold_at") ?? 0);
			// The clock was ahead then: the windows that were stored have moved past what is recent now.
			if (foldAt > this.#clock.now() + LATE_AFTER_MS) store.fold((writer) => WindowKeeper.forget(writer, store));
			let aliveAt = Math.max(foldAt, Number(store.meta("alive_at") ?? 0));
			if (source && source.hash !== this.#catalogue.hash && store.journalSize().rows > 0) {
				const { lastRowAt } = this.#loadUnder(store, source, undefined);
				aliveAt = Math.max(aliveAt, lastRowAt);
				this.#foldLoaded();
			}
			const { hash, tiers, tenants, cohorts } = this.#catalogue;
			const slos = this.#catalogue.slos.map((slo) => ({ ...slo, keep: keptAttributesOf(slo, this.#limits) }));
			const current: SelectionSource = { hash, tiers, tenants, slos, cohorts };
			const loaded = this.#loadUnder(store, current, this.#options.openWindows);
			loaded.sliced?.resume(store, Math.max(aliveAt, loaded.lastRowAt), this.#clock.now());
			const isRetired = loaded.unselected.length > 0 || loaded.changedBounds.length > 0;
			if (source?.hash !== hash || isRetired)
				store.fold((writer) => writer.writeMeta("selection", JSON.stringify(current)));
			if (isRetired) {
				this.#foldLoaded();
				this.#loaded = { ...loaded, unselected: [], changedBounds: [] };
			}
			const { maxBodyBytes } = this.#limits;
			this.#intake = new RequestIntake(this.#loaded, this.#core, this.#clock, maxBodyBytes, this.#writers);
		} catch (error) {
			store.close();
			throw error;
		}
	}

	#loadUnder(store: TelemetryStore, source: SelectionSource, openWindows: OpenWindows | undefined): Loaded {
		const loaded = loadUnder({
			store,
			source,
			limits: this.#limits,
			now: this.#clock.now(),
			core: this.#core,
			seed: this.#options.seed,
			openWindows,
			// Nothing is loaded yet at the start.
			lags: (this.#loaded as Loaded | undefined)?.lags.pack(),
		});
		this.#loaded = loaded;
		this.#fold = undefined;
		this.#foldAt = loaded.foldAt;
		this.#lastSampleAt = loaded.lastSampleAt;
		this.#journalRows = loaded.journal.rows;
		this.#journalBytes = loaded.journal.bytes;
		return loaded;
	}

	/** A fold on the way of loading: nothing is idle, and nothing is built anew. */
	#foldLoaded(): void {
		this.#idleCheckAt = this.#clock.now();
		this.#seal();
		while (this.#fold) this.#slice();
	}

	#guard<T>(work: () => T): T {
		try {
			return work();
		} catch (error) {
			this.#commitFailures++;
			this.#isVoid = true;
			throw new StoreFailure(`the telemetry store failed: ${(error as Error).message}`, { cause: error });
		}
	}
}
