import { ByteReader, type ByteWriter } from "../core/bytes.ts";
import type { Core } from "../core/core.ts";
import type { EventApplier } from "../events/event-applier.ts";
import type { FoldedRequests } from "../intake/folded-requests.ts";
import { COUNTED, DUPLICATE, type Ledger, REJECTED } from "../intake/ledger.ts";
import { MAX_ORIGINS } from "../intake/origins.ts";
import { holdsEvents, isSilent, PROTOCOLS, REASON, REASONS, verdictReason, verdictTenant } from "../intake/reasons.ts";
import type { Stage } from "../intake/stage.ts";
import type { BucketCounts } from "../latency/buckets.ts";
import { LatencyStreams, type PointMode } from "../latency/latency-streams.ts";
import { AT_MOST, type Sketch } from "../latency/sketch.ts";
import type { SketchStages } from "../latency/sketch-cells.ts";
import { KIND, type Kind, meetsThreshold, RESOLUTION_BOUND, type RoleSet, rolesAt } from "../selection/selection.ts";
import { RETIRED } from "../streams/stream-kin.ts";
import { isCumulative, type NewStream, type Streams } from "../streams/streams.ts";
import { BUCKET_MS, type Cells, LATE_AFTER_MS } from "./cells.ts";
import { UsualPoints } from "./usual-points.ts";

/** A point that changed something, in the journal: one byte of these flags, then only what differs from the point before. */
const STEP = 1;
const TIME = 2;
const START = 4;
const DOUBLE = 8;
/** Cumulative: the values themselves, as a base line (nothing counts) or whole (all counts), instead of increments. */
const BASE = 16;
const WHOLE = 32;
const ZERO = 64;
/** What the point's buckets bring follows. */
const LATENCIES = 128;

export interface Applied {
	/** Points that the sender must know were not counted. */
	readonly rejected: number;
	/** Those of them whose place in the stage is below zero: the histograms of remote write 2.0. */
	readonly rejectedHistograms: number;
	/** The first of them and why; -1: none. */
	readonly firstPoint: number;
	readonly firstReason: number;
}

/**
 * Turns decoded points into counts: decides for each whether it is new, writes those that are to the journal row, and adds
 * what they bring to the commit's cells. `replay` does the same from a journal row, through the same functions.
 */
export class Applier {
	readonly #streams: Streams;
	readonly #cells: Cells;
	readonly #ledger: Ledger;
	readonly #latenessUs: number;
	readonly #futureUs: number;
	/** Streams that got their id in this commit. */
	readonly newStreams: NewStream[] = [];
	/** Non-counted points of this commit, for the row: tenant, origin and key as one number → count. */
	readonly #notCounted = new Map<number, number>();
	/** Takes the events of a row, beside the points; set once its own parts are there. */
	events: EventApplier | undefined;
	foldedRequests: FoldedRequests | undefined;
	/** Takes latencies, of points and events; undefined: they are passed over. */
	sketches: SketchStages | undefined;
	readonly latencies = new LatencyStreams();
	/** Of the point at hand: its buckets, then what they bring. */
	#buckets: BucketCounts | undefined;
	#sketch: Sketch | undefined;
	#isRepeated = false;
	/** Of the section before in the row at hand; "": the protocol's own. */
	#source = "";
	/** Points of folded streams in the request at hand that counted. */
	#folded = 0;
	#previousId = 0;
	#previousTime = 0;
	#now = 0;
	/** The point at hand: fields rather than arguments, because a number passed on costs an object each time. */
	#time = 0;
	#start = 0;
	/** Bucket of `#bucketTime`, and whether it is late: points of one request mostly share their time. */
	#bucketTime = -1;
	#bucket = 0;
	#isLate = false;
	#scratch = new Float64Array(16);
	/** Counts points of the usual kind; undefined: all are counted here. */
	readonly #usual: UsualPoints | undefined;

	constructor(
		streams: Streams,
		cells: Cells,
		ledger: Ledger,
		limits: { latenessMs: number; futureMs: number },
		core?: Core,
	) {
		this.#usual = core && new UsualPoints(core, streams, cells);
		this.#streams = streams;
		this.#cells = cells;
		this.#ledger = ledger;
		this.#latenessUs = limits.latenessMs * 1000;
		this.#futureUs = limits.futureMs * 1000;
	}

