import type { AttributeLimits } from "#catalogue";
import { BUCKET_MS, type Cells } from "../counting/cells.ts";
import type { EventSelection, FreshOfRoles } from "../events/event-selection.ts";
import type { RoleSet } from "../selection/selection.ts";
import type { FoldWriter, TelemetryStore } from "../store/store.ts";
import type { FreshEvents } from "../streams/fresh-events.ts";
import type { Streams } from "../streams/streams.ts";
import type { AttributeCounts, AttributesQuery } from "../types.ts";
import { LeafBook, type LeafBookParts } from "./leaf-book.ts";
import { applyBatch, LEAF_TIERS, moveMinutes } from "./leaf-rows.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const HARVEST_EVERY_MS = 10_000;
const LOOK_EVERY_MS = 60_000;
/** What one slice takes: a few milliseconds' work between requests. */
const SLOTS_PER_SLICE = 1_024;
const ROWS_PER_MOVE = 64;
/** With the file near its limit minutes are kept for this share of their time. */
const SHORT_OF_ROOM = 1 / 3;
const WATCHED_KEY = "leaves_watched";

export interface LeafHarvestParts extends Omit<LeafBookParts, "store" | "watched" | "isFresh"> {
	readonly store: TelemetryStore;
	readonly streams: Streams;
	readonly events: EventSelection;
}

/** What came since the harvest before, taken at one moment and worked off in slices. */
interface Taken {
	readonly at: number;
	readonly streams: FreshEvents;
	readonly events: readonly TakenEvents[];
	next: number;
}

interface TakenEvents {
	readonly profile: number;
	readonly minute: number;
	readonly add: EventCounts;
}

interface EventCounts {
	readonly pairs: readonly number[];
	readonly bad: readonly number[];
	readonly count: number;
}

/**
 * Turns what streams and events brought into counts by attribute, every few seconds and before each fold, away from the
 * path of points. What a fold seals it stores with the journal's rows that brought it; what is lost with the process comes
 * back by the journal's replay.
 */
export class LeafHarvest {
	readonly #parts: LeafHarvestParts;
	readonly #book: LeafBook;
	readonly #isOff: boolean;
	#taken: Taken[] = [];
	#nextAt = 0;
	/** Everything until then has been harvested. */
	#until = 0;
	#hasBatches = true;
	#lookedAt = Number.NEGATIVE_INFINITY;
	#isMoving = false;
	/** The file is near its limit. */
	isShortOfRoom = false;

