import { expect, it } from "vitest";
import { Episodes } from "./episodes.ts";

const DAY = 86_400_000;
const blips = (minutes: readonly number[], severity = 0.2, at = 10 * DAY) => {
	const episodes = new Episodes(24, 0.05);
	episodes.begin(0);
	for (const m of minutes) episodes.add({ kind: "errors-all", at, severity, minutes: m });
	return episodes;
};
const hold = (episodes: Episodes, severity = 0.2, now = 11 * DAY) => episodes.hold("errors-all", severity, now, 3, 12);

it("a fleet whose blips last longer waits longer", () => {
	const short = hold(blips([2, 3, 3, 4, 4, 5, 5, 5, 5, 5, 5, 5]));
	const long = hold(blips([4, 5, 6, 7, 7, 8, 8, 8, 8, 8, 8, 8]));
	expect(short).toBeGreaterThan(5);
	expect(long).toBeGreaterThan(8);
	expect(long).toBeGreaterThan(short);
});

it("what is far worse than any blip is not held for blips", () => {
	expect(hold(blips([5, 5, 5]), 0.9)).toBe(3);
});

it("never longer than the most, never shorter than the least", () => {
	expect(hold(blips([11, 11, 11]))).toBe(12);
	expect(hold(blips([]))).toBe(3);
});

it("experience fades after four weeks", () => {
	expect(hold(blips([5, 5, 5]), 0.2, 40 * DAY)).toBe(3);
});

it("a fleet that has seen little yet waits", () => {
	const young = new Episodes(4, 0.05);
	young.begin(0);
	expect(young.hold("errors-all", 0.9, DAY, 3, 12)).toBe(5);
});
