import { BUCKET_MS, Cells, HOUR_MS } from "../counting/cells.ts";
import type { WindowSink } from "../types.ts";
import { badShare, type SliceRule } from "./slice-rule.ts";

/** A slice is judged this long after its end: by then what senders push at its end has come. */
export const GRACE_MS = 30_000;
/** A slice is final so long after no event of it can be counted any more. */
const FINAL_AFTER_MS = 60_000;
/** How long finishing may be delayed before room for new slices is made by force. */
const SLACK_MS = 10 * 60_000;

export interface SlicedPair {
	/** Index among all pairs. */
	readonly pair: number;
	readonly rule: SliceRule;
	/** Events before this were judged earlier; ms epoch, a multiple of the rule's slice. */
	readonly from: number;
	/** A heartbeat is expected from here on even if none was seen yet; undefined: not before the first one. */
	readonly expectedAt: number | undefined;
}

/** While this system was away nothing could be received: what is missing then is nobody's fault. */
export interface Outage {
	readonly from: number;
	readonly to: number;
}

export interface SlicesOptions {
	readonly pairs: readonly SlicedPair[];
	/** How many pairs there are; indices of others go through unchanged. */
	readonly pairCount: number;
	readonly sink: WindowSink;
	readonly latenessMs: number;
	readonly futureMs: number;
}

/** Pairs whose slices are equally long share their columns. */
interface Group {
	readonly sliceMs: number;
	readonly pairs: readonly SlicedPair[];
	/** Slices kept per pair; slice s is at s modulo this. */
	readonly length: number;
	readonly bad: Float64Array;
	readonly total: Float64Array;
	/** Bad share that was told to the windows; NaN: nothing was told. */
	readonly told: Float64Array;
	/** Of heartbeats: the first interval that had any; Infinity: none yet. */
	readonly first: Float64Array;
	/** Slices before this are judged; those before `open` are final and gone from the columns. */
	ripe: number;
	open: number;
	/** The last slice with events. */
	last: number;
	/** The least of `first`. */
	firstOfAll: number;
}

/**
 * Between telemetry and the windows: events of a pair with slices are gathered by slice, and each slice that is ripe goes
 * to the windows as one event at its last bucket. Late events change what was told by the difference, so the windows, burn
 * rates and budgets have one arithmetic whatever a budget is counted in. What is final waits to be stored.
 */
export class Slices implements WindowSink {
	/** Final slices by pair and bucket: for the next fold, and those that a fold is storing. */
	#finals = new Cells();
	#sealed: Cells | undefined;
	/** Heartbeats were missed since this was last cleared: a restart must know that this system was there to see it. */
	hasMissed = false;
	readonly #sink: WindowSink;
	readonly #groups: Group[] = [];
	readonly #latenessMs: number;
	readonly #futureMs: number;
	/** Group and row of each pair; -1: it has no slices. */
	readonly #groupOf: Int32Array;
	readonly #rowOf: Int32Array;
	#outages: readonly Outage[] = [];

