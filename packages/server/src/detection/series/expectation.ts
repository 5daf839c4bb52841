import { DAY_MS, rateOf, type SeriesSettings } from "./settings.ts";
import type { SeriesExpert } from "./types.ts";

/**
 * What one series should be now: four experts, each cheap and often right, mixed by how wrong they were of late. Slots of
 * the day and of the week are what is left over the level, each trusted by how often it was visited.
 */
export interface Expectation {
	/** What was just seen, clipped. */
	near: number;
	level: number;
	/**
	 * Of each slot its value, then its visits. Single precision: the values are means of what differs by more, and every series
	 * has hundreds of them.
	 */
	readonly day: Float32Array;
	readonly week: Float32Array;
	/** Mean absolute errors of the experts, in the order of `EXPERTS`. */
	readonly errors: number[];
}

export const EXPERTS: readonly SeriesExpert[] = ["recent", "level", "time-of-day", "hour-of-week"];

/** How one step divides the day; made once per series. */
export interface Slots {
	readonly day: number;
	readonly hours: number;
	/** Samples that fall into a slot of the day, and into one of the hours, on one visit. */
	readonly perDaySlot: number;
	readonly perHour: number;
}

export interface Moment {
	readonly daySlot: number;
	readonly hour: number;
	readonly weekSlot: number;
	/** The two slots of the day that it lies between, and how far it is on the way to the second. */
	readonly before: number;
	readonly after: number;
	readonly share: number;
}

export interface Expected {
	readonly value: number;
	readonly expert: number;
	readonly near: number;
	readonly level: number;
	readonly seasonal: number;
	readonly weekly: number;
}

const HOURS_PER_DAY = 24;
const DAYS_PER_WEEK = 7;
/** 1970-01-01 was a Thursday; weeks are counted from Sunday. */
const EPOCH_WEEKDAY = 4;

export function slotsOf(stepMs: number, settings: SeriesSettings): Slots {
	const day = Math.max(1, Math.round(DAY_MS / Math.min(DAY_MS, Math.max(stepMs, settings.slotMs))));
	const hours = Math.min(day, HOURS_PER_DAY);
	const perDaySlot = Math.max(1, DAY_MS / day / stepMs);
	return { day, hours, perDaySlot, perHour: Math.max(1, DAY_MS / hours / stepMs) };
}

export function momentOf(calendarAt: number, slots: Slots): Moment {
	const days = Math.floor(calendarAt / DAY_MS);
	// Whole milliseconds first: a share of a day times 24 may fall just short of the hour.
	const ofDayMs = calendarAt - days * DAY_MS;
	const hour = Math.min(slots.hours - 1, Math.floor((ofDayMs * slots.hours) / DAY_MS));
	const weekday = (((days + EPOCH_WEEKDAY) % DAYS_PER_WEEK) + DAYS_PER_WEEK) % DAYS_PER_WEEK;
	const daySlot = Math.min(slots.day - 1, Math.floor((ofDayMs * slots.day) / DAY_MS));
	const weekSlot = weekday * slots.hours + hour;
	// Slots of an hour or more are as they are; finer ones are points of a curve, which has no stairs at their edges.
	if (slots.day <= HOURS_PER_DAY) return { daySlot, hour, weekSlot, before: daySlot, after: daySlot, share: 0 };
	const place = (ofDayMs * slots.day) / DAY_MS - 0.5;
	const before = (Math.floor(place) + slots.day) % slots.day;
	return { daySlot, hour, weekSlot, before, after: (before + 1) % slots.day, share: place - Math.floor(place) };
}

export function createExpectation(slots: Slots): Expectation {
	return {
		near: 0,
		level: 0,
		day: new Float32Array(2 * slots.day),
		week: new Float32Array(2 * DAYS_PER_WEEK * slots.hours),
		errors: EXPERTS.map(() => 0),
	};
}

