import { DAY_MS, HOUR_MS, seededRandom } from "@bellwether/model";
import { describe, expect, it, test } from "vitest";
import { poisson } from "../test-fleet.ts";
import { type ForecastInput, forecastExhaustion } from "./index.ts";

const NOW = Date.UTC(2026, 2, 2, 9);
const input = (over: Partial<ForecastInput>): ForecastInput => ({
	remaining: 0.5,
	objective: 0.999,
	periodMs: 30 * DAY_MS,
	now: NOW,
	recent: [{ ms: HOUR_MS, bad: 1_000, total: 100_000 }],
	...over,
});

describe("when an error budget will be spent", () => {
	it("is a range around what is left ÷ the burn rate", () => {
		// 1 % bad is 10 times the budget's pace: half of it lasts 1.5 days.
		const found = forecastExhaustion(input({}));
		if (found.status !== "expected") throw new Error(found.explanation);
		expect(found.likely).toBeCloseTo(NOW + 1.5 * DAY_MS, -3);
		expect(found.early).toBeLessThan(found.likely);
		expect(found.late).toBeGreaterThan(found.likely);
	});
	it("is wider the fewer events there are, and the more recent windows differ", () => {
		const width = (recent: ForecastInput["recent"]) => {
			const found = forecastExhaustion(input({ recent }));
			return found.status === "expected" ? (found.late ?? Number.POSITIVE_INFINITY) - found.early : Number.NaN;
		};
		const many = width([{ ms: HOUR_MS, bad: 1_000, total: 100_000 }]);
		expect(width([{ ms: HOUR_MS, bad: 40, total: 4_000 }])).toBeGreaterThan(many);
		const changing = [
			{ ms: HOUR_MS, bad: 1_000, total: 100_000 },
			{ ms: 6 * HOUR_MS, bad: 3_000, total: 600_000 },
		];
		expect(width(changing)).toBeGreaterThan(many);
	});
	it("of a calendar period is what its events so far allow, which grows meanwhile", () => {
		const found = forecastExhaustion(input({ calendar: { startsAt: NOW - 9 * DAY_MS, endsAt: NOW + 21 * DAY_MS } }));
		expect(found).toMatchObject({ status: "expected", likely: NOW + 0.5 * DAY_MS });
	});
	it.each([
		["spent already", { remaining: -0.1 }, "spent"],
		["nothing known", { remaining: undefined }, "unknown"],
		["no recent events", { recent: [{ ms: HOUR_MS, bad: 0, total: 0 }] }, "unknown"],
		["slower than its period", { recent: [{ ms: HOUR_MS, bad: 2, total: 100_000 }] }, "not-in-sight"],
		["nothing bad", { recent: [{ ms: HOUR_MS, bad: 0, total: 100_000 }] }, "not-in-sight"],
		[
			"after the end of its calendar period",
			{ calendar: { startsAt: NOW - 20 * DAY_MS, endsAt: NOW + DAY_MS / 2 } },
			"not-in-sight",
		],
	] as const)("%s is no instant", (_, over, status) => {
		expect(forecastExhaustion(input(over)).status).toBe(status);
	});
});

test("of budgets that burn at a steady pace nine of ten are spent within the range", () => {
	const random = seededRandom(21);
	let within = 0;
	const cases = 400;
	for (let k = 0; k < cases; k++) {
		const burn = 3 + 20 * random();
		const perHour = 200 + 4_000 * random();
		const mean = perHour * 0.001 * burn;
		const counted = (hours: number) => {
			let bad = 0;
			for (let hour = 0; hour < hours; hour++) bad += poisson(random, mean);
			return { ms: hours * HOUR_MS, bad, total: perHour * hours };
		};
		const found = forecastExhaustion(input({ recent: [counted(1), counted(6)] }));
		const truth = NOW + (0.5 * 30 * DAY_MS) / burn;
		if (found.status === "expected" && truth >= found.early && truth <= (found.late ?? truth)) within++;
	}
	expect(within / cases).toBeGreaterThanOrEqual(0.9);
});
