import { AT, type Core } from "../core/core.ts";
import type { BucketCounts } from "../latency/buckets.ts";
import { KIND, type Kind, type RoleSet, rolesAt, type Selection } from "../selection/selection.ts";
import { FOLD_SAMPLE } from "../selection/tenant-values.ts";
import { RawHash, RawTable } from "../streams/raw-hash.ts";
import type { Streams } from "../streams/streams.ts";
import { REASON, verdict } from "./reasons.ts";
import type { Stage } from "./stage.ts";
import { TooLarge } from "./wire.ts";

/** OTLP data point flag: no value was recorded. */
export const NO_RECORDED_VALUE = 1;
/** OTLP AggregationTemporality. */
export const DELTA = 1;
export const CUMULATIVE = 2;

const MAX_NEW_STREAMS = 100_000;

/** What every decoder needs: where streams are found and where points are put. One per (re)load of the catalogue. */
export class DecoderContext {
	readonly selection: Selection;
	readonly streams: Streams;
	readonly stage: Stage;
	readonly hash: RawHash;
	readonly core: Core;
	/** The slot of the point before: exporters repeat their order, so what followed it last time is tried first. */
	#previous = 0;
	#misses = 0;
	#missedIn = 0;
	#untilSample = FOLD_SAMPLE;
	/** Of the core when everything was entered. */
	#layout = -1;

	constructor(selection: Selection, streams: Streams, stage: Stage, seed: number, core: Core) {
		this.selection = selection;
		this.streams = streams;
		this.stage = stage;
		this.hash = new RawHash(seed);
		this.core = core;
	}

