const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/**
 * One setting for every series. Half-lives are how long until something learned counts half; none depends on the scale of
 * a series. Chosen on labelled series together with copies of them that were made noisy, cut, bent and shifted in time.
 */
export const SERIES_SETTINGS = {
	/** Nothing is claimed before this many samples and this long: one whole day has to be seen once. */
	learnSamples: 24,
	learnMs: DAY_MS,

	/** Half-lives of the experts: what was just seen; the level. The longer of samples and time holds. */
	nearSamples: 4,
	nearMs: 30 * MINUTE_MS,
	levelMs: DAY_MS,
	/** A slot of the day, at finest; the share that one day, or one week, moves it; the visits at which it is half trusted. */
	slotMs: 15 * MINUTE_MS,
	dayRate: 0.1,
	weekRate: 0.35,
	trustVisits: 2,
	/** Half-life of the experts' errors, and how strongly a smaller error counts. */
	mixMs: 2 * DAY_MS,
	mixPower: 2,

	/** Half-life of the leftover that tells what is new now from what has been so for an hour. */
	leftoverSamples: 4,
	leftoverMs: 15 * MINUTE_MS,

	/** Deviation: half-life, where a residual is clipped, and how much the hour of the day says beside all hours (visits). */
	deviationMs: 7 * DAY_MS,
	deviationClip: 4,
	hourRate: 0.05,
	hourTrustVisits: 12,
	/** Floors of the deviation: share of the level, share of the spread of all values, and √n of counts. */
	levelFloor: 0.05,
	spreadFloor: 0.05,
	spreadMs: 7 * DAY_MS,

	/** Learning is clipped there, until all samples have been beyond it on one side for so long: that is the new level. */
	learnClip: 4,
	adoptMs: 30 * HOUR_MS,

	/** Deviations from the season below which nothing is unusual, however new it is. */
	seasonFloor: 3,
	/** Against the season a deviation counts this much more than against the last hour; the larger of both by this power. */
	seasonWeight: 1.25,
	largerPower: 0.2,
	/** The sample before counts this much: a lone sample has to stand out more than two. */
	carry: 0.2,

	/** The alarm line lies at least here, deviations. */
	lineFloor: 5,
	/** Above this share of past scores lies the tail; it is extrapolated to once in this many days. */
	tailShare: 0.02,
	onceInDays: 2,
	/** What is believed of a series that is not known yet: so many samples with their tail there, falling like that. */
	priorSamples: 60,
	priorTailAt: 2,
	priorTailIndex: 0.3,
	priorTailSamples: 120,
	tailMs: 21 * DAY_MS,

	/**
	 * Slow shifts: mean of the clipped deviations from the season, over this half-life or so many samples. It alerts at so
	 * many deviations, and at so many times what is usual for that mean, once in so long, after so long.
	 */
	shiftMs: 6 * HOUR_MS,
	shiftSamples: 8,
	shiftClip: 3,
	shiftFloor: 1.8,
	shiftLine: 6,
	shiftHoldMs: 2 * DAY_MS,
	shiftLearnMs: 3 * DAY_MS,

	/** Alerts within this are one. The longer of samples and time holds. */
	holdSamples: 3,
	holdMs: HOUR_MS,
	/** Alerts that are remembered (half-life) raise the line: beyond so many, by this power of e each. */
	repeatMs: 2 * DAY_MS,
	repeatFree: 1.5,
	repeatRaise: 0.6,
};

export type SeriesSettings = typeof SERIES_SETTINGS;
export { DAY_MS };

/** Share by which the newest of many values moves their mean, when the half-life is `halfLife` and this step apart. */
export function rateOf(step: number, halfLife: number): number {
	return 1 - 2 ** (-step / halfLife);
}
