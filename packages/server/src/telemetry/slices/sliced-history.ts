import type { Slo } from "#catalogue";
import { BUCKET_MS, BUCKETS_PER_HOUR, Cells, HOUR_MS } from "../counting/cells.ts";
import { FIELDS, unpackBuckets } from "../history/packed.ts";
import type { FoldWriter, TelemetryStore } from "../store/store.ts";
import type { Pair, WindowSink } from "../types.ts";
import { badShare, type SliceRule, sliceRuleOf, slicesName } from "./slice-rule.ts";
import { lastBucket, type Outage, put, type SlicedPair, Slices } from "./slices.ts";

const DAY_MS = 24 * HOUR_MS;
/** Raw events of this last time are always there by ten seconds: so far back a new rule can judge. */
const DETAIL_KEPT_MS = DAY_MS;
/** Outages older than this touch no slice that is not final yet. */
const OUTAGE_KEPT_MS = 8 * DAY_MS;
/** Shorter pauses are the step from one process to the next. */
const PAUSE_MS = 1_000;
/** After an outage senders need a moment to come back: up to as long as the outage was, and no longer than this. */
const SETTLE_MS = 60_000;

/** Adds cells to the roll-ups; `ids` are the stored ids of their pairs. */
export type MergeCells = (writer: FoldWriter, cells: Cells, ids: readonly number[]) => void;

export interface SlicedHistoryOptions {
	/** Those that are judged, and how many there are with those that are only counted. */
	readonly pairs: readonly Pair[];
	readonly pairCount: number;
	readonly slos: readonly Slo[];
	readonly store: TelemetryStore;
	readonly sink: WindowSink;
	readonly merge: MergeCells;
	readonly latenessMs: number;
	readonly futureMs: number;
	readonly now: number;
}

/**
 * Slices with their place in the store. Final slices are roll-ups of pairs of their own, whose names tell the rule; slices
 * that may still change are made again at start from the raw events, which are kept for three days.
 */
export class SlicedHistory {
	readonly slices: Slices;
	readonly #members: readonly (SlicedPair & { readonly name: string; readonly storedId: number })[];
	/** Stored id of each pair's slices; −1: it has none. */
	readonly #storedIds: readonly number[];
	readonly #merge: MergeCells;
	readonly #sinceById: Readonly<Record<string, number>>;
	/** Slices before this are stored, by name; those from here on are made again at start. */
	#storedTo: Readonly<Record<string, number>>;
	#sealedTo: Readonly<Record<string, number>> | undefined;
	readonly #sink: WindowSink;

	/** Undefined when no SLO has slices. */
	static open(options: SlicedHistoryOptions): SlicedHistory | undefined {
		return options.slos.some((slo) => sliceRuleOf(slo) !== undefined) ? new SlicedHistory(options) : undefined;
	}

