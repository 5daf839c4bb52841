import { DAY_MS, HOUR_MS } from "@bellwether/model";
import { describe, expect, it } from "vitest";
import { instantOf, localTimeOf, periodAt } from "./calendar-period.ts";
import type { CalendarPeriod } from "./types.ts";

const period = (unit: CalendarPeriod["unit"], start: string, timeZone: string, count = 1): CalendarPeriod => ({
	unit,
	count,
	timeZone,
	startsAt: instantOf(start, timeZone),
});
const at = (text: string) => Date.parse(text);
const spanOf = (each: CalendarPeriod, text: string) => {
	const { startsAt, endsAt } = periodAt(each, at(text));
	return `${new Date(startsAt).toISOString()} ${new Date(endsAt).toISOString()}`;
};

describe("a calendar period", () => {
	it.each([
		[
			"a month in New York begins at its midnight",
			period("month", "2026-01-01 00:00:00", "America/New_York"),
			"2026-11-23T08:00Z",
			"2026-11-01T04:00:00.000Z 2026-12-01T05:00:00.000Z",
		],
		[
			"February has 28 days",
			period("month", "2026-01-01 00:00:00", "UTC"),
			"2026-02-10T00:00Z",
			"2026-02-01T00:00:00.000Z 2026-03-01T00:00:00.000Z",
		],
		[
			"and 29 in a leap year",
			period("month", "2026-01-01 00:00:00", "UTC"),
			"2028-02-29T23:59Z",
			"2028-02-01T00:00:00.000Z 2028-03-01T00:00:00.000Z",
		],
		[
			"a start on the 31st falls on the last day of shorter months",
			period("month", "2026-01-31 00:00:00", "UTC"),
			"2026-03-15T00:00Z",
			"2026-02-28T00:00:00.000Z 2026-03-31T00:00:00.000Z",
		],
		[
			"a quarter",
			period("quarter", "2026-01-01 00:00:00", "Europe/Berlin"),
			"2026-05-01T00:00Z",
			"2026-03-31T22:00:00.000Z 2026-06-30T22:00:00.000Z",
		],
		[
			"a year",
			period("year", "2020-04-01 00:00:00", "Asia/Tokyo"),
			"2026-11-23T00:00Z",
			"2026-03-31T15:00:00.000Z 2027-03-31T15:00:00.000Z",
		],
		[
			"a week that begins on Saturday noon",
			period("week", "2022-01-01 12:00:00", "America/New_York"),
			"2026-11-23T08:00Z",
			"2026-11-21T17:00:00.000Z 2026-11-28T17:00:00.000Z",
		],
		[
			"two weeks",
			period("week", "2026-01-05 00:00:00", "UTC", 2),
			"2026-01-20T00:00Z",
			"2026-01-19T00:00:00.000Z 2026-02-02T00:00:00.000Z",
		],
		[
			"half an hour off UTC",
			period("day", "2026-01-01 00:00:00", "Asia/Kolkata"),
			"2026-11-23T18:29:59Z",
			"2026-11-22T18:30:00.000Z 2026-11-23T18:30:00.000Z",
		],
		[
			"before its first start periods are aligned as well",
			period("month", "2027-01-01 00:00:00", "UTC"),
			"2026-11-23T00:00Z",
			"2026-11-01T00:00:00.000Z 2026-12-01T00:00:00.000Z",
		],
	] as const)("%s", (_, each, instant, span) => {
		expect(spanOf(each, instant)).toBe(span);
	});

	it("has a day of 23 hours in spring and of 25 in autumn", () => {
		const day = period("day", "2026-01-01 00:00:00", "Europe/Paris");
		const hours = (text: string) => {
			const { startsAt, endsAt } = periodAt(day, at(text));
			return (endsAt - startsAt) / HOUR_MS;
		};
		expect([hours("2026-03-29T12:00Z"), hours("2026-10-25T12:00Z"), hours("2026-11-23T12:00Z")]).toEqual([23, 25, 24]);
	});

	it("every instant of three years is in exactly the period that its neighbours say", () => {
		for (const each of [
			period("month", "2025-01-31 02:30:00", "Europe/Paris"),
			period("day", "2025-01-01 02:30:00", "America/New_York"),
			period("quarter", "2025-02-28 00:00:00", "Australia/Lord_Howe"),
			period("week", "2025-01-01 00:00:00", "Pacific/Apia", 3),
		]) {
			let span = periodAt(each, at("2025-06-01T00:00Z"));
			for (let instant = span.startsAt; instant < at("2028-06-01T00:00Z"); instant += 17 * HOUR_MS + 7_000) {
				const found = periodAt(each, instant);
				expect(found.startsAt <= instant && instant < found.endsAt).toBe(true);
				if (found.startsAt !== span.startsAt) expect(found.startsAt).toBe(span.endsAt);
				expect(found.endsAt - found.startsAt).toBeGreaterThan(DAY_MS / 2);
				span = found;
			}
		}
	});

	it("writes its start as it was read", () => {
		for (const zone of ["UTC", "America/New_York", "Asia/Kathmandu"])
			expect(localTimeOf(instantOf("2026-07-01 12:30:00", zone), zone)).toBe("2026-07-01 12:30:00");
	});
});
