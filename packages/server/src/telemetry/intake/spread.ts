const STEPS_PER_OCTAVE = 4;
/** From here on all counts are halved: habits change, and what was is forgotten. */
const HALVE_AT = 400;

/** How durations are spread, in fixed memory: classes a fifth wide, old ones fading. */
export class Spread {
	readonly #leastMs: number;
	readonly #mostMs: number;
	#counts: Float64Array;
	#total = 0;

	/** Shorter ones count as `leastMs`, longer ones as `mostMs`. */
	constructor(leastMs: number, mostMs: number) {
		this.#leastMs = leastMs;
		this.#mostMs = mostMs;
		this.#counts = new Float64Array(Math.ceil(Math.log2(mostMs / leastMs) * STEPS_PER_OCTAVE) + 1);
	}

	/** Durations that it knows, less those that faded. */
	get count(): number {
		return this.#total;
	}

	add(ms: number): void {
		const steps = Math.ceil(Math.log2(Math.max(ms, this.#leastMs) / this.#leastMs) * STEPS_PER_OCTAVE);
		const at = Math.min(steps, this.#counts.length - 1);
		this.#counts[at] = (this.#counts[at] as number) + 1;
		if (++this.#total < HALVE_AT) return;
		this.#counts = this.#counts.map((count) => count / 2);
		this.#total = HALVE_AT / 2;
	}

	/** Upper end of the class that the quantile lies in; undefined: there was nothing yet. */
	quantile(share: number): number | undefined {
		if (this.#total === 0) return undefined;
		let above = this.#total * (1 - share);
		for (let at = this.#counts.length - 1; at > 0; at--) {
			above -= this.#counts[at] as number;
			if (above < 0) return Math.min(this.#mostMs, this.#leastMs * 2 ** (at / STEPS_PER_OCTAVE));
		}
		return this.#leastMs;
	}

	pack(): number[] {
		return [...this.#counts].map((count) => Math.round(count * 100) / 100);
	}

	load(packed: readonly number[]): void {
		this.#counts = Float64Array.from(this.#counts, (_, at) => packed[at] ?? 0);
		this.#total = this.#counts.reduce((sum, count) => sum + count, 0);
	}
}
