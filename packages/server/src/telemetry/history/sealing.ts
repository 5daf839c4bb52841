import { LATE_AFTER_MS } from "../counting/cells.ts";
import { packStates } from "../latency/latency-streams.ts";
import { FOLDED_KEY, LAGS_KEY, type Loaded } from "../loading.ts";
import { idleStreams, type StreamLimits } from "../streams/idle-streams.ts";
import { PAGE_IDS } from "../streams/stream-snapshot.ts";
import { WindowKeeper } from "../windows/window-keeper.ts";
import { Fold } from "./fold.ts";

export interface SealOptions {
	readonly loaded: Loaded;
	/** ms epoch. */
	readonly now: number;
	readonly limits: StreamLimits;
	readonly lastSampleAt: number | undefined;
	/** Stored ids of streams to forget, unless they come back before the last slice. */
	readonly idle: readonly number[];
	/** Called when all of it is stored. */
	readonly done: () => void;
}

/**
 * Everything counted until now, as one fold: what every part of memory keeps beside the counts is taken at this moment,
 * and written in the fold's last transaction. Nothing is stored yet.
 */
export function sealFold({ loaded, now, limits, lastSampleAt, idle, done }: SealOptions): Fold {
	const { store, rollUps, streams, applier, ledger, pairIds, unselected, changedBounds, sliced, lags } = loaded;
	const cells = loaded.cells.seal();
	const sketches = loaded.sketches.seal();
	const latencies = applier.latencies.snapshot();
	const accounting = ledger.unfolded();
	const writeEvents = loaded.events.seal();
	const writeSlices = sliced?.seal();
	const leaves = loaded.leaves.seal(now);
	const windows = loaded.windows?.seal();
	const folded = streams.isFolding ? applier.foldedRequests?.pack(now) : undefined;
	const fold = new Fold(store, rollUps, {
		through: store.lastSeq(),
		cells,
		groups: cells.groups(pairIds),
		sketches,
		pages: streams.dirtyPages(),
		latenciesOf: (page) => packStates(latencies, page * PAGE_IDS, (page + 1) * PAGE_IDS),
		streams: streams.snapshot((now - limits.latenessMs - LATE_AFTER_MS) * 1000),
		accounting,
		prepare: () => leaves.prepare() || windows?.prepare() === true,
		finish: (writer) => {
			leaves.write(writer);
			if (windows) windows.write(writer);
			else WindowKeeper.forget(writer, store);
			for (const slot of changedBounds)
				writer.writeBounds(streams.ids[slot] as number, [...(streams.roleSets[slot]?.bounds ?? [])]);
			// One may have come back since the seal.
			const stillIdle = new Set(idle.length > 0 ? idleStreams(streams, limits, now) : []);
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
			done();
		},
	});
	streams.clean();
	return fold;
}
