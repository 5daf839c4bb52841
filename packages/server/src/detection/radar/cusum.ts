import type { Memory } from "./memory.ts";

/**
 * Evidence that adds up minute by minute: S = max(0, S + clamp(log likelihood ratio, ±cap)), one S per alternative
 * (Page 1954). The cap is what makes a short, violent blip worth no more than its minutes. The state after every minute
 * of the last hour is kept, so that a late minute is judged as if it had come in time: the hour is judged again from there.
 */
export class Evidence {
	/** Minutes whose state is kept. */
	static readonly KEPT = 64;
	readonly #alternatives: number;
	/** Single precision: every series has hundreds of them, and a millionth of a nat decides nothing. */
	readonly #sums: Float32Array;
	readonly #firstSum: number;
	/** Minutes since the present rise began, its first one included; 0: there is none. */
	readonly #ages: Uint16Array;
	readonly #firstAge: number;

	constructor(alternatives: number, memory: Memory) {
		this.#alternatives = alternatives;
		const sums = memory.floats(alternatives * Evidence.KEPT);
		this.#sums = sums.array;
		this.#firstSum = sums.at;
		const ages = memory.shorts(alternatives * Evidence.KEPT);
		this.#ages = ages.array;
		this.#firstAge = ages.at;
	}

	/** Adds what `minute` says of alternative `a`; the minute before must have been judged. */
	add(a: number, minute: number, nats: number, cap: number, ceiling: number, leak = 0): void {
		const n = this.#alternatives;
		const from = ((minute - 1) & (Evidence.KEPT - 1)) * n + a;
		const to = (minute & (Evidence.KEPT - 1)) * n + a;
		const before = this.#sums[this.#firstSum + from] as number;
		const sum = before + (nats > cap ? cap : nats < -cap ? -cap : nats) - leak;
		if (sum <= 0) {
			this.#sums[this.#firstSum + to] = 0;
			this.#ages[this.#firstAge + to] = 0;
			return;
		}
		this.#sums[this.#firstSum + to] = sum > ceiling ? ceiling : sum;
		const age = (this.#ages[this.#firstAge + from] as number) + 1;
		this.#ages[this.#firstAge + to] = age > OLDEST ? OLDEST : age;
	}

	/** The minute said nothing. */
	carry(minute: number): void {
		for (let a = 0; a < this.#alternatives; a += 1) this.add(a, minute, 0, 1, Infinity);
	}

	/** Whether `minute` added to it, or it is as high as it can be. */
	isRising(a: number, minute: number, ceiling: number): boolean {
		const sum = this.sum(a, minute);
		return sum > this.sum(a, minute - 1) || sum >= ceiling - 1;
	}

	sum(a: number, minute: number): number {
		return this.#sums[this.#firstSum + (minute & (Evidence.KEPT - 1)) * this.#alternatives + a] as number;
	}

	/** What the present rise would have without its most violent `width` minutes, as far as minutes are kept. */
	outside(a: number, minute: number, width: number): number {
		const onset = this.onset(a, minute);
		const first = Math.max(onset, minute - Evidence.KEPT + 2);
		let most = 0;
		for (let m = first; m <= minute; m += 1) {
			const from = Math.max(first - 1, m - width);
			most = Math.max(most, this.sum(a, m) - (from < onset ? 0 : this.sum(a, from)));
		}
		return this.sum(a, minute) - most;
	}

	/** First minute of the present rise of alternative `a`. */
	onset(a: number, minute: number): number {
		const at = this.#firstAge + (minute & (Evidence.KEPT - 1)) * this.#alternatives + a;
		return minute + 1 - (this.#ages[at] as number);
	}
}

/** A rise is not older than this, 45 days. */
const OLDEST = 65_535;
