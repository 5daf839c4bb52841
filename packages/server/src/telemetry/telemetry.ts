import type { Clock } from "@bellwether/model";
import { type Catalogue, keptAttributesOf } from "#catalogue";
import { ByteWriter } from "./core/bytes.ts";
import { Core } from "./core/core.ts";
import { LATE_AFTER_MS } from "./counting/cells.ts";
import type { Fold } from "./history/fold.ts";
import { isFoldDue } from "./history/fold-timing.ts";
import { mergeLate, storeImport } from "./history/late-counts.ts";
import { Readings } from "./history/readings.ts";
import { sealFold } from "./history/sealing.ts";
import { parseImport, repeatedImport } from "./import/import.ts";
import type { ImportFormat } from "./import/import-lines.ts";
import { type IngestRequest, type JournalWriters, RequestIntake } from "./intake/request-intake.ts";
import { type Loaded, loadUnder, type OpenWindows } from "./loading.ts";
import type { PullState } from "./pull/planner.ts";
import { type PulledAnswer, type PullOutcome, readPullState, takeAnswer } from "./pull/pulling.ts";
import type { SelectionSource } from "./selection/selection.ts";
import type { OpenTelemetryStore, TelemetryStore } from "./store/store.ts";
import { IdleStreams } from "./streams/idle-streams.ts";
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
import { WindowKeeper } from "./windows/window-keeper.ts";

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

const FOLD_RETRY_MS = 30_000;

export class Telemetry {
	readonly #options: TelemetryOptions;
	readonly #clock: Clock;
	readonly #core: Core;
	#fold: Fold | undefined;
	readonly #writers: JournalWriters = { row: new ByteWriter(), records: new ByteWriter() };
	#catalogue: Catalogue;
	#loaded!: Loaded;
	#intake!: RequestIntake;
	#readings!: Readings;
	#journalRows = 0;
	#journalBytes = 0;
	#foldAt: number | undefined;
	readonly #idle: IdleStreams;
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
		this.#idle = new IdleStreams(options.clock.now());
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
		const parsed = parseImport(body, this.#loaded.selection, { ...this.#limits, now, format });
		if ("status" in parsed) return parsed;
		const known = this.#guard(() => this.#loaded.store.importAnswer(key));
		if (known) return repeatedImport(key, known, parsed);
		if (this.#loaded.sliced) this.#finishFold();
		// Only now: finishing a fold may have loaded everything anew.
		const loaded = this.#loaded;
		return this.#guard(() => storeImport(loaded, key, parsed, now))();
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
						tellSlices = mergeLate(this.#loaded, writer, cells, this.#clock.now());
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

	/** See `Readings`, for all that is read of a pair. */
	windows(query: WindowsQuery): WindowBucket[] | undefined {
		return this.#readings.windows(query);
	}

	latencies(query: LatenciesQuery): Latencies | undefined {
		return this.#readings.latencies(query);
	}

	percentiles(query: PercentileQuery): PercentileStep[] {
		return this.#readings.percentiles(query);
	}

	columns(query: ColumnsQuery): Float64Array {
		return this.#readings.columns(query);
	}

	attributes(query: AttributesQuery): AttributeCounts | undefined {
		return this.#readings.attributes(query);
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
		const isDue = windows?.isDue === true;
		if (this.#fold || (this.#journalRows === 0 && !sliced?.hasFinals && !isDue)) return;
		// Ingest may go on while the disk has no room for a fold: do not rebuild every second for it.
		if (now < this.#foldNotBefore && now >= this.#foldNotBefore - FOLD_RETRY_MS) return;
		const waiting = {
			sinceMs: now - (this.#foldAt ?? 0),
			journalBytes: this.#journalBytes,
			cells: this.#loaded.cells.unfolded.count,
			intervals: this.#loaded.sketches.size,
			pairs: this.#loaded.pairIds.length,
		};
		if (isDue || isFoldDue(waiting, this.#options.foldEveryMs)) this.#guard(() => this.#seal());
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
		const idle = this.#idle.due(this.#loaded.streams, this.#limits, now);
		this.#foldNotBefore = now + FOLD_RETRY_MS;
		const [rows, bytes] = [this.#journalRows, this.#journalBytes];
		this.#fold = sealFold({
			loaded: this.#loaded,
			now,
			limits: this.#limits,
			lastSampleAt: this.#lastSampleAt,
			idle,
			done: () => {
				this.#journalRows -= rows;
				this.#journalBytes -= bytes;
				this.#foldAt = now;
				this.#foldNotBefore = 0;
				// Forgetting is rare, and a table without holes is what start makes anyway.
				if (idle.length > 0) this.rebuild();
			},
		});
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
			const { maxBodyBytes, latenessMs } = this.#limits;
			this.#intake = new RequestIntake(this.#loaded, this.#core, this.#clock, maxBodyBytes, this.#writers);
			this.#readings = new Readings({
				loaded: this.#loaded,
				now: () => this.#clock.now(),
				latenessMs,
				guard: (read) => this.#guard(read),
			});
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
		this.#idle.putOff(this.#clock.now());
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
