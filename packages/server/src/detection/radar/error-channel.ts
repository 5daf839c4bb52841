import { SLOT } from "./clock-minutes.ts";
import { Evidence } from "./cusum.ts";
import type { Memory } from "./memory.ts";
import type { SignalMinutes } from "./minutes.ts";

/** Usual error ratio of all tenants of a signal: where a new or small tenant begins. */
export interface Pool {
	bad: number;
	total: number;
}

/** Alternatives, by how much more than usual: a burn that lasts for hours, a degradation, an outage. */
export const BURN = 0;
export const DEGRADED = 1;
export const OUTAGE = 2;
const ALTERNATIVES = 3;
/** Nats that one minute may add. A burn must not page for a few violent minutes: those are the others' to judge. */
export const CAP = [0.8, 3, 3] as const;
export const CEILING = [48, 39, 39] as const;
/** What a quiet minute takes from evidence of an outage: a blip of an hour ago and one of now are two blips. Nats. */
const LEAK = [0.012, 0.12, 0.12] as const;
const BLOCK_MINUTES = 15;
/** Blocks whose parameters are kept, so that late minutes are judged by those of their time. */
const BLOCKS = 8;
/** Per block: the usual ratio, then the weight of a bad and of a good event for each alternative, then the block. */
const PARAMETERS = 2 + 2 * ALTERNATIVES;
const BLOCK = PARAMETERS - 1;
const FADE_PER_MINUTE = 0.5 ** (1 / (4 * 1440));
const HOURS = 24;
/** Bad events that the time of day must have seen to count as much as the rest. */
const HOUR_PRIOR_BAD = 25;
const PRIOR_BAD = 3;
/** Bad events that may always be learnt whole. */
const LEAST_SAVED = 2;

/**
 * Whether a tenant's error ratio is raised against its own past. Binomial likelihood ratios on counts, so 30 events an hour
 * and 30,000 a minute are judged by the same rule; the null is the usual ratio at this time of day, raised by what the
 * tenant's own noise and the shortness of its history explain.
 */
export class ErrorChannel {
	readonly evidence: Evidence;
	readonly #minutes: SignalMinutes;
	readonly #judged: "bad" | "slow";
	readonly #pool: Pool;
	#bad = 0;
	#total = 0;
	/** By hour of the day: bad events, and as many as were expected. Then the parameters of each block. */
	readonly #numbers: Float64Array;
	readonly #hours: number;
	readonly #parameters: number;
	#noise = 1.5;
	#noiseWeight = 30;
	#blockBad = 0;
	#blockExpected = 0;
	/** Bad events that clipped minutes did not use up. */
	#unused = LEAST_SAVED;
	learntMinutes = 0;

