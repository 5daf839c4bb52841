import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { budgetMinutes, DAY_MS, errorBudget, errorBudgetRatio } from "./index.ts";

const PERIODS = [7, 28, 30, 90];

describe("minutes of total outage in a period's budget", () => {
	test.each([
		{ objective: 0.99, budget: [1n, 100n], cells: ["100.8", "403.2", "432", "1296"] },
		{ objective: 0.995, budget: [5n, 1000n], cells: ["50.4", "201.6", "216", "648"] },
		{ objective: 0.999, budget: [1n, 1000n], cells: ["10.08", "40.32", "43.2", "129.6"] },
		{ objective: 0.9995, budget: [5n, 10_000n], cells: ["5.04", "20.16", "21.6", "64.8"] },
		{ objective: 0.9999, budget: [1n, 10_000n], cells: ["1.008", "4.032", "4.32", "12.96"] },
		{ objective: 0.99999, budget: [1n, 100_000n], cells: ["0.101", "0.403", "0.432", "1.296"] },
	])("$objective: $cells", ({ objective, budget, cells }) => {
		for (const [i, days] of PERIODS.entries()) {
			const minutes = budgetMinutes(objective, days * DAY_MS);
			const printed = cells[i] as string;
			expect(minutes.toFixed(printed.split(".")[1]?.length ?? 0)).toBe(printed);
			const exact = (Number(budget[0]) * days * 1440) / Number(budget[1]);
			expect(Math.abs(minutes - exact)).toBeLessThanOrEqual(1e-12 * exact);
		}
	});
	it("is 26 seconds at 99.999 % over 30 days", () => {
		expect((budgetMinutes(0.99999, 30 * DAY_MS) * 60).toFixed(0)).toBe("26");
	});
});

describe("error budget in events", () => {
	it("allows (1 − objective) × total and says what is left, below zero when overspent", () => {
		expect(errorBudget(5, 10_000, 0.999)).toEqual({ allowedBad: 10, bad: 5, total: 10_000, remaining: 0.5 });
		expect(errorBudget(30, 10_000, 0.999)?.remaining).toBe(-2);
		expect(errorBudget(0, 10_000, 0.999)?.remaining).toBe(1);
	});
	it("does not exist without events", () => {
		expect(errorBudget(0, 0, 0.999)).toBeUndefined();
	});
	it("equals exact arithmetic on whole numbers to 1e-12", () => {
		fc.assert(
			fc.property(
				fc.integer({ min: 1, max: 1e9 }),
				fc.nat(1e9),
				fc.integer({ min: 1, max: 99_999 }),
				(total, bad, budgetIn100k) => {
					const { allowedBad, remaining } = errorBudget(bad, total, 1 - budgetIn100k / 100_000) ?? {};
					const allowed = Number(BigInt(budgetIn100k) * BigInt(total)) / 100_000;
					expect(Math.abs((allowedBad as number) / allowed - 1)).toBeLessThanOrEqual(1e-12);
					// (allowed − bad) / allowed on one exact fraction, so that no digit is lost in the difference.
					const numerator = BigInt(budgetIn100k) * BigInt(total) - BigInt(bad) * 100_000n;
					const exact = Number(numerator) / Number(BigInt(budgetIn100k) * BigInt(total));
					const scale = Math.max(1, Math.abs(exact));
					expect(Math.abs((remaining as number) - exact)).toBeLessThanOrEqual(1e-12 * scale);
				},
			),
		);
	});
	it("knows the ratio that the objective's decimals mean", () => {
		expect(errorBudgetRatio(0.9999)).toBe(1e-4);
		expect(errorBudgetRatio(0.999)).toBe(1e-3);
		expect(errorBudgetRatio(0.99999)).toBe(1e-5);
		expect(errorBudgetRatio(0.5)).toBe(0.5);
	});
});
