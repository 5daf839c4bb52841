import { describe, expect, it } from "vitest";
import { badOf, poisson, randomFor } from "./random.ts";

describe("the demo's randomness", () => {
	it("is the same for the same seed and place, and differs between places", () => {
		const draw = (...parts: (string | number)[]) => {
			const random = randomFor(5, ...parts);
			return [random.next(), random.next(), random.next()];
		};
		expect(draw("a", 1)).toEqual(draw("a", 1));
		expect(draw("a", 1)).not.toEqual(draw("a", 2));
		expect(draw("a", 1)).not.toEqual(draw("b", 1));
	});

	it.each([0.3, 4, 29, 31, 5000])("draws counts around their mean %d", (mean) => {
		const random = randomFor(1, "poisson", mean);
		const draws = Array.from({ length: 4000 }, () => poisson(random, mean));
		const average = draws.reduce((a, b) => a + b, 0) / draws.length;
		expect(Math.abs(average - mean)).toBeLessThan(5 * Math.sqrt(mean / draws.length));
		expect(draws.every((draw) => Number.isInteger(draw) && draw >= 0)).toBe(true);
	});

	it("makes everything bad at ratio 1, nothing at 0, and about the ratio between", () => {
		const random = randomFor(1, "bad");
		expect(badOf(random, 17, 1)).toBe(17);
		expect(badOf(random, 17, 0)).toBe(0);
		expect(badOf(random, 0, 0.5)).toBe(0);
		for (const ratio of [0.002, 0.4, 0.9]) {
			const bad = badOf(random, 1_000_000, ratio);
			expect(Math.abs(bad / 1_000_000 - ratio)).toBeLessThan(0.005);
			expect(badOf(random, 3, ratio)).toBeLessThanOrEqual(3);
		}
	});
});
