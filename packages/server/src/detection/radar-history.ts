import { HOUR_MS, MINUTE_MS } from "@bellwether/model";

/** Bad and total of one SLO by tenant, then minute, in [from, to); 0 where there were none. */
export type ReadMinutes = (slo: string, tenants: readonly string[], from: number, to: number) => Float64Array;

interface Watched {
	readonly pair: number;
	readonly tenant: string;
	readonly slo: string;
}

export interface HistoryMinute {
	readonly at: number;
	readonly counts: readonly { readonly pair: number; readonly bad: number; readonly total: number }[];
}

/** Two days and nights, less where there are very many pairs: a start learns for seconds, not for hours. */
const LEARNT_MINUTES = 2 * 24 * 60;
const MAX_PAIR_MINUTES = 4_000_000;
const MIN_MINUTES = 3 * 60;
/** Minutes that are read at once; of these some are told in one slice. */
const CHUNK_MINUTES = HOUR_MS / MINUTE_MS;
const SLICE_PAIR_MINUTES = 400;

/** The minutes before the start, oldest first, read by the hour and told a slice at a time. */
export class RadarHistory {
	readonly #bySlo: ReadonlyMap<string, readonly Watched[]>;
	readonly #read: ReadMinutes;
	readonly #first: number;
	readonly #end: number;
	readonly #perSlice: number;
	#next: number;
	#chunkFrom = Number.NaN;
	#chunk = new Map<string, Float64Array>();

	/** Up to `end`, minutes since the epoch. */
	constructor(watched: readonly Watched[], read: ReadMinutes, end: number) {
		this.#bySlo = Map.groupBy(watched, ({ slo }) => slo);
		this.#read = read;
		this.#end = end;
		const affordable = Math.max(MIN_MINUTES, Math.floor(MAX_PAIR_MINUTES / Math.max(1, watched.length)));
		this.#first = end - Math.min(LEARNT_MINUTES, affordable);
		this.#next = this.#first;
		this.#perSlice = Math.max(1, Math.floor(SLICE_PAIR_MINUTES / Math.max(1, watched.length)));
	}

	get progress(): number {
		return (this.#next - this.#first) / (this.#end - this.#first);
	}

	/** The next slice. Reading an hour of one SLO is a slice of its own. */
	next(): HistoryMinute[] {
		const from = this.#next - ((this.#next - this.#first) % CHUNK_MINUTES);
		if (from !== this.#chunkFrom) {
			this.#chunkFrom = from;
			this.#chunk = new Map();
		}
		const to = Math.min(this.#end, from + CHUNK_MINUTES);
		for (const [slo, watched] of this.#bySlo) {
			if (this.#chunk.has(slo)) continue;
			const tenants = watched.map(({ tenant }) => tenant);
			this.#chunk.set(slo, this.#read(slo, tenants, from * MINUTE_MS, to * MINUTE_MS));
			return [];
		}
		const minutes: HistoryMinute[] = [];
		for (let k = 0; k < this.#perSlice && this.#next < to; k++)
			minutes.push(this.#minute(this.#next++, from, to - from));
		return minutes;
	}

	#minute(minute: number, from: number, steps: number): HistoryMinute {
		const counts: { pair: number; bad: number; total: number }[] = [];
		for (const [slo, watched] of this.#bySlo) {
			const columns = this.#chunk.get(slo) as Float64Array;
			for (const [row, { pair }] of watched.entries()) {
				const at = (row * steps + minute - from) * 2;
				const total = Math.round(columns[at + 1] as number);
				if (total > 0)
					counts.push({ pair, bad: Math.max(0, Math.min(total, Math.round(columns[at] as number))), total });
			}
		}
		return { at: minute * MINUTE_MS, counts };
	}
}
