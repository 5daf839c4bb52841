import { type Columns, ON_HEAP, resized } from "../core/columns.ts";
import { AT, type Core } from "../core/core.ts";
import { REASON, verdict } from "../intake/reasons.ts";
import {
	canonicalText,
	identityOf,
	KIND,
	type Kind,
	type RoleSet,
	type Selection,
	type StreamIdentity,
} from "../selection/selection.ts";
import { FOLD_SAMPLE, SeenTenantValues } from "../selection/tenant-values.ts";
import type { StoredStream, StreamState } from "../store/store.ts";
import type { CoveredRanges } from "./covered-ranges.ts";
import { cover, forget } from "./covered-ranges.ts";
import { DigestIndex, digestOf } from "./digest-index.ts";
import { type DatedFresh, FreshAside, type FreshEvents } from "./fresh-events.ts";
import { FOLD, FOLD_MARK, isFoldable, OtherStreams, type OtherStreamsOptions } from "./other-streams.ts";
import { RawTable } from "./raw-hash.ts";
import { StreamKin } from "./stream-kin.ts";
import { PAGE_IDS, StreamSnapshot } from "./stream-snapshot.ts";
import { UsualRoles } from "./usual-roles.ts";

/** A stream that was given an id and is not in the store yet. */
export interface NewStream {
	readonly id: number;
	readonly kind: Kind;
	readonly canonical: string;
	readonly bounds: readonly number[];
}

const FIRST_CAPACITY = 1024;
/**
 * A tenant may hold at most so many times as many streams as are still free: alone four fifths of all, two that flood
 * four ninths each. So a place is left for the new streams of whoever sends few.
 */
const SHARE_OF_FREE = 4;
/** Share of `maxStreams` from which on no stream is taken for its latencies alone. */
const LATENCY_SHARE = 0.5;
/** Letters of a stream's canonical text: all its names and attributes. */
const MAX_IDENTITY = 16_384;
/**
 * All streams that an SLO selects, as columns: what was last seen of each, and what it feeds. Points find their slot by
 * the hash of their raw bytes; identity itself is the digest of the canonical text.
 */
export class Streams {
	count = 0;
	kinds: Uint8Array;
	/** Time of the newest point, µs; 0: none yet. */
	lastTimes: Float64Array;
	/** Cumulative: start time, µs. Delta: start of the newest covered range. */
	starts: Float64Array;
	/** 1: the next cumulative point is only a base line, because what is known of the stream does not fit its channels. */
	needsBase: Uint8Array;
	/** Where the stream's channels begin in `values`. */
	valueAt: Int32Array;
	values: Float64Array;
	/**
	 * Events of each channel since `takeFresh`; 0 at the start. Laid out as `values`; of gauges the points, and behind them
	 * the bad ones of each threshold.
	 */
	fresh: Float64Array;
	/** Id in the store; 0 until the first point counts. */
	ids: Int32Array;
	rawLo: Int32Array;
	rawHi: Int32Array;
	/** The slot that followed last time. */
	next: Int32Array;
	/** Time of the commit at hand, ms epoch. */
	now = 0;
	/** What each tenant may hold at most, besides its fair share. */
	limits: readonly (number | undefined)[] = [];
	/** Streams with an id: at least one point counted. */
	registered = 0;
	readonly roleSets: RoleSet[] = [];
	readonly raw: RawTable;
	nextId = 1;

	readonly #selection: Selection;
	readonly #maxStreams: number;
	/** Streams by tenant; customers that are no key tenants count as one. */
	readonly #ofTenant = new Map<number, number>();
	#valueCount = 0;
	readonly #index = new DigestIndex(FIRST_CAPACITY);
	readonly #canonicals = new Map<number, string>();
	/** Points that counted since the streams were loaded. */
	points: Uint32Array;
	readonly seen: SeenTenantValues;
	readonly #other: OtherStreams;
	/** What a stream has of kept attributes. */
	readonly #profiles: number[] = [];
	readonly #aside = new FreshAside();
	readonly #kin = new StreamKin();
	readonly #ranges = new Map<number, CoveredRanges>();
	#slotOfId: Int32Array = new Int32Array(FIRST_CAPACITY);
	/** Pages with a change since the last `clean`: as flags, and listed. */
	#isDirty: Uint8Array;
	readonly #dirtyPages: number[] = [];

