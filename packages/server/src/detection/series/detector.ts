import {
	type AlarmLine,
	ageScores,
	createAlarmLine,
	HIGHEST_SCORE,
	lineOf,
	rememberScore,
	returnPeriodMs,
} from "./alarm-line.ts";
import {
	clip,
	createExpectation,
	EXPERTS,
	type Expectation,
	type Expected,
	expect,
	forgetNear,
	LARGEST_SINGLE,
	learn,
	type Moment,
	momentOf,
	type Slots,
	slotsOf,
} from "./expectation.ts";
import { DAY_MS, rateOf, SERIES_SETTINGS, type SeriesSettings } from "./settings.ts";
import type { SampleContext, SeriesDetector, SeriesOptions, SeriesSnapshot, SeriesVerdict } from "./types.ts";

/** All that one series has taught, about 4 KiB, whatever its length. */
interface SeriesState {
	readonly options: SeriesOptions;
	readonly settings: SeriesSettings;
	readonly slots: Slots;
	readonly expectation: Expectation;
	readonly alarm: AlarmLine;
	/** Of each hour its mean absolute residual, in units of a standard deviation, then how often it was seen. */
	readonly hours: Float32Array;
	readonly own: OwnNumbers;
}

interface OwnNumbers {
	samples: number;
	firstAt: number;
	lastAt: number;
	/** Of the residual against the season, as a standard deviation. */
	deviation: number;
	/** The residual of the last hour, and the mean absolute residual beyond it. */
	leftover: number;
	newDeviation: number;
	/** Slow mean of the values, and their mean distance from it. */
	slow: number;
	spread: number;
	/** Samples in a row beyond the learning clip on one side; its sign is the side. */
	side: number;
	lastScore: number;
	/** An alert before this belongs to the last one. */
	holdUntilAt: number;
	/** Mean of the clipped deviations of the last hours, and how large it usually is. */
	shift: number;
	shiftUsual: number;
	/** A slow shift before this belongs to the last one. */
	shiftHoldUntilAt: number;
}

/** Standard deviation ÷ mean absolute deviation, of a normal distribution. */
const DEVIATION_PER_ERROR = 1.25;
/** A gap of so many steps is long: what was just seen is no longer recent. */
const GAP_STEPS = 8;
/** The alarm line is made anew after so long at most; between, its past hardly changes. */
const LINE_EVERY_MS = 15 * 60_000;
/** The share of a value's size below which doubles have no more to say. */
const LEAST_SHARE = 1e-9;
/** While a new level is adopted it is learned so much faster. */
const ADOPTION_SPEED = 5;
/** Visits after which an hour's own deviation is not trusted more. */
const MOST_HOUR_VISITS = 30;
/** How far new residuals beyond the last hour may stretch their deviation, in deviations. */
const NEW_DEVIATION_CLIP = 4;

/** Deviations by which the usual size of slow shifts may always grow. */
const SHIFT_LEAST = 0.05;

const SILENT: SeriesVerdict = {
	score: 0,
	isAlert: false,
	expected: undefined,
	expert: undefined,
	shape: undefined,
	onceInDays: undefined,
	learnsUntilAt: undefined,
};

/**
 * A detector of one series, causal and deterministic: each sample is judged by the samples before it, in one pass, with
 * the same amount of memory and work however long the series is. There is one setting for all series.
 * Throws a RangeError when `stepMs` is not a positive number.
 */
export function createSeriesDetector(
	options: SeriesOptions,
	settings: SeriesSettings = SERIES_SETTINGS,
): SeriesDetector {
	if (!(options.stepMs > 0) || !Number.isFinite(options.stepMs))
		throw new RangeError(`stepMs is ${options.stepMs}: give the time between two samples in ms, such as 60000.`);
	return detectorOf(createState(options, settings));
}

/** Goes on from a snapshot, with the answers that the detector which made it would have given. */
export function restoreSeriesDetector(
	snapshot: SeriesSnapshot,
	settings: SeriesSettings = SERIES_SETTINGS,
): SeriesDetector {
	if (snapshot.version !== 1)
		throw new RangeError(`The snapshot has version ${snapshot.version}, this program reads 1: learn the series anew.`);
	const state = createState(snapshot.options, settings);
	for (const [name, array] of Object.entries(arraysOf(state))) {
		const saved = snapshot.arrays[name];
		if (saved?.length !== array.length)
			throw new RangeError(`The snapshot's ${name} has ${saved?.length} numbers, not ${array.length}: learn it anew.`);
		for (const [index, value] of saved.entries()) array[index] = value;
	}
	const { line, weight, total, repeats, near, level, ...own } = snapshot.numbers;
	Object.assign(state.own, own);
	Object.assign(state.alarm, { line, weight, total, repeats });
	Object.assign(state.expectation, { near, level });
	return detectorOf(state);
}

