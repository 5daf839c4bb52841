import { RING, SLOT } from "./clock-minutes.ts";
import { type Counts, createCounts, NO_COUNTS, withMore } from "./counts.ts";
import { Evidence } from "./cusum.ts";
import { type Memory, ownMemory } from "./memory.ts";
import type { RadarSignal, TenantMinute } from "./types.ts";

/** Counts by minute of one value of one attribute, beside what is usual for it. */
export class ValueMinutes {
	readonly attribute: number;
	readonly value: string;
	total = createCounts(RING);
	bad = createCounts(RING);
	/** Sums over healthy minutes, fading with half-lives of days. */
	usualTotal = 0;
	usualBad = 0;
	/** Of cohort values: evidence that its events stay away. */
	readonly loss: Evidence | undefined;
	/** Evidence that it fails, whatever the rest does. */
	readonly rise = new Evidence(1, ownMemory);
	/** What a bad and a good event of it say, by quarter of an hour. */
	readonly weights = new Float64Array(2 * BLOCKS);
	readonly #blocks = new Int32Array(BLOCKS).fill(-1);
	/** Minute in which it was seen last. */
	seen = 0;

	constructor(attribute: number, value: string, isCohort: boolean) {
		this.attribute = attribute;
		this.value = value;
		this.loss = isCohort ? new Evidence(2, ownMemory) : undefined;
	}

	/** Index of the weights for `minute`. */
	weightsAt(minute: number, all: SignalMinutes, wander: number): number {
		const block = Math.floor(minute / BLOCK_MINUTES);
		const slot = block & (BLOCKS - 1);
		if (this.#blocks[slot] !== block) {
			this.#blocks[slot] = block;
			const level = (all.usualBad + 1) / (all.usualTotal + 100);
			const usual = (this.usualBad + 3) / (this.usualTotal + 3 / level);
			const well = Math.min(0.6, usual * Math.exp(1.4 * Math.sqrt(wander ** 2 + 1 / (this.usualBad + 3))));
			const ill = Math.min(0.5 + 0.5 * well, Math.max(well * 8, 0.15));
			this.weights[2 * slot] = Math.log(ill / well);
			this.weights[2 * slot + 1] = Math.log((1 - ill) / (1 - well));
		}
		return 2 * slot;
	}
}

/** The last four hours of one tenant's signal, minute by minute. Adding is order-free; a batch that comes again is refused. */
export class SignalMinutes {
	readonly buckets: number;
	total = createCounts(RING);
	bad = createCounts(RING);
	slow: Counts;
	histogram: Counts;
	/** Which turn of the ring a slot holds, from 1 on; 0: none. */
	readonly #turns: Uint16Array;
	readonly #firstTurn: number;
	readonly values: ValueMinutes[] = [];
	/** Like those of its values. */
	usualTotal = 0;
	usualBad = 0;
	/** By slot; empty while no batch has to be told from another. */
	readonly #ids: (string | string[] | undefined)[] = [];
	readonly #byValue: Map<string, ValueMinutes>[];
	readonly #isCohort: boolean[];

	constructor(signal: RadarSignal, memory: Memory) {
		const turns = memory.shorts(RING);
		this.#turns = turns.array;
		this.#firstTurn = turns.at;
		this.buckets = signal.latency?.boundsMs ? signal.latency.boundsMs.length + 1 : 0;
		this.slow = signal.latency && this.buckets === 0 ? createCounts(RING) : NO_COUNTS;
		this.histogram = this.buckets > 0 ? createCounts(RING * this.buckets) : NO_COUNTS;
		this.#byValue = signal.attributes.map(() => new Map());
		this.#isCohort = signal.attributes.map((name) => signal.cohortAttributes.includes(name));
	}

	knows(minute: number): boolean {
		return this.#turns[this.#firstTurn + (minute & SLOT)] === turnOf(minute);
	}

