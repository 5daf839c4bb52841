import { attributeLimits, type Catalogue, periodAt, type Slo } from "#catalogue";
import type { Core } from "./core/core.ts";
import { Applier } from "./counting/apply.ts";
import { CellStages } from "./counting/cell-stages.ts";
import { BUCKET_MS, BUCKETS_PER_HOUR, type Cells } from "./counting/cells.ts";
import { EventIntake } from "./events/event-intake.ts";
import { FoldMarks, LATENCY_PAGES } from "./history/fold.ts";
import { feedHistory } from "./history/history.ts";
import { keepOf, RetentionKeeper } from "./history/retention-keeper.ts";
import { RollUps } from "./history/roll-ups.ts";
import { DecoderContext } from "./intake/decoder.ts";
import { FoldedRequests } from "./intake/folded-requests.ts";
import { Ledger } from "./intake/ledger.ts";
import { Quotas } from "./intake/quotas.ts";
import { SourceLags } from "./intake/source-lags.ts";
import { Stage } from "./intake/stage.ts";
import { SketchStages } from "./latency/sketch-cells.ts";
import { LeafHarvest } from "./leaves/leaf-harvest.ts";
import { Selection, type SelectionSource } from "./selection/selection.ts";
import { SlicedHistory } from "./slices/sliced-history.ts";
import type { TelemetryStore } from "./store/store.ts";
import { unpackPage } from "./streams/stream-pages.ts";
import { Streams } from "./streams/streams.ts";
import type { Pair, WindowSink } from "./types.ts";
import { WindowKeeper } from "./windows/window-keeper.ts";

/** Called whenever windows must be built anew: at start, for another catalogue, after a failure. */
export type OpenWindows = (pairs: readonly Pair[]) => WindowSink;

/** Where the store keeps what no journal row brings back. */
export const FOLDED_KEY = "folded_requests";
export const LAGS_KEY = "source_lags";

/** Everything that depends on the catalogue and on the store's content; replaced as a whole. */
export interface Loaded {
	readonly store: TelemetryStore;
	readonly stage: Stage;
	readonly cells: CellStages;
	readonly sketches: SketchStages;
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
	readonly journal: { readonly rows: number; readonly bytes: number };
	readonly foldAt: number | undefined;
	readonly lastSampleAt: number | undefined;
	readonly pairIds: readonly number[];
	/** Stored streams that no SLO selects any more. */
	readonly unselected: readonly number[];
	readonly changedBounds: readonly number[];
}

export interface LoadOptions {
	readonly store: TelemetryStore;
	readonly source: SelectionSource;
	readonly limits: Catalogue["settings"]["telemetry"];
	readonly now: number;
	/** Its columns are made anew with all that is loaded. */
	readonly core: Core;
	readonly seed: number;
	/** Undefined: it is only to fold what another catalogue's journal left. */
	readonly openWindows: OpenWindows | undefined;
	/** Habits of sources outlive the catalogue; undefined: those of the last process. */
	readonly lags: string | undefined;
}

/** Reads what the store holds under a catalogue: accounts, stream states, windows, then the journal's rest. */
export function loadUnder(options: LoadOptions): Loaded {
	const { store, source, limits, now, core, seed, openWindows } = options;
	const selection = new Selection(source);
	core.clear();
	const stage = new Stage(core);
	const cells = new CellStages(core);
	const streams = new Streams(selection, limits.maxStreams, limits, core);
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
	const { unselected, changedBounds, latencyPages } = loadStreams(store, streams);
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
	const applier = new Applier(streams, cells.commit, ledger, limits, core);
	const sketches = new SketchStages(pairIds);
	applier.sketches = sketches;
	for (const packed of latencyPages) applier.latencies.load(packed, (id) => streams.slotOfId(id) >= 0);
	const requests = new FoldedRequests(limits);
	applier.foldedRequests = requests;
	const folded = store.meta(FOLDED_KEY);
	if (folded !== undefined) requests.load(folded);
	const decoder = new DecoderContext(selection, streams, stage, seed, core);
	const { seen } = streams;
	const { slos } = source;
	const events = new EventIntake({
		store,
		selection,
		slos,
		applier,
		cells: cells.commit,
		ledger,
		seen,
		limits,
		seed,
		now,
	});
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
	const isInWindows = (pair: number): boolean => isRestored && isHeld(pair);
	const replayed = replayJournal({ store, applier, selection, streams, cells, sketches, pairIds, sink }, (pair) =>
		isInWindows(pair) ? windows : undefined,
	);
	streams.settleKinds();
	// Streams that were folded stay so while their requests are remembered: else their points could count again.
	streams.isFolding = requests.size > 0;
	return {
		store,
		stage,
		cells,
		sketches,
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
		lags: openLags(options.lags ?? store.meta(LAGS_KEY), selection.pairs.length, now),
		sink,
		windows: keeper,
		sliced,
		...replayed,
		journal: store.journalSize(),
		foldAt: numberOf(store.meta("fold_at")),
		pairIds,
		unselected,
		changedBounds,
	};
}

