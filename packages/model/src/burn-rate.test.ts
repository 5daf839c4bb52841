import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import {
	budgetUsed,
	burnRate,
	burnRateFactor,
	burnRateTiers,
	DAY_MS,
	errorBudgetRatio,
	exceedsBurnRate,
	HOUR_MS,
	MINUTE_MS,
	maskedFleetBurn,
	maskingShareLimit,
	tierFault,
	timeToDetectMs,
	timeToExhaustMs,
} from "./index.ts";

/** Relative 1e-12: what "equal" means against an exact rational. */
function expectExactly(actual: number | undefined, numerator: bigint, denominator: bigint): void {
	const exact = Number(numerator) / Number(denominator);
	expect(Math.abs((actual as number) - exact)).toBeLessThanOrEqual(1e-12 * Math.abs(exact));
}
/** A cell as printed: equal after rounding to its decimals. */
function expectPrinted(actual: number | undefined, printed: string): void {
	const decimals = printed.split(".")[1]?.length ?? 0;
	expect((actual as number).toFixed(decimals)).toBe(printed);
}
/** 99.95 % as 9995/10000: the objective as people write it. */
function percent(text: string): { ratio: number; numerator: bigint; denominator: bigint } {
	const [whole = "", decimals = ""] = text.split(".");
	const denominator = 100n * 10n ** BigInt(decimals.length);
	const numerator = BigInt(whole + decimals);
	return { ratio: Number(numerator) / Number(denominator), numerator, denominator };
}

// SRE Workbook, chapter 5.
describe("budget lifetime at a constant error rate, 99.9 % over 30 days (table 5-4)", () => {
	test.each([
		{ burn: 1, errorRatio: 0.001, lasts: 30 * DAY_MS, printed: "30" },
		{ burn: 2, errorRatio: 0.002, lasts: 15 * DAY_MS, printed: "15" },
		{ burn: 10, errorRatio: 0.01, lasts: 3 * DAY_MS, printed: "3" },
		{ burn: 1000, errorRatio: 1, lasts: 43.2 * MINUTE_MS, printed: "0.03" },
	])("burn $burn", ({ burn, errorRatio, lasts, printed }) => {
		expect(burnRate(errorRatio * 1e6, 1e6, 0.999)).toBeCloseTo(burn, 9);
		expect(timeToExhaustMs(burn, 30 * DAY_MS)).toBeCloseTo(lasts, 6);
		expectPrinted(timeToExhaustMs(burn, 30 * DAY_MS) / DAY_MS, printed);
	});
	it("a total outage at 99.9 % lasts 43 minutes", () =>
		expectPrinted(timeToExhaustMs(1000, 30 * DAY_MS) / MINUTE_MS, "43"));
});

describe("recommended tiers at 30 days (tables 5-6 and 5-8, with the fourth tier of the workbook's PromQL)", () => {
	test.each([
		{ key: "page-quick", response: "page", longMs: HOUR_MS, shortMs: 5 * MINUTE_MS, factor: 14.4, budget: 2 },
		{ key: "page-slow", response: "page", longMs: 6 * HOUR_MS, shortMs: 30 * MINUTE_MS, factor: 6, budget: 5 },
		{ key: "ticket-quick", response: "ticket", longMs: 24 * HOUR_MS, shortMs: 2 * HOUR_MS, factor: 3, budget: 10 },
		{ key: "ticket-slow", response: "ticket", longMs: 72 * HOUR_MS, shortMs: 6 * HOUR_MS, factor: 1, budget: 10 },
	])("$key", ({ key, response, longMs, shortMs, factor, budget }) => {
		const tier = burnRateTiers(30 * DAY_MS).find((each) => each.key === key);
		expect(tier).toMatchObject({ response, longMs, shortMs, budgetPercent: budget });
		expect(tier?.factor).toBeCloseTo(factor, 12);
		expect(shortMs).toBe(longMs / 12);
		expect(100 * budgetUsed(factor, longMs, 30 * DAY_MS)).toBeCloseTo(budget, 12);
	});
});

describe("what the workbook tells about them", () => {
	it("one failure in ten requests an hour burns at 100, not at 1,000", () => {
		expect(burnRate(1, 10, 0.999)).toBeCloseTo(100, 12);
		expectPrinted(100 * budgetUsed(100, HOUR_MS, 30 * DAY_MS), "13.9");
		expectPrinted(errorBudgetRatio(0.999) * 10 * 24 * 30, "7.2");
	});
	it("a burn of 36 spends 5 % in an hour", () => {
		expect(budgetUsed(36, HOUR_MS, 30 * DAY_MS)).toBeCloseTo(0.05, 12);
	});
	it("a burn of 35 stays below that and empties 30 days in 20.5 hours", () => {
		expect(exceedsBurnRate(35, 1000, 0.999, 36)).toBe(false);
		expect(Math.floor((timeToExhaustMs(35, 30 * DAY_MS) / HOUR_MS) * 10) / 10).toBe(20.5);
	});
	it("a total outage spends about 140 % in an hour", () => {
		expectPrinted(100 * budgetUsed(1000, HOUR_MS, 30 * DAY_MS), "139");
	});
	it("15 % errors at 99.9 % reach the hour's page within 6 minutes", () => {
		const tier = { factor: 14.4, longMs: HOUR_MS };
		expect((timeToDetectMs(tier, 0.999, 0.15) as number) / MINUTE_MS).toBeCloseTo(5.76, 9);
	});
});

