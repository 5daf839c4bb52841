import { fileURLToPath } from "node:url";
import { maskingShareLimit } from "@bellwether/model";
import { describe, expect, it } from "vitest";
import { eventsPerS, readFleet } from "./fleet.ts";
import { SIGNALS, signalOf } from "./signals.ts";
import { weeklyShape } from "./weekly-shape.ts";

const CATALOGUE = fileURLToPath(new URL("../../../../examples/demo", import.meta.url));
const MONDAY = Date.UTC(2026, 2, 2);
const HOUR_MS = 3_600_000;

describe("the demo fleet", () => {
	const fleet = readFleet(CATALOGUE, 7);

	it("has fifty key tenants with ids of their own", () => {
		expect(fleet.keyTenants).toHaveLength(50);
		expect(new Set([...fleet.keyTenants, ...fleet.others].map((tenant) => tenant.id)).size).toBe(90);
	});

	it("shares the world's traffic out completely, 3 % of it to key tenants, heavy-tailed", () => {
		const sum = (tenants: readonly { share: number }[]) => tenants.reduce((total, tenant) => total + tenant.share, 0);
		expect(sum(fleet.keyTenants)).toBeCloseTo(0.03, 12);
		expect(sum(fleet.others)).toBeCloseTo(0.97, 12);
		const shares = fleet.keyTenants.map((tenant) => tenant.share).sort((a, b) => b - a) as [number, ...number[]];
		expect(shares[0] / (shares[49] as number)).toBeCloseTo(50, 6);
	});

	it.each([1, 2, 3, 99])(
		"keeps Woodgrove Bank too small for a fleet rule to see and large enough to weigh, at any hour (seed %i)",
		(seed) => {
			const world = readFleet(CATALOGUE, seed);
			const woodgrove = world.keyTenants.find((tenant) => tenant.name === "woodgrove");
			if (!woodgrove) throw new Error("No Woodgrove Bank in the catalogue.");
			const signal = signalOf("policy-create");
			for (let hour = 0; hour < 168; hour++) {
				const at = MONDAY + hour * HOUR_MS;
				const own = eventsPerS(woodgrove, signal, at);
				const all = [...world.keyTenants, ...world.others].reduce((sum, each) => sum + eventsPerS(each, signal, at), 0);
				expect(own * 2).toBeGreaterThan(5);
				expect(own / all).toBeLessThan(maskingShareLimit(13.44, signal.objective) / 10);
			}
		},
	);

	it("names the workloads that the signals measure", () => {
		const known = new Set(SIGNALS.map((signal) => signal.workload));
		for (const tenant of fleet.keyTenants) for (const workload of tenant.workloads) expect(known).toContain(workload);
	});
});

describe("the shape of a week", () => {
	it("follows the local clock, summer time included", () => {
		// 13:00 in New York is 18:00 UTC in winter and 17:00 UTC in summer.
		expect(weeklyShape("America/New_York", Date.UTC(2026, 0, 14, 18))).toBeCloseTo(1.64, 10);
		expect(weeklyShape("America/New_York", Date.UTC(2026, 6, 15, 17))).toBeCloseTo(1.64, 10);
	});

	it("is lower at night and at weekends, and about 1 over a week", () => {
		const hours = Array.from({ length: 168 }, (_, hour) => weeklyShape("Asia/Tokyo", MONDAY + hour * HOUR_MS));
		const mean = hours.reduce((a, b) => a + b, 0) / hours.length;
		expect(mean).toBeGreaterThan(0.85);
		expect(mean).toBeLessThan(1.1);
		const saturdayNoon = weeklyShape("Asia/Tokyo", Date.UTC(2026, 2, 7, 4));
		expect(saturdayNoon).toBeLessThan(weeklyShape("Asia/Tokyo", Date.UTC(2026, 2, 6, 4)));
	});
});