function createState(options: SeriesOptions, settings: SeriesSettings): SeriesState {
	const slots = slotsOf(options.stepMs, settings);
	return {
		options,
		settings,
		slots,
		expectation: createExpectation(slots),
		alarm: createAlarmLine(),
		hours: new Float32Array(2 * slots.hours),
		own: {
			samples: 0,
			firstAt: 0,
			lastAt: 0,
			deviation: 0,
			leftover: 0,
			newDeviation: 0,
			slow: 0,
			spread: 0,
			side: 0,
			lastScore: 0,
			holdUntilAt: Number.MIN_SAFE_INTEGER,
			shift: 0,
			shiftUsual: 0,
			shiftHoldUntilAt: Number.MIN_SAFE_INTEGER,
		},
	};
}

function detectorOf(state: SeriesState): SeriesDetector {
	return {
		observe: (at, value, context) => observe(state, at, value, context),
		snapshot: () => snapshotOf(state),
	};
}

function snapshotOf({ options, own, alarm, expectation, ...state }: SeriesState): SeriesSnapshot {
	const { bins: _bins, line, ...ofAlarm } = alarm;
	const { near, level } = expectation;
	const arrays = Object.entries(arraysOf({ alarm, expectation, ...state }));
	return {
		version: 1,
		options,
		numbers: { ...own, ...ofAlarm, near, level, ...(line === undefined ? {} : { line }) },
		arrays: Object.fromEntries(arrays.map(([name, array]) => [name, [...array]])),
	};
}

function arraysOf({
	expectation,
	alarm,
	hours,
}: Pick<SeriesState, "expectation" | "alarm" | "hours">): Record<string, Float32Array | number[]> {
	const { day, week, errors } = expectation;
	return { day, week, errors, bins: alarm.bins, hours };
}

function observe(
	state: SeriesState,
	at: number,
	value: number | undefined,
	context: SampleContext | undefined,
): SeriesVerdict {
	const { own, settings, options, slots, expectation } = state;
	if (own.samples > 0 && at <= own.lastAt) return SILENT;
	const learnsUntilAt = learningEnd(state, at);
	if (value === undefined || !Number.isFinite(value)) return { ...SILENT, learnsUntilAt };
	if (own.samples === 0) {
		begin(state, at, value);
		return { ...SILENT, learnsUntilAt: learningEnd(state, at) };
	}
	const steps = (at - own.lastAt) / options.stepMs;
	own.lastAt = at;
	const moment = momentOf(context?.calendarAt ?? at, slots);
	if (steps > GAP_STEPS) {
		forgetNear(expectation, moment, settings);
		own.leftover = 0;
		own.lastScore = 0;
	}
	const expected = expect(expectation, moment, leastOf(own), settings);
	const noise = noiseOf(state, moment, expected, context?.events);
	const residual = certainResidual(value, expected.value, context?.within);
	const score = scoreOf(state, residual, noise, learnsUntilAt !== undefined);
	const judged = learnsUntilAt === undefined ? judge(state, at, score, steps) : { score: 0, isAlert: false };
	const isShift = judgeShift(state, at, residual / noise.season, judged.isAlert);
	learnSample(state, value, moment, expected, noise);
	const halfWidth = settings.seasonFloor * noise.season;
	return {
		score: isShift ? Math.max(1, judged.score) : judged.score,
		isAlert: judged.isAlert || isShift,
		expected: bandOf(expected.value, halfWidth, options.kind),
		expert: EXPERTS[expected.expert],
		shape: judged.isAlert ? "sudden" : isShift ? "slow" : undefined,
		onceInDays: judged.isAlert ? onceInDaysOf(state, score) : undefined,
		learnsUntilAt,
	};
}

function certainResidual(value: number, expected: number, within: SampleContext["within"]): number {
	if (!within) return value - expected;
	return expected < within.low ? within.low - expected : Math.min(0, within.high - expected);
}

function begin({ own, expectation }: SeriesState, at: number, value: number): void {
	own.samples = 1;
	own.firstAt = at;
	own.lastAt = at;
	own.slow = value;
	expectation.near = value;
	expectation.level = value;
}

/** When enough is learned, judged by what came so far; undefined: it is. */
function learningEnd({ own, settings, options }: SeriesState, at: number): number | undefined {
	const missing = settings.learnSamples - own.samples;
	const firstAt = own.samples === 0 ? at : own.firstAt;
	if (missing <= 0 && at - firstAt >= settings.learnMs) return undefined;
	return Math.max(firstAt + settings.learnMs, at + Math.max(0, missing) * options.stepMs);
}