	/** Starts a row: version, then the time of the commit. */
	begin(row: ByteWriter, now: number): void {
		this.newStreams.length = 0;
		this.#notCounted.clear();
		this.#previousId = 0;
		this.#previousTime = now * 1000;
		this.#now = now;
		this.#bucketTime = -1;
		this.events?.begin(now);
		this.latencies.beginRow();
		this.#source = "";
		row.clear();
		row.byte(ROW_VERSION);
		row.varint(now);
	}

	/** `origin`: see `Origins`. */
	apply(stage: Stage, origin: number, row: ByteWriter, records: ByteWriter): Applied {
		const { protocol } = this.#ledger.origins.at(origin);
		const streams = this.#streams;
		const oldest = this.#now * 1000 - this.#latenessUs;
		const latest = this.#now * 1000 + this.#futureUs;
		let recorded = 0;
		let rejected = 0;
		let rejectedHistograms = 0;
		let firstPoint = -1;
		let firstReason = 0;
		let valueAt = 0;
		// Counted points of one tenant in a row are booked together.
		let runTenant = 0;
		let runLength = 0;
		const { count, codes, times, starts, values } = stage;
		const isRepeated = this.#isRepeated;
		records.clear();
		const usual = isRepeated ? undefined : this.#usual;
		usual?.begin(stage, { now: this.#now, oldest, latest });
		for (let k = 0; k < count; k++) {
			if (usual?.isWorthTrying(k)) {
				const from = k;
				const place = { id: this.#previousId, time: this.#previousTime, value: valueAt };
				k = usual.apply(k, count, place, records, (tenant, points) =>
					this.#ledger.add(tenant, origin, COUNTED, points),
				);
				recorded += k - from;
				this.#previousId = place.id;
				this.#previousTime = place.time;
				valueAt = place.value;
				if (k === count) break;
			}
			const code = codes[k] as number;
			let reason: number;
			let tenant: number;
			if (code < 0) {
				reason = verdictReason(code);
				tenant = verdictTenant(code);
			} else {
				let roles = streams.roleSets[code] as RoleSet;
				const time = times[k] as number;
				const start = starts[k] as number;
				if (roles.special !== undefined) roles = rolesAt(roles, time);
				tenant = roles.tenant;
				const from = valueAt;
				valueAt += roles.bounds.length;
				if (time <= 0 || start > time) reason = REASON.invalid_time;
				else if (time < oldest) reason = REASON.too_old;
				else if (time > latest) reason = REASON.future;
				else if (isRepeated && streams.lastTimes[code] === 0) reason = IS_DUPLICATE;
				else {
					this.#time = time;
					this.#start = start;
					this.#buckets = roles.sketched.length > 0 ? stage.latencies.get(k) : undefined;
					reason = this.#decide(code, values, from, roles, records);
				}
				if (reason === IS_COUNTED) {
					recorded++;
					if (tenant !== runTenant) {
						this.#ledger.add(runTenant, origin, COUNTED, runLength);
						runTenant = tenant;
						runLength = 0;
					}
					runLength++;
					continue;
				}
				// A pull reaches back on purpose: what lies before a stream's last sample was had the time before.
				if (reason === IS_DUPLICATE || (reason === REASON.out_of_order && protocol === PULL)) {
					this.leaveOut(tenant, origin, DUPLICATE, 1);
					continue;
				}
			}
			this.leaveOut(tenant, origin, REJECTED + reason, 1);
			if (isSilent(reason)) continue;
			if ((stage.names[k] as number) < 0) rejectedHistograms++;
			if (rejected++ === 0) {
				firstPoint = k;
				firstReason = reason;
			}
		}
		this.#ledger.add(runTenant, origin, COUNTED, runLength);
		if (recorded > 0) {
			this.beginSection(row, origin);
			row.varint(recorded);
			row.append(records);
		}
		return { rejected, rejectedHistograms, firstPoint, firstReason };
	}

	/** Ends the row: who lost which points. False: nothing at all changed, so there is nothing to store. */
	finish(row: ByteWriter, tenants: readonly string[]): boolean {
		const hasRecords = row.length > 1 + varintLength(this.#now);
		row.byte(0);
		for (const [at, count] of this.#notCounted) {
			const key = at % LEDGER_KEYS;
			const owner = (at - key) / LEDGER_KEYS;
			const origin = owner % MAX_ORIGINS;
			const { source, protocol } = this.#ledger.origins.at(origin);
			row.text(tenants[(owner - origin) / MAX_ORIGINS] as string);
			row.byte(origin === protocol ? protocol : protocol + NAMED);
			if (origin !== protocol) row.text(source);
			row.byte(key);
			row.varint(count);
		}
		return hasRecords || this.#notCounted.size > 0;
	}

	/** Head of the records of one protocol; names the source when it is another than before in the row. */
	beginSection(row: ByteWriter, origin: number): void {
		const { source, protocol } = this.#ledger.origins.at(origin);
		const named = origin === protocol ? "" : source;
		if (named !== this.#source) {
			row.byte(SOURCE);
			row.text(named);
			this.#source = named;
		}
		row.byte(protocol + 1);
	}

	/** Applies a stored row, under the catalogue that it was written under; returns the time of its commit. */
	replay(packed: Uint8Array, tenantIndex: (name: string) => number): number {
		const row = new ByteReader(packed);
		const version = row.byte();
		if (version < 1 || version > ROW_VERSION)
			throw new Error(`journal rows of version ${version} are unknown: start the version that wrote them`);
		const now = row.varint();
		this.#now = now;
		this.#bucketTime = -1;
		this.#previousId = 0;
		this.#previousTime = now * 1000;
		this.events?.begin(now);
		this.latencies.beginRow();
		const { origins } = this.#ledger;
		let source: string | undefined;
		if (this.events) this.events.rowVersion = version;
		for (let section = row.byte(); section !== 0; section = row.byte()) {
			if (section === SOURCE) {
				const named = row.text();
				source = named === "" ? undefined : named;
				continue;
			}
			const count = row.varint();
			if (section === FOLDED_REQUEST) {
				this.foldedRequests?.add(row.double(), now);
				continue;
			}
			const origin = origins.of(source, section - 1);
			if (holdsEvents(section - 1)) for (let k = 0; k < count; k++) this.events?.replay(row, origin);
			else for (let k = 0; k < count; k++) this.#replayRecord(row, origin);
		}
		while (!row.atEnd) {
			const tenant = tenantIndex(row.text());
			const written = row.byte();
			const isNamed = written >= NAMED;
			const origin = isNamed ? origins.of(row.text(), written - NAMED) : written;
			const key = row.byte();
			this.#ledger.add(tenant, origin, key, row.varint());
		}
		return now;
	}

	/** Accounts for what does not count, and notes it for the row. */
	leaveOut(tenant: number, origin: number, key: number, count: number): void {
		this.#ledger.add(tenant, origin, key, count);
		const at = (tenant * MAX_ORIGINS + origin) * LEDGER_KEYS + key;
		this.#notCounted.set(at, (this.#notCounted.get(at) ?? 0) + count);
	}

	/** Tells whether the request at hand came before: then what of it left no trace in a stream is a duplicate. */
	recall(fingerprint: number): void {
		this.#folded = 0;
		this.#isRepeated = this.foldedRequests?.has(fingerprint) === true;
	}

	/** Remembers the request that was applied, if points of folded streams in it counted. */
	remember(row: ByteWriter, fingerprint: number): void {
		if (this.#folded === 0) return;
		this.foldedRequests?.add(fingerprint, this.#now);
		row.byte(FOLDED_REQUEST);
		row.varint(1);
		row.double(fingerprint);
	}

	/** Ids that two tenants claim, and streams that share one slot; dated roles were chosen by the point's time before. */
	#decideSpecial(slot: number, values: Float64Array, from: number, roles: RoleSet, records: ByteWriter): number {
		if (roles.special?.kind === "conflict") return REASON.tenant_conflict;
		if (this.#isRepeated) return IS_DUPLICATE;
		if (this.#time <= (this.foldedRequests?.floor ?? 0)) return REASON.too_old;
		this.#folded++;
		this.#record(records, slot, 0, values, from, roles);
		this.#count(slot, 0, values, from, roles);
		return IS_COUNTED;
	}

	#decide(slot: number, values: Float64Array, from: number, roles: RoleSet, records: ByteWriter): number {
		const streams = this.#streams;
		const start = this.#start;
		const time = this.#time;
		if (roles.special !== undefined) return this.#decideSpecial(slot, values, from, roles, records);
		if (streams.kinds[slot] === RETIRED && !streams.takeOver(slot, start)) return REASON.type_conflict;
		const kind = streams.kinds[slot] as Kind;
		const last = streams.lastTimes[slot] as number;
		if (kind === KIND.deltaSum || kind === KIND.deltaHistogram) {
			// No start, or one in the same microsecond: the point covers its instant.
			const begin = start > 0 && start < time ? start : time - 1;
			const coverage = streams.cover(slot, begin, time);
			if (coverage === "duplicate") return IS_DUPLICATE;
			if (coverage === "overlap") return REASON.overlap;
			if (coverage === "too_old") return REASON.too_old;
			this.#start = begin;
			this.#record(records, slot, begin === last ? 0 : START, values, from, roles);
			this.#count(slot, 0, values, from, roles);
			return IS_COUNTED;
		}
		if (last > 0 && time <= last) return time === last ? IS_DUPLICATE : REASON.out_of_order;
		let mode = 0;
		// Only ever 0 or the point's own start.
		let newStart = 0;
		if (kind !== KIND.gauge) {
			const known = streams.starts[slot] as number;
			// The start of a writer that another one has followed: two of them send at the same time.
			if (start > 0 && start < known) return REASON.overlap;
			if (last === 0) mode = start > 0 && start >= this.#now * 1000 - this.#latenessUs ? WHOLE : BASE;
			else if (streams.needsBase[slot] === 1) mode = BASE;
			// A start that moved but lies before the last point cannot mean a reset: some senders give a sliding one.
			else if (start > known && start >= last && known > 0) mode = WHOLE;
			else if (kind === KIND.cumulativeExponential && this.#isRescaled(slot, values, from, roles))
				mode = this.#countFell(slot, values, from, roles) ? WHOLE : BASE;
			else if (this.#fell(slot, values, from, roles)) mode = WHOLE;
			if (start > known) newStart = start;
		}
		if (newStart > 0) {
			this.#record(records, slot, mode | START, values, from, roles);
			streams.starts[slot] = newStart;
		} else this.#record(records, slot, mode, values, from, roles);
		this.#count(slot, mode, values, from, roles);
		return IS_COUNTED;
	}

	/** Events ≤ `le` were counted by other bounds last time: what is between the two counts is not a number of events. */
	#isRescaled(slot: number, values: Float64Array, from: number, roles: RoleSet): boolean {
		const { values: known, valueAt } = this.#streams;
		return roles.bounds[0] === RESOLUTION_BOUND && values[from] !== known[valueAt[slot] as number];
	}

	/** The count of all events, where a role set has it. */
	#countFell(slot: number, values: Float64Array, from: number, roles: RoleSet): boolean {
		const { values: known, valueAt } = this.#streams;
		const last = roles.bounds.length - 1;
		if (roles.bounds[last] !== Number.POSITIVE_INFINITY) return false;
		return (values[from + last] as number) < (known[(valueAt[slot] as number) + last] as number);
	}

	#fell(slot: number, values: Float64Array, from: number, roles: RoleSet): boolean {
		const { values: known, valueAt } = this.#streams;
		const at = valueAt[slot] as number;
		for (let k = 0; k < roles.bounds.length; k++)
			if ((values[from + k] as number) < (known[at + k] as number)) return true;
		return false;
	}

	/** Writes a point before it is applied: cumulative values as increments on what the stream holds until now. */
	#record(out: ByteWriter, slot: number, mode: number, values: Float64Array, from: number, roles: RoleSet): void {
		const streams = this.#streams;
		const time = this.#time;
		const created = streams.register(slot);
		if (created) this.newStreams.push(created);
		const id = streams.ids[slot] as number;
		const channels = roles.bounds.length;
		const asIncrements = isCumulative(streams.kinds[slot] as Kind) && (mode & (BASE | WHOLE)) === 0;
		const at = streams.valueAt[slot] as number;
		const scratch = this.#scratch.length >= channels ? this.#scratch : new Float64Array(channels);
		let isWhole = true;
		let isZero = true;
		for (let k = 0; k < channels; k++) {
			const value = values[from + k] as number;
			const base = asIncrements ? (streams.values[at + k] as number) : 0;
			const written = value - base;
			scratch[k] = written;
			if (written !== 0) isZero = false;
			if (!Number.isSafeInteger(value) || !Number.isSafeInteger(base) || written < 0) isWhole = false;
		}
		let flags = this.#buckets ? mode | LATENCIES : mode;
		if (id !== this.#previousId + 1) flags |= STEP;
		if (time !== this.#previousTime) flags |= TIME;
		if (isZero) flags |= ZERO;
		else if (!isWhole) flags |= DOUBLE;
		out.byte(flags);
		if (flags & STEP) out.signed(id - this.#previousId - 1);
		if (flags & TIME) out.signed(time - this.#previousTime);
		if (flags & START) out.varint(time - this.#start);
		if (!isZero)
			for (let k = 0; k < channels; k++)
				// Fractions are stored as they came: adding increments back would not give the same bits.
				if (isWhole) out.varint(scratch[k] as number);
				else out.double(values[from + k] as number);
		this.#sketch = undefined;
		if (this.#buckets)
			this.#sketch = this.latencies.take(out, id, this.#buckets, {
				mode: isCumulative(streams.kinds[slot] as Kind)
					? (CUMULATIVE_MODES[mode & (BASE | WHOLE)] as PointMode)
					: "delta",
				time,
				previousTime: streams.lastTimes[slot] as number,
			});
		this.#previousId = id;
		this.#previousTime = time;
	}

	#replayRecord(row: ByteReader, origin: number): void {
		const streams = this.#streams;
		const flags = row.byte();
		const id = this.#previousId + 1 + (flags & STEP ? row.signed() : 0);
		const time = this.#previousTime + (flags & TIME ? row.signed() : 0);
		this.#previousId = id;
		this.#previousTime = time;
		const start = flags & START ? time - row.varint() : 0;
		const slot = streams.slotOfId(id);
		if (slot < 0) throw new Error(`the journal names stream ${id}, which the store does not have`);
		const roles = rolesAt(streams.roleSets[slot] as RoleSet, time);
		const channels = roles.bounds.length;
		const at = streams.valueAt[slot] as number;
		const kind = streams.kinds[slot] as Kind;
		const mode = flags & (BASE | WHOLE);
		const asIncrements = isCumulative(kind) && mode === 0;
		const values = channels > 16 ? new Float64Array(channels) : this.#scratch;
		for (let k = 0; k < channels; k++) {
			const base = asIncrements ? (streams.values[at + k] as number) : 0;
			values[k] = flags & ZERO ? base : flags & DOUBLE ? row.double() : base + row.varint();
		}
		this.#sketch = flags & LATENCIES ? this.latencies.replay(row, id, time) : undefined;
		if (roles.special !== undefined) this.#time = time;
		else if (kind === KIND.deltaSum || kind === KIND.deltaHistogram)
			streams.cover(slot, flags & START ? start : (streams.lastTimes[slot] as number), time);
		else if (flags & START) streams.starts[slot] = start;
		this.#ledger.add(roles.tenant, origin, COUNTED, 1);
		this.#time = time;
		this.#count(slot, mode, values, 0, roles);
	}

	/** The one place where a point changes a stream and the counts of its pairs. */
	#count(slot: number, mode: number, values: Float64Array, from: number, roles: RoleSet): void {
		const streams = this.#streams;
		const cells = this.#cells;
		const kind = streams.kinds[slot] as Kind;
		const time = this.#time;
		if (time !== this.#bucketTime) {
			this.#bucketTime = time;
			this.#bucket = Math.floor(time / (BUCKET_MS * 1000));
			this.#isLate = (this.#bucket + 1) * BUCKET_MS + LATE_AFTER_MS < this.#now;
		}
		const bucket = this.#bucket;
		let lateToNote = this.#isLate;
		streams.touch(slot);
		streams.points[slot] = (streams.points[slot] as number) + 1;
		if (kind === KIND.gauge) {
			streams.lastTimes[slot] = time;
			const value = values[from] as number;
			const { fresh } = streams;
			const at = streams.valueAt[slot] as number;
			fresh[at] = (fresh[at] as number) + 1;
			let badAt = at + roles.bounds.length;
			for (const { pair, op, value: limit } of roles.thresholds) {
				const cell = cells.entry(pair, bucket);
				cells.total[cell] = (cells.total[cell] as number) + 1;
				if (!meetsThreshold(value, op, limit)) {
					cells.bad[cell] = (cells.bad[cell] as number) + 1;
					fresh[badAt] = (fresh[badAt] as number) + 1;
				}
				badAt++;
			}
		} else {
			const { channels, pairs, bad, total } = roles;
			const at = streams.valueAt[slot] as number;
			const keepsValue = isCumulative(kind);
			if ((mode & BASE) === 0) {
				const base = keepsValue && mode === 0 ? streams.values : undefined;
				for (let k = 0; k < roles.bounds.length; k++)
					streams.fresh[at + k] =
						(streams.fresh[at + k] as number) + (values[from + k] as number) - (base ? (base[at + k] as number) : 0);
				if (roles.bucket) {
					const before = base ? (base[at] as number) : 0;
					this.#countBucket(roles.bucket, Math.floor(values[from] as number) - Math.floor(before));
				}
				// With one role per pair, each pair is met here once already.
				const isNotedHere = lateToNote && roles.touched === pairs;
				if (isNotedHere) lateToNote = false;
				for (let k = 0; k < channels.length; k++) {
					const channel = channels[k] as number;
					const events = (values[from + channel] as number) - (base ? (base[at + channel] as number) : 0);
					if (events === 0 && !isNotedHere) continue;
					const cell = cells.entry(pairs[k] as number, bucket);
					if (isNotedHere) cells.late[cell] = (cells.late[cell] as number) + 1;
					cells.bad[cell] = (cells.bad[cell] as number) + events * (bad[k] as number);
					cells.total[cell] = (cells.total[cell] as number) + events * (total[k] as number);
				}
			}
			if (keepsValue) {
				for (let k = 0; k < roles.bounds.length; k++) streams.values[at + k] = values[from + k] as number;
				streams.lastTimes[slot] = time;
				if (streams.needsBase[slot] === 1) streams.needsBase[slot] = 0;
			}
		}
		if (this.#sketch) this.#countLatencies(this.#sketch, roles);
		if (roles !== streams.roleSets[slot]) streams.setFreshAside(slot, roles, time);
		if (lateToNote)
			for (const pair of roles.touched) {
				const cell = cells.entry(pair, bucket);
				cells.late[cell] = (cells.late[cell] as number) + 1;
			}
	}

	/** Also none: that nobody was within a bound tells something of who was within the next. */
	#countBucket({ le, pairs }: NonNullable<RoleSet["bucket"]>, events: number): void {
		for (const pair of pairs) {
			if (events > 0) this.#cells.entry(pair, this.#bucket);
			this.sketches?.addOne(pair, this.#bucket * BUCKET_MS, AT_MOST, le, events);
		}
	}

	#countLatencies(sketch: Sketch, { sketched }: RoleSet): void {
		for (const pair of sketched) {
			// A fold goes by the cells.
			this.#cells.entry(pair, this.#bucket);
			this.sketches?.add(pair, this.#bucket * BUCKET_MS, sketch);
		}
	}
}

const CUMULATIVE_MODES: Readonly<Record<number, PointMode>> = { 0: "change", [BASE]: "base", [WHOLE]: "whole" };
const PULL = PROTOCOLS.indexOf("pull");
const IS_COUNTED = -1;
const IS_DUPLICATE = -2;
/** Section of a row that is no protocol's: the fingerprint of a request with points of folded streams. */
const FOLDED_REQUEST = 255;
/** Another one: the source of the sections that follow, "" for the protocol's own. Rows of version 1 have none. */
const SOURCE = 254;
/** Added to the protocol of what did not count where its source's name follows. */
const NAMED = 128;
/** Rows of version 3 name what events have of kept attributes, those of version 4 latencies. */
const ROW_VERSION = 4;
const LEDGER_KEYS = REJECTED + REASONS.length;

function varintLength(value: number): number {
	let length = 1;
	for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 128)) length++;
	return length;
}
