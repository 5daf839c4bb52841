/**
 * The points of one request, decoded and not yet applied: a request that turns out malformed is simply dropped.
 * One entry per point, in columns; a slot's values follow each other in `values`, one per channel of its role set.
 */
export class Stage {
	count = 0;
	/** Slot, or a verdict below zero. */
	codes = new Int32Array(4096);
	/** µs since the epoch; 0: not given. */
	times = new Float64Array(4096);
	starts = new Float64Array(4096);
	/** Index of the metric's name in `names`. */
	names = new Int32Array(4096);
	valueCount = 0;
	values = new Float64Array(4096);
	/** Metric names of the request, read only when a message needs one. */
	readonly #names: (string | { readonly from: number; readonly to: number })[] = [];
	#text: (from: number, to: number) => string = () => "";

	begin(text: (from: number, to: number) => string): void {
		this.count = 0;
		this.valueCount = 0;
		this.#names.length = 0;
		this.#text = text;
	}

	metric(name: string | { readonly from: number; readonly to: number }): void {
		this.#names.push(name);
	}

	metricOf(point: number): string {
		const name = this.#names[this.names[point] as number] ?? "";
		return typeof name === "string" ? name : this.#text(name.from, name.to);
	}

	point(code: number, start: number, time: number): void {
		const k = this.count++;
		if (k === this.codes.length) this.#grow();
		this.codes[k] = code;
		this.starts[k] = start;
		this.times[k] = time;
		this.names[k] = this.#names.length - 1;
	}

	/** Values of the slot's channels, in order, right after its `point`. */
	value(value: number): void {
		if (this.valueCount === this.values.length) {
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
