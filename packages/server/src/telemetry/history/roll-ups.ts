import { BUCKET_MS, type CellGroups, type Cells, HOUR_MS } from "../counting/cells.ts";
import type { Sketch } from "../latency/sketch.ts";
import { MINUTE_MS } from "../latency/sketch-cells.ts";
import { addSketches, type CountRows, moveSketches, sketchKind } from "../latency/sketch-rows.ts";
import type { FoldWriter, RollUp, StoredPair, TelemetryStore } from "../store/store.ts";
import { FIELDS, packBuckets, unpackBuckets } from "./packed.ts";
import {
	classOf,
	DATA_CLASSES,
	type DataClass,
	type Keep,
	newTierState,
	STEP_MS,
	TIER_NAMES,
	TIERS,
	type TierState,
	tierAt,
} from "./retention.ts";

const META_KEY = "tiers";
/** Pairs that one slice of moving takes: a few milliseconds' work. */
const PAIRS_PER_MOVE: Readonly<Record<RollUp, number>> = {
	"ten-seconds": 32,
	minutes: 128,
	"ten-minutes": 512,
	hours: 512,
};

/** Rows of latencies that one slice removes. */
const ROWS_PER_DROP = 128;

/** Minutes since the epoch. */
type SketchesByMinute = ReadonlyMap<number, Sketch>;

type Group = NonNullable<ReturnType<CellGroups["next"]>>;

/** The tiers of roll-ups: adds cells to them, and moves what grew old to the next coarser one, a slice at a time. */
export class RollUps {
	readonly #store: TelemetryStore;
	readonly #classes = new Map<number, DataClass>();
	readonly #pairsOf: Record<DataClass, number[]> = { tenants: [], fleet: [] };
	readonly state: TierState;
	/** How many pairs of the step under way have moved; lost with the process, and then begun anew. */
	#moved = 0;
	#scratch: Record<RollUp, Float64Array>;

