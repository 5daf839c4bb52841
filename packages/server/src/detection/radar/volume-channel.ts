import { RING, SLOT } from "./clock-minutes.ts";
import { Evidence } from "./cusum.ts";
import type { Memory } from "./memory.ts";
import type { SignalMinutes, ValueMinutes } from "./minutes.ts";

/** Alternatives: this share of the expected events still comes. */
const KEEPS = [0.62, 0.3, 0.03] as const;
/** The same for one cohort value (a region), judged against the tenant's other values. */
const PART_KEEPS = [0.35, 0.03] as const;
export const CAP = 3;
const CEILING = 39;
const SLOT_MINUTES = 15;
const SLOTS = (24 * 60) / SLOT_MINUTES;
const KEPT = Evidence.KEPT;
/** The level of the last three quarters of an hour, without the newest minutes, which may be the loss itself. */
const RECENT_FADE = Math.exp(-1 / 45);
const RECENT_LAG = 8;
/** Quarters of an hour on either side that are asked while only one day is known. */
const AROUND = 5;
const DAY_FADE = Math.exp(-1 / (20 * 60));

/**
 * Whether a tenant's events stay away: Poisson likelihood ratios against what is usual at this time of its day, times the
 * smaller of its level of the last hour and of the last day (so neither the end of a spike nor a quiet day looks like a
 * loss), with the tenant's own wander priced in.
 */
export class VolumeChannel {
	readonly evidence: Evidence;
	readonly #minutes: SignalMinutes;
	readonly #offset: number;
	/**
	 * Mean events per minute by quarter of an hour, working days then weekends; after each of the last minutes what came
	 * lately and what is usual for that; what was expected of each minute.
	 */
	readonly #numbers: Float32Array;
	readonly #profile: number;
	readonly #recent: number;
	readonly #expected: number;
	/** How many days each quarter of an hour has seen. */
	readonly #days: Uint8ClampedArray;
	readonly #firstDays: number;
	#dayCame = 0;
	#dayUsual = 0;
	#slotCame = 0;
	#slotMinutes = 0;
	#slotExpected = 0;
	#wander = 0.01 * 12;
	#wanderWeight = 12;
	learntMinutes = 0;

	constructor(minutes: SignalMinutes, utcOffsetMinutes: number, memory: Memory) {
		this.evidence = new Evidence(KEEPS.length, memory);
		const { array, at } = memory.floats(2 * SLOTS + 2 * KEPT + RING);
		this.#numbers = array;
		this.#profile = at;
		this.#recent = at + 2 * SLOTS;
		this.#expected = this.#recent + 2 * KEPT;
		const days = memory.bytes(2 * SLOTS);
		this.#days = days.array;
		this.#firstDays = days.at;
		this.#minutes = minutes;
		this.#offset = utcOffsetMinutes;
	}