describe("factors derived from the period", () => {
	const windows = [
		{ percent: 2n, hours: 1n },
		{ percent: 5n, hours: 6n },
		{ percent: 10n, hours: 24n },
		{ percent: 10n, hours: 72n },
	];
	test.each([
		{ days: 7, printed: ["3.36", "1.4", "0.7", "0.2333"] },
		{ days: 14, printed: ["6.72", "2.8", "1.4", "0.4667"] },
		{ days: 28, printed: ["13.44", "5.6", "2.8", "0.9333"] },
		{ days: 30, printed: ["14.4", "6", "3", "1"] },
		{ days: 90, printed: ["43.2", "18", "9", "3"] },
	])("$days days: $printed", ({ days, printed }) => {
		for (const [i, tier] of burnRateTiers(days * DAY_MS).entries()) {
			expectPrinted(tier.factor, printed[i] as string);
			const { percent, hours } = windows[i] as { percent: bigint; hours: bigint };
			expectExactly(tier.factor, percent * BigInt(days) * 24n, 100n * hours);
		}
	});
	test.each([
		{ percent: 8, hours: 1, factor: "13.44" },
		{ percent: 12.5, hours: 6, factor: "3.5" },
		{ percent: 20, hours: 24, factor: "1.4" },
		{ percent: 42, hours: 72, factor: "0.98" },
	])("7 days re-based: $percent % in $hours h is $factor", ({ percent, hours, factor }) => {
		expectPrinted(burnRateFactor(percent, 7 * DAY_MS, hours * HOUR_MS), factor);
	});
	test.each([
		{ factor: 14, hours: 1, printed: "2.08" },
		{ factor: 7, hours: 6, printed: "6.25" },
		{ factor: 2, hours: 24, printed: "7.14" },
		{ factor: 1, hours: 96, printed: "14.29" },
	])("factor $factor over $hours h of 28 days spends $printed %", ({ factor, hours, printed }) => {
		expectPrinted(100 * budgetUsed(factor, hours * HOUR_MS, 28 * DAY_MS), printed);
	});
});

describe("tiers that cannot run", () => {
	test.each([
		{ factor: 14.4, limit: "93.056" },
		{ factor: 6, limit: "83.333" },
		{ factor: 3, limit: "66.667" },
	])("factor $factor can fire only from $limit % on", ({ factor, limit }) => {
		expectPrinted(100 * (1 - 1 / factor), limit);
		expect(tierFault({ factor }, Number(limit) / 100 - 1e-4)).toBe("never-fires");
		expect(tierFault({ factor }, Number(limit) / 100 + 1e-4)).toBeUndefined();
	});
	it("a 90 % objective can never page at 14.4", () => {
		expect(tierFault({ factor: 14.4 }, 0.9)).toBe("never-fires");
	});
	it("exactly at the limit a total outage only equals the factor", () => {
		expect(tierFault({ factor: 10 }, 0.9)).toBe("never-fires");
	});
	test.each([
		{ days: 7, runs: [true, true, false, false] },
		{ days: 14, runs: [true, true, true, false] },
		{ days: 28, runs: [true, true, true, true] },
		{ days: 30, runs: [true, true, true, true] },
		{ days: 90, runs: [true, true, true, true] },
	])("$days days at 99.9 %: those that fire within the budget are left out", ({ days, runs }) => {
		const faults = burnRateTiers(days * DAY_MS).map((tier) => tierFault(tier, 0.999));
		expect(faults).toEqual(runs.map((runsHere) => (runsHere ? undefined : "fires-within-budget")));
	});
});