	constructor(store: TelemetryStore, now: number, keep: (of: DataClass) => Keep) {
		this.#store = store;
		for (const pair of store.pairs()) this.#know(pair);
		const stored = store.meta(META_KEY);
		this.state = stored === undefined ? firstState(store, now, keep) : (JSON.parse(stored) as TierState);
		// Counting every row once is enough.
		if (stored === undefined && store.firstBlock("hours") !== undefined) store.fold((writer) => this.save(writer));
		const columns = (tier: RollUp) => new Float64Array((TIERS[tier].blockMs / TIERS[tier].bucketMs) * FIELDS);
		this.#scratch = {
			"ten-seconds": columns("ten-seconds"),
			minutes: columns("minutes"),
			"ten-minutes": columns("ten-minutes"),
			hours: columns("hours"),
		};
	}

	#know({ id, tenant }: StoredPair): void {
		const of = classOf(tenant);
		this.#classes.set(id, of);
		this.#pairsOf[of].push(id);
	}

	/** Adds one hour of one pair. Call `save` before the transaction ends. */
	add(writer: FoldWriter, cells: Cells, { hour, pair, entries }: Group): void {
		const of = this.#classes.get(pair) ?? "tenants";
		const at = hour * HOUR_MS;
		const tier = tierAt(this.state.marks[of], at);
		let revision = 0;
		if (tier !== undefined) {
			const { bucketMs, blockMs } = TIERS[tier];
			const block = Math.floor(at / blockMs);
			const buckets = this.#scratch[tier];
			const before = writer.readRollUp(tier, pair, block);
			unpackBuckets(before, buckets);
			for (const entry of entries) {
				const into = Math.floor(((cells.buckets[entry] as number) * BUCKET_MS - block * blockMs) / bucketMs) * FIELDS;
				addCell(buckets, into, cells, entry);
				buckets[into + 3] = (buckets[into + 3] as number) + (cells.revision[entry] as number);
				revision = Math.max(revision, buckets[into + 3] as number);
			}
			this.#write(writer, of, tier, pair, block, before, packBuckets(buckets));
		}
		const { blockMs } = TIERS.hours;
		const week = Math.floor(at / blockMs);
		const hours = this.#scratch.hours;
		const before = writer.readRollUp("hours", pair, week);
		unpackBuckets(before, hours);
		const into = (hour - (week * blockMs) / HOUR_MS) * FIELDS;
		for (const entry of entries) addCell(hours, into, cells, entry);
		hours[into + 3] = Math.max(hours[into + 3] as number, revision);
		this.#write(writer, of, "hours", pair, week, before, packBuckets(hours));
	}

	/** The same for its latencies: each is in one tier alone. */
	addSketches(writer: FoldWriter, hour: number, pair: number, sketches: SketchesByMinute): void {
		const of = this.#classes.get(pair) ?? "tenants";
		const tier = tierAt(this.state.marks[of], hour * HOUR_MS) ?? "hours";
		const dated = [...sketches].map(([minute, sketch]) => [minute * MINUTE_MS, sketch] as const);
		addSketches(writer, tier, pair, dated, this.#countLatencies(of));
	}

	/** What latencies take. */
	get latencyBytes(): number {
		return this.state.latencyBytes ?? 0;
	}

	/** Removes some of the oldest latencies until no more than `toBytes` are left, in one transaction of its own. */
	dropLatencies(toBytes: number): void {
		// What is in coarser tiers is older.
		const tier = [...TIER_NAMES].reverse().find((each) => this.#store.firstBlock(sketchKind(each)) !== undefined);
		this.#store.fold((writer) => {
			if (tier === undefined) this.state.latencyBytes = 0;
			else
				for (const { pair, block } of this.#store.oldest(sketchKind(tier), ROWS_PER_DROP)) {
					if (this.latencyBytes <= toBytes) break;
					const packed = writer.readRollUp(sketchKind(tier), pair, block);
					writer.removeRollUp(sketchKind(tier), pair, block);
					this.#countLatencies(this.#classes.get(pair) ?? "tenants")(tier, -1, -(packed?.length ?? 0));
				}
			this.save(writer);
		});
	}

	/** Adds all cells, within the writer's transaction. A step that is half moved is begun anew: they may belong to it. */
	merge(writer: FoldWriter, cells: Cells, pairIds: readonly number[]): void {
		this.#moved = 0;
		const groups = cells.groups(pairIds);
		for (let group = groups.next(); group; group = groups.next()) this.add(writer, cells, group);
		this.save(writer);
	}

	save(writer: FoldWriter): void {
		writer.writeMeta(META_KEY, JSON.stringify(this.state));
	}

	/** Whether anything is older than its tier keeps. */
	isDue(now: number, keep: (of: DataClass) => Keep): boolean {
		return this.#due(now, keep) !== undefined;
	}

	/** Moves or drops some of what is older than its tier keeps, in one transaction of its own; false: nothing was due. */
	move(now: number, keep: (of: DataClass) => Keep): boolean {
		const due = this.#due(now, keep);
		if (!due) return false;
		const { of, tier } = due;
		const marks = this.state.marks[of];
		const from = marks[tier];
		const to = from + STEP_MS[tier];
		const { blockMs } = TIERS[tier];
		this.#store.fold((writer) => {
			const ids = this.#pairsOf[of];
			if (this.#store.hasRollUps(tier, from / blockMs, to / blockMs)) {
				const last = Math.min(ids.length, this.#moved + PAIRS_PER_MOVE[tier]);
				for (; this.#moved < last; this.#moved++)
					this.#movePair(writer, of, tier, ids[this.#moved] as number, from, to);
			} else this.#moved = ids.length;
			if (this.#moved >= ids.length) {
				marks[tier] = to;
				this.#moved = 0;
			}
			this.save(writer);
		});
		return true;
	}

	#due(now: number, keep: (of: DataClass) => Keep): { of: DataClass; tier: RollUp } | undefined {
		for (const each of DATA_CLASSES)
			for (const tier of TIER_NAMES)
				if (this.state.marks[each][tier] + STEP_MS[tier] <= now - keep(each)[tier]) return { of: each, tier };
		return undefined;
	}

	#movePair(writer: FoldWriter, of: DataClass, tier: RollUp, pair: number, from: number, to: number): void {
		const { blockMs, bucketMs } = TIERS[tier];
		const next = nextTier(this.state.marks[of], tier, from);
		const fine = this.#scratch[tier];
		let coarse: Float64Array | undefined;
		let before: Uint8Array | undefined;
		for (let block = from / blockMs; block < to / blockMs; block++) {
			const packed = writer.readRollUp(tier, pair, block);
			if (!packed) continue;
			if (next !== undefined) {
				if (!coarse) {
					coarse = this.#scratch[next];
					before = writer.readRollUp(next, pair, Math.floor(from / TIERS[next].blockMs));
					unpackBuckets(before, coarse);
				}
				unpackBuckets(packed, fine);
				coarsen(fine, block * blockMs, bucketMs, coarse, TIERS[next].bucketMs, TIERS[next].blockMs);
			}
			writer.removeRollUp(tier, pair, block);
			this.#count(of, tier, -1, -packed.length);
		}
		if (coarse && next !== undefined)
			this.#write(writer, of, next, pair, Math.floor(from / TIERS[next].blockMs), before, packBuckets(coarse));
		const nextSketches = next ?? (tier === "hours" ? undefined : "hours");
		moveSketches(writer, tier, nextSketches, { pair, from, to }, this.#countLatencies(of));
	}

	#write(
		writer: FoldWriter,
		of: DataClass,
		tier: RollUp,
		pair: number,
		block: number,
		before: Uint8Array | undefined,
		packed: Uint8Array,
	): void {
		writer.writeRollUp(tier, pair, block, packed);
		this.#count(of, tier, before ? 0 : 1, packed.length - (before?.length ?? 0));
	}

	#countLatencies(of: DataClass): CountRows {
		return (tier, rows, bytes) => {
			this.#count(of, tier, rows, bytes);
			this.state.latencyBytes = Math.max(0, this.latencyBytes + bytes);
		};
	}

	#count(of: DataClass, tier: RollUp, rows: number, bytes: number): void {
		const usage = this.state.usage[of][tier];
		usage.rows += rows;
		usage.bytes += bytes;
	}
}

