import type { Clock } from "@bellwether/model";
import type { ColumnsQuery } from "#telemetry";

/** Where the ratios of the key tenants lie in one step. `tenants`: how many had events. */
export interface SpreadStep {
	readonly at: number;
	readonly tenants: number;
	readonly p5: number;
	readonly p50: number;
	readonly p95: number;
}

export interface SpreadQuery {
	/** Names the content of the catalogue: another one begins anew. */
	readonly hash: string;
	readonly slo: string;
	readonly tenants: readonly string[];
	/** Multiples of `resolutionMs`. */
	readonly from: number;
	readonly to: number;
	readonly resolutionMs: number;
}

export interface SpreadOptions {
	readonly clock: Clock;
	readonly columns: (query: ColumnsQuery) => Promise<Float64Array>;
}

/** The telemetry thread reads so many tenants at once; between two readings it takes what else waits. */
const BATCH_TENANTS = 8;
const BATCH_STEPS = 1_000;
/** With more key tenants every n-th in the order of names stands for all. */
const MAX_TENANTS = 2_000;
const OPEN_FRESH_MS = 30_000;
/** Imports may still change what no point can. */
const CLOSED_FRESH_MS = 3_600_000;
/** Steps of one (SLO, resolution) and of how many such, kept at most. */
const MAX_STEPS = 5_000;
const MAX_KEPT = 64;

interface Kept {
	readonly steps: Map<number, { readonly step: SpreadStep | undefined; readonly readAt: number }>;
	running: Promise<unknown>;
}

/**
 * Quantiles over key tenants per step, from roll-ups. What was read is kept by step, so that a chart that is looked at again
 * costs only its newest steps: those that points may still change are read again after half a minute, others after an hour.
 */
export class SliSpread {
	readonly #options: SpreadOptions;
	readonly #kept = new Map<string, Kept>();

	constructor(options: SpreadOptions) {
		this.#options = options;
	}

	/** Steps without events are left out. `latenessMs`: until when points may change a step that has ended. */
	async read(query: SpreadQuery, latenessMs: number): Promise<{ readonly steps: SpreadStep[]; readonly of: number }> {
		const key = [query.hash, query.slo, query.resolutionMs].join("\n");
		const kept = this.#keptOf(key);
		const tenants = sampled(query.tenants);
		// One after the other: a second reader finds what the first one read.
		const reading = kept.running.then(() => this.#refresh(kept, { ...query, tenants }, latenessMs));
		kept.running = reading.catch(() => undefined);
		await reading;
		const steps: SpreadStep[] = [];
		for (let at = query.from; at < query.to; at += query.resolutionMs) {
			const step = kept.steps.get(at)?.step;
			if (step) steps.push(step);
		}
		return { steps, of: tenants.length };
	}

	#keptOf(key: string): Kept {
		const known = this.#kept.get(key) ?? { steps: new Map(), running: Promise.resolve() };
		// Looked at last stands last: the first is forgotten first.
		this.#kept.delete(key);
		this.#kept.set(key, known);
		for (const oldest of this.#kept.keys()) {
			if (this.#kept.size <= MAX_KEPT) break;
			this.#kept.delete(oldest);
		}
		return known;
	}

	async #refresh(kept: Kept, query: SpreadQuery, latenessMs: number): Promise<void> {
		const { clock } = this.#options;
		const { resolutionMs } = query;
		const now = clock.now();
		const monotonic = clock.monotonic();
		if (kept.steps.size > MAX_STEPS) kept.steps.clear();
		let from = Number.POSITIVE_INFINITY;
		let to = Number.NEGATIVE_INFINITY;
		for (let at = query.from; at < query.to; at += resolutionMs) {
			const known = kept.steps.get(at);
			const freshMs = at + resolutionMs + latenessMs < now ? CLOSED_FRESH_MS : OPEN_FRESH_MS;
			if (known && monotonic - known.readAt < freshMs) continue;
			from = Math.min(from, at);
			to = at + resolutionMs;
		}
		for (let at = from; at < to; at += BATCH_STEPS * resolutionMs) {
			const until = Math.min(to, at + BATCH_STEPS * resolutionMs);
			const steps = await this.#readSteps({ ...query, from: at, to: until });
			for (let k = 0; k < steps.length; k++)
				kept.steps.set(at + k * resolutionMs, { step: steps[k], readAt: monotonic });
		}
	}

	async #readSteps({ slo, tenants, from, to, resolutionMs }: SpreadQuery): Promise<(SpreadStep | undefined)[]> {
		const stepCount = (to - from) / resolutionMs;
		const ratios: number[][] = Array.from({ length: stepCount }, () => []);
		for (let first = 0; first < tenants.length; first += BATCH_TENANTS) {
			const names = tenants.slice(first, first + BATCH_TENANTS);
			const columns = await this.#options.columns({ slo, tenants: names, from, to, resolutionMs });
			for (let k = 0; k < columns.length / 2; k++) {
				const total = columns[2 * k + 1] as number;
				if (total > 0) ratios[k % stepCount]?.push(1 - Math.max(0, columns[2 * k] as number) / total);
			}
		}
		return ratios.map((values, k) => spreadOf(from + k * resolutionMs, values));
	}
}

function sampled(tenants: readonly string[]): readonly string[] {
	const every = Math.ceil(tenants.length / MAX_TENANTS);
	return every <= 1 ? tenants : tenants.toSorted().filter((_, k) => k % every === 0);
}

function spreadOf(at: number, ratios: readonly number[]): SpreadStep | undefined {
	if (ratios.length === 0) return undefined;
	const sorted = Float64Array.from(ratios).sort();
	const [p5, p50, p95] = [0.05, 0.5, 0.95].map((p) => quantile(sorted, p)) as [number, number, number];
	return { at, tenants: sorted.length, p5, p50, p95 };
}

/** Of sorted values, between the two nearest by their distance (type 7 of Hyndman and Fan, 1996). */
export function quantile(sorted: ArrayLike<number>, p: number): number {
	const place = (sorted.length - 1) * p;
	const below = Math.floor(place);
	const low = sorted[below] as number;
	const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
	return low + (high - low) * (place - below);
}