	constructor(parts: LeafHarvestParts) {
		this.#parts = parts;
		this.#isOff = parts.kept.isEmpty;
		const { store } = parts;
		const watched = store.meta(WATCHED_KEY);
		const isFresh = store.journalSize().rows === 0 && store.firstBlock("hours") === undefined;
		const book = new LeafBook({ ...parts, store: store.leaves, watched, isFresh });
		this.#book = book;
		// At once: after a crash nobody would know any more that nothing had come before.
		if (!this.#isOff && watched !== book.watched())
			store.fold((writer) => writer.writeMeta(WATCHED_KEY, book.watched()));
	}

	/** Takes what came since the last time, when that is long enough ago. */
	tick(now: number): void {
		if (this.#isOff || (now < this.#nextAt && now >= this.#nextAt - HARVEST_EVERY_MS)) return;
		this.#nextAt = now + HARVEST_EVERY_MS;
		this.#take(now);
	}

	#take(now: number): void {
		const { streams, events } = this.#parts;
		this.#taken.push({
			at: now,
			streams: streams.takeFresh(),
			events: events.takeFresh().map(eventsOf),
			next: 0,
		});
	}

	hasWork(now: number): boolean {
		return this.#taken.length > 0 || this.#hasBatches || this.#isMoveDue(now);
	}

	/** A few milliseconds' work; throws as the store does. False: there was nothing to do. */
	work(now: number): boolean {
		if (this.#taken.length > 0) this.#harvest();
		else if (this.#hasBatches) this.#apply();
		else if (this.#isMoveDue(now)) this.#move(now);
		else return false;
		return true;
	}

	#harvest(): void {
		const taken = this.#taken[0] as Taken;
		const { streams } = this.#parts;
		const { values, dated, count } = taken.streams;
		if (taken.next === 0) {
			for (const { profile, minute, add } of taken.events)
				add.pairs.forEach((pair, k) => {
					this.#book.add(pair, profile, minute, add.count * (add.bad[k] as number), add.count);
				});
			for (const each of dated)
				this.#addStream(each.roles, each.values, 0, streams.profileOf(each.slot), minuteOf(each.time, taken.at));
		}
		const end = Math.min(count, taken.next + SLOTS_PER_SLICE);
		for (let slot = taken.next; slot < end; slot++) {
			const at = streams.valueAt[slot] as number;
			const roles = streams.roleSets[slot] as RoleSet;
			let k = at;
			const last = at + roles.bounds.length;
			while (k < last && values[k] === 0) k++;
			if (k < last)
				this.#addStream(
					roles,
					values,
					at,
					streams.profileOf(slot),
					minuteOf(streams.lastTimes[slot] as number, taken.at),
				);
		}
		taken.next = end;
		if (end < count) return;
		this.#taken.shift();
		this.#until = Math.max(this.#until, taken.at);
	}

	#addStream(roles: RoleSet, fresh: Float64Array, at: number, profile: number, minute: number): void {
		if (this.#parts.kept.isBlank(profile)) return;
		eachPair(roles, fresh, at, profile, (pair, of, bad, total) => this.#book.add(pair, of, minute, bad, total));
	}

	/** Everything counted until now, for a fold: `prepare` until it is false, then `write` in its last transaction. */
	seal(now: number): {
		readonly prepare: () => boolean;
		readonly write: (writer: FoldWriter) => void;
		readonly done: () => void;
	} {
		if (this.#isOff) return { prepare: () => false, write: () => {}, done: () => {} };
		this.#take(now);
		this.#nextAt = now + HARVEST_EVERY_MS;
		let pairs: number[] | undefined;
		let next = 0;
		return {
			prepare: () => {
				if (this.#taken.length > 0) this.#harvest();
				else {
					pairs ??= this.#book.takeTouched();
					const touched = pairs;
					if (next < touched.length)
						this.#parts.store.fold((writer) => {
							next = this.#book.pack(writer.leaves, touched, next, now);
						});
				}
				return pairs === undefined || next < pairs.length;
			},
			write: (writer) => this.#book.writeSealed(writer.leaves, now),
			done: () => {
				this.#book.sealedIsStored();
				this.#hasBatches = true;
			},
		};
	}

	/** Counts that come without attributes, in the transaction that stores them. */
	late(writer: FoldWriter, cells: Cells, now: number): void {
		if (this.#isOff) return;
		const batch = this.#book.newBatch(now);
		const { without } = this.#parts.kept;
		for (let k = 0; k < cells.count; k++) {
			const minute = Math.floor(((cells.buckets[k] as number) * BUCKET_MS) / MINUTE_MS);
			const [bad, total] = [cells.bad[k] as number, cells.total[k] as number];
			if (bad !== 0 || total !== 0)
				this.#book.addTo(batch, { pair: cells.pairs[k] as number, profile: without, now }, minute, bad, total);
		}
		this.#book.writeNames(writer.leaves);
		const packed = batch.take();
		if (packed) writer.leaves.addBatch(packed);
		this.#hasBatches = true;
	}

	#apply(): void {
		const { store } = this.#parts;
		const batch = store.leaves.firstBatch();
		if (!batch) {
			this.#hasBatches = false;
			return;
		}
		store.fold((writer) => applyBatch(writer.leaves, batch.seq, batch.packed));
	}

	/** What came of a pair with values and is not harvested yet: the windows have it already. */
	#waiting(pair: number, by: readonly string[]): { bad: number; total: number } {
		const sum = { bad: 0, total: 0 };
		const isValued = this.#book.valued(pair, by);
		if (!isValued) return sum;
		const { streams, events } = this.#parts;
		const count = (of: number, profile: number, bad: number, total: number): void => {
			if (of !== pair || !isValued(profile)) return;
			sum.bad += bad;
			sum.total += total;
		};
		const pending = { values: streams.fresh, dated: streams.freshAside(), count: streams.count, next: 0 };
		for (const { values, dated, count: slots, next } of [
			pending,
			...this.#taken.map(({ streams: taken, next: from }) => ({ ...taken, next: from })),
		]) {
			if (next === 0)
				for (const each of dated) eachPair(each.roles, each.values, 0, streams.profileOf(each.slot), count);
			for (let slot = next; slot < slots; slot++) {
				const roles = streams.roleSets[slot] as RoleSet;
				if (roles.touched.includes(pair))
					eachPair(roles, values, streams.valueAt[slot] as number, streams.profileOf(slot), count);
			}
		}
		const told = this.#taken.filter(({ next }) => next === 0).flatMap((taken) => taken.events);
		for (const { profile, add } of [...told, ...events.peekFresh().map(eventsOf)])
			add.pairs.forEach((of, k) => {
				count(of, profile, add.count * (add.bad[k] as number), add.count);
			});
		return sum;
	}

	get #limits(): AttributeLimits {
		return this.#parts.limits;
	}

	#minutesBefore(now: number): number {
		const kept = this.#limits.minutesMs * (this.isShortOfRoom ? SHORT_OF_ROOM : 1);
		return Math.floor((now - kept) / HOUR_MS);
	}

	#hoursBefore(now: number): number {
		const { bucketMs, buckets } = LEAF_TIERS.hours;
		return Math.floor((now - this.#limits.hoursMs) / (bucketMs * buckets));
	}

	#isMoveDue(now: number): boolean {
		if (this.#isMoving || (now >= this.#lookedAt && now - this.#lookedAt < LOOK_EVERY_MS)) return this.#isMoving;
		this.#lookedAt = now;
		const { leaves } = this.#parts.store;
		this.#isMoving =
			leaves.oldRows("minutes", this.#minutesBefore(now), 1).length > 0 ||
			leaves.oldRows("hours", this.#hoursBefore(now), 1).length > 0;
		return this.#isMoving;
	}

	#move(now: number): void {
		const { store } = this.#parts;
		const minutes = store.leaves.oldRows("minutes", this.#minutesBefore(now), ROWS_PER_MOVE);
		const hours = store.leaves.oldRows("hours", this.#hoursBefore(now), ROWS_PER_MOVE);
		this.#isMoving = minutes.length > 0 || hours.length > 0;
		if (!this.#isMoving) return;
		const hoursFrom = Math.ceil((now - this.#limits.hoursMs) / HOUR_MS);
		store.fold(({ leaves }) => {
			for (const { pair, block } of minutes) moveMinutes(leaves, pair, block, hoursFrom);
			for (const { pair, block } of hours) leaves.removeRow("hours", pair, block);
		});
	}

	/** Undefined: the SLO does not keep these attributes. `inAll`: what the pair counted in a range. */
	counts(
		pair: number,
		{ by, from, to }: AttributesQuery,
		now: number,
		inAll: (from: number, to: number) => { readonly bad: number; readonly total: number },
	): AttributeCounts | undefined {
		if (this.#isOff) return undefined;
		const found = this.#book.sums(pair, by, { from, to, now });
		if (!found) return undefined;
		const { keptFrom, sums, isDamaged } = found;
		const since = Math.max(from, keptFrom);
		if (since < to) {
			const all = inAll(since, to);
			const placed = since === from ? sums : (this.#book.sums(pair, by, { from: since, to, now })?.sums ?? []);
			const waiting = this.#waiting(pair, by);
			const bad = all.bad - waiting.bad - sumOf(placed, "bad");
			const total = all.total - waiting.total - sumOf(placed, "total");
			// What no value accounts for had none; but where counts were lost it may have had any.
			const blank = sums.find(({ values }) =>
				isDamaged ? values === undefined : values?.every((value) => value === ""),
			);
			if (blank) {
				blank.bad += bad;
				blank.total += total;
			} else if (bad !== 0 || total !== 0)
				sums.push({ values: isDamaged ? undefined : by.map(() => ""), bad, total, since: 0 });
		}
		const others = sums.find(({ values }) => values === undefined);
		// Where nothing was counted with the others, every leaf has all of its own.
		const isWhole = others === undefined;
		const items = sums.flatMap(({ values, bad, total, since }) => {
			if (values === undefined || (bad === 0 && total === 0)) return [];
			const isExact = !isDamaged && (isWhole || (since !== undefined && since * MINUTE_MS <= from));
			const sinceAt = isExact || isDamaged || since === undefined ? undefined : since * MINUTE_MS;
			return [{ values, good: total - bad, bad, total, isExact, since: sinceAt }];
		});
		items.sort((a, b) => b.bad - a.bad || b.total - a.total || (a.values.join() < b.values.join() ? -1 : 1));
		const { bad, total } = others ?? { bad: 0, total: 0 };
		const all = sums.reduce((sum, each) => ({ bad: sum.bad + each.bad, total: sum.total + each.total }), {
			bad: 0,
			total: 0,
		});
		return {
			by,
			keptFrom,
			until: this.#until,
			...all,
			good: all.total - all.bad,
			items,
			other: { good: total - bad, bad, total },
		};
	}
}

/** What a stream brought to each of its pairs. */
function eachPair(
	{ channels, pairs, bad, total, thresholds, bounds }: RoleSet,
	fresh: Float64Array,
	at: number,
	profile: number,
	count: (pair: number, profile: number, bad: number, total: number) => void,
): void {
	for (let k = 0; k < channels.length; k++) {
		const events = fresh[at + (channels[k] as number)] as number;
		if (events === 0) continue;
		count(pairs[k] as number, profile, events * (bad[k] as number), events * (total[k] as number));
	}
	for (let k = 0; k < thresholds.length; k++) {
		const { pair } = thresholds[k] as RoleSet["thresholds"][number];
		count(pair, profile, fresh[at + bounds.length + k] as number, fresh[at] as number);
	}
}

function eventsOf({ roles, fresh, lastTime }: FreshOfRoles): TakenEvents {
	const add = { pairs: roles.pairs, bad: roles.bad, count: fresh };
	return { profile: roles.profile, minute: Math.floor(lastTime / (MINUTE_MS * 1000)), add };
}

function sumOf(sums: readonly { readonly bad: number; readonly total: number }[], of: "bad" | "total"): number {
	return sums.reduce((sum, each) => sum + each[of], 0);
}

/** Streams that keep no time of their own are of now. */
function minuteOf(lastTimeUs: number, now: number): number {
	return Math.floor((lastTimeUs > 0 ? lastTimeUs / 1000 : now) / MINUTE_MS);
}
