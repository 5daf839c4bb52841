/** Where time comes from. Computations take `now`; long-lived objects take a Clock, so that tests and replay decide the time. */
export interface Clock {
	/** Wall clock, milliseconds since the Unix epoch, UTC. May step. */
	now(): number;
	/** Monotonic milliseconds from an arbitrary origin; for durations only. */
	monotonic(): number;
}

export const systemClock: Clock = {
	now: () => Date.now(),
	monotonic: () => performance.now(),
};

/** A clock that stands still until told otherwise; for tests and replay. */
export class ManualClock implements Clock {
	#now: number;
	#monotonic = 0;
	constructor(startAt: number) {
		this.#now = startAt;
	}
	now(): number {
		return this.#now;
	}
	monotonic(): number {
		return this.#monotonic;
	}
	/** Lets `ms` pass on both clocks. */
	advance(ms: number): void {
		this.#now += ms;
		this.#monotonic += ms;
	}
	/** A step of the wall clock alone, as NTP makes it. */
	step(ms: number): void {
		this.#now += ms;
	}
}
