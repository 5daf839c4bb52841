import { SLOT } from "./clock-minutes.ts";
import { Evidence } from "./cusum.ts";
import type { Memory } from "./memory.ts";
import type { SignalMinutes } from "./minutes.ts";
import { normalCdf, normalQuantile } from "./normal.ts";

/** Alternatives: all latencies times these, on top of what the tenant's own noise explains. */
const SHIFTS = [1.3, 1.8, 3] as const;
export const CAP = 3;
const CEILING = 39;
const BLOCK_MINUTES = 15;
const BLOCKS = 8;
const HOURS = 24;
/** Half-life of an hour's histogram: four days of that hour. */
const FADE = 0.5 ** (1 / (4 * 60));
/** Events that an hour must have seen to count as much as the whole day. */
const HOUR_PRIOR = 150;

/**
 * Whether a tenant's latencies are raised against their own past at this time of day. The whole histogram is judged: each
 * alternative is the usual distribution moved along the logarithm of latency, so what discriminates best decides by itself.
 */
export class LatencyChannel {
	readonly evidence: Evidence;
	readonly #minutes: SignalMinutes;
	readonly #bounds: readonly number[];
	readonly #n: number;
	readonly #usual: Float64Array;
	readonly #all: Float64Array;
	readonly #block = new Int32Array(BLOCKS).fill(-1);
	readonly #weights: Float64Array;
	readonly #tail: Float64Array;
	#wander = 0.01 * 20;
	#wanderWeight = 20;
	#blockCounts: Float64Array;
	learntMinutes = 0;

	constructor(minutes: SignalMinutes, boundsMs: readonly number[], memory: Memory) {
		this.evidence = new Evidence(SHIFTS.length, memory);
		this.#minutes = minutes;
		this.#bounds = boundsMs.map((bound) => Math.log(bound));
		this.#n = boundsMs.length + 1;
		this.#usual = new Float64Array(HOURS * this.#n);
		this.#all = new Float64Array(this.#n);
		this.#weights = new Float64Array(BLOCKS * SHIFTS.length * this.#n);
		this.#tail = new Float64Array(BLOCKS * this.#n);
		this.#blockCounts = new Float64Array(this.#n);
	}

