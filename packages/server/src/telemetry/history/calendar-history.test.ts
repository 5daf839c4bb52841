import { HOUR_MS, MINUTE_MS } from "@bellwether/model";
import { describe, expect, it } from "vitest";
import { type CalendarPeriod, periodAt } from "#catalogue";
import { catalogue, DAY_MS, delta, keyTenant, point, request, rig, slo } from "../telemetry-fixture.ts";

const RATIO = {
	kind: "ratio",
	numerator: "bad",
	part: { metric: "errors", where: [] },
	total: { metric: "requests", where: [] },
} as const;

describe("history of a calendar period, read anew at start", () => {
	it.each([
		["begins at a whole hour", "Europe/Paris", "2025-12-31T23:00:00Z", 20],
		["begins at half past", "Asia/Kolkata", "2025-12-31T18:30:00Z", 20],
		// Minutes are kept for two weeks, and ten minutes lie across 18:15.
		["begins at a quarter to", "Asia/Kathmandu", "2025-12-31T18:15:00Z", 6],
	])("%s: every event is on its side of the start", (_, timeZone, start, lastDays) => {
		const calendar: CalendarPeriod = { unit: "month", count: 1, timeZone, startsAt: Date.parse(start) };
		const parts = {
			catalogue: catalogue({ slos: [{ ...slo("month", RATIO), calendar }], tenants: [keyTenant("contoso")] }),
		};
		let bench = rig(parts);
		bench.clock.advance(7 * DAY_MS - 3 * HOUR_MS);
		const begins = periodAt(calendar, bench.clock.now() + DAY_MS).startsAt;
		let counted = 0;
		// Every ten minutes around the start, then with every restart further away from it.
		const restartAfter = [2 * HOUR_MS, 12 * HOUR_MS, 5 * DAY_MS, lastDays * DAY_MS];
		for (const pause of [0, ...restartAfter]) {
			for (let k = 0; k < 40; k++) {
				const at = bench.clock.now();
				if (pause === 0 || k < 3) {
					bench.send(request([delta("requests", point({ at, start: at - 1, value: 1, tenant: "contoso-id" }))]));
					if (at >= begins) counted++;
				}
				if (pause === 0) bench.clock.advance(10 * MINUTE_MS);
				else bench.clock.advance(pause / 40);
				bench.telemetry.tick();
			}
			for (let k = 0; k < 500 && bench.telemetry.hasWork; k++) bench.telemetry.work();
			bench = rig({ ...parts, store: bench.store.copy(), clock: bench.clock });
			const inside = bench
				.sink()
				.instants("contoso", "month")
				.filter(([at]) => at >= begins)
				.reduce((sum, [, { total }]) => sum + total, 0);
			expect(inside, `after ${pause / HOUR_MS} h`).toBe(counted);
		}
	});
});
