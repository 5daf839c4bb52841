import type { ByteReader, ByteWriter } from "../core/bytes.ts";
import { BUCKET_MS, type Cells, LATE_AFTER_MS } from "../counting/cells.ts";
import { COUNTED, DUPLICATE, type Ledger, REJECTED } from "../intake/ledger.ts";
import { isSilent, REASON, verdictReason, verdictTenant } from "../intake/reasons.ts";
import { latencyCode, latencyRange, UNKNOWN } from "../latency/latency-code.ts";
import type { SketchStages } from "../latency/sketch-cells.ts";
import { type EventIds, MINUTE_US, minuteOf } from "./event-ids.ts";
import type { EventRoles, EventSelection } from "./event-selection.ts";
import type { EventStage } from "./event-stage.ts";

const SHARE_OF_FREE = 4;

/** Fate of an event: what the ledger calls it, by number. */
export interface AppliedEvents {
	/** Events that the sender must know were not counted. */
	readonly rejected: number;
	/** The first of them and why; -1: none. */
	readonly firstEvent: number;
	readonly firstReason: number;
}

/**
 * Turns decoded events into counts: each identity counts once, at the event's own time. Writes what counts to the journal
 * row, from which `replay` does the same again under the same catalogue.
 */
export class EventApplier {
	/** Ledger key of each staged event of the last request, where they are kept: what became of it. */
	readonly fates: number[] = [];
	readonly #events: EventSelection;
	readonly #ids: EventIds;
	readonly #cells: Cells;
	readonly #ledger: Ledger;
	readonly #latenessUs: number;
	readonly #futureUs: number;
	readonly #maxIds: number;
	/** Told of everything that is not counted: tenant, origin, key, how many. */
	readonly #leaveOut: (tenant: number, origin: number, key: number, count: number) => void;
	/** Writes the head of the records of one origin. */
	readonly #beginSection: (row: ByteWriter, origin: number) => void;
	/** Roles that the row at hand has named, by the number that it gave them, and the other way round. */
	readonly #named: number[] = [];
	readonly #numbers = new Map<number, number>();
	#previousTime = 0;
	#now = 0;
	/** Of the row that is replayed. */
	rowVersion = MEASURES_SINCE;
	/** Takes latencies; undefined: they are passed over. */
	sketches: SketchStages | undefined;

	constructor(parts: {
		readonly events: EventSelection;
		readonly ids: EventIds;
		readonly cells: Cells;
		readonly ledger: Ledger;
		readonly limits: { readonly latenessMs: number; readonly futureMs: number; readonly maxEventIds: number };
		readonly leaveOut: (tenant: number, origin: number, key: number, count: number) => void;
		readonly beginSection: (row: ByteWriter, origin: number) => void;
	}) {
		this.#events = parts.events;
		this.#ids = parts.ids;
		this.#cells = parts.cells;
		this.#ledger = parts.ledger;
		this.#latenessUs = parts.limits.latenessMs * 1000;
		this.#futureUs = parts.limits.futureMs * 1000;
		this.#maxIds = parts.limits.maxEventIds;
		this.#leaveOut = parts.leaveOut;
		this.#beginSection = parts.beginSection;
	}

	/** Starts a row. */
	begin(now: number): void {
		this.#named.length = 0;
		this.#numbers.clear();
		this.#previousTime = now * 1000;
		this.#now = now;
	}

