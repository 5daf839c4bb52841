import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readFleet } from "./fleet.ts";
import { historyRows, historySpans } from "./history.ts";
import { makeScenario } from "./scenario.ts";

const CATALOGUE = fileURLToPath(new URL("../../../../examples/demo", import.meta.url));
const UNTIL = Date.UTC(2026, 2, 4, 7, 41, 10);
const DAY_MS = 86_400_000;

describe("the demo's history", () => {
	it("covers 28 days without a gap or an overlap, finer towards the end", () => {
		const spans = historySpans(UNTIL);
		for (const [i, span] of spans.entries()) {
			expect((span.to - span.from) % span.stepMs).toBe(0);
			expect(span.to).toBe(spans[i + 1]?.from ?? UNTIL);
		}
		const from = spans[0]?.from ?? 0;
		expect(UNTIL - from).toBeLessThanOrEqual(28 * DAY_MS);
		expect(UNTIL - from).toBeGreaterThan(28 * DAY_MS - 2 * 3_600_000);
		expect(spans.map((span) => span.stepMs)).toEqual([3_600_000, 300_000, 60_000, 10_000]);
	});

	it("has rows in the order of time, each with at least one event and no more good ones than events", () => {
		const fleet = readFleet(CATALOGUE, 1);
		let rows = 0;
		let lastAt = 0;
		let faulty = 0;
		const platform = new Set<string>();
		for (const row of historyRows(fleet, makeScenario("tenant-outage", fleet, UNTIL + 60_000), UNTIL)) {
			rows++;
			if (row.at < lastAt || row.at >= UNTIL || row.total < 1 || row.good < 0 || row.good > row.total) faulty++;
			lastAt = row.at;
			if (row.tenant === "") platform.add(row.slo);
		}
		expect(faulty).toBe(0);
		expect(platform.size).toBe(6);
		// What two slow cores import within 15 s.
		expect(rows).toBeLessThan(350_000);
		expect(rows).toBeGreaterThan(200_000);
	});
});
