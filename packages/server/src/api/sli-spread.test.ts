import { ManualClock } from "@bellwether/model";
import { describe, expect, it } from "vitest";
import type { ColumnsQuery } from "#telemetry";
import { quantile, SliSpread } from "./sli-spread.ts";

const MINUTE_MS = 60_000;
const NOW = Date.UTC(2026, 10, 23, 12);
const LATENESS_MS = 3 * 3_600_000;

/** Tenant `t<n>` has n bad of 1,000 events in each step, the one called `silent` none at all. */
function reader() {
	const clock = new ManualClock(NOW);
	const asked: ColumnsQuery[] = [];
	const spread = new SliSpread({
		clock,
		columns: async (query) => {
			asked.push(query);
			const steps = (query.to - query.from) / query.resolutionMs;
			const columns = new Float64Array(query.tenants.length * steps * 2);
			query.tenants.forEach((tenant, row) => {
				for (let step = 0; step < steps && tenant !== "silent"; step++)
					columns.set([Number(tenant.slice(1)), 1_000], (row * steps + step) * 2);
			});
			return columns;
		},
	});
	return { clock, asked, spread };
}

function lastHours(hours: number, tenants: readonly string[], resolutionMs = 10 * MINUTE_MS) {
	return { hash: "c0ffee", slo: "sign-ins", tenants, from: NOW - hours * 60 * MINUTE_MS, to: NOW, resolutionMs };
}

const HUNDRED = Array.from({ length: 101 }, (_, k) => `t${k}`);

describe("the spread over key tenants", () => {
	it("is the quantiles of their ratios in each step, of those that had events", async () => {
		const { spread } = reader();
		const { steps, of } = await spread.read(lastHours(1, [...HUNDRED, "silent"]), LATENESS_MS);
		expect(of).toBe(102);
		expect(steps.map(({ at }) => at)).toEqual([6, 5, 4, 3, 2, 1].map((k) => NOW - k * 10 * MINUTE_MS));
		for (const { tenants, p5, p50, p95 } of steps) {
			expect(tenants).toBe(101);
			expect([p5, p50, p95].map((value) => value.toFixed(6))).toEqual(["0.905000", "0.950000", "0.995000"]);
		}
	});

	it("leaves out steps in which nobody had events: they are unknown", async () => {
		const { spread } = reader();
		expect(await spread.read(lastHours(1, ["silent"]), LATENESS_MS)).toEqual({ steps: [], of: 1 });
	});

	it("reads a few tenants at a time, so that other work of the thread goes between", async () => {
		const { spread, asked } = reader();
		await spread.read(lastHours(1, HUNDRED), LATENESS_MS);
		expect(Math.max(...asked.map(({ tenants }) => tenants.length))).toBeLessThanOrEqual(8);
		expect(asked.flatMap(({ tenants }) => tenants)).toEqual(HUNDRED);
	});

	it("reads again only what points may still change", async () => {
		const { spread, asked, clock } = reader();
		const query = lastHours(24, ["t1"]);
		await spread.read(query, LATENESS_MS);
		await Promise.all([spread.read(query, LATENESS_MS), spread.read(query, LATENESS_MS)]);
		expect(asked.length).toBe(1);
		clock.advance(MINUTE_MS);
		await spread.read(query, LATENESS_MS);
		expect(asked.length).toBe(2);
		expect(asked[1]?.from).toBeGreaterThanOrEqual(NOW - LATENESS_MS - 10 * MINUTE_MS);
		clock.advance(2 * 3_600_000);
		await spread.read(query, LATENESS_MS);
		expect(asked[2]?.from).toBe(query.from);
	});

	it("of more key tenants than it may read is that of a sample, and says so", async () => {
		const { spread, asked } = reader();
		const many = Array.from({ length: 4_001 }, (_, k) => `t${k % 1_000}`);
		const { of } = await spread.read(lastHours(1, many, 60 * MINUTE_MS), LATENESS_MS);
		expect(of).toBe(1_334);
		expect(asked.reduce((sum, { tenants }) => sum + tenants.length, 0)).toBe(1_334);
	});

	it("is asked anew after a failure", async () => {
		let isDown = true;
		const spread = new SliSpread({
			clock: new ManualClock(NOW),
			columns: async () => {
				if (isDown) throw new Error("the telemetry thread is being rebuilt");
				return Float64Array.of(1, 10);
			},
		});
		const query = lastHours(1, ["t1"], 60 * MINUTE_MS);
		await expect(spread.read(query, LATENESS_MS)).rejects.toThrow("rebuilt");
		isDown = false;
		expect((await spread.read(query, LATENESS_MS)).steps).toMatchObject([{ tenants: 1, p5: 0.9, p95: 0.9 }]);
	});
});

describe("a quantile", () => {
	it.each([
		["of one value is that value", [7], 0.05, 7],
		["between two values lies in proportion", [0, 10], 0.95, 9.5],
		["at the ends is the end", [1, 2, 3], 1, 3],
	] as const)("%s", (_, values, p, expected) => {
		expect(quantile(values, p)).toBeCloseTo(expected, 12);
	});
});
