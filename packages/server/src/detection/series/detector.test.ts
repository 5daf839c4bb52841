import { seededRandom } from "@bellwether/model";
import { describe, expect, it } from "vitest";
import { createSeriesDetector, restoreSeriesDetector } from "./detector.ts";
import { momentOf, slotsOf } from "./expectation.ts";
import { explainSeries } from "./explain.ts";
import { SERIES_SETTINGS } from "./settings.ts";
import type { SeriesOptions, SeriesSnapshot, SeriesVerdict } from "./types.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** A Monday, 00:00 UTC. */
const START = Date.parse("2026-03-02T00:00:00Z");
const HOURLY: SeriesOptions = { stepMs: HOUR_MS, direction: "both", kind: "generic" };

type Value = number | undefined;

/** About normal, mean 0, deviation 1. */
function bell(random: () => number): number {
	let sum = -6;
	for (let each = 0; each < 12; each++) sum += random();
	return sum;
}

/** Hours of a volume around 1,000 with a day's rhythm of ±400, quieter weekends, and noise of 20. */
function volume(days: number, seed = 1): number[] {
	const random = seededRandom(seed);
	return Array.from({ length: days * 24 }, (_, hour) => {
		const weekend = Math.floor(hour / 24) % 7 >= 5 ? 0.7 : 1;
		return weekend * (1_000 + 400 * Math.sin((2 * Math.PI * hour) / 24)) + 20 * bell(random);
	});
}

function run(values: readonly Value[], options: SeriesOptions = HOURLY, from = START): SeriesVerdict[] {
	const detector = createSeriesDetector(options);
	return values.map((value, index) => detector.observe(from + index * options.stepMs, value));
}

const alertsOf = (verdicts: readonly SeriesVerdict[]): number[] =>
	verdicts.flatMap((each, index) => (each.isAlert ? [index] : []));

