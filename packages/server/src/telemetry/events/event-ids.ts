import { HOUR_MS } from "../counting/cells.ts";

export const MINUTE_US = 60_000_000;
const MINUTES_PER_HOUR = 60;
/** Parts of the set; each grows by itself, so that no single step is long. */
const SHARDS = 256;
const FIRST_SLOTS = 16;
/** lo, hi, then the minute of the event's time + 1; 0 is free. */
const FIELDS = 3;
/** Slots in use, of 8. */
const MAX_LOAD = 6;

/**
 * Identities of the events that were counted and could come again: 64 bits of a hash each, with the minute of the event,
 * in open addressing. What is older than the floor is refused by its age, so its identity is forgotten; the slots are found
 * again when a shard is next made anew. About 20 bytes per identity.
 */
export class EventIds {
	/** Identities at or after the floor. */
	count = 0;
	/** Minutes since the epoch: older events can no longer be told apart. */
	floor = 0;
	readonly #shards = Array.from({ length: SHARDS }, () => new Shard());
	/** Hour of the events, then tenant → how many. */
	readonly held = new Map<number, Map<number, number>>();
	readonly #perMinute = new Map<number, number>();
	/** Added since the last `clean`: lo, hi, minute. */
	#fresh = new Int32Array(3 * 1024);
	#freshCount = 0;

	has(lo: number, hi: number): boolean {
		return this.#shardOf(hi).find(lo, hi, this.floor);
	}