	readonly #columns: Columns;
	/** 1: delta points of the stream have gaps between them; which ranges they cover stands in a map. */
	#hasRanges: Uint8Array;
	/** Row of the role set in `#usualRoles`; −1: it is not a usual one. */
	#roleOf: Int32Array;
	readonly #usualRoles: UsualRoles;

	constructor(
		selection: Selection,
		maxStreams: number,
		other: Partial<OtherStreamsOptions> = {},
		columns: Columns = ON_HEAP,
	) {
		this.#columns = columns;
		this.kinds = columns.bytes(FIRST_CAPACITY);
		this.lastTimes = columns.floats(FIRST_CAPACITY);
		this.starts = columns.floats(FIRST_CAPACITY);
		this.needsBase = columns.bytes(FIRST_CAPACITY);
		this.valueAt = columns.ints(FIRST_CAPACITY);
		this.values = columns.floats(FIRST_CAPACITY);
		this.fresh = columns.floats(FIRST_CAPACITY);
		this.ids = columns.ints(FIRST_CAPACITY);
		this.rawLo = columns.ints(FIRST_CAPACITY);
		this.rawHi = columns.ints(FIRST_CAPACITY);
		this.next = columns.ints(FIRST_CAPACITY);
		this.points = columns.counts(FIRST_CAPACITY);
		this.#isDirty = columns.bytes(FIRST_CAPACITY);
		this.#hasRanges = columns.bytes(FIRST_CAPACITY);
		this.#roleOf = columns.ints(FIRST_CAPACITY);
		this.#usualRoles = new UsualRoles(columns);
		this.#selection = selection;
		this.#maxStreams = maxStreams;
		this.#other = new OtherStreams(other.maxOtherStreams);
		this.seen = new SeenTenantValues(selection.register, other.tenantAttributes ?? []);
		this.raw = new RawTable(2 * maxStreams + 1_000_000);
	}

	/** The slot of a stream, made if need be, or the verdict on its points; kept under the raw hash of kind and bytes. */
	resolve(identity: StreamIdentity, kind: Kind, rawLo: number, rawHi: number): number {
		const code = this.#resolve(identity, kind, rawLo, rawHi);
		// A sample of a folded stream is here although the table has it.
		if (this.raw.find(rawLo, rawHi) === RawTable.MISS) this.raw.keep(rawLo, rawHi, code);
		return code;
	}

	#resolve(identity: StreamIdentity, kind: Kind, rawLo: number, rawHi: number): number {
		const roles = this.#selection.resolve(identity, kind);
		if (typeof roles === "number") return roles;
		const isOther = isFoldable(roles, kind);
		const mustFold = isOther && this.#other.isFull;
		// Most are known by this to have no slot, without the cost of a canonical text and its digest.
		if (mustFold && !this.#other.mayHaveSlot(identity)) return this.#fold(kind, roles, identity, rawLo, rawHi);
		const canonical = canonicalText(identity);
		const digest = digestOf(canonical);
		const known = this.#index.find(digest);
		if (known >= 0) {
			const slot = this.kinds[known] === kind ? known : this.#kin.find(known, kind, this.kinds);
			if (slot !== undefined) {
				this.rawLo[slot] = rawLo;
				this.rawHi[slot] = rawHi;
				return slot;
			}
		}
		if (mustFold && known < 0) return this.#fold(kind, roles, identity, rawLo, rawHi);
		// Latencies are worth less than what SLOs count.
		if (roles.touched.length === 0 && this.count >= LATENCY_SHARE * this.#maxStreams)
			return verdict(REASON.no_sli, roles.tenant);
		if (canonical.length > MAX_IDENTITY || this.#isFullFor(roles.tenant))
			return verdict(REASON.stream_limit, roles.tenant);
		const slot = this.#add(kind, roles, digest, this.#selection.kept.ofStream(identity, roles.tenant));
		this.rawLo[slot] = rawLo;
		this.rawHi[slot] = rawHi;
		this.#canonicals.set(slot, canonical);
		if (isOther) this.#other.add(identity);
		this.seen.add(slot, identity.resource, identity.point);
		if (known >= 0) {
			this.#kin.add(known, slot);
			this.#kin.retire(slot, this.kinds);
		}
		return slot;
	}

	/** The slot that stands for all streams like this one: same kind, roles and kept attributes, no key tenant. */
	#fold(kind: Kind, roles: RoleSet, identity: StreamIdentity, rawLo: number, rawHi: number): number {
		this.#other.isFolding = true;
		const isSample = this.raw.find(rawLo, rawHi) !== RawTable.MISS;
		this.seen.addFolded(isSample ? FOLD_SAMPLE : 0, this.now, identity.resource, identity.point);
		const profile = this.#selection.kept.ofStream(identity, roles.tenant, true);
		const known = this.#other.foldOf(kind, roles, profile);
		if (known !== undefined) return known;
		const text = FOLD_MARK + canonicalText(identity);
		const slot = this.#addFold(kind, roles, text, profile);
		this.#canonicals.set(slot, text);
		return slot;
	}

	#addFold(kind: Kind, roles: RoleSet, canonical: string, profile: number): number {
		const slot = this.#add(kind, { ...roles, special: FOLD }, digestOf(canonical), profile);
		this.#other.keepFold(kind, roles, profile, slot);
		return slot;
	}

