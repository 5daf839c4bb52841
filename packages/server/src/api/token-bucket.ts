/** A sender may send ahead what it may send in so many seconds. */
const BURST_S = 10;

/**
 * What may be sent over time. What comes is taken as long as anything is left, and charged whole: a sender that gathers for a
 * minute comes through, and waits until time has paid the debt. So the rate holds exactly in the long run.
 */
export class TokenBucket {
	#perSecond: number;
	#level: number;
	#at: number;

	/** `now`: monotonic, ms. */
	constructor(perSecond: number, now: number) {
		this.#perSecond = perSecond;
		this.#level = perSecond * BURST_S;
		this.#at = now;
	}

	get perSecond(): number {
		return this.#perSecond;
	}

	/** How long until anything is left again, ms; 0: something is. */
	waitMs(now: number): number {
		this.#fill(now);
		return this.#level > 0 ? 0 : Math.floor((-this.#level / this.#perSecond) * 1000) + 1;
	}

	charge(amount: number, now: number): void {
		this.#fill(now);
		this.#level -= amount;
	}

	#fill(now: number): void {
		const passedMs = Math.max(0, now - this.#at);
		this.#at = now;
		this.#level = Math.min(this.#perSecond * BURST_S, this.#level + (passedMs * this.#perSecond) / 1000);
	}
}
