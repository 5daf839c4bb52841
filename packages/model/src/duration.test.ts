import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { describeDuration, formatDuration, parseDuration } from "./index.ts";

describe("durations of the catalogue", () => {
	test.each([
		["90s", 90_000],
		["5m", 300_000],
		["1h30m", 5_400_000],
		["28d", 2_419_200_000],
		["4w", 2_419_200_000],
		["250ms", 250],
		["1.5h", 5_400_000],
	])("%s is %d ms", (text, ms) => {
		expect(parseDuration(text)).toBe(ms);
	});
	test.each(["", "5", "m", "5 m", "-5m", "5m!", "1h-30m", "PT5M", "5M"])("refuses %j", (text) => {
		expect(parseDuration(text)).toBeUndefined();
	});
	it("reads back what it writes", () => {
		fc.assert(
			fc.property(fc.nat(90 * 86_400_000), (ms) => {
				expect(parseDuration(formatDuration(ms))).toBe(ms);
			}),
		);
	});
});

test.each([
	[0, "0 s"],
	[52_000, "52 s"],
	[8_040_000, "2 h 14 min"],
	[262_800_000, "3 d 1 h"],
	[3_600_000, "1 h"],
	[-5, "0 s"],
])("%d ms reads %s", (ms, text) => {
	expect(describeDuration(ms)).toBe(text);
});
