import { describe, expect, it } from "vitest";
import type { WindowsView } from "../api-types.ts";
import { axisFloor, bandOf, isolated, seriesOf } from "./series.ts";

function view(windows: readonly (readonly [at: number, good: number, total: number])[]): WindowsView {
	return {
		tenant: "t",
		slo: "s",
		resolutionMs: 10,
		objective: 0.99,
		windows: windows.map(([at, good, total]) => ({
			at,
			good,
			bad: total - good,
			total,
			late: 0,
			revision: 1,
			closed: true,
		})),
	};
}

describe("chart series", () => {
	it("put tenant and platform on one time axis, with gaps where nothing was counted", () => {
		const series = seriesOf(
			[
				view([
					[0, 1, 2],
					[30, 4, 4],
				]),
				view([
					[10, 9, 10],
					[20, 0, 0],
				]),
			],
			10,
		);
		expect(series.at).toEqual([0, 10, 20, 30]);
		expect(series.lines).toEqual([
			[0.5, null, null, 1],
			[null, 0.9, null, null],
		]);
		expect(series.lowest).toBe(0.5);
	});

	it("are empty when nothing was counted at all", () => {
		expect(seriesOf([view([[0, 0, 0]])], 10)).toEqual({ at: [], lines: [[]], lowest: null });
	});
});

describe("the band", () => {
	it("lies on the axis of the lines, unknown where no key tenant had events", () => {
		const steps = [
			{ at: 10, tenants: 2, p5: 0.9, p50: 0.95, p95: 1 },
			{ at: 40, tenants: 2, p5: 0.8, p50: 0.9, p95: 1 },
		];
		expect(bandOf(steps, [0, 10, 20])).toEqual({ low: [null, 0.9, null], high: [null, 1, null] });
	});
});

describe("values with a gap on both sides", () => {
	it.each([
		["none in a line", [1, 0.9, 1], []],
		["the only one", [0.5], [0]],
		["at both ends and between", [1, null, 0.9, null, null, 1], [0, 2, 5]],
		["not those that have one neighbour", [null, 1, 0.9, null], []],
	] as const)("%s", (_, line, places) => {
		expect(isolated(line)).toEqual(places);
	});
});

describe("the axis", () => {
	it.each([
		["shows the objective even when nothing was bad", 1, 0.995, 0.985],
		["reaches below a deep fall", 0.25, 0.995, 0.2],
		["reaches zero in a total outage", 0, 0.995, 0],
		["is known without any events", null, 0.99, 0.975],
	])("%s", (_, lowest, objective, floor) => {
		expect(axisFloor(lowest, objective)).toBeCloseTo(floor, 10);
		expect(axisFloor(lowest, objective)).toBeLessThanOrEqual(objective);
	});
});
