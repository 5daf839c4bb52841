import { type Clock, isOwnName } from "@bellwether/model";
import { attributeLimits, type Catalogue, keptAttributesOf, periodAt, type Slo } from "#catalogue";
import { type Applied, Applier } from "./apply.ts";
import { ByteWriter } from "./bytes.ts";
import { BUCKET_MS, BUCKETS_PER_HOUR, CellMerger, Cells, LATE_AFTER_MS } from "./cells.ts";
import { release, unpack } from "./content.ts";
import { Core, CoreFull } from "./core.ts";
import { DecoderContext } from "./decoder.ts";
import { EventIntake } from "./event-intake.ts";
import { Fold, FoldMarks } from "./fold.ts";
import { FoldedRequests, fingerprintOf } from "./folded-requests.ts";
import { feedHistory, HOURS_KEPT_MS, readWindows } from "./history.ts";
import { importLines, type ParsedImport } from "./import.ts";
import type { ImportFormat } from "./import-lines.ts";
import { LeafHarvest } from "./leaf-harvest.ts";
import { Ledger } from "./ledger.ts";
import { unnamedSource } from "./origins.ts";
import { readOtlpJson } from "./otlp-json.ts";
import { readOtlpProtobuf } from "./otlp-protobuf.ts";
import type { PullState } from "./pull/planner.ts";
import { type PulledAnswer, type PullOutcome, readPullState, takeAnswer } from "./pull/pulling.ts";
import { readPulledSamples } from "./pull/samples.ts";
import { leaveOutTenants, overQuotaOutcome, type QuotaPoints, Quotas } from "./quotas.ts";
import { isEventProtocol, PROTOCOLS, REASONS, remedyOf } from "./reasons.ts";
import { readRemoteWrite } from "./remote-write.ts";
import { readRemoteWrite2 } from "./remote-write-2.ts";
import { keepOf, RetentionKeeper } from "./retention-keeper.ts";
import { RollUps } from "./roll-ups.ts";
import { type RoleSet, rolesAt, Selection, type SelectionSource } from "./selection.ts";
import { SlicedHistory } from "./sliced-history.ts";
import { SourceLags } from "./source-lags.ts";
import { Stage } from "./stage.ts";
import type { FoldWriter, OpenTelemetryStore, TelemetryStore } from "./store.ts";
import { unpackPage } from "./stream-pages.ts";
import { Streams } from "./streams.ts";
import type {
	Accounting,
	AttributeCounts,
	AttributesQuery,
	ColumnsQuery,
	EventProtocol,
	ImportOutcome,
	IngestOptions,
	IngestOutcome,
	Pair,
	Protocol,
	SourceState,
	TelemetryCounters,
	TenantValues,
	TenantValuesQuery,
	WindowBucket,
	WindowSink,
	WindowsQuery,
	Written,
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
	/** Called whenever windows must be built anew: at start, for another catalogue, after a failure. */
	readonly openWindows: (pairs: readonly Pair[]) => WindowSink;
	/** How long counts wait in the journal at most. Default: 5 min. */
	readonly foldEveryMs?: number | undefined;
}

export interface IngestRequest extends IngestOptions {
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
const FOLD_AT_CELLS = { perPair: 80, least: 1_000_000, most: 2_000_000 };
/** A stream without points for this long is forgotten; by then its start and its ranges are older than any lateness limit. */
const IDLE_MS = 24 * 3_600_000;
const IDLE_CHECK_MS = 3_600_000;
/** Share of idle streams from which on they are forgotten, and share of `maxStreams` beyond which any are. */
const FORGET_FROM = 0.05;
const FORGET_BEYOND = 0.5;
const FOLDED_KEY = "folded_requests";
const LAGS_KEY = "source_lags";
/** Counts by attribute are kept by the minute. */
const LEAF_MINUTE_MS = 60_000;

/** Everything that depends on the catalogue and on the store's content; replaced as a whole. */
interface Loaded {
	readonly store: TelemetryStore;
	readonly rollUps: RollUps;
	readonly retention: RetentionKeeper;
	readonly leaves: LeafHarvest;
	readonly selection: Selection;
	readonly streams: Streams;
	readonly ledger: Ledger;
	readonly applier: Applier;
	readonly decoder: DecoderContext;
	readonly events: EventIntake;
	readonly quotas: Quotas;
	readonly lags: SourceLags;
	readonly sink: WindowSink;
	/** Undefined: windows are always fed. */
	readonly windows: WindowKeeper | undefined;
	/** Undefined: every SLO counts events by themselves. */
	readonly sliced: SlicedHistory | undefined;
	/** When the last journal row was committed; 0: there is none. */
	readonly lastRowAt: number;
	readonly pairIds: readonly number[];
	/** Stored streams that no SLO selects any more. */
	readonly unselected: readonly number[];
	readonly changedBounds: readonly number[];
}

export class Telemetry {
	readonly #options: TelemetryOptions;
	readonly #clock: Clock;
	/** Its columns are made anew with all that is loaded. */
	readonly #core: Core;
	#stage: Stage;
	#commitCells: Cells;
	#unfolded: Cells;
	/** The cells that a fold has sealed, else empty: they take turns. */
	#sealed: Cells;
	#merger: CellMerger;
	#fold: Fold | undefined;
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
		this.#stage = new Stage(this.#core);
		this.#commitCells = new Cells(this.#core);
		this.#unfolded = new Cells(this.#core);
		this.#sealed = new Cells(this.#core);
		this.#merger = new CellMerger(this.#core);
		this.#catalogue = options.catalogue;
		this.#idleCheckAt = options.clock.now();
		this.#loaded = this.#load();
	}

