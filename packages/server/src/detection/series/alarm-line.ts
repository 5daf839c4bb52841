import { rateOf, type SeriesSettings } from "./settings.ts";

/**
 * How high the past scores of one series reach, as a decayed histogram over the logarithm of the score. The tail beyond a
 * high quantile is taken for a power law, whose index is drawn towards a common one while few samples are in it, after
 * Hill (1975), "A simple general approach to inference about the tail of a distribution".
 */
export interface AlarmLine {
	readonly bins: Float32Array;
	/** Sum of all bins. */
	total: number;
	/** Weight of the next sample: it grows instead of all bins shrinking. */
	weight: number;
	/** The line before repeats raise it; undefined: nothing was learned. */
	line: number | undefined;
	/** Alerts, decayed. */
	repeats: number;
}

const BINS = 160;
const BINS_PER_OCTAVE = 8;
const LOWEST_LOG2 = -4;
/** Scores beyond it are as good as infinite. */
export const HIGHEST_SCORE = 2 ** (LOWEST_LOG2 + BINS / BINS_PER_OCTAVE - 1);
/** The weight at which all bins are scaled down, long before they lose small ones. */
const HEAVIEST = 1e9;

export function createAlarmLine(): AlarmLine {
	return { bins: new Float32Array(BINS), total: 0, weight: 1, line: undefined, repeats: 0 };
}

/** Adds one score to the past. */
export function rememberScore(alarm: AlarmLine, score: number): void {
	const bin = binOf(score);
	alarm.bins[bin] = (alarm.bins[bin] as number) + alarm.weight;
	alarm.total += alarm.weight;
}

/** Lets one step pass over what is remembered. */
export function ageScores(alarm: AlarmLine, stepMs: number, settings: SeriesSettings): void {
	alarm.weight /= 1 - rateOf(stepMs, settings.tailMs);
	if (alarm.weight <= HEAVIEST) return;
	for (let bin = 0; bin < BINS; bin++) alarm.bins[bin] = (alarm.bins[bin] as number) / alarm.weight;
	alarm.total /= alarm.weight;
	alarm.weight = 1;
}

/** The score that is reached once in `onceInDays`. */
export function lineOf(alarm: AlarmLine, stepMs: number, onceInMs: number, settings: SeriesSettings): number {
	const { quantile, index } = tailOf(alarm, settings);
	const aim = Math.min(settings.tailShare, stepMs / onceInMs);
	return Math.max(settings.lineFloor, quantile * (settings.tailShare / aim) ** index);
}

/** How often such a score is reached, ms; undefined within the bulk of scores, of which nothing needs to be said. */
export function returnPeriodMs(
	alarm: AlarmLine,
	score: number,
	stepMs: number,
	settings: SeriesSettings,
): number | undefined {
	const { quantile, index } = tailOf(alarm, settings);
	if (score < quantile) return undefined;
	return (stepMs / settings.tailShare) * (score / quantile) ** (1 / index);
}

function tailOf(alarm: AlarmLine, settings: SeriesSettings): { quantile: number; index: number } {
	const { bins, weight } = alarm;
	const { tailShare, priorTailIndex } = settings;
	const prior = settings.priorSamples * weight;
	const wanted = tailShare * (alarm.total + prior);
	let beyond = 0;
	let bin = BINS - 1;
	for (; bin > 0; bin--) {
		beyond += bins[bin] as number;
		if (beyond + prior * priorBeyond(lowerEdge(bin), settings) >= wanted) break;
	}
	const quantile = lowerEdge(bin);
	let count = 0;
	let excess = 0;
	for (let at = bin; at < BINS; at++) {
		const held = bins[at] as number;
		if (held === 0) continue;
		count += held;
		excess += held * Math.LN2 * ((at - bin + 0.5) / BINS_PER_OCTAVE);
	}
	const believed = settings.priorTailSamples * weight;
	return { quantile, index: (excess + believed * priorTailIndex) / (count + believed) };
}

/** Share of scores beyond `score` that is believed of an unknown series. */
function priorBeyond(score: number, { tailShare, priorTailAt, priorTailIndex }: SeriesSettings): number {
	if (score <= priorTailAt) return tailShare + (1 - tailShare) * (1 - score / priorTailAt);
	return tailShare * (priorTailAt / score) ** (1 / priorTailIndex);
}

function binOf(score: number): number {
	const bin = Math.floor((Math.log2(Math.max(score, 1e-9)) - LOWEST_LOG2) * BINS_PER_OCTAVE);
	return Math.max(0, Math.min(BINS - 1, bin));
}

function lowerEdge(bin: number): number {
	return 2 ** (LOWEST_LOG2 + bin / BINS_PER_OCTAVE);
}