	private constructor({ pairs, pairCount, slos, store, sink, merge, latenessMs, futureMs, now }: SlicedHistoryOptions) {
		const rules = new Map(slos.map((slo) => [slo.name, sliceRuleOf(slo)]));
		const finalTo = readJson<Record<string, number>>(store, "slices", {});
		const since = readJson<Record<string, number>>(store, "heartbeats", {});
		const sliced = pairs.flatMap(({ tenant, slo }, pair) => {
			const rule = rules.get(slo);
			return rule ? [{ pair, rule, tenant, name: slicesName(slo, rule) }] : [];
		});
		const ids = store.pairIds(sliced.map(({ tenant, name }) => ({ tenant, slo: name })));
		const sinceById: Record<string, number> = {};
		this.#members = sliced.map(({ pair, rule, name }, k) => {
			const storedId = ids[k] as number;
			const kept = Math.floor((now - DETAIL_KEPT_MS) / HOUR_MS) * HOUR_MS;
			const from = finalTo[name] ?? Math.ceil(kept / rule.sliceMs) * rule.sliceMs;
			const expectedAt = expectation(rule, since[storedId] ?? now);
			if (expectedAt !== undefined) sinceById[storedId] = since[storedId] ?? now;
			return { pair, rule, from, expectedAt, name, storedId };
		});
		this.#sinceById = sinceById;
		this.#storedTo = Object.fromEntries(this.#members.map(({ name, from }) => [name, from]));
		this.#sink = sink;
		const storedIds = new Array<number>(pairCount).fill(-1);
		for (const { pair, storedId } of this.#members) storedIds[pair] = storedId;
		this.#storedIds = storedIds;
		this.#merge = merge;
		this.slices = new Slices({ pairs: this.#members, pairCount, sink, latenessMs, futureMs });
		this.slices.excuse(readJson<Outage[]>(store, "outages", []));
	}

	/** Stored id of what the windows of a pair are made of. */
	storedId(pair: number, rawId: number): number {
		const id = this.#storedIds[pair] as number;
		return id < 0 ? rawId : id;
	}

	/** The slices of a pair that are not stored, and the stored id of those that are; undefined: it has no slices. */
	told(pair: number): { readonly cells: Cells; readonly storedId: number } | undefined {
		const storedId = this.#storedIds[pair] as number;
		if (storedId < 0) return undefined;
		const cells = new Cells();
		this.slices.told(pair, cells);
		return { cells, storedId };
	}

	/** For history: final slices go to the windows as they are. */
	finalSink(): WindowSink {
		return {
			add: (pair, at, bad, total) => {
				this.slices.know(pair);
				this.#sink.add(pair, at, bad, total);
			},
		};
	}

	/** Gives the stored events of open slices to them. */
	load(store: TelemetryStore, pairIds: readonly number[]): void {
		const pairOf = new Map(this.#members.map(({ pair }) => [pairIds[pair] as number, pair]));
		const buckets = new Float64Array(BUCKETS_PER_HOUR * FIELDS);
		for (const { pair: id, block, packed } of store.rollUps("ten-seconds", Math.floor(this.slices.openAt / HOUR_MS))) {
			const pair = pairOf.get(id);
			if (pair === undefined) continue;
			unpackBuckets(packed, buckets);
			for (let k = 0; k < BUCKETS_PER_HOUR; k++) {
				const bad = buckets[k * FIELDS] as number;
				const total = buckets[k * FIELDS + 1] as number;
				if (bad !== 0 || total !== 0) this.slices.add(pair, block * HOUR_MS + k * BUCKET_MS, bad, total);
			}
		}
	}

	/**
	 * After everything stored was read: judges first as it was judged when this system was last alive, then up to now, and
	 * notes the time between as an outage. `aliveAt` 0: the store is new.
	 */
	resume(store: TelemetryStore, aliveAt: number, now: number): void {
		const stored = readJson<Record<string, number>>(store, "slices", {});
		if (this.#members.some(({ name }) => stored[name] === undefined))
			store.fold((writer) => writer.writeMeta("slices", JSON.stringify(this.#storedTo)));
		const pause = now - aliveAt;
		if (aliveAt === 0 || pause < PAUSE_MS || !this.#hasHeartbeats) {
			this.slices.advance(now);
			return;
		}
		this.slices.advance(aliveAt);
		const outages = [
			...readJson<Outage[]>(store, "outages", []).filter(({ to }) => to >= now - OUTAGE_KEPT_MS),
			{ from: aliveAt, to: now + Math.min(SETTLE_MS, pause) },
		];
		store.fold((writer) => {
			writer.writeMeta("outages", JSON.stringify(outages));
			this.#writeAlive(writer, now);
		});
		this.slices.excuse(outages);
		this.slices.advance(now);
	}

	/** Whether judging went on without anything in the journal, so that a fold is due all the same. */
	get hasFinals(): boolean {
		return this.slices.hasFinals;
	}

	/** Judges what became ripe. Missed heartbeats are only held against senders when it is on disk that this system was there. */
	advance(store: TelemetryStore, now: number): void {
		this.slices.advance(now);
		if (!this.slices.hasMissed) return;
		store.fold((writer) => this.#writeAlive(writer, now));
		this.slices.hasMissed = false;
	}

	/** Before this system goes: until here it was there. */
	rest(store: TelemetryStore, now: number): void {
		if (this.#hasHeartbeats) store.fold((writer) => this.#writeAlive(writer, now));
	}

	/**
	 * What a fold stores of the slices, as things stand now: it goes into the transaction that also ends the fold of the
	 * events until now, because slices that are not final are made again from those.
	 */
	seal(): (writer: FoldWriter) => void {
		const finals = this.slices.sealFinals();
		const finalTo = Object.fromEntries(this.#members.map(({ name, pair }) => [name, this.slices.finalTo(pair)]));
		this.#sealedTo = finalTo;
		return (writer) => {
			this.#merge(writer, finals, this.#storedIds);
			writer.writeMeta("slices", JSON.stringify(finalTo));
			writer.writeMeta("heartbeats", JSON.stringify(this.#sinceById));
		};
	}

	/** The sealed part is stored: from now on it is read from there. */
	folded(): void {
		this.slices.dropSealed();
		this.#storedTo = this.#sealedTo ?? this.#storedTo;
	}

	/**
	 * Events are about to be added to slices that are final: judges these anew and stores the difference, within the
	 * writer's transaction and before the events are written. `unstored` are counts that the store does not have yet; no
	 * fold may be under way. Returns what the windows must be told when it is committed. Slices whose events are no longer
	 * kept in detail are judged by the new events alone.
	 */
	rejudge(writer: FoldWriter, cells: Cells, pairIds: readonly number[], unstored: Cells): Corrections {
		const changes = new Map<string, Change>();
		this.#eachFinal(cells, (key, change, bad, total) => {
			const known = changes.get(key) ?? change;
			changes.set(key, { ...known, bad: known.bad + bad, total: known.total + total });
		});
		for (const [key, { pair, rule, slice, bad, total }] of [...changes]) {
			const before = sumOf(writer, pairIds[pair] as number, rule.sliceMs, slice);
			changes.set(key, { pair, rule, slice, bad: before.bad + bad, total: before.total + total });
		}
		this.#eachFinal(unstored, (key, _, bad, total) => {
			const known = changes.get(key);
			if (known) changes.set(key, { ...known, bad: known.bad + bad, total: known.total + total });
		});
		const waiting = new Cells();
		for (const pair of new Set([...changes.values()].map((change) => change.pair))) this.slices.told(pair, waiting);
		const corrections = { stored: new Cells(), waiting: new Cells() };
		const storedTo = this.#storedToOf;
		for (const { pair, rule, slice, bad, total } of changes.values()) {
			const share = badShare(rule, bad, total);
			if (share === undefined) continue;
			const bucket = lastBucket(rule.sliceMs, slice);
			if (slice * rule.sliceMs < (storedTo.get(pair) as number)) {
				const told = sumOf(writer, this.#storedIds[pair] as number, rule.sliceMs, slice);
				put(corrections.stored, pair, bucket, share - told.bad, 1 - told.total);
			} else {
				const entry = waiting.entry(pair, bucket);
				put(
					corrections.waiting,
					pair,
					bucket,
					share - (waiting.bad[entry] as number),
					1 - (waiting.total[entry] as number),
				);
			}
		}
		this.#merge(writer, corrections.stored, this.#storedIds);
		return corrections;
	}

	get #storedToOf(): ReadonlyMap<number, number> {
		return new Map(this.#members.map(({ pair, name }) => [pair, this.#storedTo[name] as number]));
	}

	#eachFinal(cells: Cells, visit: (key: string, change: Change, bad: number, total: number) => void): void {
		for (let k = 0; k < cells.count; k++) {
			const pair = cells.pairs[k] as number;
			const rule = this.slices.ruleOf(pair);
			const at = (cells.buckets[k] as number) * BUCKET_MS;
			if (!rule || at >= this.slices.finalTo(pair)) continue;
			const slice = Math.floor(at / rule.sliceMs);
			const change = { pair, rule, slice, bad: 0, total: 0 };
			visit(`${pair},${slice}`, change, cells.bad[k] as number, cells.total[k] as number);
		}
	}

	/** What `rejudge` returned, after its commit. */
	tell({ stored, waiting }: Corrections): void {
		this.slices.correct(waiting);
		const sink = this.finalSink();
		for (const cells of [stored, waiting])
			for (let k = 0; k < cells.count; k++) {
				const at = (cells.buckets[k] as number) * BUCKET_MS;
				sink.add(cells.pairs[k] as number, at, cells.bad[k] as number, cells.total[k] as number);
			}
	}

	#writeAlive(writer: FoldWriter, now: number): void {
		writer.writeMeta("alive_at", String(now));
		writer.writeMeta("heartbeats", JSON.stringify(this.#sinceById));
	}

	get #hasHeartbeats(): boolean {
		return this.#members.some(({ rule }) => rule.kind === "heartbeat");
	}
}

/** Differences of slices: of those that are stored, and of those that wait for it. */
export interface Corrections {
	readonly stored: Cells;
	readonly waiting: Cells;
}

interface Change {
	readonly pair: number;
	readonly rule: SliceRule;
	readonly slice: number;
	readonly bad: number;
	readonly total: number;
}

function expectation(rule: SliceRule, since: number): number | undefined {
	if (rule.kind !== "heartbeat" || rule.effectiveAt === undefined) return undefined;
	// A tenant that is watched from today on missed nothing yesterday.
	return Math.max(rule.effectiveAt, since);
}

/** Tiers whose buckets never lie across the border of two slices; what is in one is no longer in the other. */
const EXACT_TIERS = [
	{ tier: "ten-seconds", bucketMs: BUCKET_MS, blockMs: HOUR_MS },
	{ tier: "minutes", bucketMs: 60_000, blockMs: DAY_MS },
] as const;

/** Stored counts of a pair in one slice; zeros when they are no longer kept in such detail. */
function sumOf(writer: FoldWriter, id: number, sliceMs: number, slice: number): { bad: number; total: number } {
	const sum = { bad: 0, total: 0 };
	const start = slice * sliceMs;
	const end = start + sliceMs;
	for (const { tier, bucketMs, blockMs } of EXACT_TIERS) {
		const buckets = new Float64Array((blockMs / bucketMs) * FIELDS);
		for (let block = Math.floor(start / blockMs); block * blockMs < end; block++) {
			const packed = writer.readRollUp(tier, id, block);
			if (!packed) continue;
			unpackBuckets(packed, buckets);
			for (let k = 0; k * FIELDS < buckets.length; k++) {
				const at = block * blockMs + k * bucketMs;
				if (at < start || at >= end) continue;
				sum.bad += buckets[k * FIELDS] as number;
				sum.total += buckets[k * FIELDS + 1] as number;
			}
		}
	}
	return sum;
}

function readJson<T>(store: TelemetryStore, key: string, otherwise: T): T {
	const text = store.meta(key);
	return text === undefined ? otherwise : (JSON.parse(text) as T);
}
