import { describe, expect, it } from "vitest";
import {
	budgetGoneMs,
	burnOf,
	formatBudget,
	formatBurn,
	formatCountdown,
	formatDuration,
	formatObjective,
	formatPeriod,
	formatShare,
	formatSli,
	formatTime,
	formatTimeShort,
	formatTimeWithSeconds,
} from "./format.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const now = Date.UTC(2026, 10, 22, 2, 7, 12);
const berlin = { timeZone: "Europe/Berlin", now };

describe("an SLI", () => {
	it.each([
		["has one digit more than its objective", 0.941, 0.995, "94.10%"],
		["has one digit more than a three-digit objective", 0.99968, 0.9995, "99.968%"],
		["has one digit for a whole objective", 0.941, 0.99, "94.1%"],
		["is never rounded up to 100%", 0.9999999, 0.995, "99.99%"],
		["is never rounded up to its objective", 0.99499, 0.99, "99.4%"],
		["is 100% only when every event was good", 1, 0.995, "100%"],
		["may be zero", 0, 0.995, "0.00%"],
		["is no traffic for 0 of 0", null, 0.995, "no traffic"],
	])("%s", (_, sli, objective, text) => {
		expect(formatSli(sli, objective)).toBe(text);
	});

	it("is free of binary fractions", () => {
		for (let tenths = 0; tenths < 1000; tenths++)
			expect(formatSli(tenths / 1000, 0.99)).toBe(`${Math.floor(tenths / 10)}.${tenths % 10}%`);
	});
});

describe("an objective", () => {
	it.each([
		[0.995, "99.5%"],
		[0.99, "99%"],
		[0.9999, "99.99%"],
		[0.9, "90%"],
	])("%d is %s", (objective, text) => expect(formatObjective(objective)).toBe(text));
});

describe("shares, budgets and burn rates", () => {
	it.each([
		[0.0005, "0.05%"],
		[0.0134, "1.34%"],
		[0.42, "42%"],
		[0.999, "99%"],
		[0, "0%"],
		[0.00001, "less than 0.01%"],
		[1, "100%"],
	])("share %d is %s", (share, text) => expect(formatShare(share)).toBe(text));

	it("writes an overspent budget with a minus sign and an unknown one as unknown", () => {
		expect([0.38, -0.12, 0, null].map(formatBudget)).toEqual(["38%", "−12%", "0%", "unknown"]);
	});

	it("writes a burn rate as a multiple", () => {
		expect([21.4, 2.44, 2, 0, null].map(formatBurn)).toEqual(["21×", "2.4×", "2×", "0×", "no traffic"]);
	});

	it("knows when a 28-day budget is gone", () => {
		expect(formatDuration(budgetGoneMs(21, 28 * 24 * HOUR) ?? 0)).toBe("32\u00a0h");
		expect(budgetGoneMs(0, HOUR)).toBeNull();
		expect(budgetGoneMs(null, HOUR)).toBeNull();
	});
});

describe("durations", () => {
	it.each([
		[14_900, "14 s"],
		[9 * MINUTE, "9 min"],
		[2 * HOUR + 14 * MINUTE, "2 h 14 min"],
		[6 * 24 * HOUR + 3 * HOUR, "6 d 3 h"],
		[-5, "0 s"],
	])("%d ms is %s", (ms, text) => expect(formatDuration(ms).replaceAll("\u00a0", " ")).toBe(text));

	it("never part a number from its unit", () => {
		expect(formatDuration(2 * HOUR + 14 * MINUTE)).toBe("2\u00a0h 14\u00a0min");
	});

	it("name a period as an adjective", () => {
		expect([28 * 24 * HOUR, 36 * HOUR].map(formatPeriod)).toEqual(["28-day", "36\u00a0h"]);
	});

	it("counts down in minutes and seconds and stops at zero", () => {
		expect([9 * MINUTE + 41_000, 3723_000, 300, -1].map(formatCountdown)).toEqual(["9:41", "1:02:03", "0:01", "0:00"]);
	});
});

describe("times", () => {
	it("stand in the reader's zone with UTC beside it", () => {
		expect(formatTime(now, berlin)).toBe("03:07 (02:07 UTC)");
		expect(formatTimeWithSeconds(now, "Europe/Berlin")).toBe("03:07:12 (02:07:12 UTC)");
	});

	it("carry date and zone on another day", () => {
		expect(formatTime(now - 24 * HOUR, berlin)).toMatch(/^21 Nov 2026, 03:07 (CET|GMT\+1) \(02:07 UTC\)$/);
		expect(formatTimeShort(now - 24 * HOUR, berlin)).toBe("21 Nov");
	});

	it("take the day of the reader's zone, not of UTC", () => {
		const beforeMidnightUtc = Date.UTC(2026, 10, 21, 23, 30);
		expect(formatTime(beforeMidnightUtc, berlin)).toBe("00:30 (23:30 UTC)");
	});
});

describe("the burn rate beside an SLI", () => {
	it("is of the same events: ten times the budget's share of failures burns at ten", () => {
		expect(burnOf(0.99, 0.999)).toBeCloseTo(10, 9);
		expect(burnOf(1, 0.999)).toBe(0);
	});

	it("is unknown without traffic, and where no failure is allowed at all", () => {
		expect(burnOf(null, 0.999)).toBeNull();
		expect(burnOf(0.5, 1)).toBeNull();
	});
});

describe("a time for a reader in UTC", () => {
	it("is said once", () => {
		const at = Date.UTC(2026, 10, 22, 2, 7, 12);
		expect(formatTime(at, { timeZone: "UTC", now: at })).toBe("02:07 UTC");
		expect(formatTime(at, { timeZone: "UTC", now: at + 86_400_000 })).toBe("22 Nov 2026, 02:07 UTC");
		expect(formatTimeWithSeconds(at, "UTC")).toBe("02:07:12 UTC");
	});
});

describe("a time among others of the same minute", () => {
	it("carries its seconds, and its day when that is another one", () => {
		const at = Date.UTC(2026, 10, 22, 2, 7, 12);
		expect(formatTime(at, { timeZone: "Europe/Berlin", now: at, withSeconds: true })).toBe("03:07:12 (02:07:12 UTC)");
		expect(formatTime(at, { timeZone: "Europe/Berlin", now: at + 86_400_000, withSeconds: true })).toBe(
			"22 Nov 2026, 03:07:12 CET (02:07:12 UTC)",
		);
	});
});
