import { DAY_MS } from "@bellwether/model";
import { Temporal } from "temporal-polyfill";
import type { CalendarPeriod } from "./types.ts";

/** One period: from `startsAt` to just before `endsAt`, ms epoch. */
export interface Span {
	readonly startsAt: number;
	readonly endsAt: number;
}

/** Nominal lengths: burn-rate tiers derive from them, so that a rule does not change with the month. */
export const UNIT_DAYS: Readonly<Record<CalendarPeriod["unit"], number>> = {
	day: 1,
	week: 7,
	month: 30,
	quarter: 90,
	year: 365,
};

const UNIT_DURATION = {
	day: { days: 1 },
	week: { weeks: 1 },
	month: { months: 1 },
	quarter: { months: 3 },
	year: { years: 1 },
} as const;

/** The instant of a local time in a zone; a time that a clock change skips or repeats is taken as Temporal's `compatible`. */
export function instantOf(localTime: string, timeZone: string): number {
	return Temporal.PlainDateTime.from(localTime.replace(" ", "T")).toZonedDateTime(timeZone).epochMilliseconds;
}

/** The local time of an instant, `2026-01-01 00:00:00`, as OpenSLO writes it. */
export function localTimeOf(at: number, timeZone: string): string {
	const local = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDateTime();
	return local.toString({ smallestUnit: "second" }).replace("T", " ");
}

/**
 * The period that holds an instant. Periods follow each other on the calendar of the zone: a day is 23, 24 or 25 hours,
 * a month that began on the 31st begins on the last day where there is none. They go back before the first start as well.
 */
export function periodAt(period: CalendarPeriod, at: number): Span {
	const nominalMs = UNIT_DAYS[period.unit] * period.count * DAY_MS;
	let index = Math.floor((at - period.startsAt) / nominalMs);
	let startsAt = startOf(period, index);
	while (startsAt > at) startsAt = startOf(period, --index);
	let endsAt = startOf(period, index + 1);
	while (endsAt <= at) {
		startsAt = endsAt;
		endsAt = startOf(period, ++index + 1);
	}
	return { startsAt, endsAt };
}

function startOf({ unit, count, timeZone, startsAt }: CalendarPeriod, index: number): number {
	const first = Temporal.Instant.fromEpochMilliseconds(startsAt).toZonedDateTimeISO(timeZone);
	const [[field, each]] = Object.entries(UNIT_DURATION[unit]) as [[string, number]];
	return first.add({ [field]: each * count * index }).epochMilliseconds;
}