	/** Decodes, commits and counts all requests as one; outcomes in the same order. Throws StoreFailure. */
	ingest(requests: readonly IngestRequest[]): IngestOutcome[] {
		const { applier, selection, store, events, streams } = this.#loaded;
		const row = this.#row;
		const now = this.#clock.now();
		applier.begin(row, now);
		streams.now = now;
		events.begin(now, this.#clock.monotonic());
		this.#loaded.quotas.begin(this.#clock.monotonic());
		this.#isVoid = true;
		const outcomes = requests.map((request) => this.#one(request));
		const answers = events.answers();
		if (applier.finish(row, selection.tenants) || answers.length > 0) {
			const bytes = row.take();
			this.#guard(() => store.commit(bytes, applier.newStreams, answers));
			this.#commits++;
			this.#journalRows++;
			this.#journalBytes += bytes.length;
			this.#flush(now);
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
		const corrections = sliced?.rejudge(writer, cells, pairIds, this.#unfolded);
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
		const { selection, store, pairIds, sliced } = this.#loaded;
		const pair = selection.pairOf(query.tenant, query.slo);
		if (pair === undefined) return undefined;
		const limits = { now: this.#clock.now(), latenessMs: this.#limits.latenessMs };
		const told = query.of === "slices" ? sliced?.told(pair) : undefined;
		if (query.of === "slices" && !told) return undefined;
		if (told) return this.#guard(() => readWindows(store, [told.cells], pair, told.storedId, query, limits));
		return this.#guard(() =>
			readWindows(store, [this.#unfolded, this.#sealed], pair, pairIds[pair] as number, query, limits),
		);
	}

	/** Bad and total events by tenant, then step; 0 where there were none and for tenants without such an SLI. */
	columns({ slo, tenants, ...range }: ColumnsQuery): Float64Array {
		const { selection, store, pairIds } = this.#loaded;
		const pairs = tenants.map((tenant) => {
			const pair = selection.pairOf(tenant, slo);
			return pair === undefined ? undefined : { pair, storedId: pairIds[pair] as number };
		});
		return this.#guard(() => readColumns(store, [this.#unfolded, this.#sealed], pairs, range));
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
		if (isTime || isDue || this.#unfolded.count >= this.#foldAtCells) this.#guard(() => this.#seal());
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
		const cells = this.#unfolded;
		this.#unfolded = this.#sealed;
		this.#sealed = cells;
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
			pages: streams.dirtyPages(),
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
			this.#loaded = this.#load();
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

	#one(request: IngestRequest): IngestOutcome {
		const { decoder, applier } = this.#loaded;
		const cellsBefore = this.#commitCells.count;
		const protocol = PROTOCOLS.indexOf(request.protocol);
		let body = request.body;
		try {
			const unpacked = unpack(request.encoding, request.body, this.#limits.maxBodyBytes, this.#core);
			if (unpacked.status === "unsupported") return unpacked;
			body = unpacked.body;
			if (isEventProtocol(request.protocol)) return this.#takeEvents(request.protocol, body, request);
			READERS[request.protocol](decoder, body);
			const refused = this.#overQuota();
			if (refused) return refused;
		} catch (error) {
			if (error instanceof TooLarge) return { status: "too-large", message: error.message };
			if (error instanceof CoreFull) throw error;
			// Decoding changes no count, so whatever a body made it stumble over stays this request's own problem.
			this.#malformed++;
			return { status: "malformed", message: (error as Error).message };
		}
		// Only where streams are folded is it worth knowing whether the whole request came before.
		const { isFolding } = this.#loaded.streams;
		const fingerprint = isFolding ? fingerprintOf(body) : 0;
		if (isFolding) applier.recall(fingerprint);
		const origin = this.#loaded.ledger.origins.of(request.source, protocol);
		const applied = applier.apply(this.#stage, origin, this.#row, this.#records);
		if (isFolding) applier.remember(this.#row, fingerprint);
		this.#observe(request, this.#stage, cellsBefore);
		const message = this.#messageOf(applied);
		if (body !== request.body && !this.#core.holds(body)) release(body);
		const { rejected } = applied;
		const written = request.protocol === "remote-write-2" ? writtenOf(this.#stage, applied) : undefined;
		return { status: "accepted", points: this.#stage.count, rejected, message, ...(written && { written }) };
	}

	#takeEvents(protocol: EventProtocol, body: Uint8Array, request: IngestRequest): IngestOutcome {
		const { events } = this.#loaded;
		const cellsBefore = this.#commitCells.count;
		const outcome = events.take(protocol, body, request, this.#row, this.#records);
		if (body !== request.body) release(body);
		if (outcome.status === "accepted") this.#observe(request, events.context.stage, cellsBefore);
		return outcome;
	}

	/** Looks at a request as far as that tells how complete its source's data are; what is pulled says so itself. */
	#observe(request: IngestRequest, stage: Pick<Stage, "count" | "codes" | "times">, cellsBefore: number): void {
		if (request.protocol === "pull") return;
		const { lags } = this.#loaded;
		const source = request.source ?? unnamedSource(request.protocol);
		lags.observe(source, lags.shownBy(stage), this.#clock.now(), this.#commitCells, cellsBefore);
	}

	/** Leaves the points of tenants that are over their limits out of the request at hand, or refuses it. */
	#overQuota(): IngestOutcome | undefined {
		const { quotas, streams } = this.#loaded;
		const stage = this.#stage;
		const rolesOf = (k: number): RoleSet => {
			const roles = streams.roleSets[stage.codes[k] as number] as RoleSet;
			return roles.special === undefined ? roles : rolesAt(roles, stage.times[k] as number);
		};
		const points: QuotaPoints = { count: stage.count, codes: stage.codes, tenantOf: (k) => rolesOf(k).tenant };
		const judged = quotas.judge(points, this.#clock.monotonic());
		if (judged.status === "refuse") return overQuotaOutcome(judged);
		if (judged.status === "leave-out") {
			const tenantOf = (k: number) => rolesOf(k).tenant;
			leaveOutTenants(stage, judged.tenants, { tenantOf, valuesOf: (k) => rolesOf(k).bounds.length });
		}
		return undefined;
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
		const { sink, streams } = this.#loaded;
		const cells = this.#commitCells;
		this.#merger.merge(cells, this.#unfolded, streams.pairLimit);
		const { count, pairs, buckets, bad, total } = cells;
		for (let k = 0; k < count; k++)
			if (bad[k] !== 0 || total[k] !== 0)
				sink.add(pairs[k] as number, (buckets[k] as number) * BUCKET_MS, bad[k] as number, total[k] as number);
		if (this.#isFromOutside(cells)) this.#lastSampleAt = Math.max(this.#lastSampleAt ?? 0, now);
		cells.clear();
	}

	/** The system's checks of itself must not look like a sender that is alive. Mostly the first cell tells. */
	#isFromOutside({ count, pairs }: Cells): boolean {
		const { pairs: known } = this.#loaded.selection;
		for (let k = 0; k < count; k++) if (!isOwnName((known[pairs[k] as number] as Pair).slo)) return true;
		return false;
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

	#load(): Loaded {
		const store = this.#options.openStore();
		try {
			// Journal rows mean what the catalogue of their time made of them: under another one they are folded first.
			const written = store.meta("selection");
			const source = written === undefined ? undefined : (JSON.parse(written) as SelectionSource);
			let aliveAt = Math.max(Number(store.meta("fold_at") ?? 0), Number(store.meta("alive_at") ?? 0));
			if (source && source.hash !== this.#catalogue.hash && store.journalSize().rows > 0) {
				this.#loaded = this.#loadUnder(store, source, undefined);
				aliveAt = Math.max(aliveAt, this.#loaded.lastRowAt);
				this.#foldLoaded();
			}
			const { hash, tiers, tenants, cohorts } = this.#catalogue;
			const slos = this.#catalogue.slos.map((slo) => ({ ...slo, keep: keptAttributesOf(slo, this.#limits) }));
			const current: SelectionSource = { hash, tiers, tenants, slos, cohorts };
			const loaded = this.#loadUnder(store, current, this.#options.openWindows);
			loaded.sliced?.resume(store, Math.max(aliveAt, loaded.lastRowAt), this.#clock.now());
			if (source?.hash !== hash || loaded.unselected.length > 0 || loaded.changedBounds.length > 0) {
				store.fold((writer) => writer.writeMeta("selection", JSON.stringify(current)));
				this.#loaded = loaded;
				if (loaded.unselected.length > 0 || loaded.changedBounds.length > 0) {
					this.#foldLoaded();
					return { ...loaded, unselected: [], changedBounds: [] };
				}
			}
			return loaded;
		} catch (error) {
			store.close();
			throw error;
		}
	}

	/** Without windows it is only to fold what another catalogue's journal left. */
	#loadUnder(
		store: TelemetryStore,
		source: SelectionSource,
		openWindows: TelemetryOptions["openWindows"] | undefined,
	): Loaded {
		const now = this.#clock.now();
		const limits = this.#limits;
		const selection = new Selection(source);
		this.#core.clear();
		this.#stage = new Stage(this.#core);
		this.#commitCells = new Cells(this.#core);
		this.#unfolded = new Cells(this.#core);
		this.#sealed = new Cells(this.#core);
		this.#merger = new CellMerger(this.#core);
		const streams = new Streams(selection, limits.maxStreams, limits, this.#core);
		const ledger = new Ledger(selection.tenants, store.accounting());
		const pairIds = store.pairIds(selection.pairs);
		const windows = openWindows ? judgedOnly(selection, openWindows) : { add: () => {} };
		const sliced =
			openWindows &&
			SlicedHistory.open({
				pairs: selection.pairs.slice(0, selection.judgedPairs),
				pairCount: selection.pairs.length,
				slos: source.slos,
				store,
				sink: windows,
				merge: (writer, cells, ids) => rollUps.merge(writer, cells, ids),
				latenessMs: limits.latenessMs,
				futureMs: limits.futureMs,
				now,
			});
		const sink = sliced?.slices ?? windows;
		const rollUps = new RollUps(store, now, (of) => keepOf(limits.retention, of));
		const retention = new RetentionKeeper(store, rollUps, limits.retention);
		this.#fold = undefined;
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
		const periods = periodStarts(selection, source.slos, now);
		const judged = selection.pairs.slice(0, selection.judgedPairs);
		// Slices are judged anew from their events, and calendar periods are summed beside the windows.
		const storedId = (pair: number): number =>
			sliced?.storedId(pair, pairIds[pair] as number) ?? (pairIds[pair] as number);
		const isHeld = (pair: number): boolean => storedId(pair) === pairIds[pair] && !periods.has(pair);
		const keeper = openWindows && WindowKeeper.open(store, windows, judged, pairIds, isHeld);
		const isRestored = keeper?.restore(windows) === true;
		const toFeed = judged.flatMap((_, pair) => (isRestored && isHeld(pair) ? [] : [pair]));
		const pairOf = new Map(toFeed.map((pair) => [storedId(pair), pair]));
		const feed = { sink: sliced?.finalSink() ?? windows, pairOf, isFew: isRestored, now, periods };
		if (openWindows && toFeed.length > 0) feedHistory(store, feed);
		sliced?.load(store, pairIds);
		const applier = new Applier(streams, this.#commitCells, ledger, limits, this.#core);
		const requests = new FoldedRequests(limits);
		applier.foldedRequests = requests;
		const folded = store.meta(FOLDED_KEY);
		if (folded !== undefined) requests.load(folded);
		const decoder = new DecoderContext(selection, streams, this.#stage, this.#options.seed, this.#core);
		const { seed } = this.#options;
		const cells = this.#commitCells;
		const { seen } = streams;
		const { slos } = source;
		const events = new EventIntake({ store, selection, slos, applier, cells, ledger, seen, limits, seed, now });
		const attributes = attributeLimits(limits);
		const leaves = new LeafHarvest({
			store,
			streams,
			events: events.selection,
			kept: selection.kept,
			pairs: selection.pairs,
			slos,
			pairIds,
			limits: attributes,
			now,
		});
		const quotas = new Quotas(selection.tenants, source.tenants, limits.limits, ledger.received);
		streams.limits = quotas.streamLimits;
		events.quotas = quotas;
		const loaded: Loaded = {
			store,
			rollUps,
			retention,
			leaves,
			selection,
			streams,
			ledger,
			applier,
			decoder,
			events,
			quotas,
			lags: this.#openLags(store, selection.pairs.length),
			sink,
			windows: keeper,
			sliced,
			lastRowAt: 0,
			pairIds,
			unselected,
			changedBounds,
		};
		this.#loaded = loaded;
		this.#foldAt = numberOf(store.meta("fold_at"));
		this.#lastSampleAt = numberOf(store.meta("last_sample_at"));
		const marks = new FoldMarks(store);
		let lastRowAt = 0;
		for (const { seq, row } of store.journal()) {
			const at = applier.replay(row, (name) => selection.tenantIndex(name));
			if (!marks.isEmpty)
				this.#leaveOutFolded(marks, seq, pairIds, (pair) => (isRestored && isHeld(pair) ? windows : undefined));
			this.#flush(at);
			lastRowAt = Math.max(lastRowAt, at);
		}
		streams.settleKinds();
		// Streams that were folded stay so while their requests are remembered: else their points could count again.
		streams.isFolding = requests.size > 0;
		const size = store.journalSize();
		this.#journalRows = size.rows;
		this.#journalBytes = size.bytes;
		return { ...loaded, lastRowAt };
	}

	/** Habits of sources outlive the catalogue and this process. */
	#openLags(store: TelemetryStore, pairCount: number): SourceLags {
		const lags = new SourceLags(pairCount);
		// Not set yet at the first load.
		const known = (this.#loaded as Loaded | undefined)?.lags.pack() ?? store.meta(LAGS_KEY);
		if (known !== undefined) lags.load(known, this.#clock.now());
		return lags;
	}

	/**
	 * A fold that the last process did not end brought some of these cells to the roll-ups: there they are counted. Windows
	 * that were taken as the fold before left them do not have them.
	 */
	#leaveOutFolded(
		marks: FoldMarks,
		seq: number,
		pairIds: readonly number[],
		windowsOf: (pair: number) => WindowSink | undefined,
	): void {
		const cells = this.#commitCells;
		for (let k = 0; k < cells.count; k++) {
			const hour = Math.floor((cells.buckets[k] as number) / BUCKETS_PER_HOUR);
			const pair = cells.pairs[k] as number;
			if (!marks.isFolded(seq, hour, pairIds[pair] as number)) continue;
			const [bad, total] = [cells.bad[k] as number, cells.total[k] as number];
			if (bad !== 0 || total !== 0) windowsOf(pair)?.add(pair, (cells.buckets[k] as number) * BUCKET_MS, bad, total);
			cells.bad[k] = 0;
			cells.total[k] = 0;
			cells.late[k] = 0;
		}
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

const READERS: Readonly<Record<Exclude<Protocol, EventProtocol>, (context: DecoderContext, body: Uint8Array) => void>> =
	{
		"otlp-protobuf": readOtlpProtobuf,
		"otlp-json": readOtlpJson,
		"remote-write-1": readRemoteWrite,
		pull: readPulledSamples,
		"remote-write-2": readRemoteWrite2,
	};

function writtenOf(stage: Stage, { rejected, rejectedHistograms }: Applied): Written {
	let histograms = 0;
	for (let k = 0; k < stage.count; k++) if ((stage.names[k] as number) < 0) histograms++;
	const samples = stage.count - histograms - (rejected - rejectedHistograms);
	return { samples, histograms: histograms - rejectedHistograms, exemplars: stage.exemplars };
}

/** Aggregates of cohorts have no detector: the windows know only the pairs before them. */
function judgedOnly(selection: Selection, openWindows: TelemetryOptions["openWindows"]): WindowSink {
	const { pairs, judgedPairs } = selection;
	if (judgedPairs === pairs.length) return openWindows(pairs);
	const windows = openWindows(pairs.slice(0, judgedPairs));
	return {
		...(windows.snapshots && { snapshots: windows.snapshots }),
		add: (pair, at, bad, total) => {
			if (pair < judgedPairs) windows.add(pair, at, bad, total);
		},
	};
}

/** Where the running calendar period of each pair began, for those whose budget does not roll. */
function periodStarts(selection: Selection, slos: readonly Slo[], now: number): Map<number, number> {
	const starts = new Map(
		slos.flatMap(({ name, calendar }) => (calendar ? [[name, periodAt(calendar, now).startsAt]] : [])),
	);
	const periods = new Map<number, number>();
	if (starts.size === 0) return periods;
	for (const [pair, { slo }] of selection.pairs.entries()) {
		const startsAt = starts.get(slo);
		if (startsAt !== undefined) periods.set(pair, startsAt);
	}
	return periods;
}

function numberOf(text: string | undefined): number | undefined {
	return text === undefined ? undefined : Number(text);
}