interface Noise {
	/** Deviation that is usual against the season, and against the last hour. */
	readonly season: number;
	readonly fresh: number;
}

function noiseOf(state: SeriesState, moment: Moment, expected: Expected, events: number | undefined): Noise {
	const { own, settings, options } = state;
	const ofHour = state.hours[2 * moment.hour] as number;
	const visits = state.hours[2 * moment.hour + 1] as number;
	const trust = settings.hourTrustVisits;
	const learned = (trust * own.deviation + visits * ofHour) / (trust + visits);
	const size = Math.abs(expected.value);
	let floor = settings.levelFloor * Math.max(size, Math.abs(expected.level));
	floor = Math.max(floor, settings.spreadFloor * own.spread, leastOf(own));
	if (options.kind === "count" || options.kind === "rate" || options.kind === "throughput")
		floor = Math.max(floor, Math.sqrt(Math.max(size, 1)));
	if (events !== undefined && events > 0) floor = Math.max(floor, ratioDeviation(expected.value, events));
	return { season: Math.hypot(learned, floor), fresh: Math.hypot(own.newDeviation, floor) };
}

/** Binomial standard deviation of a ratio of `events`; a ratio of none or all is taken for half an event away from it. */
function ratioDeviation(ratio: number, events: number): number {
	const within = Math.max(0.5 / events, Math.min(1 - 0.5 / events, ratio));
	return Math.sqrt(Math.max(0, within * (1 - within)) / events);
}

/** How far the value stands out, in deviations: against the season and, in the same direction, against the last hour. */
function scoreOf(state: SeriesState, residual: number, noise: Noise, isLearning: boolean): number {
	const { own, settings, options } = state;
	const fresh = residual - own.leftover;
	let score = 0;
	const isWanted = options.direction === "both" || options.direction === (residual > 0 ? "up" : "down");
	const ofSeason = Math.abs(residual) / noise.season;
	if (isWanted && !isLearning && residual * fresh > 0 && ofSeason >= settings.seasonFloor) {
		const season = settings.seasonWeight * ofSeason;
		const hour = Math.abs(fresh) / noise.fresh;
		const larger = settings.largerPower;
		score = Math.min(season, hour) ** (1 - larger) * Math.max(season, hour) ** larger;
	}
	const { carry } = settings;
	const carried = (1 - carry) * score + carry * Math.min(own.lastScore, 3 * score + 1);
	own.lastScore = score;
	return Math.min(carried, HIGHEST_SCORE);
}

/** Compares the score with the alarm line, and remembers it. */
function judge(state: SeriesState, at: number, score: number, steps: number): { score: number; isAlert: boolean } {
	const { own, alarm, settings, options } = state;
	const { stepMs } = options;
	const every = Math.max(1, Math.round(LINE_EVERY_MS / stepMs));
	if (alarm.line === undefined || own.samples % every === 0)
		alarm.line = lineOf(alarm, stepMs, settings.onceInDays * DAY_MS, settings);
	alarm.repeats *= 1 - rateOf(stepMs * steps, settings.repeatMs);
	const raised = Math.exp(settings.repeatRaise * Math.max(0, alarm.repeats - settings.repeatFree));
	const share = score / (alarm.line * raised);
	const isHeld = at < own.holdUntilAt;
	const isAlert = share > 1 && !isHeld;
	if (isAlert) alarm.repeats += 1;
	if (share > 1) own.holdUntilAt = at + Math.max(settings.holdSamples * stepMs, settings.holdMs);
	ageScores(alarm, stepMs, settings);
	// What belongs to one alert is one score: a long outage is not many.
	if (isAlert || at >= own.holdUntilAt) rememberScore(alarm, score);
	return { score: share, isAlert };
}