	constructor({ pairs, pairCount, sink, latenessMs, futureMs }: SlicesOptions) {
		this.#sink = sink;
		// History is read by the hour: an hour must be open as a whole.
		this.#latenessMs = Math.max(latenessMs, HOUR_MS);
		this.#futureMs = futureMs;
		this.#groupOf = new Int32Array(pairCount).fill(-1);
		this.#rowOf = new Int32Array(pairCount);
		for (const sliceMs of new Set(pairs.map((each) => each.rule.sliceMs))) {
			const members = pairs.filter((each) => each.rule.sliceMs === sliceMs);
			const spanMs = this.#latenessMs + FINAL_AFTER_MS + SLACK_MS + futureMs;
			const length = Math.ceil(spanMs / sliceMs) + 2;
			const size = members.length * length;
			const open = Math.min(...members.map((each) => each.from)) / sliceMs;
			const first = Float64Array.from(members, firstExpected);
			for (const [row, { pair }] of members.entries()) {
				this.#groupOf[pair] = this.#groups.length;
				this.#rowOf[pair] = row;
			}
			this.#groups.push({
				sliceMs,
				pairs: members,
				length,
				bad: new Float64Array(size),
				total: new Float64Array(size),
				told: new Float64Array(size).fill(Number.NaN),
				first,
				ripe: open,
				open,
				last: Number.NEGATIVE_INFINITY,
				firstOfAll: Math.min(...first),
			});
		}
	}

	/** Earliest event that still belongs to an open slice of some pair. */
	get openAt(): number {
		return Math.min(...this.#groups.map((group) => group.open * group.sliceMs));
	}

	/** End of what is final for a pair: from here on its events are needed to judge it anew. */
	finalTo(pair: number): number {
		const group = this.#group(pair);
		return group ? Math.max(group.open * group.sliceMs, this.#member(group, pair).from) : Number.NEGATIVE_INFINITY;
	}

	ruleOf(pair: number): SliceRule | undefined {
		const group = this.#group(pair);
		return group && this.#member(group, pair).rule;
	}

	add(pair: number, at: number, bad: number, total: number): void {
		const group = this.#group(pair);
		if (!group) {
			this.#sink.add(pair, at, bad, total);
			return;
		}
		const row = this.#rowOf[pair] as number;
		const slice = Math.floor(at / group.sliceMs);
		// Whoever accepted this event has a clock that is at least as late.
		if (slice >= group.open + group.length) this.#advanceGroup(group, at - this.#futureMs);
		if (slice < group.open || at < (group.pairs[row] as SlicedPair).from) return;
		const cell = row * group.length + (slice % group.length);
		group.bad[cell] = (group.bad[cell] as number) + bad;
		group.total[cell] = (group.total[cell] as number) + total;
		if (slice > group.last) group.last = slice;
		if (total > 0 && slice < (group.first[row] as number)) this.#seenFirst(group, row, slice);
		if (slice < group.ripe) this.#settle(group, row, slice);
	}

	/** A pair had slices before those that are open: a heartbeat is expected from it. */
	know(pair: number): void {
		const group = this.#group(pair);
		if (!group || this.#member(group, pair).rule.kind !== "heartbeat") return;
		group.first[this.#rowOf[pair] as number] = Number.NEGATIVE_INFINITY;
		group.firstOfAll = Number.NEGATIVE_INFINITY;
	}

	/** Judges what is ripe and finishes what is final. A clock that steps back changes nothing. */
	advance(now: number): void {
		for (const group of this.#groups) this.#advanceGroup(group, now);
	}

	/** Missing heartbeats of intervals that touch one of these are not judged. Replaces those given before. */
	excuse(outages: readonly Outage[]): void {
		this.#outages = outages;
	}

	/** Whether slices became final since the last seal. */
	get hasFinals(): boolean {
		return this.#finals.count > 0;
	}

	/** Slices that are final and not stored; they are kept here until `dropSealed`. */
	sealFinals(): Cells {
		this.#sealed = this.#finals;
		this.#finals = new Cells();
		return this.#sealed;
	}

	/** Differences of slices that are final and wait to be stored. */
	correct(cells: Cells): void {
		for (let k = 0; k < cells.count; k++)
			put(
				this.#finals,
				cells.pairs[k] as number,
				cells.buckets[k] as number,
				cells.bad[k] as number,
				cells.total[k] as number,
			);
	}

	dropSealed(): void {
		this.#sealed = undefined;
	}

	/** What the windows were told of one pair's slices that are not stored yet, by the last bucket of each. */
	told(pair: number, into: Cells): void {
		const group = this.#group(pair);
		if (!group) return;
		for (const cells of [this.#sealed, this.#finals]) {
			for (let k = 0; cells && k < cells.count; k++) {
				if (cells.pairs[k] !== pair) continue;
				put(into, pair, cells.buckets[k] as number, cells.bad[k] as number, cells.total[k] as number);
			}
		}
		const row = this.#rowOf[pair] as number;
		for (let slice = group.open; slice < group.ripe; slice++) {
			const share = group.told[row * group.length + (slice % group.length)] as number;
			if (!Number.isNaN(share)) put(into, pair, lastBucket(group.sliceMs, slice), share, 1);
		}
	}

	#group(pair: number): Group | undefined {
		return this.#groups[this.#groupOf[pair] as number];
	}

	#member(group: Group, pair: number): SlicedPair {
		return group.pairs[this.#rowOf[pair] as number] as SlicedPair;
	}

	#advanceGroup(group: Group, now: number): void {
		const ripe = Math.floor((now - GRACE_MS) / group.sliceMs);
		const open = Math.floor((now - this.#latenessMs - FINAL_AFTER_MS) / group.sliceMs);
		while (group.ripe < ripe) {
			// After a long pause: nothing came, and nothing that is missing counts.
			const quietTo = Math.min(ripe, this.#quietTo(group));
			if (quietTo - group.ripe > group.length && group.last < group.ripe) {
				this.#finish(group, group.ripe);
				group.ripe = quietTo;
				group.open = Math.max(group.open, Math.min(open, quietTo));
				continue;
			}
			if (group.ripe >= group.open + group.length) this.#finish(group, group.open + 1);
			const slice = group.ripe++;
			for (let row = 0; row < group.pairs.length; row++) this.#settle(group, row, slice);
		}
		this.#finish(group, Math.min(open, group.ripe));
	}

	/** How far from the next slice on no heartbeat can be missed. */
	#quietTo(group: Group): number {
		if (group.firstOfAll > group.ripe) return group.firstOfAll;
		const start = group.ripe * group.sliceMs;
		const outage = this.#outages.find(({ from, to }) => from <= start && start < to);
		return outage ? Math.floor(outage.to / group.sliceMs) : group.ripe;
	}

	#finish(group: Group, to: number): void {
		for (; group.open < to; group.open++) {
			const bucket = lastBucket(group.sliceMs, group.open);
			const column = group.open % group.length;
			for (let row = 0; row < group.pairs.length; row++) {
				const cell = row * group.length + column;
				const share = group.told[cell] as number;
				if (!Number.isNaN(share)) put(this.#finals, (group.pairs[row] as SlicedPair).pair, bucket, share, 1);
				group.bad[cell] = 0;
				group.total[cell] = 0;
				group.told[cell] = Number.NaN;
			}
		}
	}

	/** Tells the windows what a ripe slice is, or how it differs from what they were told. */
	#settle(group: Group, row: number, slice: number): void {
		const cell = row * group.length + (slice % group.length);
		const share = this.#judge(group, row, slice, cell) ?? Number.NaN;
		const told = group.told[cell] as number;
		if (share === told || (Number.isNaN(share) && Number.isNaN(told))) return;
		group.told[cell] = share;
		const bad = (Number.isNaN(share) ? 0 : share) - (Number.isNaN(told) ? 0 : told);
		const total = (Number.isNaN(share) ? 0 : 1) - (Number.isNaN(told) ? 0 : 1);
		this.#sink.add((group.pairs[row] as SlicedPair).pair, lastBucket(group.sliceMs, slice) * BUCKET_MS, bad, total);
	}

	#judge(group: Group, row: number, slice: number, cell: number): number | undefined {
		const { rule, from } = group.pairs[row] as SlicedPair;
		const share = badShare(rule, group.bad[cell] as number, group.total[cell] as number);
		if (share !== undefined || rule.kind !== "heartbeat") return share;
		if (slice < (group.first[row] as number) || slice * group.sliceMs < from) return undefined;
		const start = slice * group.sliceMs;
		if (this.#outages.some((outage) => outage.from < start + group.sliceMs && outage.to > start)) return undefined;
		this.hasMissed = true;
		return 1;
	}

	#seenFirst(group: Group, row: number, slice: number): void {
		if ((group.pairs[row] as SlicedPair).rule.kind !== "heartbeat") return;
		const before = group.first[row] as number;
		group.first[row] = slice;
		group.firstOfAll = Math.min(group.firstOfAll, slice);
		for (let later = slice + 1; later < Math.min(before, group.ripe); later++) this.#settle(group, row, later);
	}
}

/** The first whole interval. */
function firstExpected({ rule, expectedAt }: SlicedPair): number {
	if (rule.kind !== "heartbeat" || expectedAt === undefined) return Number.POSITIVE_INFINITY;
	return Math.ceil(expectedAt / rule.sliceMs);
}

/** Where a slice stands in the windows: in its last bucket, so that it is young when it is judged. */
export function lastBucket(sliceMs: number, slice: number): number {
	return ((slice + 1) * sliceMs) / BUCKET_MS - 1;
}

export function put(cells: Cells, pair: number, bucket: number, bad: number, total: number): void {
	const entry = cells.entry(pair, bucket);
	cells.bad[entry] = (cells.bad[entry] as number) + bad;
	cells.total[entry] = (cells.total[entry] as number) + total;
}
