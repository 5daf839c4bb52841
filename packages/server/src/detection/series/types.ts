/** Which deviations matter: a latency only upwards, a volume mostly both ways. */
export type SeriesDirection = "up" | "down" | "both";

/**
 * What one series measures; it decides which small deviations are noise.
 * `count`, `throughput` and `rate` are counts of events and never negative, `ratio` lies between 0 and 1 or 0 and 100,
 * `latency` is a duration, `generic` is anything.
 */
export type SeriesKind = "count" | "throughput" | "rate" | "ratio" | "latency" | "generic";

export interface SeriesOptions {
	/** Time between two samples, ms. */
	readonly stepMs: number;
	readonly direction: SeriesDirection;
	readonly kind: SeriesKind;
	/** A page that chance alone brings about once in this many days is what the alarm line aims at. Default 28. */
	readonly onceInDays?: number;
}

/** What is known of one sample, all of it from that sample and those before. */
export interface SeriesVerdict {
	/** How unusual, in robust deviations beyond the alarm line's unit: 1 is the alarm line; 0 while nothing can be said. */
	readonly score: number;
	readonly isAlert: boolean;
	/** The band that was expected at this moment; undefined while nothing is learned yet. */
	readonly expected: { readonly low: number; readonly high: number } | undefined;
	/** What the expectation rests upon. */
	readonly expert: SeriesExpert;
	/** A sample like this is seen once in about this many days; undefined while unknown. */
	readonly onceInDays: number | undefined;
}

export type SeriesExpert = "recent" | "level" | "time-of-day" | "hour-of-week";

export interface SeriesDetector {
	/**
	 * Judges the sample of `at` (ms epoch), then learns from it. Undefined or NaN: the sample is missing, which is no zero.
	 * A sample that is not later than the last one is neither judged nor learned.
	 */
	observe(at: number, value: number | undefined): SeriesVerdict;
	/** All that was learned, as plain JSON; `restoreSeriesDetector` goes on from it with the same answers to the last bit. */
	snapshot(): SeriesSnapshot;
}

export interface SeriesSnapshot {
	readonly version: number;
	readonly options: SeriesOptions;
	readonly numbers: readonly (number | null)[];
}
