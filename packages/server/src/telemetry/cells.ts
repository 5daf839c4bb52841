export const BUCKET_MS = 10_000;
export const HOUR_MS = 3_600_000;
export const BUCKETS_PER_HOUR = HOUR_MS / BUCKET_MS;
/** A bucket that still changes this long after its end is revised. */
export const LATE_AFTER_MS = 60_000;

/**
 * Counts by (pair, 10 s bucket), only where there are any: memory follows the points, not pairs × time. Entries are
 * numbered from 0 in the order of their first use.
 */
export class Cells {
	count = 0;
	pairs = new Int32Array(1024);
	/** floor(time / 10 s). */
	buckets = new Int32Array(1024);
	bad = new Float64Array(1024);
	total = new Float64Array(1024);
	late = new Float64Array(1024);
	revision = new Float64Array(1024);
	#index = new Int32Array(2048);

	/** The entry of a cell, made with zeros if it is new. */
	entry(pair: number, bucket: number): number {
		const mask = this.#index.length - 1;
		let at = (Math.imul(pair, 0x9e3779b1) ^ Math.imul(bucket, 0x85ebca6b)) & mask;
		for (;;) {
			const entry = (this.#index[at] as number) - 1;
			if (entry < 0) break;
			if (this.pairs[entry] === pair && this.buckets[entry] === bucket) return entry;
			at = (at + 1) & mask;
		}
		const entry = this.count++;
		this.pairs[entry] = pair;
		this.buckets[entry] = bucket;
		this.bad[entry] = 0;
		this.total[entry] = 0;
		this.late[entry] = 0;
		this.revision[entry] = 0;
		this.#index[at] = entry + 1;
		if (this.count === this.pairs.length) this.#grow();
		return entry;
	}

	clear(): void {
		if (this.count === 0) return;
		this.count = 0;
		if (this.#index.length > 1 << 20) {
			this.#index = new Int32Array(2048);
			this.#resize(1024);
		} else this.#index.fill(0);
	}

	/** Entries ordered by hour, then pair; `visit` gets each group once. */
	groups(visit: (hour: number, pair: number, entries: readonly number[]) => void): void {
		const keys = new Float64Array(this.count);
		let firstHour = Number.POSITIVE_INFINITY;
		let pairCount = 1;
		for (let k = 0; k < this.count; k++) {
			firstHour = Math.min(firstHour, Math.floor((this.buckets[k] as number) / BUCKETS_PER_HOUR));
			pairCount = Math.max(pairCount, (this.pairs[k] as number) + 1);
		}
		for (let k = 0; k < this.count; k++) {
			const hour = Math.floor((this.buckets[k] as number) / BUCKETS_PER_HOUR) - firstHour;
			keys[k] = (hour * pairCount + (this.pairs[k] as number)) * this.count + k;
		}
		keys.sort();
		let group = -1;
		let entries: number[] = [];
		const finish = (): void => {
			if (group >= 0) visit(firstHour + Math.floor(group / pairCount), group % pairCount, entries);
		};
		for (const key of keys) {
			const of = Math.floor(key / this.count);
			if (of !== group) {
				finish();
				group = of;
				entries = [];
			}
			entries.push(key - of * this.count);
		}
		finish();
	}

	#grow(): void {
		this.#resize(this.pairs.length * 2);
		this.#index = new Int32Array(this.pairs.length * 2);
		const mask = this.#index.length - 1;
		for (let entry = 0; entry < this.count; entry++) {
			const pair = this.pairs[entry] as number;
			const bucket = this.buckets[entry] as number;
			let at = (Math.imul(pair, 0x9e3779b1) ^ Math.imul(bucket, 0x85ebca6b)) & mask;
			while (this.#index[at] !== 0) at = (at + 1) & mask;
			this.#index[at] = entry + 1;
		}
	}

	#resize(size: number): void {
		this.pairs = resized(this.pairs, size);
		this.buckets = resized(this.buckets, size);
		this.bad = resized(this.bad, size);
		this.total = resized(this.total, size);
		this.late = resized(this.late, size);
		this.revision = resized(this.revision, size);
	}
}

function resized<A extends Float64Array | Int32Array>(old: A, size: number): A {
	const fresh = new (old.constructor as new (size: number) => A)(size);
	fresh.set(size < old.length ? old.subarray(0, size) : old);
	return fresh;
}
