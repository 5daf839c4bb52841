import { describe, expect, it } from "vitest";
import type { LatenciesView } from "../api-types.ts";
import { latencyLines, latencyText, percentileName } from "./latency.ts";

const percentile = (low: number | null, high: number | null) => ({
	ratio: 0.9,
	low,
	high,
	estimate: null,
	errorRatio: null,
});

function view(windows: LatenciesView["windows"]): LatenciesView {
	const percentiles = [percentile(1, 2), percentile(3, 4)];
	return { tenant: "t", slo: "s", unit: "ms", resolutionMs: 10, known: 1, total: 1, percentiles, windows };
}

describe("percentiles over time", () => {
	it("are what each is at most; a window without latencies is a gap, as is a percentile without a bound", () => {
		const at = (start: number, known: number, ...percentiles: LatenciesView["percentiles"]) => ({
			at: start,
			known,
			total: 5,
			percentiles,
		});
		const lines = latencyLines(
			view([
				at(0, 5, percentile(0, 10), percentile(20, 30)),
				at(10, 0, percentile(null, null), percentile(null, null)),
				at(30, 5, percentile(1, 2), percentile(50, null)),
			]),
		);
		expect(lines).toEqual({
			at: [0, 10, 20, 30],
			lines: [
				[10, null, null, 2],
				[30, null, null, null],
			],
			low: [20, null, null, null],
			highest: 30,
		});
	});

	it("are nothing where none is known", () => {
		expect(latencyLines(view([]))).toMatchObject({ at: [], highest: null });
	});

	it("are told as where they lie", () => {
		expect(percentileName(0.99)).toBe("p99");
		expect(percentileName(0.999)).toBe("p99.9");
		expect(latencyText(percentile(1000, 1044.3), "ms")).toBe("1,000–1,040\u00a0ms");
		expect(latencyText(percentile(0, 500), "ms")).toBe("at most 500\u00a0ms");
		expect(latencyText(percentile(10, null), "s")).toBe("over 10\u00a0s");
		expect(latencyText(percentile(0.2001, 0.2002), null)).toBe("0.2");
		expect(latencyText(percentile(null, null), "s")).toBeUndefined();
	});
});
