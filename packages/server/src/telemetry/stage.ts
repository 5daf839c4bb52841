import { TooLarge } from "./wire.ts";

/** Points take two bytes at least, and 24 here: what a request may take of memory must not depend on what it claims. */
const MAX_POINTS = 2 ** 21;
const MAX_VALUES = 2 ** 22;

function tooMany(limit: number, what: string): TooLarge {
	return new TooLarge(`the request has more than ${limit} ${what}: send smaller batches`);
}

/**
 * The points of one request, decoded and not yet applied: a request that turns out malformed is simply dropped.
 * One entry per point, in columns; a slot's values follow each other in `values`, one per channel of its role set.
 */
export class Stage {
	/** How many began: tells one from the next. */
	requests = 0;
	count = 0;
	/** Slot, or a verdict below zero. */
	codes = new Int32Array(4096);
	/** µs since the epoch; 0: not given. */
	times = new Float64Array(4096);
	starts = new Float64Array(4096);
	/** Place of the metric's name, as the reader numbers them. */
	names = new Int32Array(4096);
	/** Read beside the points and not kept: only remote write 2.0 must tell their number. */
	exemplars = 0;
	valueCount = 0;
	values = new Float64Array(4096);
	/** Where the reader finds the name of the metric that points belong to now. */
	#metric = 0;
	#nameAt: (place: number) => string = () => "";

	/** `nameAt` reads a metric's name at the place that `metric` was given: only when a message needs one. */
	begin(nameAt: (place: number) => string): void {
		this.requests++;
		this.count = 0;
		this.valueCount = 0;
		this.exemplars = 0;
		this.#nameAt = nameAt;
	}

	metric(place: number): void {
		this.#metric = place;
	}

	metricOf(point: number): string {
		return this.#nameAt(this.names[point] as number);
	}

	point(code: number, start: number, time: number): void {
		const k = this.count++;
		if (k === this.codes.length) this.#grow();
		this.codes[k] = code;
		this.starts[k] = start;
		this.times[k] = time;
		this.names[k] = this.#metric;
	}

	/** Values of the slot's channels, in order, right after its `point`. */
	value(value: number): void {
		if (this.valueCount === this.values.length) {
			if (this.values.length >= MAX_VALUES) throw tooMany(MAX_VALUES, "values");
			const larger = new Float64Array(this.values.length * 2);
			larger.set(this.values);
			this.values = larger;
		}
		this.values[this.valueCount++] = value;
	}

	/** The same verdict for many points without looking at each. */
	reject(code: number, count: number): void {
		for (let k = 0; k < count; k++) this.point(code, 0, 0);
	}

	#grow(): void {
		if (this.codes.length >= MAX_POINTS) throw tooMany(MAX_POINTS, "points");
		const size = this.codes.length * 2;
		const codes = new Int32Array(size);
		codes.set(this.codes);
		this.codes = codes;
		const names = new Int32Array(size);
		names.set(this.names);
		this.names = names;
		const times = new Float64Array(size);
		times.set(this.times);
		this.times = times;
		const starts = new Float64Array(size);
		starts.set(this.starts);
		this.starts = starts;
	}
}