	/** False when it is there already. `minute` must not lie before the floor. */
	add(lo: number, hi: number, minute: number): boolean {
		if (!this.#shardOf(hi).add(lo, hi, minute, this.floor)) return false;
		this.count++;
		this.#perMinute.set(minute, (this.#perMinute.get(minute) ?? 0) + 1);
		return true;
	}

	/** Adds one that the store does not have yet; `tenant`: whose event it is. */
	addFresh(lo: number, hi: number, minute: number, tenant = 0): boolean {
		if (!this.add(lo, hi, minute)) return false;
		this.hold(hourOfMinute(minute), tenant, 1);
		if ((this.#freshCount + 1) * 3 > this.#fresh.length) {
			const larger = new Int32Array(this.#fresh.length * 2);
			larger.set(this.#fresh);
			this.#fresh = larger;
		}
		this.#fresh[this.#freshCount * 3] = lo;
		this.#fresh[this.#freshCount * 3 + 1] = hi;
		this.#fresh[this.#freshCount * 3 + 2] = minute;
		this.#freshCount++;
		return true;
	}

	/** How many identities are of events of this tenant; whole hours leave at once. */
	heldBy(tenant: number): number {
		let held = 0;
		for (const byTenant of this.held.values()) held += byTenant.get(tenant) ?? 0;
		return held;
	}

	hold(hour: number, tenant: number, count: number): void {
		let byTenant = this.held.get(hour);
		if (!byTenant) {
			byTenant = new Map();
			this.held.set(hour, byTenant);
		}
		byTenant.set(tenant, (byTenant.get(tenant) ?? 0) + count);
	}

	/** Forgets what lies before the minute; the floor never falls. */
	raise(minute: number): void {
		if (minute <= this.floor) return;
		this.floor = minute;
		for (const [each, count] of this.#perMinute) {
			if (each >= minute) continue;
			this.count -= count;
			this.#perMinute.delete(each);
		}
		const hour = hourOfMinute(minute);
		for (const each of this.held.keys()) if (each < hour) this.held.delete(each);
	}

	/** What was added since the last `clean`, by hour: 9 bytes each, low half, high half, minute of the hour. */
	fresh(): Map<number, Uint8Array> {
		const counts = new Map<number, number>();
		for (let k = 0; k < this.#freshCount; k++) {
			const hour = Math.floor((this.#fresh[k * 3 + 2] as number) / MINUTES_PER_HOUR);
			counts.set(hour, (counts.get(hour) ?? 0) + 1);
		}
		const packed = new Map<number, { bytes: Uint8Array; view: DataView; at: number }>();
		for (const [hour, count] of counts) {
			const bytes = new Uint8Array(count * STORED_BYTES);
			packed.set(hour, { bytes, view: new DataView(bytes.buffer), at: 0 });
		}
		for (let k = 0; k < this.#freshCount; k++) {
			const minute = this.#fresh[k * 3 + 2] as number;
			const hour = Math.floor(minute / MINUTES_PER_HOUR);
			const into = packed.get(hour) as { bytes: Uint8Array; view: DataView; at: number };
			into.view.setInt32(into.at, this.#fresh[k * 3] as number, true);
			into.view.setInt32(into.at + 4, this.#fresh[k * 3 + 1] as number, true);
			into.bytes[into.at + 8] = minute - hour * MINUTES_PER_HOUR;
			into.at += STORED_BYTES;
		}
		return new Map([...packed].map(([hour, { bytes }]) => [hour, bytes]));
	}

	clean(): void {
		this.#freshCount = 0;
	}

	/** Takes in what `fresh` gave before. */
	load(hour: number, packed: Uint8Array): void {
		const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
		for (let at = 0; at + STORED_BYTES <= packed.length; at += STORED_BYTES) {
			const minute = hour * MINUTES_PER_HOUR + (packed[at + 8] as number);
			if (minute >= this.floor) this.add(view.getInt32(at, true), view.getInt32(at + 4, true), minute);
		}
	}

	#shardOf(hi: number): Shard {
		return this.#shards[hi >>> 24] as Shard;
	}
}

const STORED_BYTES = 9;

/** Minute of a time in µs. */
export function minuteOf(time: number): number {
	return Math.floor(time / MINUTE_US);
}

export function hourOfMinute(minute: number): number {
	return Math.floor((minute * 60_000) / HOUR_MS);
}

class Shard {
	#slots = new Int32Array(0);
	#mask = -1;
	/** Slots that are not free, whatever their age. */
	#taken = 0;

	find(lo: number, hi: number, floor: number): boolean {
		if (this.#mask < 0) return false;
		const slots = this.#slots;
		for (let at = homeOf(lo, hi) & this.#mask; ; at = (at + 1) & this.#mask) {
			const mark = slots[at * FIELDS + 2] as number;
			if (mark === 0) return false;
			if (slots[at * FIELDS] === lo && slots[at * FIELDS + 1] === hi && mark > floor) return true;
		}
	}

	add(lo: number, hi: number, minute: number, floor: number): boolean {
		if (this.find(lo, hi, floor)) return false;
		if ((this.#taken + 1) * 8 > (this.#mask + 1) * MAX_LOAD) this.#renew(floor);
		this.#put(lo, hi, minute + 1);
		return true;
	}

	#put(lo: number, hi: number, mark: number): void {
		const slots = this.#slots;
		let at = homeOf(lo, hi) & this.#mask;
		while (slots[at * FIELDS + 2] !== 0) at = (at + 1) & this.#mask;
		slots[at * FIELDS] = lo;
		slots[at * FIELDS + 1] = hi;
		slots[at * FIELDS + 2] = mark;
		this.#taken++;
	}

	/** Without what is below the floor; twice as large only if what is left needs it. */
	#renew(floor: number): void {
		const old = this.#slots;
		let live = 1;
		for (let at = 2; at < old.length; at += FIELDS) if ((old[at] as number) > floor) live++;
		let size = FIRST_SLOTS;
		while (live * 16 > size * MAX_LOAD) size *= 2;
		this.#slots = new Int32Array(size * FIELDS);
		this.#mask = size - 1;
		this.#taken = 0;
		for (let at = 0; at < old.length; at += FIELDS)
			if ((old[at + 2] as number) > floor) this.#put(old[at] as number, old[at + 1] as number, old[at + 2] as number);
	}
}

function homeOf(lo: number, hi: number): number {
	return lo ^ Math.imul(hi, 0x9e3779b1);
}