	judge(minute: number, isMasked: boolean): void {
		const k = this.#recent + 2 * (minute & (KEPT - 1));
		const before = this.#recent + 2 * ((minute - 1) & (KEPT - 1));
		const usual = this.profile(minute);
		const isQuiet = Math.max(this.evidence.sum(0, minute - 1), this.evidence.sum(1, minute - 1)) < 5;
		const lag = minute - RECENT_LAG;
		let came = this.#numbers[before] as number;
		let asUsual = this.#numbers[before + 1] as number;
		if (isQuiet && this.#minutes.knows(lag) && !this.#isGuess(lag)) {
			came = came * RECENT_FADE + (this.#minutes.total[lag & SLOT] as number);
			asUsual = asUsual * RECENT_FADE + this.profile(lag);
		}
		this.#numbers[k] = came;
		this.#numbers[k + 1] = asUsual;
		const day = (this.#dayCame + 8) / (this.#dayUsual + 8);
		const recent = (came + 6 * day) / (asUsual + 6);
		const level = Math.min(recent, day * 1.12);
		// A level that was learnt on working days says little about the first hours of a weekend, and the other way round.
		const expected = usual * (this.#isFirstHours(minute) ? Math.min(1, level) : level);
		this.#numbers[this.#expected + (minute & SLOT)] = expected;
		if (isMasked || !this.#minutes.knows(minute) || expected <= 0) {
			this.evidence.carry(minute);
			for (const value of this.#minutes.values) value.loss?.carry(minute);
			return;
		}
		const total = this.#minutes.total[minute & SLOT] as number;
		const wander = this.wander();
		const least = expected * Math.exp(-0.03 - 1.7 * wander);
		for (let a = 0; a < KEEPS.length; a += 1) {
			const keep = KEEPS[a] as number;
			this.evidence.add(a, minute, total * Math.log(keep) + least * (1 - keep), CAP, CEILING);
		}
		this.#judgeParts(minute, total);
	}

	/** A region of the tenant against its other regions: no season and no holiday moves that. */
	#judgeParts(minute: number, total: number): void {
		for (const value of this.#minutes.values) {
			if (value.loss === undefined) continue;
			const share = this.share(value);
			if (share < 0.04 || share > 0.97 || total === 0) {
				value.loss.carry(minute);
				continue;
			}
			const came = value.total[minute & SLOT] as number;
			const least = (share * 0.88) / (share * 0.88 + 1 - share);
			for (let a = 0; a < PART_KEEPS.length; a += 1) {
				const keep = PART_KEEPS[a] as number;
				const left = (least * keep) / (least * keep + 1 - least);
				const nats = came * Math.log(left / least) + (total - came) * Math.log((1 - left) / (1 - least));
				value.loss.add(a, minute, nats, CAP, CEILING);
			}
		}
	}

	/** Usual share of the tenant's events that a value has. */
	share(value: ValueMinutes): number {
		const all = this.#minutes.usualTotal;
		return all > 0 && this.learntMinutes > 1440 ? value.usualTotal / all : 0;
	}

	/** Events that were expected and that came from `from` to `to`, as far as they are known. */
	sums(from: number, to: number): { came: number; expected: number } {
		const sums = { came: 0, expected: 0 };
		for (let m = from; m <= to; m += 1) {
			if (!this.#minutes.knows(m)) continue;
			sums.came += this.#minutes.total[m & SLOT] as number;
			sums.expected += this.#numbers[this.#expected + (m & SLOT)] as number;
		}
		return sums;
	}

	/** What is usual at this time of the tenant's day, before its present level. */
	profile(minute: number): number {
		const local = minute + this.#offset;
		const isWeekend = (Math.floor(local / 1440) + 3) % 7 >= 5;
		const middle = (((local % 1440) + 1440) % 1440) / SLOT_MINUTES - 0.5 + 1 / (2 * SLOT_MINUTES);
		const low = Math.floor(middle);
		const part = middle - low;
		return (1 - part) * this.#at(isWeekend, low) + part * this.#at(isWeekend, low + 1);
	}

	#at(isWeekend: boolean, slot: number): number {
		const s = (slot + SLOTS) % SLOTS;
		const k = s + (isWeekend ? SLOTS : 0);
		const days = this.#days[this.#firstDays + k] as number;
		if (days === 1) return Math.min(this.#numbers[this.#profile + k] as number, 1.2 * this.#usualAround(isWeekend, s));
		if (days > 0) return this.#numbers[this.#profile + k] as number;
		// The first weekend is expected to be quiet: only a loss of nearly everything stands out then.
		return isWeekend ? 0.15 * (this.#numbers[this.#profile + s] as number) : 0;
	}

	/** Middle of the quarters of an hour around `slot`: of one day alone a spike cannot be told from what is usual. */
	#usualAround(isWeekend: boolean, slot: number): number {
		const first = isWeekend ? SLOTS : 0;
		const means: number[] = [];
		for (let s = slot - AROUND; s <= slot + AROUND; s += 1) {
			const k = first + ((s + SLOTS) % SLOTS);
			if ((this.#days[this.#firstDays + k] as number) > 0) means.push(this.#numbers[this.#profile + k] as number);
		}
		means.sort((a, b) => a - b);
		return means[Math.floor(means.length / 2)] as number;
	}

	/** Nothing has been seen of this time of this kind of day yet. */
	#isGuess(minute: number): boolean {
		const local = minute + this.#offset;
		const isWeekend = (Math.floor(local / 1440) + 3) % 7 >= 5;
		return this.#days[this.#firstDays + Math.floor((local % 1440) / SLOT_MINUTES) + (isWeekend ? SLOTS : 0)] === 0;
	}

	#isFirstHours(minute: number): boolean {
		const local = minute + this.#offset;
		const day = (Math.floor(local / 1440) + 3) % 7;
		return (day === 5 || day === 0) && local % 1440 < 120;
	}

	wander(): number {
		return Math.sqrt(this.#wander / this.#wanderWeight);
	}

	learn(minute: number, isTrouble: boolean): void {
		if (this.#minutes.knows(minute)) {
			const total = this.#minutes.total[minute & SLOT] as number;
			const expected = this.#numbers[this.#expected + (minute & SLOT)] as number;
			// Trouble is learnt from as well: a wrong expectation must not last, and one bad hour moves what is usual by little.
			this.#slotCame += total;
			this.#slotMinutes += 1;
			this.#slotExpected += expected;
			if (!isTrouble && !this.#isGuess(minute)) {
				this.#dayCame = this.#dayCame * DAY_FADE + total;
				this.#dayUsual = this.#dayUsual * DAY_FADE + this.profile(minute);
			}
			if (!isTrouble) this.learntMinutes += 1;
		}
		this.#endSlot(minute);
	}

	/** A minute of announced work: it teaches nothing. */
	skip(minute: number): void {
		this.#endSlot(minute);
	}

	#endSlot(minute: number): void {
		if ((minute + this.#offset) % SLOT_MINUTES === SLOT_MINUTES - 1) this.#learnSlot(minute);
	}

	#learnSlot(minute: number): void {
		if (this.#slotMinutes >= 8) {
			const local = minute + this.#offset;
			const isWeekend = (Math.floor(local / 1440) + 3) % 7 >= 5;
			const k = Math.floor((local % 1440) / SLOT_MINUTES) + (isWeekend ? SLOTS : 0);
			const mean = this.#slotCame / this.#slotMinutes;
			const days = (this.#days[this.#firstDays + k] as number) + 1;
			this.#days[this.#firstDays + k] = days;
			const known = this.#numbers[this.#profile + k] as number;
			// A day unlike the others (a holiday, a spike) moves what is usual by little.
			const isFirst = days <= 3 && mean < 0.7 * known;
			const clipped = isFirst ? mean : days > 2 ? Math.max(0.5 * known, Math.min(1.8 * known + 1, mean)) : mean;
			// In the first days the lower of two is believed: a spike must not become what is expected.
			const part = isFirst ? 1 : days === 2 && mean > known * 1.4 ? 0.1 : Math.max(1 / days, isWeekend ? 0.3 : 0.16);
			this.#numbers[this.#profile + k] = known + (clipped - known) * part;
			const expected = this.#slotExpected;
			if (expected > 3 && days > 1) {
				const off = Math.max(-0.5, Math.min(0.5, (this.#slotCame - expected) / expected));
				const luck = 1 / expected;
				const weight = Math.min(1, 0.01 / luck);
				this.#wander = Math.max(0, this.#wander * WANDER_FADE + weight * (off * off - luck));
				this.#wanderWeight = this.#wanderWeight * WANDER_FADE + weight;
			}
		}
		this.#slotCame = 0;
		this.#slotMinutes = 0;
		this.#slotExpected = 0;
	}
}

const WANDER_FADE = 0.5 ** (1 / (4 * 96));