/** Whether the samples of the last hours together are further from the season than they use to be. */
function judgeShift(state: SeriesState, at: number, deviation: number, isAlert: boolean): boolean {
	const { own, alarm, settings, options } = state;
	if (own.samples < settings.learnSamples) return false;
	const { stepMs, direction } = options;
	const rate = rateOf(1, Math.max(settings.shiftSamples, settings.shiftMs / stepMs));
	own.shift += rate * (clip(deviation, settings.shiftClip) - own.shift);
	const size = Math.abs(own.shift);
	const isWanted = direction === "both" || direction === (own.shift > 0 ? "up" : "down");
	const isFree = !isAlert && at >= own.holdUntilAt && at >= own.shiftHoldUntilAt;
	const isLearned = at - own.firstAt >= settings.shiftLearnMs;
	const isShift =
		isWanted && isFree && isLearned && size > settings.shiftFloor && size > settings.shiftLine * own.shiftUsual;
	if (isShift) {
		alarm.repeats += 1;
		own.shiftHoldUntilAt = at + settings.shiftHoldMs;
		own.holdUntilAt = at + Math.max(settings.holdSamples * stepMs, settings.holdMs);
	}
	// A shift that stays becomes usual, by and by; SHIFT_LEAST lets the first one do so.
	const usualRate = Math.max(rateOf(stepMs, settings.deviationMs), 1 / own.samples);
	own.shiftUsual += usualRate * (Math.min(size, 3 * own.shiftUsual + SHIFT_LEAST) - own.shiftUsual);
	return isShift;
}

function learnSample(state: SeriesState, value: number, moment: Moment, expected: Expected, noise: Noise): void {
	const { own, settings, options, slots } = state;
	const { stepMs } = options;
	own.samples += 1;
	const { samples } = own;
	const isNew = samples < settings.learnSamples;
	const residual = value - expected.value;

	const spreadRate = Math.max(rateOf(stepMs, settings.spreadMs), 1 / samples);
	const distance = value - own.slow;
	own.slow += spreadRate * distance;
	own.spread += spreadRate * (Math.abs(distance) - own.spread);

	const most = settings.learnClip * noise.season;
	const isBeyond = Math.abs(residual) > most;
	if (!isBeyond) own.side *= 0.5;
	else own.side = Math.sign(residual) === Math.sign(own.side) ? own.side + Math.sign(residual) : Math.sign(residual);
	const isAdopting = Math.abs(own.side) * stepMs > settings.adoptMs;
	const levelClip = isAdopting || isNew ? Number.POSITIVE_INFINITY : most;
	const nearClip = settings.learnClip * Math.max(noise.fresh, own.deviation);
	const lesson = {
		value,
		clipped: expected.value + clip(residual, levelClip),
		levelClip,
		nearClip: isNew ? Number.POSITIVE_INFINITY : nearClip,
		levelSpeed: isAdopting ? ADOPTION_SPEED : 1,
		samples,
	};
	learn(state.expectation, moment, expected, lesson, slots, stepMs, settings);

	const deviationRate = Math.max(rateOf(stepMs, settings.deviationMs), 1 / samples);
	const fresh = Math.abs(residual - own.leftover);
	const freshClip = isNew ? Number.POSITIVE_INFINITY : NEW_DEVIATION_CLIP * noise.fresh;
	own.newDeviation += deviationRate * (Math.min(fresh, freshClip) - own.newDeviation);
	const leftoverHalfLife = Math.max(settings.leftoverSamples, settings.leftoverMs / stepMs);
	own.leftover += Math.max(rateOf(1, leftoverHalfLife), 1 / samples) * (residual - own.leftover);

	const deviationClip = isNew ? Number.POSITIVE_INFINITY : settings.deviationClip * noise.season;
	const seen = DEVIATION_PER_ERROR * Math.min(Math.abs(residual), deviationClip);
	own.deviation += deviationRate * (seen - own.deviation);
	const visits = Math.min(MOST_HOUR_VISITS, (state.hours[2 * moment.hour + 1] as number) + 1 / slots.perHour);
	const hourRate = Math.max(settings.hourRate / slots.perHour, 1 / (visits * slots.perHour + 1));
	const ofHour = state.hours[2 * moment.hour] as number;
	state.hours[2 * moment.hour + 1] = visits;
	state.hours[2 * moment.hour] = Math.min(LARGEST_SINGLE, ofHour + hourRate * (seen - ofHour));
}

/** A deviation too small for the size of the values to matter; above 0. */
function leastOf(own: OwnNumbers): number {
	return LEAST_SHARE * (Math.abs(own.slow) + own.spread) || Number.MIN_VALUE / Number.EPSILON;
}

function onceInDaysOf({ alarm, options, settings }: SeriesState, score: number): number | undefined {
	const periodMs = returnPeriodMs(alarm, score, options.stepMs, settings);
	return periodMs === undefined ? undefined : periodMs / DAY_MS;
}

function bandOf(value: number, halfWidth: number, kind: SeriesOptions["kind"]): SeriesVerdict["expected"] {
	// What is never negative is not expected to be.
	const least = kind === "generic" ? Number.NEGATIVE_INFINITY : 0;
	const low = value >= least ? Math.max(least, value - halfWidth) : value - halfWidth;
	return { value, low, high: value + halfWidth };
}