describe("detector of one series", () => {
	it("expects the rhythm of the day: what is usual at noon is an alert at night", () => {
		const values = volume(28);
		expect(alertsOf(run(values))).toEqual([]);
		const night = 25 * 24 + 18;
		values[night] = 1_400;
		values[night + 1] = 1_400;
		expect(alertsOf(run(values))).toEqual([night]);
	});

	it("finds a fall as well as a rise, and only the wanted side", () => {
		for (const [direction, factor, found] of [
			["both", 0.4, 1],
			["down", 0.4, 1],
			["up", 0.4, 0],
			["both", 1.8, 1],
			["up", 1.8, 1],
			["down", 1.8, 0],
		] as const) {
			const values = volume(28);
			for (const hour of [610, 611, 612]) values[hour] = (values[hour] as number) * factor;
			expect(alertsOf(run(values, { ...HOURLY, direction })), `${direction} ${factor}`).toHaveLength(found);
		}
	});

	it("claims nothing before it has seen a whole day, and says until when", () => {
		const values = volume(3);
		values[20] = 50_000;
		const verdicts = run(values);
		expect(verdicts[0]?.learnsUntilAt).toBe(START + DAY_MS);
		expect(verdicts[20]).toMatchObject({ score: 0, isAlert: false, learnsUntilAt: START + DAY_MS });
		expect(verdicts[24]?.learnsUntilAt).toBeUndefined();
	});

	it("takes a missing sample for missing and a zero for zero", () => {
		const values: Value[] = volume(28);
		values.fill(undefined, 600, 606);
		values[606] = Number.NaN;
		const verdicts = run(values);
		expect(alertsOf(verdicts)).toEqual([]);
		expect(verdicts[603]).toMatchObject({ score: 0, expected: undefined });
		values.fill(0, 600, 606);
		expect(alertsOf(run(values))[0]).toBe(600);
	});

	it("goes on after a gap of days where the season is by then", () => {
		const values: Value[] = volume(35);
		values.fill(undefined, 600, 690);
		expect(alertsOf(run(values))).toEqual([]);
	});

	it("neither judges nor learns a sample that is not later than the last one", () => {
		const values = volume(28);
		const plain = createSeriesDetector(HOURLY);
		const disturbed = createSeriesDetector(HOURLY);
		values.forEach((value, index) => {
			const at = START + index * HOUR_MS;
			expect(disturbed.observe(at, value)).toEqual(plain.observe(at, value));
			expect(disturbed.observe(at, 1e9)).toMatchObject({ score: 0, isAlert: false });
			expect(disturbed.observe(at - HOUR_MS, -1e9)).toMatchObject({ score: 0, isAlert: false });
		});
	});

	it("adopts a new level: one alert at the shift, none once it is usual", () => {
		const values = volume(42, 3).map((value, hour) => (hour >= 21 * 24 ? value * 2 : value));
		const verdicts = run(values);
		const alerts = alertsOf(verdicts);
		expect(alerts[0]).toBeGreaterThanOrEqual(21 * 24);
		expect(alerts[0]).toBeLessThan(21 * 24 + 3);
		expect(alerts.filter((hour) => hour > 24 * 24)).toEqual([]);
		const { expected } = verdicts[35 * 24 + 6] as SeriesVerdict;
		expect(expected?.low).toBeLessThan(2_800);
		expect(expected?.high).toBeGreaterThan(2_800);
	});

	it("is silent on a flat series and finds its first change", () => {
		for (const level of [0, 5, -3, 1e-30, 1e30]) {
			const values = new Array<number>(20 * 24).fill(level);
			expect(alertsOf(run(values))).toEqual([]);
			const change = level === 0 ? 1 : level * 3;
			values.fill(change, 400, 406);
			expect(alertsOf(run(values)), `from ${level} to ${change}`).toEqual([400]);
		}
	});

	it("does not call a change of a few percent of the level unusual, however still the series was", () => {
		const values = new Array<number>(20 * 24).fill(100);
		values.fill(104, 400, 406);
		expect(alertsOf(run(values))).toEqual([]);
	});

	it("alerts less than once a day on spikes that keep coming, and still on one that is ten times as high", () => {
		const random = seededRandom(5);
		const values = Array.from({ length: 90 * 24 }, () => (random() < 0.06 ? 80 + 40 * random() : bell(random)));
		const spikes = values.filter((value) => value > 50).length;
		const alerts = alertsOf(run(values)).length;
		expect(spikes).toBeGreaterThan(120);
		expect(alerts).toBeLessThan(90);
		values.fill(1_000, 2_000, 2_003);
		expect(alertsOf(run(values))).toContain(2_000);
	});

	it("tells the hours of the day exactly", () => {
		const slots = slotsOf(HOUR_MS, SERIES_SETTINGS);
		for (let hour = 0; hour < 1_000; hour++) {
			const moment = momentOf(START + hour * HOUR_MS, slots);
			expect(moment).toMatchObject({ hour: hour % 24, daySlot: hour % 24 });
			expect(moment.weekSlot).toBe((24 + hour) % 168);
		}
	});

	it("lets counts vary by chance: at 4 an hour a 12 is no news, at 400 an 800 is", () => {
		const random = seededRandom(8);
		const poisson = (mean: number): number => {
			let count = 0;
			for (let left = Math.exp(-mean), product = random(); product > left; count++) product *= random();
			return count;
		};
		const few = Array.from({ length: 30 * 24 }, () => poisson(4));
		few[600] = 12;
		expect(alertsOf(run(few, { ...HOURLY, kind: "count" }))).toEqual([]);
		const many = Array.from({ length: 30 * 24 }, () => 400 + 20 * bell(random));
		many[600] = 800;
		many[601] = 800;
		expect(alertsOf(run(many, { ...HOURLY, kind: "count" }))).toEqual([600]);
	});

	it("weighs a ratio by the events it is of", () => {
		const alertsWith = (events: number): number[] => {
			const detector = createSeriesDetector({ ...HOURLY, direction: "up", kind: "ratio" });
			const verdicts = Array.from({ length: 480 }, (_, hour) =>
				detector.observe(START + hour * HOUR_MS, hour >= 400 && hour < 403 ? 0.2 : 0.01, { events }),
			);
			return alertsOf(verdicts);
		};
		expect(alertsWith(10_000)).toEqual([400]);
		expect(alertsWith(5)).toEqual([]);
	});

	it("reads hour and weekday from the tenant's own clock", () => {
		const values = volume(28);
		const detector = createSeriesDetector(HOURLY);
		// After two weeks the clocks go forward: on the tenant's clock the rhythm stays, on ours it moves.
		const alerts = values.filter((value, hour) => {
			const at = START + hour * HOUR_MS - (hour >= 336 ? HOUR_MS : 0) + (hour >= 336 ? 1 : 0);
			return detector.observe(at, value, { calendarAt: START + hour * HOUR_MS }).isAlert;
		});
		expect(alerts).toEqual([]);
	});

	it("rarely alerts where only chance is at work", () => {
		let alerts = 0;
		for (let seed = 1; seed <= 20; seed++) alerts += alertsOf(run(volume(28, seed))).length;
		expect(alerts).toBeLessThanOrEqual(4);
	});

	it.each([10_000, MINUTE_MS, 5 * MINUTE_MS, HOUR_MS, DAY_MS])("works at a step of %d ms", (stepMs) => {
		const random = seededRandom(stepMs);
		const length = Math.max(80, Math.ceil((2 * DAY_MS) / stepMs));
		const values = Array.from({ length }, () => 50 + bell(random));
		const at = length - 10;
		values.fill(120, at, at + 5);
		const alerts = alertsOf(run(values, { ...HOURLY, stepMs }));
		expect(alerts.at(-1)).toBe(at);
		expect(alerts.length).toBeLessThanOrEqual(3);
	});

	it("refuses a step that is none", () => {
		for (const stepMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
			expect(() => createSeriesDetector({ ...HOURLY, stepMs })).toThrow(RangeError);
	});
});

describe("properties", () => {
	const troubled = volume(35, 11).map((value, hour) => (hour % 97 < 2 && hour > 300 ? value * 1.7 : value));

	it("no verdict depends on what comes later", () => {
		const full = run(troubled);
		for (const length of [1, 23, 24, 25, 200, 555, 800])
			expect(run(troubled.slice(0, length))).toEqual(full.slice(0, length));
	});

	it("scores are the same in any unit", () => {
		const full = run(troubled);
		expect(alertsOf(full).length).toBeGreaterThan(0);
		for (const factor of [2 ** -40, 2 ** 10, 2 ** 60]) {
			const scaled = run(troubled.map((value) => value * factor));
			expect(scaled.map((each) => each.score)).toEqual(full.map((each) => each.score));
			expect(alertsOf(scaled)).toEqual(alertsOf(full));
		}
	});

	it("a series upside down gives the same scores the other way", () => {
		const up = run(troubled, { ...HOURLY, direction: "up" });
		const mirrored = run(
			troubled.map((value) => -value),
			{ ...HOURLY, direction: "down" },
		);
		expect(mirrored.map((each) => each.score)).toEqual(up.map((each) => each.score));
	});

	it("a detector that was stored and restored answers like one that never stopped, to the last bit", () => {
		const full = run(troubled);
		for (const cut of [0, 1, 10, 24, 300, 301, 500, 777]) {
			const before = createSeriesDetector(HOURLY);
			troubled.slice(0, cut).forEach((value, index) => void before.observe(START + index * HOUR_MS, value));
			const after = restoreSeriesDetector(JSON.parse(JSON.stringify(before.snapshot())) as SeriesSnapshot);
			const rest = troubled.slice(cut).map((value, index) => after.observe(START + (cut + index) * HOUR_MS, value));
			expect(rest, `cut at ${cut}`).toEqual(full.slice(cut));
		}
	});

	it("a snapshot is as large after a year as after a day", () => {
		const sizeAfter = (days: number): number => {
			const detector = createSeriesDetector(HOURLY);
			volume(days).forEach((value, index) => void detector.observe(START + index * HOUR_MS, value));
			const { numbers, arrays } = detector.snapshot();
			return Object.values(arrays).reduce((sum, each) => sum + each.length, Object.keys(numbers).length);
		};
		expect(sizeAfter(365)).toBe(sizeAfter(2));
	});

	it("a snapshot of another version or shape is refused", () => {
		const snapshot = createSeriesDetector(HOURLY).snapshot();
		expect(() => restoreSeriesDetector({ ...snapshot, version: 2 as 1 })).toThrow(/version 2/);
		expect(() => restoreSeriesDetector({ ...snapshot, arrays: { ...snapshot.arrays, day: [1] } })).toThrow(/day/);
	});

	it("no value makes it forget its numbers", () => {
		const detector = createSeriesDetector(HOURLY);
		const wild = [0, 1e308, -1e308, 5e-324, 0, 0, 1, Number.MAX_VALUE, -Number.MAX_VALUE, 3];
		for (let index = 0; index < 400; index++) {
			const { score } = detector.observe(START + index * HOUR_MS, wild[index % wild.length]);
			expect(Number.isFinite(score)).toBe(true);
		}
	});
});

describe("in words", () => {
	it("says what was expected, on what grounds, and what came", () => {
		const verdict: SeriesVerdict = {
			score: 2,
			isAlert: true,
			expected: { value: 975, low: 820.4, high: 1_130.2 },
			expert: "hour-of-week",
			shape: "sudden",
			onceInDays: 90.4,
			learnsUntilAt: undefined,
		};
		expect(explainSeries(verdict, 210)).toBe(
			"expected 820-1,130 at this hour of the week, saw 210; about once in 90 days",
		);
		expect(explainSeries({ ...verdict, onceInDays: undefined, expert: "time-of-day" }, 210, " ms")).toBe(
			"expected 820-1,130 ms at this time of day, saw 210 ms",
		);
		expect(explainSeries({ ...verdict, expected: { value: 0, low: -5, high: 5 }, expert: "level" }, 70)).toBe(
			"expected -5 to 5 at the level of the last days, saw 70; about once in 90 days",
		);
	});

	it("says of a slow shift that no single sample shows it", () => {
		// A rhythm that is met exactly, then within three hours a third too much, each step of it small.
		const values = Array.from({ length: 28 * 24 }, (_, hour) => {
			const usual = 1_000 + 400 * Math.sin((2 * Math.PI * hour) / 24);
			return hour >= 480 && hour < 500 ? usual * (1 + 0.3 * Math.min(1, (hour - 479) / 3)) : usual;
		});
		const verdicts = run(values);
		const shifts = verdicts.flatMap((each, index) => (each.shape === "slow" ? [index] : []));
		expect(shifts).toHaveLength(1);
		expect(shifts[0]).toBeGreaterThan(480);
		expect(shifts[0]).toBeLessThan(500);
		const at = shifts[0] as number;
		expect(explainSeries(verdicts[at] as SeriesVerdict, values[at] as number)).toMatch(
			/for hours it has been to one side/,
		);
	});

	it("says that it still learns", () => {
		const [first] = run([5]);
		expect(explainSeries(first as SeriesVerdict, 5)).toBe(
			"still learning what is usual until 2026-03-03T00:00:00.000Z, saw 5",
		);
	});

	it("has the band of every alert beside the value", () => {
		const values = volume(28);
		values[610] = 100;
		values[611] = 100;
		const verdict = run(values)[610] as SeriesVerdict;
		expect(verdict.expected?.low).toBeGreaterThan(100);
		expect(verdict.onceInDays).toBeGreaterThan(2);
	});
});
