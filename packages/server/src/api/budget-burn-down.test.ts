import { describe, expect, it } from "vitest";
import { burnDown } from "./budget-burn-down.ts";

const RANGE = { from: 100, to: 150, stepMs: 10, objective: 0.99 };

describe("the burn-down of an error budget", () => {
	it("takes bad events off what all events of the period allow, and ends at what is left", () => {
		const down = burnDown(
			[
				{ at: 100, bad: 0, total: 200 },
				{ at: 110, bad: 2, total: 200 },
				{ at: 120, bad: 1, total: 200 },
				{ at: 130, bad: 0, total: 200 },
				{ at: 140, bad: 9, total: 200 },
			],
			RANGE,
		);
		expect(down.allowedBad).toBeCloseTo(10, 10);
		expect(down.steps.map(({ remaining }) => Number(remaining?.toFixed(6)))).toEqual([1, 0.8, 0.7, 0.7, -0.2]);
		expect(down.remaining).toBeCloseTo(-0.2, 10);
	});

	it("has no value in a step without events: unknown is neither spent nor left", () => {
		const down = burnDown(
			[
				{ at: 110, bad: 1, total: 500 },
				{ at: 140, bad: 1, total: 500 },
			],
			RANGE,
		);
		expect(down.steps.map(({ remaining }) => remaining)).toEqual([null, 0.9, null, null, 0.8]);
	});

	it("of a period without events is unknown as a whole", () => {
		const down = burnDown([], RANGE);
		expect(down.remaining).toBeUndefined();
		expect(down.allowedBad).toBeUndefined();
		expect(down.steps.every(({ remaining }) => remaining === null)).toBe(true);
	});

	it("leaves out windows beyond the period", () => {
		const windows = [
			{ at: 90, bad: 50, total: 50 },
			{ at: 100, bad: 1, total: 100 },
			{ at: 150, bad: 50, total: 50 },
		];
		expect(burnDown(windows, RANGE)).toMatchObject({ bad: 1, total: 100 });
	});
});
