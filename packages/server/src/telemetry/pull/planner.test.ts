import { describe, expect, test } from "vitest";
import { backOffMs, type PullRhythm, type PullState, planPull, queryWaitMs } from "./planner.ts";

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 10, 23, 12, 0, 30);
const at = (minutes: number) => Date.UTC(2026, 10, 23, 12, 0) + minutes * MINUTE;

const rhythm: PullRhythm = {
	form: "counts",
	stepMs: MINUTE,
	overlapMs: 5 * MINUTE,
	delayMs: MINUTE,
	catchUpMs: 60 * MINUTE,
	maxRangeMs: 30 * MINUTE,
};
const state = (pulledUntil: number, more: Partial<PullState> = {}): PullState => ({
	source: "s",
	slo: "requests",
	pulledUntil,
	replaceableFrom: pulledUntil - 5 * MINUTE,
	stepMs: MINUTE,
	form: "counts",
	...more,
});

describe("what is asked for", () => {
	test.each([
		["whole ripe steps since the watermark, and the overlap before it", rhythm, state(at(-3)), [[at(-8), at(-1)]]],
		["nothing, when no further step is ripe", rhythm, state(at(-1)), []],
		["nothing, when the clock was set back", rhythm, state(at(30)), []],
		[
			"at first all of the catch-up limit, oldest first",
			rhythm,
			undefined,
			[
				[at(-61), at(-31)],
				[at(-31), at(-1)],
			],
		],
		[
			"after downtime what was missed, in ranges of the longest length",
			rhythm,
			state(at(-40)),
			[
				[at(-45), at(-15)],
				[at(-15), at(-1)],
			],
		],
		["never what can no longer be replaced", rhythm, state(at(-3), { replaceableFrom: at(-4) }), [[at(-4), at(-1)]]],
		["no overlap across another step", { ...rhythm, stepMs: 2 * MINUTE }, state(at(-5)), [[at(-4), at(-2)]]],
		["no overlap across another form", { ...rhythm, form: "samples" as const }, state(at(-3)), [[at(-3), at(-1)]]],
	])("%s", (_, how, known, ranges) => {
		expect(planPull(how, known, NOW)).toEqual({
			ranges: ranges.map(([from, to]) => ({ from, to })),
			skipped: undefined,
		});
	});

	test("what lies before the catch-up limit is said to be skipped", () => {
		const plan = planPull(rhythm, state(at(-90)), NOW);
		expect(plan.skipped).toEqual({ from: at(-90), to: at(-61) });
		expect(plan.ranges[0]).toEqual({ from: at(-61), to: at(-31) });
	});
});

test("back-off doubles to five minutes, is spread by half, and waits as long as the engine asks", () => {
	expect([1, 2, 3, 20].map((failures) => backOffMs(failures, 0, undefined))).toEqual([5_000, 10_000, 20_000, 300_000]);
	expect(backOffMs(1, 0.999, undefined)).toBeCloseTo(2_502.5);
	expect(backOffMs(1, 0, 60_000)).toBe(60_000);
});

test("an engine that asks to be left alone for years is asked the next day, by a timer that can wait so long", () => {
	expect(backOffMs(1, 0, 999_999_999_000)).toBe(24 * 60 * MINUTE);
	expect(backOffMs(1, 0, Number.POSITIVE_INFINITY)).toBeLessThan(2 ** 31);
});

test("no minute sees more queries than allowed", () => {
	expect(queryWaitMs([0, 10_000], 3, 20_000)).toBe(0);
	expect(queryWaitMs([0, 10_000, 15_000], 3, 20_000)).toBe(40_000);
	expect(queryWaitMs([0, 10_000, 15_000], 3, 60_000)).toBe(0);
	// Against any pattern of wishes: asked as soon as allowed, a hundred queries keep to the rate.
	const started: number[] = [];
	for (let now = 0; started.length < 100; now += 7) if (queryWaitMs(started, 5, now) === 0) started.push(now);
	for (let k = 5; k < started.length; k++)
		expect((started[k] as number) - (started[k - 5] as number)).toBeGreaterThanOrEqual(60_000);
});
