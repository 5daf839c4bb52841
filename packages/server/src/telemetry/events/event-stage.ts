import { Malformed } from "../intake/wire.ts";

/** A request with more is hostile, or should have been several: each takes memory here, however few bytes it took. */
const MAX_STAGED = 1_000_000;

/** The events of one request, decoded and not yet applied: a request that turns out malformed is simply dropped. */
export class EventStage {
	count = 0;
	/** Roles (see `EventSelection`), or a verdict below zero. */
	codes = new Int32Array(1024);
	/** Identity, 64 bits in two halves; see `EventIds`. */
	lo = new Int32Array(1024);
	hi = new Int32Array(1024);
	/** µs since the epoch; 0: not given. */
	times = new Float64Array(1024);
	/** How many events alike this one stands for. */
	weights = new Float64Array(1024);
	/** See `EventFacts`. */
	measures = new Float64Array(1024);
	/** Place in the request, from 0. */
	numbers = new Int32Array(1024);
	/** Events of the request, those included that were only left out. */
	total = 0;
	/** Verdict → how many were left out with it: what nobody selects is not staged one by one. */
	readonly left = new Map<number, number>();
	#nameOf: (event: number) => string = () => "";

	/** `nameOf` tells how messages name an event of this request: only asked when a message needs it. */
	begin(nameOf: (event: number) => string): void {
		this.count = 0;
		this.total = 0;
		this.left.clear();
		this.#nameOf = nameOf;
	}

	nameOf(event: number): string {
		return this.#nameOf(event);
	}

	event(code: number, lo: number, hi: number, time: number, weight: number, measure = Number.NaN): void {
		const k = this.count++;
		if (k === this.codes.length) this.#grow();
		this.numbers[k] = this.total++;
		this.codes[k] = code;
		this.lo[k] = lo;
		this.hi[k] = hi;
		this.times[k] = time;
		this.weights[k] = weight;
		this.measures[k] = measure;
	}

	/** An event that needs no word to its sender. */
	leaveOut(code: number): void {
		this.total++;
		this.left.set(code, (this.left.get(code) ?? 0) + 1);
	}

	/** An event that cannot count, whatever it is. */
	reject(code: number, time = 0, weight = 1): void {
		this.event(code, 0, 0, time, weight);
	}

	#grow(): void {
		if (this.count > MAX_STAGED)
			throw new Malformed(
				`the request holds more than ${MAX_STAGED} events that an SLO may select: send smaller batches`,
			);
		const size = this.codes.length * 2;
		this.codes = grown(this.codes, size);
		this.lo = grown(this.lo, size);
		this.hi = grown(this.hi, size);
		this.times = grown(this.times, size);
		this.weights = grown(this.weights, size);
		this.measures = grown(this.measures, size);
		this.numbers = grown(this.numbers, size);
	}
}

function grown<A extends Float64Array | Int32Array>(old: A, size: number): A {
	const larger = new (old.constructor as new (size: number) => A)(size);
	larger.set(old);
	return larger;
}