	/** See `KeptAttributes`. */
	profileOf(slot: number): number {
		return this.#profiles[slot] as number;
	}

	/** What came since the last call. */
	takeFresh(): FreshEvents {
		const values = this.fresh.slice(0, this.#valueCount);
		this.fresh.fill(0, 0, this.#valueCount);
		const dated = this.freshAside();
		this.#aside.clear();
		return { values, dated, count: this.count };
	}

	/** Of streams under several role sets, since `takeFresh`. */
	freshAside(): readonly DatedFresh[] {
		return this.#aside.list();
	}

	/** What a point under one of several role sets brought is not to be mistaken for another's. */
	setFreshAside(slot: number, roles: RoleSet, time: number): void {
		const at = this.valueAt[slot] as number;
		const channels = channelsOf(this.kinds[slot] as Kind, roles);
		this.#aside.move(slot, roles, time, this.fresh.subarray(at, at + channels));
	}

	/** Streams of customers that are no key tenant have no slots of their own any more: see `FoldedRequests`. */
	get isFolding(): boolean {
		return this.#other.isFolding;
	}
	set isFolding(isFolding: boolean) {
		this.#other.isFolding = isFolding;
	}

	isFold(slot: number): boolean {
		return (this.roleSets[slot] as RoleSet).special === FOLD;
	}

	/** A stream under another kind than now sends again: whether its new start makes it the one that counts. */
	takeOver(slot: number, start: number): boolean {
		return this.#kin.takeOver(slot, start, this.kinds, this.lastTimes);
	}

	/** Of streams that the store knows under several kinds, the latest counts; call when all their points are known. */
	settleKinds(): void {
		this.#kin.settle(this.kinds, this.lastTimes);
	}

	#isFullFor(tenant: number): boolean {
		const free = this.#maxStreams - this.count;
		const held = this.#ofTenant.get(tenant) ?? 0;
		return free <= 0 || held >= SHARE_OF_FREE * free || held >= (this.limits[tenant] ?? Number.POSITIVE_INFINITY);
	}

	/** Gives the stream its id in the store, once; undefined when it has one. */
	register(slot: number): NewStream | undefined {
		if (this.ids[slot] !== 0) return undefined;
		const id = this.nextId++;
		this.#bind(slot, id);
		const canonical = this.#canonicals.get(slot) as string;
		this.#canonicals.delete(slot);
		return { id, kind: this.kinds[slot] as Kind, canonical, bounds: [...(this.roleSets[slot] as RoleSet).bounds] };
	}

	/** -1: not loaded, because no SLO selects it any more. */
	slotOfId(id: number): number {
		return id < this.#slotOfId.length ? (this.#slotOfId[id] as number) - 1 : -1;
	}

	/** A stream as the store knows it; false when no SLO selects it any more. */
	load(stored: StoredStream): boolean {
		this.nextId = Math.max(this.nextId, stored.id + 1);
		const isFold = stored.canonical.startsWith(FOLD_MARK);
		const identity = identityOf(isFold ? stored.canonical.slice(FOLD_MARK.length) : stored.canonical);
		const roles = this.#selection.resolve(identity, stored.kind);
		if (typeof roles === "number") return false;
		if (isFold) return isFoldable(roles, stored.kind) && this.#loadFold(stored, roles, identity);
		const digest = digestOf(stored.canonical);
		const known = this.#index.find(digest);
		const slot = this.#add(stored.kind, roles, digest, this.#selection.kept.ofStream(identity, roles.tenant));
		if (known >= 0) this.#kin.add(known, slot);
		if (isFoldable(roles, stored.kind)) this.#other.add(identity);
		this.seen.add(slot, identity.resource, identity.point);
		this.#bind(slot, stored.id);
		if (!sameBounds(roles.bounds, stored.bounds)) this.needsBase[slot] = 1;
		return true;
	}

	/** It holds nothing, but rows of the journal may name it. */
	#loadFold(stored: StoredStream, roles: RoleSet, identity: StreamIdentity): boolean {
		const profile = this.#selection.kept.ofStream(identity, roles.tenant, true);
		this.#bind(this.#addFold(stored.kind, roles, stored.canonical, profile), stored.id);
		return true;
	}

