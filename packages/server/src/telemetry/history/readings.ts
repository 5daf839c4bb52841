import { BUCKET_MS } from "../counting/cells.ts";
import { readLatencies } from "../latency/latency-history.ts";
import { readPercentiles } from "../latency/percentile-steps.ts";
import { MINUTE_MS } from "../latency/sketch-cells.ts";
import type { Loaded } from "../loading.ts";
import type {
	AttributeCounts,
	AttributesQuery,
	ColumnsQuery,
	Latencies,
	LatenciesQuery,
	PercentileQuery,
	PercentileStep,
	WindowBucket,
	WindowsQuery,
} from "../types.ts";
import { readColumns } from "../windows/window-columns.ts";
import { readWindows } from "./history.ts";

export interface ReadingsOptions {
	readonly loaded: Loaded;
	readonly now: () => number;
	readonly latenessMs: number;
	/** Around whatever asks the store: a store that fails there makes memory void, a wrong query does not. */
	readonly guard: <T>(read: () => T) => T;
}

/**
 * What was counted of a pair, from the roll-ups and what waits to be folded. Instants are ms epoch, and a step is a
 * multiple of what is kept (10 s; latencies by the minute): any other is an Error. Undefined, or no step: not known here,
 * which is not zero.
 */
export class Readings {
	readonly #loaded: Loaded;
	readonly #now: () => number;
	readonly #latenessMs: number;
	readonly #guard: ReadingsOptions["guard"];

	constructor({ loaded, now, latenessMs, guard }: ReadingsOptions) {
		this.#loaded = loaded;
		this.#now = now;
		this.#latenessMs = latenessMs;
		this.#guard = guard;
	}

	/** Undefined: the tenant has no such SLI, or it was asked for slices and the SLO counts none. */
	windows(query: WindowsQuery): WindowBucket[] | undefined {
		checkStep(query.resolutionMs, BUCKET_MS);
		const { selection, store, cells, pairIds, sliced } = this.#loaded;
		const pair = selection.pairOf(query.tenant, query.slo);
		if (pair === undefined) return undefined;
		const limits = { now: this.#now(), latenessMs: this.#latenessMs };
		const told = query.of === "slices" ? sliced?.told(pair) : undefined;
		if (query.of === "slices" && !told) return undefined;
		if (told) return this.#guard(() => readWindows(store, [told.cells], pair, told.storedId, query, limits));
		return this.#guard(() => readWindows(store, cells.waiting, pair, pairIds[pair] as number, query, limits));
	}

	/** Undefined: the tenant has no such SLI, or its events have no latencies that could be kept. */
	latencies(query: LatenciesQuery): Latencies | undefined {
		const { store, sketches, pairIds } = this.#loaded;
		checkStep(query.resolutionMs, MINUTE_MS);
		const pair = this.#pairWithLatencies(query.tenant, query.slo);
		if (pair === undefined) return undefined;
		const windows = this.windows(query) ?? [];
		return this.#guard(() => readLatencies(store, sketches.waiting, pairIds[pair] as number, query, windows));
	}

	/** Steps that have enough known latencies to tell this percentile, in the order of time. */
	percentiles(query: PercentileQuery): PercentileStep[] {
		const { store, sketches, pairIds } = this.#loaded;
		const pair = this.#pairWithLatencies(query.tenant, query.slo);
		if (pair === undefined) return [];
		return this.#guard(() => readPercentiles(store, sketches.waiting, pairIds[pair] as number, query));
	}

	#pairWithLatencies(tenant: string, slo: string): number | undefined {
		const { selection } = this.#loaded;
		return selection.keepsLatency(slo) ? selection.pairOf(tenant, slo) : undefined;
	}

	/** Bad and total events by tenant, then step; 0 where there were none and for tenants without such an SLI. */
	columns({ slo, tenants, ...range }: ColumnsQuery): Float64Array {
		const { selection, store, cells, pairIds } = this.#loaded;
		const pairs = tenants.map((tenant) => {
			const pair = selection.pairOf(tenant, slo);
			return pair === undefined ? undefined : { pair, storedId: pairIds[pair] as number };
		});
		return this.#guard(() => readColumns(store, cells.waiting, pairs, range));
	}

	/** Undefined: the tenant has no such SLI, or it does not keep these attributes. */
	attributes(query: AttributesQuery): AttributeCounts | undefined {
		const { selection, leaves } = this.#loaded;
		const pair = selection.pairOf(query.tenant, query.slo);
		if (pair === undefined) return undefined;
		const inAll = (from: number, to: number): { bad: number; total: number } => {
			const sum = { bad: 0, total: 0 };
			// Counts by attribute are kept by the minute.
			for (const { bad, total } of this.windows({ ...query, from, to, resolutionMs: MINUTE_MS }) ?? []) {
				sum.bad += bad;
				sum.total += total;
			}
			return sum;
		};
		return this.#guard(() => leaves.counts(pair, query, this.#now(), inAll));
	}
}

function checkStep(resolutionMs: number, keptMs: number): void {
	if (!(resolutionMs > 0) || resolutionMs % keptMs !== 0)
		throw new Error(`resolutionMs ${resolutionMs} is not a multiple of ${keptMs}`);
}
