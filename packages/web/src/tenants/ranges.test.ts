import { describe, expect, it } from "vitest";
import { RANGES, spanOf } from "./ranges.ts";

const NOW = Date.UTC(2026, 10, 22, 9, 47, 12);

describe("the range of a chart", () => {
	it.each([
		["28d", Date.UTC(2026, 9, 25, 10), Date.UTC(2026, 10, 22, 10)],
		["24h", Date.UTC(2026, 10, 21, 9, 50), Date.UTC(2026, 10, 22, 9, 50)],
		["1h", Date.UTC(2026, 10, 22, 8, 48), Date.UTC(2026, 10, 22, 9, 48)],
	] as const)("of %s ends with the window that runs now", (range, from, to) => {
		expect(spanOf(range, NOW)).toEqual([from, to]);
	});

	it("is drawn with so many points that a window is still a pixel", () => {
		for (const { spanMs, resolutionMs } of Object.values(RANGES))
			expect([spanMs % resolutionMs, spanMs / resolutionMs <= 700]).toEqual([0, true]);
	});
});