	loadState(slot: number, state: StreamState): void {
		this.lastTimes[slot] = state.lastTime;
		this.starts[slot] = state.start;
		if (state.needsBase) this.needsBase[slot] = 1;
		const at = this.valueAt[slot] as number;
		if (!this.needsBase[slot]) this.values.set(state.values, at);
		if (state.edges.length > 0 || state.floor > 0)
			this.#keepRanges(slot, { floor: state.floor, edges: [...state.edges, state.start, state.lastTime] });
	}

	/** Everything that the store keeps of streams, as it stands; ranges that ended before `horizon` are forgotten first. */
	snapshot(horizon: number): StreamSnapshot {
		const ranges = new Map<number, CoveredRanges>();
		for (const [slot, covered] of this.#ranges) {
			forget(covered, horizon);
			ranges.set(slot, { floor: covered.floor, edges: [...covered.edges] });
		}
		const { count, roleSets } = this;
		return new StreamSnapshot({
			lastTimes: this.lastTimes.slice(0, count),
			starts: this.starts.slice(0, count),
			needsBase: this.needsBase.slice(0, count),
			valueAt: this.valueAt.slice(0, count),
			values: this.values.slice(0, this.#valueCount),
			slotOfId: this.#slotOfId.slice(0, this.nextId),
			ranges,
			channels: (slot) => (roleSets[slot] as RoleSet).bounds.length,
		});
	}

	/** Delta streams: whether (start, time] is new; then it is covered from now on. */
	cover(slot: number, start: number, time: number): "new" | "duplicate" | "overlap" | "too_old" {
		const last = this.lastTimes[slot] as number;
		let ranges = this.#ranges.get(slot);
		if (!ranges) {
			if (last === 0) {
				this.starts[slot] = start;
				this.lastTimes[slot] = time;
				return "new";
			}
			if (start === last) {
				this.lastTimes[slot] = time;
				return "new";
			}
			const first = this.starts[slot] as number;
			if (start >= first && time <= last) return "duplicate";
			ranges = { floor: 0, edges: [first, last] };
			this.#keepRanges(slot, ranges);
		}
		const coverage = cover(ranges, start, time);
		const { edges } = ranges;
		this.starts[slot] = edges[edges.length - 2] as number;
		this.lastTimes[slot] = edges[edges.length - 1] as number;
		if (edges.length === 2 && ranges.floor === 0) {
			this.#ranges.delete(slot);
			this.#hasRanges[slot] = 0;
		}
		return coverage;
	}

	#keepRanges(slot: number, ranges: CoveredRanges): void {
		this.#ranges.set(slot, ranges);
		this.#hasRanges[slot] = 1;
	}

	touch(slot: number): void {
		this.touchPage(((this.ids[slot] as number) / PAGE_IDS) | 0);
	}

