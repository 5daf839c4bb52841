import { type Columns, ON_HEAP, resized } from "../core/columns.ts";
import type { Core } from "../core/core.ts";
import type { BucketCounts } from "../latency/buckets.ts";
import { TooLarge } from "./wire.ts";

/** Points take two bytes at least, and 24 here: what a request may take of memory must not depend on what it claims. */
const MAX_POINTS = 2 ** 21;
const MAX_VALUES = 2 ** 22;
/** Sixteen bytes each: latencies beyond them are not known, and the events count. */
const MAX_BUCKETS = 2_000_000;

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
	codes: Int32Array;
	/** µs since the epoch; 0: not given. */
	times: Float64Array;
	starts: Float64Array;
	/** Place of the metric's name, as the reader numbers them. */
	names: Int32Array;
	/** Read beside the points and not kept: only remote write 2.0 must tell their number. */
	exemplars = 0;
	valueCount = 0;
	values: Float64Array;
	/** Buckets of histograms whose latencies are kept, by point. */
	readonly latencies = new Map<number, BucketCounts>();
	#buckets = 0;
	readonly #columns: Columns;
	/** Where the reader finds the name of the metric that points belong to now. */
	#metric = 0;
	#nameAt: (place: number) => string = () => "";

	constructor(columns: Columns = ON_HEAP) {
		this.#columns = columns;
		this.codes = columns.ints(4096);
		this.times = columns.floats(4096);
		this.starts = columns.floats(4096);
		this.names = columns.ints(4096);
		this.values = columns.floats(4096);
	}

	/** `nameAt` reads a metric's name at the place that `metric` was given: only when a message needs one. */
	begin(nameAt: (place: number) => string): void {
		this.requests++;
		this.count = 0;
		this.valueCount = 0;
		this.exemplars = 0;
		if (this.latencies.size > 0) this.latencies.clear();
		this.#buckets = 0;
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
			this.values = resized(this.#columns, this.values, this.values.length * 2);
		}
		this.values[this.valueCount++] = value;
	}

	/** Whether there is room for the buckets of another histogram. */
	get takesLatencies(): boolean {
		return this.#buckets < MAX_BUCKETS;
	}

	/** Buckets of the histogram that was staged last. */
	latency(buckets: BucketCounts): void {
		this.#buckets += buckets.counts.length;
		this.latencies.set(this.count - 1, buckets);
	}

	/** The same verdict for many points without looking at each. */
	reject(code: number, count: number): void {
		for (let k = 0; k < count; k++) this.point(code, 0, 0);
	}

	#grow(): void {
		if (this.codes.length >= MAX_POINTS) throw tooMany(MAX_POINTS, "points");
		const size = this.codes.length * 2;
		this.codes = resized(this.#columns, this.codes, size);
		this.names = resized(this.#columns, this.names, size);
		this.times = resized(this.#columns, this.times, size);
		this.starts = resized(this.#columns, this.starts, size);
	}

	/** Makes room for so many more points with a value each. */
	reserve(points: number): void {
		while (this.count + points > this.codes.length) this.#grow();
		while (this.valueCount + points > this.values.length)
			this.values = resized(this.#columns, this.values, this.values.length * 2);
	}

	enterInto(core: Core): void {
		const { codes, times, starts, names, values } = this;
		core.enter({ stageCodes: codes, stageTimes: times, stageStarts: starts, stageNames: names, stageValues: values });
	}
}
