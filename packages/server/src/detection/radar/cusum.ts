/**
 * Evidence that adds up minute by minute: S = max(0, S + clamp(log likelihood ratio, ±cap)), one S per alternative
 * (Page 1954). The cap is what makes a short, violent blip worth no more than its minutes. The state after every minute
 * of the last hour is kept, so that a late minute is judged as if it had come in time: the hour is judged again from there.
 */
export class Evidence {
	/** Minutes whose state is kept. */
	static readonly KEPT = 64;
	readonly #alternatives: number;
	readonly #sums: Float64Array;
	readonly #onsets: Int32Array;

	constructor(alternatives: number) {
		this.#alternatives = alternatives;
		this.#sums = new Float64Array(alternatives * Evidence.KEPT);
		this.#onsets = new Int32Array(alternatives * Evidence.KEPT);
	}

	/** Adds what `minute` says of alternative `a`; the minute before must have been judged. */
	add(a: number, minute: number, nats: number, cap: number, ceiling: number, leak = 0): void {
		const n = this.#alternatives;
		const from = ((minute - 1) & (Evidence.KEPT - 1)) * n + a;
		const to = (minute & (Evidence.KEPT - 1)) * n + a;
		const before = this.#sums[from] as number;
		const sum = before + (nats > cap ? cap : nats < -cap ? -cap : nats) - leak;
		if (sum <= 0) {
			this.#sums[to] = 0;
			this.#onsets[to] = minute + 1;
			return;
		}
		this.#sums[to] = sum > ceiling ? ceiling : sum;
		this.#onsets[to] = before > 0 ? (this.#onsets[from] as number) : minute;
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
		return this.#sums[(minute & (Evidence.KEPT - 1)) * this.#alternatives + a] as number;
	}

	/** First minute of the present rise of alternative `a`. */
	onset(a: number, minute: number): number {
		return this.#onsets[(minute & (Evidence.KEPT - 1)) * this.#alternatives + a] as number;
	}
}