/** Streams and their last states; also the stored ones that no SLO selects now, and slots whose bounds are others than before. */
function loadStreams(
	store: TelemetryStore,
	streams: Streams,
): Pick<Loaded, "unselected" | "changedBounds"> & { readonly latencyPages: readonly Uint8Array[] } {
	const latencyPages: Uint8Array[] = [];
	const unselected: number[] = [];
	for (const stored of store.streams()) if (!streams.load(stored)) unselected.push(stored.id);
	const changedBounds: number[] = [];
	for (let slot = 0; slot < streams.count; slot++)
		if (streams.needsBase[slot] === 1) {
			changedBounds.push(slot);
			streams.touch(slot);
		}
	for (const { page, packed } of store.pages()) {
		if (page >= LATENCY_PAGES) {
			latencyPages.push(packed);
			continue;
		}
		for (const state of unpackPage(packed)) {
			const slot = streams.slotOfId(state.id);
			if (slot >= 0) streams.loadState(slot, state);
		}
	}
	return { unselected, changedBounds, latencyPages };
}

/**
 * The journal's rows since the last fold, as they were applied. `windowsOf`: those of a pair that were stored as the last
 * whole fold left them.
 */
function replayJournal(
	{ store, applier, selection, streams, cells, sketches, pairIds, sink }: ReplayInto,
	windowsOf: (pair: number) => WindowSink | undefined,
): Pick<Loaded, "lastRowAt" | "lastSampleAt"> {
	const marks = new FoldMarks(store);
	let lastRowAt = 0;
	let lastSampleAt = numberOf(store.meta("last_sample_at"));
	for (const { seq, row } of store.journal()) {
		if (!marks.isEmpty) sketches.isFolded = (pairId, hour) => marks.isFolded(seq, hour, pairId);
		const at = applier.replay(row, (name) => selection.tenantIndex(name));
		if (!marks.isEmpty) leaveOutFolded(cells.commit, marks, seq, pairIds, windowsOf);
		if (cells.flush(sink, streams.pairLimit, selection.ownPairs)) lastSampleAt = Math.max(lastSampleAt ?? 0, at);
		lastRowAt = Math.max(lastRowAt, at);
	}
	sketches.isFolded = undefined;
	return { lastRowAt, lastSampleAt };
}

type ReplayInto = Pick<
	Loaded,
	"store" | "applier" | "selection" | "streams" | "cells" | "sketches" | "pairIds" | "sink"
>;

function openLags(known: string | undefined, pairCount: number, now: number): SourceLags {
	const lags = new SourceLags(pairCount);
	if (known !== undefined) lags.load(known, now);
	return lags;
}

/**
 * A fold that the last process did not end brought some of these cells to the roll-ups: there they are counted. Windows
 * that were taken as the fold before left them do not have them.
 */
function leaveOutFolded(
	cells: Cells,
	marks: FoldMarks,
	seq: number,
	pairIds: readonly number[],
	windowsOf: (pair: number) => WindowSink | undefined,
): void {
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

/** Aggregates of cohorts have no detector: the windows know only the pairs before them. */
function judgedOnly(selection: Selection, openWindows: OpenWindows): WindowSink {
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