	judge(minute: number, isMasked: boolean): void {
		const slot = minute & SLOT;
		const weights = this.#weightsAt(minute);
		if (isMasked || !this.#minutes.knows(minute) || this.#minutes.total[slot] === 0) {
			this.evidence.carry(minute);
			return;
		}
		const at = slot * this.#n;
		for (let a = 0; a < SHIFTS.length; a += 1) {
			let nats = 0;
			for (let k = 0; k < this.#n; k += 1)
				nats += (this.#minutes.histogram[at + k] as number) * (this.#weights[weights + a * this.#n + k] as number);
			this.evidence.add(a, minute, nats, CAP, CEILING);
		}
	}

	nats(a: number, from: number, to: number): number {
		let nats = 0;
		for (let m = from; m <= to; m += 1) {
			if (!this.#minutes.knows(m)) continue;
			const weights = this.#weightsAt(m) + a * this.#n;
			const at = (m & SLOT) * this.#n;
			for (let k = 0; k < this.#n; k += 1)
				nats += (this.#minutes.histogram[at + k] as number) * (this.#weights[weights + k] as number);
		}
		return nats;
	}

	/** The bound whose share of slower events stands out most from `from` to `to`, with its counts. */
	sums(from: number, to: number): { boundMs: number; bad: number; total: number; expected: number } {
		const above = new Float64Array(this.#n);
		const expected = new Float64Array(this.#n);
		let total = 0;
		for (let m = from; m <= to; m += 1) {
			if (!this.#minutes.knows(m)) continue;
			this.#weightsAt(m);
			const tail = (Math.floor(m / BLOCK_MINUTES) & (BLOCKS - 1)) * this.#n;
			let tailCount = 0;
			const n = this.#minutes.total[m & SLOT] as number;
			total += n;
			for (let k = this.#n - 1; k > 0; k -= 1) {
				tailCount += this.#minutes.histogram[(m & SLOT) * this.#n + k] as number;
				above[k] = (above[k] as number) + tailCount;
				expected[k] = (expected[k] as number) + n * (this.#tail[tail + k] as number);
			}
		}
		let best = 1;
		let bestScore = -Infinity;
		for (let k = 1; k < this.#n; k += 1) {
			const e = expected[k] as number;
			const score = ((above[k] as number) - e) / Math.sqrt(e + 1);
			if (score > bestScore) {
				bestScore = score;
				best = k;
			}
		}
		return {
			boundMs: Math.round(Math.exp(this.#bounds[best - 1] as number)),
			bad: above[best] as number,
			total,
			expected: expected[best] as number,
		};
	}

	learn(minute: number, isTrouble: boolean): void {
		if (isTrouble || !this.#minutes.knows(minute)) return;
		const hour = (Math.floor(minute / 60) % HOURS) * this.#n;
		const at = (minute & SLOT) * this.#n;
		for (let k = 0; k < this.#n; k += 1) {
			const count = this.#minutes.histogram[at + k] as number;
			this.#usual[hour + k] = (this.#usual[hour + k] as number) * FADE + count;
			this.#all[k] = (this.#all[k] as number) * ALL_FADE + count;
			this.#blockCounts[k] = (this.#blockCounts[k] as number) + count;
		}
		this.learntMinutes += 1;
		if (minute % BLOCK_MINUTES === BLOCK_MINUTES - 1) this.#learnWander(minute);
	}

	/** How far the whole distribution moved in a quarter of an hour that was well, beyond what luck explains. */
	#learnWander(minute: number): void {
		const counts = this.#blockCounts;
		let total = 0;
		for (const count of counts) total += count;
		if (total >= 20 && this.learntMinutes > 1440) {
			this.#weightsAt(minute);
			const tail = (Math.floor(minute / BLOCK_MINUTES) & (BLOCKS - 1)) * this.#n;
			// The bound nearest to the median says most about a move.
			let k = 1;
			for (let j = 1; j < this.#n; j += 1)
				if (Math.abs((this.#tail[tail + j] as number) - 0.5) < Math.abs((this.#tail[tail + k] as number) - 0.5)) k = j;
			const usual = this.#tail[tail + k] as number;
			if (usual > 0.03 && usual < 0.97) {
				let above = 0;
				for (let j = k; j < this.#n; j += 1) above += counts[j] as number;
				const z = normalQuantile(usual);
				const density = Math.exp((-z * z) / 2) * 0.3989;
				const sigma = 0.6;
				const move = ((above / total - usual) / density) * sigma;
				const luck = ((usual * (1 - usual)) / total / density ** 2) * sigma ** 2;
				const weight = Math.min(1, 0.002 / luck);
				this.#wander = Math.max(0, this.#wander * WANDER_FADE + weight * (Math.min(0.1, move * move) - luck));
				this.#wanderWeight = this.#wanderWeight * WANDER_FADE + weight;
			}
		}
		counts.fill(0);
	}

	wander(): number {
		return Math.sqrt(this.#wander / this.#wanderWeight);
	}

	#weightsAt(minute: number): number {
		const block = Math.floor(minute / BLOCK_MINUTES);
		const slot = block & (BLOCKS - 1);
		if (this.#block[slot] !== block) this.#set(block, slot);
		return slot * SHIFTS.length * this.#n;
	}

	#set(block: number, slot: number): void {
		this.#block[slot] = block;
		const n = this.#n;
		const tail = slot * n;
		this.#setTail(((block * BLOCK_MINUTES) / 60) % HOURS, tail);
		const slope = this.#slope(tail);
		const allowance = Math.exp(0.03 + 1.4 * this.wander());
		const nullTail = this.#moved(tail, slope, allowance);
		for (let a = 0; a < SHIFTS.length; a += 1) {
			const other = this.#moved(tail, slope, allowance * (SHIFTS[a] as number));
			for (let k = 0; k < n; k += 1) {
				const p = Math.max(1e-6, (nullTail[k] as number) - (nullTail[k + 1] as number));
				const q = Math.max(1e-6, (other[k] as number) - (other[k + 1] as number));
				this.#weights[(slot * SHIFTS.length + a) * n + k] = Math.max(-3, Math.min(3, Math.log(q / p)));
			}
		}
	}

	/** Usual share of events above each bound at this hour; index k is the bound below bucket k. */
	#setTail(hour: number, tail: number): void {
		const n = this.#n;
		const shares = new Float64Array(n);
		let all = 0;
		for (let k = 0; k < n; k += 1) all += this.#all[k] as number;
		const middle = hour - 0.375;
		const low = Math.floor(middle);
		const part = middle - low;
		let sum = 0;
		for (const [offset, weight] of [
			[-1, 0.25],
			[0, 1 - part],
			[1, part],
			[2, 0.25],
		] as const) {
			const h = (((low + offset) % HOURS) + HOURS) % HOURS;
			for (let k = 0; k < n; k += 1) {
				const count = (this.#usual[h * n + k] as number) * weight;
				shares[k] = (shares[k] as number) + count;
				sum += count;
			}
		}
		for (let k = 0; k < n; k += 1)
			shares[k] =
				((shares[k] as number) + (HOUR_PRIOR * ((this.#all[k] as number) + 0.5)) / (all + n * 0.5)) /
				(sum + HOUR_PRIOR);
		let above = 0;
		for (let k = n - 1; k >= 0; k -= 1) {
			above += shares[k] as number;
			this.#tail[tail + k] = Math.min(1, above);
		}
	}

	/** Steepness of the quantiles along ln latency: 1 ÷ sigma of a lognormal distribution. */
	#slope(tail: number): number {
		let sw = 0;
		let sx = 0;
		let sy = 0;
		let sxx = 0;
		let sxy = 0;
		for (let k = 1; k < this.#n; k += 1) {
			const p = this.#tail[tail + k] as number;
			if (p < 0.002 || p > 0.998) continue;
			const w = p * (1 - p);
			const x = this.#bounds[k - 1] as number;
			const y = -normalQuantile(p);
			sw += w;
			sx += w * x;
			sy += w * y;
			sxx += w * x * x;
			sxy += w * x * y;
		}
		const spread = sw * sxx - sx * sx;
		return spread > 1e-9 ? Math.min(4, Math.max(0.5, (sw * sxy - sx * sy) / spread)) : 1.5;
	}

	#moved(tail: number, slope: number, factor: number): Float64Array {
		const out = new Float64Array(this.#n + 1);
		out[0] = 1;
		for (let k = 1; k < this.#n; k += 1) {
			const p = Math.min(1 - 1e-6, Math.max(1e-6, this.#tail[tail + k] as number));
			out[k] = normalCdf(normalQuantile(p) + Math.log(factor) * slope);
		}
		return out;
	}
}

const ALL_FADE = 0.5 ** (1 / (3 * 1440));
const WANDER_FADE = 0.5 ** (1 / (5 * 96));