/** The coarser tier that keeps what leaves this one; undefined: the hours hold it already. */
function nextTier(marks: Readonly<Record<RollUp, number>>, tier: RollUp, at: number): RollUp | undefined {
	if (tier === "ten-seconds" && at >= marks.minutes) return "minutes";
	if ((tier === "ten-seconds" || tier === "minutes") && at >= marks["ten-minutes"]) return "ten-minutes";
	return undefined;
}

function coarsen(
	fine: Float64Array,
	fineAt: number,
	fineMs: number,
	coarse: Float64Array,
	coarseMs: number,
	blockMs: number,
): void {
	for (let k = 0; k * FIELDS < fine.length; k++) {
		const from = k * FIELDS;
		const into = Math.floor(((fineAt + k * fineMs) % blockMs) / coarseMs) * FIELDS;
		for (let field = 0; field < 3; field++)
			coarse[into + field] = (coarse[into + field] as number) + (fine[from + field] as number);
		coarse[into + 3] = Math.max(coarse[into + 3] as number, fine[from + 3] as number);
	}
}

function addCell(buckets: Float64Array, at: number, cells: Cells, entry: number): void {
	buckets[at] = (buckets[at] as number) + (cells.bad[entry] as number);
	buckets[at + 1] = (buckets[at + 1] as number) + (cells.total[entry] as number);
	buckets[at + 2] = (buckets[at + 2] as number) + (cells.late[entry] as number);
}

/** A store of before the tiers: its 10 s rows begin where the oldest is, and are counted once. */
function firstState(store: TelemetryStore, now: number, keep: (of: DataClass) => Keep): TierState {
	const state = newTierState(now, keep);
	const classes = new Map(store.pairs().map(({ id, tenant }) => [id, classOf(tenant)]));
	for (const tier of ["ten-seconds", "hours"] as const) {
		const first = store.firstBlock(tier);
		if (first === undefined) continue;
		const at = Math.floor((first * TIERS[tier].blockMs) / STEP_MS[tier]) * STEP_MS[tier];
		for (const each of DATA_CLASSES) state.marks[each][tier] = Math.min(state.marks[each][tier], at);
		for (const { pair, packed } of store.rollUps(tier, 0)) {
			const usage = state.usage[classes.get(pair) ?? "tenants"][tier];
			usage.rows++;
			usage.bytes += packed.length;
		}
	}
	return state;
}