	touchPage(page: number): void {
		if (this.#isDirty[page] === 1) return;
		if (page >= this.#isDirty.length)
			this.#isDirty = resized(this.#columns, this.#isDirty, Math.max(page + 1, this.#isDirty.length * 2));
		this.#isDirty[page] = 1;
		this.#dirtyPages.push(page);
	}

	/** Pages that the core has touched: it flags those below `pageCount`, as it was told, and names each of them once. */
	notePages(pages: Uint32Array, pageCount: number): void {
		for (const page of pages)
			if (page < pageCount) this.#dirtyPages.push(page);
			else this.touchPage(page);
	}

	/** Pairs are numbered below this. */
	get pairLimit(): number {
		return this.#selection.pairs.length;
	}

	get pageCount(): number {
		return this.#isDirty.length;
	}

	/** Roles that a usual point has at most. */
	get mostRoles(): number {
		return this.#usualRoles.most;
	}

	enterInto(core: Core): void {
		const { kinds, lastTimes, starts, needsBase, valueAt, values, ids, points, rawLo, rawHi, next } = this;
		core.enter({ kinds, lastTimes, starts, needsBase, valueAt, values, fresh: this.fresh, ids, points });
		core.enter({ rawLo, rawHi, next });
		core.enter({
			roleOf: this.#roleOf,
			hasRanges: this.#hasRanges,
			isDirty: this.#isDirty,
			roles: this.#usualRoles.table,
		});
		core.table[AT.pageCount] = this.#isDirty.length;
	}

	/** Pages whose streams changed since the last call of `clean`. */
	dirtyPages(): number[] {
		return [...this.#dirtyPages];
	}
	clean(): void {
		this.#isDirty.fill(0);
		this.#dirtyPages.length = 0;
	}

	#bind(slot: number, id: number): void {
		this.ids[slot] = id;
		this.registered++;
		if (id >= this.#slotOfId.length)
			this.#slotOfId = grown(this.#slotOfId, Math.max(id + 1, this.#slotOfId.length * 2));
		this.#slotOfId[id] = slot + 1;
	}

	#add(kind: Kind, roles: RoleSet, digest: Int32Array, profile: number): number {
		const slot = this.count++;
		if (slot >= this.kinds.length) this.#grow(slot * 2);
		const channels = channelsOf(kind, roles);
		if (this.#valueCount + channels > this.values.length) this.#growValues(channels);
		this.kinds[slot] = kind;
		this.#ofTenant.set(roles.tenant, (this.#ofTenant.get(roles.tenant) ?? 0) + 1);
		this.valueAt[slot] = this.#valueCount;
		this.#valueCount += channels;
		this.roleSets.push(roles);
		this.#profiles.push(profile);
		this.#roleOf[slot] = this.#usualRoles.rowOf(roles);
		this.next[slot] = slot + 1;
		this.#index.add(digest);
		return slot;
	}

	#growValues(channels: number): void {
		const size = this.values.length * 2 + channels;
		this.values = resized(this.#columns, this.values, size);
		this.fresh = resized(this.#columns, this.fresh, size);
	}

	#grow(size: number): void {
		this.kinds = resized(this.#columns, this.kinds, size);
		this.lastTimes = resized(this.#columns, this.lastTimes, size);
		this.starts = resized(this.#columns, this.starts, size);
		this.needsBase = resized(this.#columns, this.needsBase, size);
		this.valueAt = resized(this.#columns, this.valueAt, size);
		this.ids = resized(this.#columns, this.ids, size);
		this.points = resized(this.#columns, this.points, size);
		this.rawLo = resized(this.#columns, this.rawLo, size);
		this.rawHi = resized(this.#columns, this.rawHi, size);
		this.next = resized(this.#columns, this.next, size);
		this.#hasRanges = resized(this.#columns, this.#hasRanges, size);
		this.#roleOf = resized(this.#columns, this.#roleOf, size);
	}
}

/** Places in `values` and `fresh`. */
function channelsOf(kind: Kind, roles: RoleSet): number {
	if (kind !== KIND.gauge) return roles.bounds.length;
	const sets = roles.special?.kind === "dated" ? roles.special.spans : [roles];
	return Math.max(...sets.map((each) => each.bounds.length + each.thresholds.length));
}

/** Kinds whose points carry a running value. */
export function isCumulative(kind: Kind): boolean {
	return kind === KIND.cumulativeSum || kind === KIND.cumulativeHistogram || kind === KIND.cumulativeExponential;
}

function sameBounds(bounds: readonly number[], stored: readonly number[]): boolean {
	return bounds.length === stored.length && stored.every((bound, index) => bound === bounds[index]);
}

function grown(old: Int32Array, size: number): Int32Array {
	const larger = new Int32Array(size);
	larger.set(old);
	return larger;
}