	/** Slot or verdict of the finished hash, or RawTable.MISS. */
	find(): number {
		const { streams, hash } = this;
		const guess = streams.next[this.#previous] as number;
		if (streams.rawLo[guess] === hash.lo && streams.rawHi[guess] === hash.hi && guess < streams.count) {
			this.#previous = guess;
			return guess;
		}
		const code = streams.raw.find(hash.lo, hash.hi);
		if (code < 0) {
			if (code === RawTable.MISS) this.#missed();
			return code;
		}
		if (streams.isFolding && streams.isFold(code)) {
			// Every so many points of folded streams one is looked at, for whom it is from.
			if (--this.#untilSample > 0) return code;
			this.#untilSample = FOLD_SAMPLE;
			return RawTable.MISS;
		}
		this.follow(code);
		return code;
	}

	/** Reading a stream's attributes takes a hundred times as long as knowing it: a request may bring so many new ones. */
	#missed(): void {
		if (this.#missedIn !== this.stage.requests) {
			this.#missedIn = this.stage.requests;
			this.#misses = 0;
		}
		if (++this.#misses > MAX_NEW_STREAMS)
			throw new TooLarge(`the request brings more than ${MAX_NEW_STREAMS} new streams: send smaller batches`);
	}

	/** Tells the core where it finds streams and puts points: before the first, and after each that made a stream. */
	enter(): void {
		const { core, stage, streams } = this;
		core.table[AT.streamCount] = streams.count;
		if (this.#layout === core.layout) return;
		stage.enterInto(core);
		streams.enterInto(core);
		this.#layout = core.layout;
	}

	/** Stages series that the core has read, from `row` on; returns the first that needs a closer look. */
	stageSeries(row: number, count: number): number {
		return this.#staged(() => this.core.stageSeries(row, count));
	}

	/** The same for number points of the metric whose name stands at this place. */
	stagePoints(row: number, count: number, name: number): number {
		return this.#staged(() => this.core.stagePoints(row, count, name));
	}

	#staged(work: () => number): number {
		const { stage } = this;
		const { table } = this.core;
		table[AT.previousSlot] = this.#previous;
		table[AT.stageCount] = stage.count;
		table[AT.stageValueCount] = stage.valueCount;
		const reached = work();
		this.#previous = table[AT.previousSlot] as number;
		stage.count = table[AT.stageCount] as number;
		stage.valueCount = table[AT.stageValueCount] as number;
		return reached;
	}

	follow(slot: number): void {
		this.streams.next[this.#previous] = slot;
		this.#previous = slot;
	}

	/** A number point: sum or gauge. `value` NaN: not a usable number. */
	number(code: number, kind: Kind, start: number, time: number, value: number): void {
		const { stage } = this;
		if (code < 0) {
			stage.point(code, start, time);
			return;
		}
		const fits = kind === KIND.gauge ? Number.isFinite(value) : value >= 0 && value <= Number.MAX_SAFE_INTEGER;
		// Remote write does not say what a series is: one that an SLO takes for a gauge may well be below zero.
		if (!fits && !(this.streams.kinds[code] === KIND.gauge && Number.isFinite(value))) {
			this.reject(REASON.invalid_value, code, start, time);
			return;
		}
		stage.point(code, start, time);
		stage.value(value);
	}

	/** A histogram, with a value for each of its stream's channels. `buckets` is asked only where latencies are kept. */
	histogram(
		slot: number,
		start: number,
		time: number,
		values: readonly number[],
		buckets: () => BucketCounts | undefined,
	): void {
		const { stage } = this;
		stage.point(slot, start, time);
		for (const value of values) stage.value(value);
		if (!stage.takesLatencies || (this.streams.roleSets[slot] as RoleSet).sketched.length === 0) return;
		const latencies = buckets();
		if (latencies) stage.latency(latencies);
	}

	/** The point of a known stream that cannot count: accounted to the stream's tenant. */
	reject(reason: number, slot: number, start: number, time: number): void {
		const { tenant } = rolesAt(this.streams.roleSets[slot] as RoleSet, time);
		this.stage.point(verdict(reason, tenant), start, time);
	}
}

/**
 * How a sum counts: monotonic ones by temporality, others are gauges; undefined: no temporality given. A sum without
 * temporality cannot be counted.
 */
export function kindOfSum(temporality: number, isMonotonic: boolean): Kind | undefined {
	if (!isMonotonic) return KIND.gauge;
	if (temporality === DELTA) return KIND.deltaSum;
	return temporality === CUMULATIVE ? KIND.cumulativeSum : undefined;
}

export function kindOfHistogram(temporality: number): Kind | undefined {
	if (temporality === DELTA) return KIND.deltaHistogram;
	return temporality === CUMULATIVE ? KIND.cumulativeHistogram : undefined;
}

export function kindOfExponential(temporality: number): Kind | undefined {
	if (temporality === DELTA) return KIND.deltaHistogram;
	return temporality === CUMULATIVE ? KIND.cumulativeExponential : undefined;
}

/**
 * A histogram's values as the role set wants them: its count, or the events in buckets whose bound is at most `le` (the
 * largest bound ≤ le). Undefined: no bound fits. `counts` has one entry more than `bounds`.
 */
export function histogramValues(
	wanted: readonly number[],
	count: number,
	counts: readonly number[],
	bounds: readonly number[],
): number[] | undefined {
	const values: number[] = [];
	for (const le of wanted) {
		if (le === Number.POSITIVE_INFINITY) {
			values.push(count);
			continue;
		}
		let below = 0;
		let k = 0;
		for (; k < bounds.length && (bounds[k] as number) <= le; k++) below += counts[k] as number;
		if (k === 0) return undefined;
		values.push(below);
	}
	return values;
}

/** Buckets must be one more than bounds (or absent), whole numbers, and add up to the count. */
export function isSoundHistogram(count: number, counts: readonly number[], bounds: readonly number[]): boolean {
	if (!Number.isSafeInteger(count) || count < 0) return false;
	if (counts.length === 0) return bounds.length === 0;
	if (counts.length !== bounds.length + 1) return false;
	let sum = 0;
	for (const each of counts) {
		if (!Number.isSafeInteger(each) || each < 0) return false;
		sum += each;
	}
	return sum === count;
}

export const MISS = RawTable.MISS;