	constructor(minutes: SignalMinutes, judged: "bad" | "slow", pool: Pool, memory: Memory) {
		this.#minutes = minutes;
		this.#judged = judged;
		this.#pool = pool;
		this.evidence = new Evidence(ALTERNATIVES, memory);
		const { array, at } = memory.doubles(2 * HOURS + BLOCKS * PARAMETERS);
		this.#numbers = array;
		this.#hours = at;
		this.#parameters = at + 2 * HOURS;
		array.fill(-1, this.#parameters, this.#parameters + BLOCKS * PARAMETERS);
	}

	judge(minute: number, isMasked: boolean): void {
		const slot = minute & SLOT;
		// Even where the minute says nothing yet, so that a late one is judged by what was known in its time.
		const at = this.#parametersAt(minute);
		const total = this.#minutes.total[slot] as number;
		if (isMasked || !this.#minutes.knows(minute) || total === 0) {
			this.evidence.carry(minute);
			return;
		}
		const bad = Math.min(total, this.#minutes[this.#judged][slot] as number);
		for (let a = 0; a < ALTERNATIVES; a += 1) {
			const nats =
				bad * (this.#numbers[at + 1 + 2 * a] as number) + (total - bad) * (this.#numbers[at + 2 + 2 * a] as number);
			this.evidence.add(a, minute, nats, CAP[a] as number, CEILING[a] as number, LEAK[a]);
		}
	}

	/** The same for each attribute value by itself: a rare slice that fails is loud there and faint in the whole. */
	judgeSlices(minute: number, isMasked: boolean): void {
		const slot = minute & SLOT;
		const isKnown = !isMasked && this.#minutes.knows(minute);
		for (const value of this.#minutes.values) {
			const at = value.weightsAt(minute, this.#minutes, this.wander());
			const total = value.total[slot] as number;
			if (!isKnown) {
				value.rise.carry(minute);
				continue;
			}
			// A slice without events any more (a build that is gone) fades.
			if (total === 0) {
				value.rise.add(0, minute, 0, CAP[OUTAGE], CEILING[OUTAGE], LEAK[OUTAGE]);
				continue;
			}
			const bad = value.bad[slot] as number;
			const nats = bad * (value.weights[at] as number) + (total - bad) * (value.weights[at + 1] as number);
			value.rise.add(0, minute, nats, CAP[OUTAGE], CEILING[OUTAGE], LEAK[OUTAGE]);
		}
	}

	/** The ratio that is usual at this minute, without the allowance for noise. */
	usual(minute: number): number {
		return this.#numbers[this.#parametersAt(minute)] as number;
	}

	/** How much the ratio wanders by itself over a quarter of an hour, as a standard deviation of its logarithm. */
	wander(): number {
		return Math.sqrt(Math.max(0.0025, this.#noise / this.#noiseWeight));
	}

	/** Uncapped evidence for alternative `a` from `from` to `to`. */
	nats(a: number, from: number, to: number): number {
		let sum = 0;
		for (let m = from; m <= to; m += 1) {
			if (!this.#minutes.knows(m)) continue;
			const slot = m & SLOT;
			const total = this.#minutes.total[slot] as number;
			const bad = Math.min(total, this.#minutes[this.#judged][slot] as number);
			const at = this.#parametersAt(m);
			sum +=
				bad * (this.#numbers[at + 1 + 2 * a] as number) + (total - bad) * (this.#numbers[at + 2 + 2 * a] as number);
		}
		return sum;
	}

	/** The highest excess ratio from `from` to any minute up to `to`: how bad it was before it thinned out. */
	severity(from: number, to: number): number {
		let bad = 0;
		let total = 0;
		let worst = 1e-4;
		for (let m = from; m <= to; m += 1) {
			if (!this.#minutes.knows(m)) continue;
			const n = this.#minutes.total[m & SLOT] as number;
			total += n;
			bad += Math.min(n, this.#minutes[this.#judged][m & SLOT] as number) - n * this.usual(m);
			if (m - from >= 2 && total > 0 && bad / total > worst) worst = bad / total;
		}
		return Math.max(worst, total > 0 && to - from < 2 ? bad / total : 0);
	}

	/** Bad, all and expected bad events from `from` to `to`. */
	sums(from: number, to: number): { bad: number; total: number; expected: number } {
		const sums = { bad: 0, total: 0, expected: 0 };
		for (let m = from; m <= to; m += 1) {
			if (!this.#minutes.knows(m)) continue;
			const total = this.#minutes.total[m & SLOT] as number;
			sums.total += total;
			sums.bad += Math.min(total, this.#minutes[this.#judged][m & SLOT] as number);
			sums.expected += total * this.usual(m);
		}
		return sums;
	}

	/** Learns a minute that nothing can change any more; one in trouble only as far as it is not. */
	learn(minute: number, isTrouble: boolean, isYoung = false): void {
		if (!this.#minutes.knows(minute)) return;
		const slot = minute & SLOT;
		const total = this.#minutes.total[slot] as number;
		const usual = this.usual(minute);
		const counted = Math.min(total, this.#minutes[this.#judged][slot] as number);
		// A storm in the first days must not become what is usual, and trouble only as far as it is not.
		const bad =
			isTrouble || isYoung
				? this.#clipped(counted, total * (isTrouble ? usual * 2 : Math.max(usual * 4, 0.02)))
				: counted;
		this.#bad = this.#bad * FADE_PER_MINUTE + bad;
		this.#total = this.#total * FADE_PER_MINUTE + total;
		this.#pool.bad = this.#pool.bad * 0.99999 + bad;
		this.#pool.total = this.#pool.total * 0.99999 + total;
		const hour = this.#hours + 2 * (Math.floor(minute / 60) % HOURS);
		const level = this.#level();
		this.#numbers[hour] = (this.#numbers[hour] as number) * HOUR_FADE + bad;
		this.#numbers[hour + 1] = (this.#numbers[hour + 1] as number) * HOUR_FADE + total * level;
		this.learntMinutes += 1;
		if (!isTrouble) {
			this.#blockBad += bad;
			this.#blockExpected += total * usual;
		}
		if (minute % BLOCK_MINUTES === BLOCK_MINUTES - 1) this.#learnNoise();
	}

	/**
	 * As much of `counted` as `perMinute` allows on average. What was not used is saved for a quarter of an hour, or the
	 * single bad events of a quiet tenant would be cut to fractions and its usual ratio learnt too low.
	 */
	#clipped(counted: number, perMinute: number): number {
		const room = Math.min(this.#unused + perMinute, Math.max(LEAST_SAVED, perMinute * BLOCK_MINUTES));
		const taken = Math.min(counted, room);
		this.#unused = room - taken;
		return taken;
	}

	#learnNoise(): void {
		const expected = this.#blockExpected;
		if (expected > 0.5 && this.learntMinutes > 360) {
			const most = expected + 4 * Math.sqrt(expected) + 1.5 * expected;
			const off = Math.min(this.#blockBad, most) - expected;
			// No quarter of an hour counts for more than that of 200 expected errors.
			const part = Math.min(1, 200 / expected) ** 2;
			const excess = Math.min(off * off, 4 * expected * expected) - expected;
			this.#noise = Math.max(0, this.#noise * NOISE_FADE + part * excess);
			this.#noiseWeight = this.#noiseWeight * NOISE_FADE + part * expected * expected;
		}
		this.#blockBad = 0;
		this.#blockExpected = 0;
	}

	#level(): number {
		const prior = this.#pool.total > 0 ? (this.#pool.bad + 0.5) / (this.#pool.total + 50) : 0.01;
		return (this.#bad + PRIOR_BAD) / (this.#total + PRIOR_BAD / prior);
	}

	#parametersAt(minute: number): number {
		const block = Math.floor(minute / BLOCK_MINUTES);
		const slot = block & (BLOCKS - 1);
		const at = this.#parameters + slot * PARAMETERS;
		if (this.#numbers[at + BLOCK] !== block) this.#set(block, at);
		return at;
	}

	#set(block: number, at: number): void {
		this.#numbers[at + BLOCK] = block;
		const hourNow = (block * BLOCK_MINUTES) / 60;
		const usual = Math.min(0.6, Math.max(1e-6, this.#level() * this.#hourFactor(hourNow)));
		const uncertain = 1 / (this.#bad + PRIOR_BAD);
		const raised = Math.min(0.7, usual * Math.exp(1.4 * Math.sqrt(this.wander() ** 2 + uncertain)));
		// Over hours much of the noise evens out.
		const lasting = Math.min(0.7, usual * Math.exp(Math.sqrt(0.6 * this.wander() ** 2 + uncertain)));
		const nulls = [lasting, raised, raised];
		const alternatives = [lasting * 2, raised * 3.5 + 0.003, Math.max(raised * 10, 0.1)];
		this.#numbers[at] = usual;
		for (let a = 0; a < ALTERNATIVES; a += 1) {
			const well = nulls[a] as number;
			const ratio = Math.min(Math.max(alternatives[a] as number, well + 0.002), 0.5 + 0.5 * well);
			this.#numbers[at + 1 + 2 * a] = Math.log(ratio / well);
			this.#numbers[at + 2 + 2 * a] = Math.log((1 - ratio) / (1 - well));
		}
	}

	#hourFactor(hour: number): number {
		const numbers = this.#numbers;
		const hours = this.#hours;
		const at = (h: number) => {
			const k = 2 * (((Math.floor(h) % HOURS) + HOURS) % HOURS);
			const before = (k + 2 * HOURS - 2) % (2 * HOURS);
			const after = (k + 2) % (2 * HOURS);
			const sum = (n: number) =>
				(numbers[hours + k + n] as number) +
				0.5 * ((numbers[hours + before + n] as number) + (numbers[hours + after + n] as number));
			const bad = sum(0);
			const expected = sum(1);
			return (bad + HOUR_PRIOR_BAD) / (expected + HOUR_PRIOR_BAD);
		};
		const middle = hour - 0.5;
		const low = Math.floor(middle);
		return at(low) + (middle - low) * (at(low + 1) - at(low));
	}
}

const HOUR_FADE = 0.5 ** (1 / (6 * 60));
const NOISE_FADE = 0.5 ** (1 / (5 * 96));
