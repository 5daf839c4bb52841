import type { UnusedMetric } from "../types.ts";

/** A name that nobody expected is told once; thousands of them are no help. */
const MAX_NAMES = 200;
const MAX_LENGTH = 200;
const MAX_ATTRIBUTES = 8;
const MAX_VALUE_LENGTH = 60;

/** Metrics that came and that no SLO counts, so that an SLO without data can be told what came instead. */
export class UnusedMetrics {
	readonly #seen = new Map<string, UnusedMetric>();

	/** No SLO names the metric. Called per metric of a request, never per point. */
	name(metric: string): void {
		if (this.#seen.size < MAX_NAMES && !this.#seen.has(metric) && metric !== "" && metric.length <= MAX_LENGTH)
			this.#seen.set(metric, { metric, attributes: undefined });
	}

	/** An SLO names it, and no condition fits this stream's attributes. Called once per stream. */
	mismatch(metric: string, attributes: ReadonlyMap<string, string>, asked: Iterable<string>): void {
		if (this.#seen.size >= MAX_NAMES || this.#seen.has(metric) || metric.length > MAX_LENGTH) return;
		const names = [...new Set(asked)].slice(0, MAX_ATTRIBUTES);
		const had = names.map((name) => `${name}=${attributes.get(name)?.slice(0, MAX_VALUE_LENGTH) || "(missing)"}`);
		this.#seen.set(metric, { metric, attributes: had.join(", ") || undefined });
	}

	list(): UnusedMetric[] {
		return [...this.#seen.values()];
	}
}