describe("detection time at 30 days, minutes", () => {
	const columns = [
		{ factor: [144n, 10n], hours: 1n },
		{ factor: [6n, 1n], hours: 6n },
		{ factor: [3n, 1n], hours: 24n },
		{ factor: [1n, 1n], hours: 72n },
	] as const;
	test.each([
		{ slo: "99", errors: "100", cells: ["8.6", "21.6", "43.2", "43.2"] },
		{ slo: "99", errors: "10", cells: ["never", "216", "432", "432"] },
		{ slo: "99.5", errors: "10", cells: ["43.2", "108", "216", "216"] },
		{ slo: "99.9", errors: "100", cells: ["0.9", "2.2", "4.3", "4.3"] },
		{ slo: "99.9", errors: "10", cells: ["8.6", "21.6", "43.2", "43.2"] },
		{ slo: "99.9", errors: "2", cells: ["43.2", "108", "216", "216"] },
		{ slo: "99.99", errors: "2", cells: ["4.3", "10.8", "21.6", "21.6"] },
	])("$slo % with $errors % errors: $cells", ({ slo, errors, cells }) => {
		const objective = percent(slo);
		const error = percent(errors);
		for (const [i, tier] of burnRateTiers(30 * DAY_MS).entries()) {
			const minutes = timeToDetectMs(tier, objective.ratio, error.ratio);
			if (cells[i] === "never") {
				expect(minutes).toBeUndefined();
				continue;
			}
			expectPrinted((minutes as number) / MINUTE_MS, cells[i] as string);
			const { factor, hours } = columns[i] as (typeof columns)[number];
			expectExactly(
				minutes,
				(objective.denominator - objective.numerator) * error.denominator * factor[0] * hours * 3_600_000n,
				objective.denominator * error.numerator * factor[1],
			);
		}
	});
	it("is never for an error ratio that only equals the limit", () => {
		expect(timeToDetectMs({ factor: 14.4, longMs: HOUR_MS }, 0.999, 0.0144)).toBeUndefined();
		expect(timeToDetectMs({ factor: 14.4, longMs: HOUR_MS }, 0.999, 0)).toBeUndefined();
	});
});

describe("masking: the traffic share below which a tenant's total outage cannot trip the fleet's rule", () => {
	const factors = [
		{ factor: 14.4, exact: [144n, 10n] },
		{ factor: 6, exact: [6n, 1n] },
		{ factor: 3, exact: [3n, 1n] },
		{ factor: 1, exact: [1n, 1n] },
	] as const;
	test.each([
		{ slo: "99", cells: ["14.4", "6", "3", "1"] },
		{ slo: "99.5", cells: ["7.2", "3", "1.5", "0.5"] },
		{ slo: "99.9", cells: ["1.44", "0.6", "0.3", "0.1"] },
		{ slo: "99.99", cells: ["0.144", "0.06", "0.03", "0.01"] },
	])("$slo %: $cells %", ({ slo, cells }) => {
		const objective = percent(slo);
		for (const [i, { factor, exact }] of factors.entries()) {
			const share = maskingShareLimit(factor, objective.ratio);
			expectPrinted(100 * share, cells[i] as string);
			expectExactly(share, exact[0] * (objective.denominator - objective.numerator), exact[1] * objective.denominator);
			expect(maskedFleetBurn(share, 1, objective.ratio)).toBeCloseTo(factor, 10);
			expect(maskedFleetBurn(share * 0.99, 1, objective.ratio)).toBeLessThan(factor);
		}
	});
});

describe("burn rate", () => {
	it("is undefined exactly when there are no events", () => {
		fc.assert(
			fc.property(fc.nat(1e6), fc.nat(1e6), (bad, total) => {
				expect(burnRate(Math.min(bad, total), total, 0.999) === undefined).toBe(total === 0);
			}),
		);
	});
	it("never falls with more errors", () => {
		fc.assert(
			fc.property(fc.nat(1e6), fc.nat(1e6), fc.integer({ min: 1, max: 1e7 }), (bad, more, total) => {
				expect(burnRate(bad + more, total, 0.999) as number).toBeGreaterThanOrEqual(
					burnRate(bad, total, 0.999) as number,
				);
			}),
		);
	});
	it("exceeds a factor strictly, whatever the objective's digits round to", () => {
		const factors = ["3.36", "14.4", "13.44", "6", "5.6", "2.8", "43.2"];
		fc.assert(
			fc.property(
				fc.constantFrom("99", "99.5", "99.9", "99.95", "99.99", "99.999"),
				fc.constantFrom(...factors),
				fc.integer({ min: 1, max: 1000 }),
				(slo, factorText, scale) => {
					const { ratio, numerator, denominator } = percent(slo);
					const factor = percent(factorText);
					// The smallest counts with exactly this burn, times a scale.
					const bad = factor.numerator * 100n * (denominator - numerator) * BigInt(scale);
					const total = factor.denominator * denominator * BigInt(scale);
					expect(exceedsBurnRate(Number(bad), Number(total), ratio, Number(factorText))).toBe(false);
					expect(exceedsBurnRate(Number(bad) + 1, Number(total), ratio, Number(factorText))).toBe(true);
				},
			),
		);
	});
	it("does not exceed anything without events", () => {
		expect(exceedsBurnRate(0, 0, 0.999, 1)).toBe(false);
		expect(exceedsBurnRate(1, 0, 0.999, 1)).toBe(false);
	});
});
