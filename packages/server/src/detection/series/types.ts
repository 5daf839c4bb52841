/** Which deviations matter: of a latency only upwards, of a volume mostly both. */
export type SeriesDirection = "up" | "down" | "both";

/**
 * What one series measures; it decides which small deviations are noise. `count`, `rate` and `throughput` count events, so
 * that chance alone moves them by their square root; `ratio` is good or bad ÷ all events, `latency` a duration, `generic`
 * anything.
 */
export type SeriesKind = "count" | "rate" | "throughput" | "ratio" | "latency" | "generic";

export interface SeriesOptions {
	/** Time between two samples, ms; more than 0. */
	readonly stepMs: number;
	readonly direction: SeriesDirection;
	readonly kind: SeriesKind;
}

/** What is known besides the value. */
export interface SampleContext {
	/** The instant on the tenant's clock, as if that clock were UTC, ms epoch; default: `at`. It decides hour and weekday. */
	readonly calendarAt?: number;
	/** Events that a ratio (0 to 1) is of: few of them move it by chance. */
	readonly events?: number;
	/** The value is an estimate of what lies in here for certain: only what is outside deviates. What is learned is the value. */
	readonly within?: { readonly low: number; readonly high: number };
}

/** The expert that the expectation rests upon most. */
export type SeriesExpert = "recent" | "level" | "time-of-day" | "hour-of-week";

/** What is known of one sample, from that sample and those before it alone. */
export interface SeriesVerdict {
	/** Share of the alarm line that is reached: 1 and more is beyond it; 0 is as expected, missing, or still learning. */
	readonly score: number;
	/** True at the sample that raises the alert; what belongs to the same alert does not raise it again. */
	readonly isAlert: boolean;
	/** What was expected at this moment; undefined while nothing is learned yet, or when the sample is missing. */
	readonly expected: { readonly value: number; readonly low: number; readonly high: number } | undefined;
	readonly expert: SeriesExpert | undefined;
	/** What the alert is about: one sample or a few, or a slow shift that no single sample shows; undefined: no alert. */
	readonly shape: "sudden" | "slow" | undefined;
	/** At a sudden alert: such a sample comes about once in so many days, by this series' own past. */
	readonly onceInDays: number | undefined;
	/** The instant before which nothing is claimed; undefined: it has learned enough. */
	readonly learnsUntilAt: number | undefined;
}

export interface SeriesDetector {
	/**
	 * Judges the sample of `at` (ms epoch), then learns from it. Undefined or not finite: the sample is missing, which is no
	 * zero. A sample that is not later than the last one is neither judged nor learned.
	 */
	observe(at: number, value: number | undefined, context?: SampleContext): SeriesVerdict;
	/** All that was learned, fit for JSON; `restoreSeriesDetector` goes on from it with the same answers to the last bit. */
	snapshot(): SeriesSnapshot;
}

export interface SeriesSnapshot {
	readonly version: 1;
	readonly options: SeriesOptions;
	readonly numbers: Readonly<Record<string, number>>;
	readonly arrays: Readonly<Record<string, readonly number[]>>;
}
