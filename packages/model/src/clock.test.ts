import { expect, it } from "vitest";
import { ManualClock, SEVERITIES, systemClock } from "./index.ts";

it("a manual clock moves both times on, and steps only the wall clock", () => {
	const clock = new ManualClock(1_000);
	clock.advance(500);
	clock.step(-2_000);
	expect(clock.now()).toBe(-500);
	expect(clock.monotonic()).toBe(500);
});

it("the system's monotonic time does not fall", () => {
	const before = systemClock.monotonic();
	expect(systemClock.monotonic()).toBeGreaterThanOrEqual(before);
	expect(systemClock.now()).toBeGreaterThan(Date.UTC(2020, 0, 1));
});

it("severity 2.5 ranks between 2 and 3", () => {
	const ranks = (["1", "2", "2.5", "3", "4"] as const).map((key) => SEVERITIES[key].rank);
	expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
	expect(new Set(ranks).size).toBe(5);
});