	/** Forgets identities that their age alone would refuse. */
	forget(now: number): void {
		const ids = this.#ids;
		// A floor ahead of the clock was made by a clock that has been set back since.
		if (ids.floor > minuteOf(now * 1000)) ids.floor = 0;
		ids.raise(Math.max(0, minuteOf(now * 1000 - this.#latenessUs)));
	}

	/** µs; older events are too old. */
	get #oldest(): number {
		return Math.max(this.#now * 1000 - this.#latenessUs, this.#ids.floor * MINUTE_US);
	}
	get #latest(): number {
		return this.#now * 1000 + this.#futureUs;
	}

	/**
	 * False: so many new events do not fit into the memory for identities, and nothing of the request may count. A tenant may
	 * hold four times as many as are still free, so that one that floods leaves room for the others.
	 */
	fits(stage: EventStage): boolean {
		const ids = this.#ids;
		// Even if all of them were one tenant's.
		if ((ids.count + stage.count) * (1 + SHARE_OF_FREE) <= this.#maxIds * SHARE_OF_FREE) return true;
		const { codes, times, lo, hi } = stage;
		const oldest = this.#oldest;
		const latest = this.#latest;
		const fresh = new Map<number, number>();
		let free = this.#maxIds - ids.count;
		for (let k = 0; k < stage.count; k++) {
			const code = codes[k] as number;
			const time = times[k] as number;
			if (code < 0 || time < oldest || time > latest || ids.has(lo[k] as number, hi[k] as number)) continue;
			const { tenant } = this.#events.rolesAt(code);
			fresh.set(tenant, (fresh.get(tenant) ?? 0) + 1);
			free--;
		}
		if (fresh.size === 0) return true;
		return free >= 0 && [...fresh].every(([tenant, count]) => ids.heldBy(tenant) + count <= SHARE_OF_FREE * free);
	}

	/** `origin`: see `Origins`. */
	apply(stage: EventStage, origin: number, row: ByteWriter, records: ByteWriter, keepsFates: boolean): AppliedEvents {
		const ids = this.#ids;
		const oldest = this.#oldest;
		const latest = this.#latest;
		const { count, codes, times, lo, hi, weights, measures } = stage;
		let recorded = 0;
		let rejected = 0;
		let firstEvent = -1;
		let firstReason = 0;
		records.clear();
		this.fates.length = 0;
		for (let k = 0; k < count; k++) {
			const code = codes[k] as number;
			const time = times[k] as number;
			let tenant: number;
			let reason = -1;
			let key = COUNTED;
			if (code < 0) {
				tenant = verdictTenant(code);
				reason = verdictReason(code);
			} else {
				const roles = this.#events.rolesAt(code);
				tenant = roles.tenant;
				if (time <= 0) reason = REASON.invalid_time;
				else if (time < oldest) reason = REASON.too_old;
				else if (time > latest) reason = REASON.future;
				else if (!ids.addFresh(lo[k] as number, hi[k] as number, minuteOf(time), tenant)) key = DUPLICATE;
				else {
					const weight = weights[k] as number;
					const measure = roles.sketched.length > 0 ? latencyCode(measures[k] as number) : UNKNOWN;
					this.#record(records, code, roles, lo[k] as number, hi[k] as number, time, weight, measure);
					this.#count(roles, time, weight, measure);
					this.#ledger.add(tenant, origin, COUNTED, 1);
					recorded++;
				}
			}
			if (reason >= 0) {
				key = REJECTED + reason;
				if (!isSilent(reason) && rejected++ === 0) {
					firstEvent = k;
					firstReason = reason;
				}
			}
			if (key !== COUNTED) this.#leaveOut(tenant, origin, key, 1);
			if (keepsFates) this.fates.push(key);
		}
		for (const [code, many] of stage.left)
			this.#leaveOut(verdictTenant(code), origin, REJECTED + verdictReason(code), many);
		if (recorded > 0) {
			this.#beginSection(row, origin);
			row.varint(recorded);
			row.append(records);
		}
		return { rejected, firstEvent, firstReason };
	}

	/** One record of a stored row. */
	replay(row: ByteReader, origin: number): void {
		const head = row.varint();
		const number = Math.floor(head / (this.rowVersion >= MEASURES_SINCE ? RECORD_FLAGS : 2));
		if (number === this.#named.length) {
			const tenant = row.varint();
			const numbers = (): number[] => Array.from({ length: row.varint() }, () => row.varint());
			const members = numbers();
			const groups = numbers();
			const values = this.rowVersion >= VALUES_SINCE ? Array.from({ length: row.varint() }, () => row.text()) : [];
			const profile = this.#events.selection.kept.ofEventValues(tenant, values);
			this.#named.push(this.#events.rolesOf(tenant, members, groups, profile));
		}
		const code = this.#named[number];
		if (code === undefined) throw new Error(`the journal names roles ${number}, which its row does not have`);
		const lo = row.int32();
		const hi = row.int32();
		const time = this.#previousTime + row.signed();
		const weight = head % 2 === HAS_WEIGHT ? row.varint() : 1;
		const isMeasured = this.rowVersion >= MEASURES_SINCE && (head & HAS_MEASURE) !== 0;
		const measure = isMeasured ? row.varint() : UNKNOWN;
		this.#previousTime = time;
		// What is below the floor by now could not come again.
		const roles = this.#events.rolesAt(code);
		const minute = minuteOf(time);
		if (minute >= this.#ids.floor) this.#ids.addFresh(lo, hi, minute, roles.tenant);
		this.#count(roles, time, weight, measure);
		this.#ledger.add(roles.tenant, origin, COUNTED, 1);
	}

	#record(
		out: ByteWriter,
		code: number,
		roles: EventRoles,
		lo: number,
		hi: number,
		time: number,
		weight: number,
		measure: number,
	): void {
		const known = this.#numbers.get(code);
		const number = known ?? this.#numbers.size;
		out.varint(number * RECORD_FLAGS + (weight === 1 ? 0 : HAS_WEIGHT) + (measure === UNKNOWN ? 0 : HAS_MEASURE));
		if (known === undefined) {
			this.#numbers.set(code, number);
			out.varint(roles.tenant);
			out.varint(roles.members.length);
			for (const member of roles.members) out.varint(member);
			out.varint(roles.groups.length);
			for (const group of roles.groups) out.varint(group);
			const values = this.#events.selection.kept.eventValues(roles.profile);
			out.varint(values.length);
			for (const value of values) out.text(value);
		}
		out.int32(lo);
		out.int32(hi);
		out.signed(time - this.#previousTime);
		if (weight !== 1) out.varint(weight);
		if (measure !== UNKNOWN) out.varint(measure);
		this.#previousTime = time;
	}

	#count(roles: EventRoles, time: number, weight: number, measure: number): void {
		const cells = this.#cells;
		const bucket = Math.floor(time / (BUCKET_MS * 1000));
		const isLate = (bucket + 1) * BUCKET_MS + LATE_AFTER_MS < this.#now;
		const { pairs, bad } = roles;
		roles.fresh += weight;
		if (time > roles.lastTime) roles.lastTime = time;
		for (let k = 0; k < pairs.length; k++) {
			const cell = cells.entry(pairs[k] as number, bucket);
			cells.total[cell] = (cells.total[cell] as number) + weight;
			if (bad[k] === 1) cells.bad[cell] = (cells.bad[cell] as number) + weight;
			if (isLate) cells.late[cell] = (cells.late[cell] as number) + 1;
		}
		if (measure === UNKNOWN) return;
		const [low, high] = latencyRange(measure);
		for (const pair of roles.sketched) this.sketches?.addOne(pair, bucket * BUCKET_MS, low, high, weight);
	}
}

/** What a record holds besides its roles' number. */
const HAS_WEIGHT = 1;
const HAS_MEASURE = 2;
const RECORD_FLAGS = 4;
/** Rows of these versions name the values of kept attributes, and latencies. */
const VALUES_SINCE = 3;
const MEASURES_SINCE = 4;
