import { DAY_MS, HOUR_MS } from "@bellwether/model";
import { describe, expect, it } from "vitest";
import type { TimeInterval } from "#catalogue";
import { tenantClock } from "./tenant-clock.ts";

const christmas: TimeInterval = {
	name: "christmas",
	parts: [{ months: [{ from: 12, to: 12 }], daysOfMonth: [{ from: 25, to: 26 }], timeZone: "UTC" }],
};
const text = (at: number) => new Date(at).toISOString().slice(0, 16);

describe("a tenant's clock", () => {
	it("follows the clock changes of its zone, in any order of asking", () => {
		const clock = tenantClock("America/New_York", [], 0);
		const changeAt = Date.UTC(2026, 10, 1, 6);
		expect(text(clock(changeAt - 1))).toBe("2026-11-01T01:59");
		expect(text(clock(changeAt))).toBe("2026-11-01T01:00");
		expect(text(clock(changeAt - HOUR_MS))).toBe("2026-11-01T01:00");
		expect(text(clock(Date.UTC(2026, 6, 1, 12)))).toBe("2026-07-01T08:00");
	});

	it("needs no clock change to be right", () => {
		expect(text(tenantClock("UTC", [], 0)(Date.UTC(2026, 0, 1)))).toBe("2026-01-01T00:00");
		expect(text(tenantClock("Asia/Kolkata", [], 0)(Date.UTC(2026, 0, 1)))).toBe("2026-01-01T05:30");
	});

	it("shows the Sunday before on a holiday, from its first local minute to its last", () => {
		const tokyo = tenantClock("Asia/Tokyo", [christmas], 0);
		// 25 December 2026 is a Friday.
		const midnight = Date.UTC(2026, 11, 24, 15);
		expect(text(tokyo(midnight - 60_000))).toBe("2026-12-24T23:59");
		expect(text(tokyo(midnight))).toBe("2026-12-20T00:00");
		expect(text(tokyo(midnight + 2 * DAY_MS - 60_000))).toBe("2026-12-20T23:59");
		expect(text(tokyo(midnight + 2 * DAY_MS))).toBe("2026-12-27T00:00");
	});

	it.each(["Pacific/Auckland", "Pacific/Kiritimati", "Etc/GMT+12"])(
		"has the days of its own calendar in %s",
		(zone) => {
			const clock = tenantClock(zone, [christmas], 0);
			const plain = tenantClock(zone, [], 0);
			const seen = new Map<string, string>();
			for (let at = Date.UTC(2026, 11, 23); at < Date.UTC(2026, 11, 29); at += HOUR_MS)
				seen.set(text(plain(at)).slice(0, 10), text(clock(at)).slice(0, 10));
			expect(["24", "25", "26", "27"].map((day) => seen.get(`2026-12-${day}`)?.slice(-2))).toEqual([
				"24",
				"20",
				"20",
				"27",
			]);
		},
	);

	it("shows the weekday that its holidays resemble", () => {
		const riyadh = tenantClock("Asia/Riyadh", [christmas], 5);
		expect(new Date(riyadh(Date.UTC(2026, 11, 26, 9))).getUTCDay()).toBe(5);
		expect(text(riyadh(Date.UTC(2026, 11, 25, 9)))).toBe("2026-12-25T12:00");
	});
});