	/** False: this batch came before, or the slot belongs to a later minute. */
	add(minute: number, observation: TenantMinute): boolean {
		const slot = minute & SLOT;
		const later = this.#turnsUntil(slot, minute);
		if (later < 0) return false;
		if (later > 0) this.#clear(slot, minute);
		else if (!observation.isOnce && !this.#isNew(slot, minute, observation)) return false;
		if (!observation.isOnce) this.#remember(slot, observation.id ?? "");
		for (const cell of observation.cells) {
			this.total = withMore(this.total, slot, cell.total);
			this.bad = withMore(this.bad, slot, cell.bad ?? 0);
			if (this.slow.length > 0) this.slow = withMore(this.slow, slot, cell.slow ?? 0);
			const counts = cell.buckets;
			if (counts !== undefined)
				for (let k = 0, at = slot * this.buckets; k < this.buckets; k += 1)
					this.histogram = withMore(this.histogram, at + k, counts[k] ?? 0);
			for (let a = 0; a < cell.values.length; a += 1) {
				const value = this.#value(a, cell.values[a] as string);
				if (value === undefined) continue;
				if (value.seen < minute) value.seen = minute;
				value.total = withMore(value.total, slot, cell.total);
				value.bad = withMore(value.bad, slot, cell.bad ?? 0);
			}
		}
		return true;
	}

	/** Takes the minute as one without events: telemetry came, but not of this signal. */
	settleEmpty(minute: number): void {
		const slot = minute & SLOT;
		if (this.#turnsUntil(slot, minute) > 0) this.#clear(slot, minute);
	}

	value(attribute: number, value: string): ValueMinutes | undefined {
		return this.#byValue[attribute]?.get(value);
	}

	/** Learns what is usual for each value from a minute in which all was well. */
	learn(minute: number): void {
		if (!this.knows(minute)) return;
		const slot = minute & SLOT;
		this.usualTotal = this.usualTotal * USUAL_FADE + (this.total[slot] as number);
		this.usualBad = this.usualBad * USUAL_FADE + (this.bad[slot] as number);
		for (const value of this.values) {
			value.usualTotal = value.usualTotal * USUAL_FADE + (value.total[slot] as number);
			value.usualBad = value.usualBad * USUAL_FADE + (value.bad[slot] as number);
		}
	}

	/** Drops values that have not been seen since `minute`. */
	forget(minute: number): void {
		for (let i = this.values.length - 1; i >= 0; i -= 1) {
			const value = this.values[i] as ValueMinutes;
			if (value.seen >= minute) continue;
			this.values.splice(i, 1);
			this.#byValue[value.attribute]?.delete(value.value);
		}
	}

	#value(attribute: number, text: string): ValueMinutes | undefined {
		const known = this.#byValue[attribute];
		let value = known?.get(text);
		if (value === undefined && known !== undefined && known.size < MAX_VALUES) {
			value = new ValueMinutes(attribute, text, this.#isCohort[attribute] === true);
			known.set(text, value);
			this.values.push(value);
		}
		return value;
	}

	#remember(slot: number, id: string): void {
		// Holes would make a table of it, which is far larger than the places themselves.
		while (this.#ids.length < RING) this.#ids.push(undefined);
		const ids = this.#ids[slot];
		this.#ids[slot] = ids === undefined ? id : typeof ids === "string" ? [ids, id] : [...ids, id];
	}

	#isNew(slot: number, minute: number, observation: TenantMinute): boolean {
		const ids = this.#ids[slot];
		if (ids === undefined) return true;
		const id = observation.id;
		if (id === undefined) {
			// Without an id the fuller account of a minute replaces the other.
			let total = 0;
			for (const cell of observation.cells) total += cell.total;
			if (total <= (this.total[slot] as number)) return false;
			this.#clear(slot, minute);
			return true;
		}
		return typeof ids === "string" ? ids !== id : !ids.includes(id);
	}

	/** Turns of the ring from what a slot holds to `minute`; 0: it is held, negative: something later is. */
	#turnsUntil(slot: number, minute: number): number {
		const held = this.#turns[this.#firstTurn + slot] as number;
		if (held === 0) return 1;
		const turns = turnOf(minute) - held;
		return turns > TURNS / 2 ? turns - TURNS : turns < -TURNS / 2 ? turns + TURNS : turns;
	}

	#clear(slot: number, minute: number): void {
		this.#turns[this.#firstTurn + slot] = turnOf(minute);
		if (this.#ids.length > 0) this.#ids[slot] = undefined;
		this.total[slot] = 0;
		this.bad[slot] = 0;
		if (this.slow.length > 0) this.slow[slot] = 0;
		if (this.buckets > 0) this.histogram.fill(0, slot * this.buckets, (slot + 1) * this.buckets);
		for (const value of this.values) {
			value.total[slot] = 0;
			value.bad[slot] = 0;
		}
	}
}

/** They are counted anew after 30 years. */
const TURNS = 65_535;
const turnOf = (minute: number): number => (Math.floor(minute / RING) % TURNS) + 1;
const BLOCK_MINUTES = 15;
const BLOCKS = 8;
const USUAL_FADE = 0.5 ** (1 / (2 * 1440));
/** Values of one attribute that are told apart per tenant; what comes on top has no row of its own. */
const MAX_VALUES = 64;