/** `least`: an error too small to matter, above 0. */
export function expect(state: Expectation, moment: Moment, least: number, settings: SeriesSettings): Expected {
	const seasonal =
		(1 - moment.share) * trusted(state.day, moment.before, settings) +
		moment.share * trusted(state.day, moment.after, settings);
	const weekly = trusted(state.week, moment.weekSlot, settings);
	const level = state.level;
	let sum = 0;
	let weights = 0;
	let expert = 0;
	let heaviest = 0;
	for (let index = 0; index < EXPERTS.length; index++) {
		const opinion = opinionOf(index, state.near, level, seasonal, weekly);
		const weight = (least / ((state.errors[index] as number) + least)) ** settings.mixPower;
		sum += weight * opinion;
		weights += weight;
		if (weight > heaviest) {
			heaviest = weight;
			expert = index;
		}
	}
	return { value: sum / weights, expert, near: state.near, level, seasonal, weekly };
}

export interface Lesson {
	readonly value: number;
	/** The value, no further from what was expected than the learning clip. */
	readonly clipped: number;
	/** How far the level and what was just seen may be moved, in the series' unit; Infinity moves them all the way. */
	readonly levelClip: number;
	readonly nearClip: number;
	/** How much faster than usual the level is learned. */
	readonly levelSpeed: number;
	/** Samples so far, this one included. */
	readonly samples: number;
}

export function learn(
	state: Expectation,
	moment: Moment,
	expected: Expected,
	lesson: Lesson,
	slots: Slots,
	stepMs: number,
	settings: SeriesSettings,
): void {
	const { near, level, seasonal, weekly } = expected;
	const { clipped, samples } = lesson;
	const errorRate = Math.max(rateOf(stepMs, settings.mixMs), 1 / samples);
	for (let index = 0; index < EXPERTS.length; index++) {
		const error = Math.abs(clipped - opinionOf(index, near, level, seasonal, weekly));
		state.errors[index] = (state.errors[index] as number) + errorRate * (error - (state.errors[index] as number));
	}
	const nearHalfLife = Math.max(settings.nearSamples, settings.nearMs / stepMs);
	state.near += Math.max(rateOf(1, nearHalfLife), 1 / samples) * clip(lesson.value - near, lesson.nearClip);
	const levelRate = Math.max(rateOf(stepMs, settings.levelMs), 1 / (samples + 1));
	state.level += levelRate * clip(lesson.value - level - seasonal, lesson.levelClip) * lesson.levelSpeed;
	visit(state.day, moment.daySlot, clipped - state.level, settings.dayRate, slots.perDaySlot);
	const leftOver = clipped - state.level - seasonal;
	visit(state.week, moment.weekSlot, leftOver, settings.weekRate, slots.perHour);
}

/** After a gap nothing was just seen: the season says what it would have been. */
export function forgetNear(state: Expectation, moment: Moment, settings: SeriesSettings): void {
	const seasonal =
		(1 - moment.share) * trusted(state.day, moment.before, settings) +
		moment.share * trusted(state.day, moment.after, settings);
	state.near = state.level + seasonal + trusted(state.week, moment.weekSlot, settings);
}

export function clip(value: number, most: number): number {
	return Math.max(-most, Math.min(most, value));
}

function opinionOf(index: number, near: number, level: number, seasonal: number, weekly: number): number {
	if (index === 0) return near;
	if (index === 1) return level;
	return index === 2 ? level + seasonal : level + seasonal + weekly;
}

function trusted(slots: Float32Array, slot: number, { trustVisits }: SeriesSettings): number {
	const seen = slots[2 * slot + 1] as number;
	return ((slots[2 * slot] as number) * seen) / (seen + trustVisits);
}

/** Moves a slot towards `target`: as a plain mean at first, by `rate` per visit of `perVisit` samples from then on. */
function visit(slots: Float32Array, slot: number, target: number, rate: number, perVisit: number): void {
	const seen = slots[2 * slot + 1] as number;
	const value = slots[2 * slot] as number;
	const moved = value + Math.max(rate / perVisit, 1 / (seen * perVisit + 1)) * (target - value);
	slots[2 * slot] = clip(moved, LARGEST_SINGLE);
	slots[2 * slot + 1] = Math.min(MOST_VISITS, seen + 1 / perVisit);
}

/** From here on one more visit changes nothing. */
const MOST_VISITS = 1e5;
/** Nothing beyond it can be written in single precision. */
export const LARGEST_SINGLE = 3.4e38;
